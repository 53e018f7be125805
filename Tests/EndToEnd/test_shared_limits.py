"""Limits and budgets that several sidecars keep together over Redis, and what each does when Redis does not answer.

All rates are so low that no test lives to see a request given back.
"""

import json
import os
import threading
import time

import pytest

from harness.attempts import calls
from harness.budgets import MODEL, cost, remaining
from harness.eventually import eventually
from harness.fleet import PATIENT, Fleet, Load, fallbacks, is_up, spread
from harness.full_redis import FullRedis
from harness.limits import CHAT, JSON, asks, check_rate_limited, keyed, left, of
from harness.redis import Redis
from harness.requests import chat
from harness.simulator import mark
from harness.wire import chunked, message

RULES = """
limits:
  rates:
    - {name: two, requests_per_minute: 1, burst: 40, clients: [two]}
    - {name: eight, requests_per_minute: 1, burst: 100, clients: [eight]}
    - {name: each_user, requests_per_minute: 1, burst: 3, per: [user], clients: [users]}
    - {name: words, tokens_per_minute: 1, burst: 2000, clients: [words]}
    - {name: wide, requests_per_minute: 1, burst: 20, clients: [several]}
    - {name: narrow, requests_per_minute: 1, burst: 4, per: [client, model], models: ["acme/*"], clients: [several]}
    - {name: cut, requests_per_minute: 1, burst: 40, clients: [cut, flushed, typed, secretive-name]}
    - {name: leased, requests_per_minute: 60000, burst: 10000, clients: [leased]}
    - {name: busy, requests_per_minute: 1000000, clients: [busy]}
    - {name: rpm, requests_per_minute: 1, burst: 30, clients: [named]}
  concurrency:
    - {name: three_at_once, maximum: 3, clients: [crowd]}
clients:
  named: {key: key-named, requests_per_minute: 20}
budgets:
  - {name: cent, period: day, usd: 0.01, clients: [spender, twice]}
  - {name: both, period: day, usd: 0.01, clients: [holder]}
  - {name: plenty, period: day, usd: 1000, clients: [busy]}
"""
CLIENTS = ["two", "eight", "users", "words", "several", "cut", "flushed", "typed", "busy", "crowd", "spender", "twice",
           "holder", "free", "leased", "secretive-name"]


@pytest.fixture
def fleet_of(binary, simulator, tmp_path):
    """`fleet_of(count, *options)`: that many weirs with the rules above, and a Redis of their own."""
    running = []

    def start(count: int, *options, environment=None, **redis) -> Fleet:
        (tmp_path / "redis").mkdir()
        store = Redis(tmp_path / "redis", *options, **redis)
        running.append(store)
        fleet = Fleet(binary, tmp_path, simulator.url, store, count, CLIENTS, RULES, environment)
        running.append(fleet)
        return fleet

    yield start
    for each in reversed(running):
        each.stop()


def passed(replies: list) -> list:
    assert {reply.status for reply in replies} <= {200, 429}, {reply.status for reply in replies}
    return [reply for reply in replies if reply.status == 200]


# -- what holds for all together ------------------------------------------------------------------------------

def test_two_sidecars_keep_one_limit_to_the_request(fleet_of):
    fleet = fleet_of(2)
    replies = spread(fleet.weirs, "two", 120)
    assert len(passed(replies)) == 40
    assert sorted(left(reply).remaining for reply in passed(replies)) == list(range(40)), "the fleet's number, not one's own"
    refused = [reply for reply in replies if reply.status == 429]
    check_rate_limited(refused[0], "two")
    assert 30 <= int(refused[0].get("retry-after")) <= 60
    assert sum(fallbacks(weir) for weir in fleet.weirs) == 0


def test_a_clients_own_limit_and_a_rule_of_its_name_are_two_counts_of_the_fleet(fleet_of):
    fleet = fleet_of(2)
    passing = passed(spread(fleet.weirs, "named", 30, lanes=1))
    assert 20 <= len(passing) <= 21, "as many as its own lets through, and none of them counts twice"
    assert len([key for key in fleet.store.ask("KEYS", "weir:{fleet}:r:*")]) == 2


def test_eight_sidecars_keep_one_limit_and_one_budget(fleet_of):
    fleet = fleet_of(8)
    assert len(passed(spread(fleet.weirs, "eight", 300, lanes=1))) == 100
    replies = spread(fleet.weirs, "spender", 300, lanes=1, model=MODEL, max_tokens=20)
    spent = sum(cost(reply) for reply in passed(replies))
    assert spent <= 0.01
    assert len(passed(replies)) < 300, "the budget was reached"
    # What was held is free again: one after the other, requests pass until less is left than one could cost.
    for weir in fleet.weirs:
        while (reply := asks(weir, "spender", model=MODEL, max_tokens=20)).status == 200:
            spent += cost(reply)
        check_refused_by_budget(reply)
    assert 0.01 - 0.0025 < spent <= 0.01


def check_refused_by_budget(reply) -> None:
    assert reply.status == 429 and reply.json()["error"]["code"] == "budget_exceeded"


def test_users_are_counted_by_themselves_and_alike_everywhere(fleet_of):
    fleet = fleet_of(2)
    for user in ("ann", "ben"):
        statuses = [asks(fleet[number % 2], "users", user=user).status for number in range(5)]
        assert statuses == [200, 200, 200, 429, 429]


def test_a_rule_that_refuses_takes_nothing_of_the_others(fleet_of):
    fleet = fleet_of(2)
    statuses = [asks(fleet[number % 2], "several", model="acme/one").status for number in range(10)]
    assert statuses == [200] * 4 + [429] * 6
    reply = asks(fleet[0], "several", model="other/two")
    assert reply.status == 200 and left(reply).remaining == 15, "ten asked, four passed, and this one"
    statuses = [asks(fleet[number % 2], "several", model="other/two").status for number in range(20)]
    assert statuses.count(200) == 15


def test_tokens_that_were_not_used_go_back_to_all(fleet_of):
    fleet = fleet_of(2)
    reply = asks(fleet[0], "words", text="word " * 20, max_tokens=1000)
    used = reply.json()["usage"]["total_tokens"]
    assert left(reply, "tokens").remaining < 2000 - used - 100, "the estimate is higher"

    def settled():
        reply = asks(fleet[1], "words", ("x-sim-fault", "status=500"), text="x", max_tokens=1)
        stand = left(reply, "tokens")
        return stand and 2000 - used - 60 < stand.remaining <= 2000 - used

    eventually(settled, "the other sidecar sees what was really used", 5)


def test_a_body_that_is_not_read_waits_for_the_store_and_arrives_whole(fleet_of, simulator):
    fleet = fleet_of(2)
    body, marked = os.urandom(700_000), mark()
    parts = [body[start:start + 9_000] for start in range(0, len(body), 9_000)]
    fleet.store.freeze()
    try:
        wire = fleet[0].wire()
        wire.send(message("POST", "/v1/files", [of("busy"), marked, ("Transfer-Encoding", "chunked")], chunked(*parts[:9])[:-5]))
        time.sleep(0.2)
    finally:
        fleet.store.thaw()
    wire.send(chunked(*parts[9:]))
    reply = wire.read_reply("POST")
    assert left(reply), "it was counted"
    assert [each.body for each in calls(simulator, marked)] == [body]


def test_places_are_the_fleets_and_go_back(fleet_of):
    fleet = fleet_of(2)
    held = []
    for number in range(3):
        held.append(fleet[number % 2].wire())
        held[-1].send(posted(chat(), "crowd", FOREVER))
    eventually(lambda: total(fleet.store, ":q:") == 3, "all three are under way", 10)
    assert [asks(weir, "crowd").status for weir in fleet.weirs * 2] == [429] * 4
    for wire in held:
        wire.reset()
    eventually(lambda: total(fleet.store, ":q:") == 0, "the places are free again", 10)
    assert [asks(weir, "crowd").status for weir in fleet.weirs] == [200, 200]


FOREVER = ("x-sim-fault", "delay=60000")


def total(store, kind: str) -> int:
    """Of the numbers of one kind; a key may go between its listing and its reading."""
    return sum(int(store.ask("GET", key) or 0) for key in store.keys() if kind in key)


# -- a sidecar that dies --------------------------------------------------------------------------------------

def test_what_a_dead_sidecar_held_is_free_again(fleet_of):
    fleet = fleet_of(2)
    waiting = fleet[0].wire()
    waiting.send(posted(chat(model=MODEL, max_tokens=250), "holder", FOREVER))
    eventually(lambda: any(int(fleet.store.ask("HGET", key, "rn") or 0) for key in fleet.store.keys() if ":b:" in key),
               "the store knows what it may cost", 5)
    reply = asks(fleet[1], "holder", model=MODEL, max_tokens=100)
    assert reply.json()["error"]["code"] == "budget_exceeded" and reply.get("retry-after") == "5"
    fleet[0].process.kill()
    eventually(lambda: asks(fleet[1], "holder", model=MODEL, max_tokens=100).status == 200, "it is given back", 30)


def posted(body: dict, client: str, *headers) -> bytes:
    return message("POST", CHAT, [JSON, of(client), *headers], json.dumps(body).encode())


# -- the store is away ----------------------------------------------------------------------------------------

def test_without_the_store_each_sidecar_applies_its_share(fleet_of):
    fleet = fleet_of(2)
    fleet.store.freeze()
    try:
        replies = [spread([weir], "cut", 40, lanes=1) for weir in fleet.weirs]
        assert [len(passed(each)) for each in replies] == [20, 20]
        check_rate_limited([reply for reply in replies[0] if reply.status == 429][0], "cut")
        assert left(passed(replies[0])[0]).limit == 20
        assert all(weir.admin("/readyz").status == 200 for weir in fleet.weirs)
    finally:
        fleet.store.thaw()
    fleet.gather()
    eventually(lambda: asks(fleet[0], "cut").status == 429, "what passed meanwhile counts for all", 10)
    assert [asks(weir, "cut").status for weir in fleet.weirs] == [429, 429]


def spend_and_lose_the_store(fleet) -> list:
    """Each sidecar spends with the store, then without it; what each request cost."""
    def spend():
        return [cost(asks(weir, "twice", model=MODEL, max_tokens=10)) for weir in fleet.weirs]
    spent = spend()
    fleet.store.kill()
    for weir in fleet.weirs:
        eventually(lambda: not is_up(weir), "it is seen that the store is away", 10)
    return spent + spend()


def test_what_was_spent_without_the_store_counts_once_for_all(fleet_of):
    fleet = fleet_of(2, persistent=True)
    spent = spend_and_lose_the_store(fleet)
    fleet.store.start()
    fleet.gather()
    for weir in fleet.weirs:
        eventually(lambda: told(weir, 0.01 - sum(spent)), f"{0.01 - sum(spent)} is left", 10)


def test_what_was_spent_is_told_however_often_the_store_is_full_just_then(binary, simulator, tmp_path):
    """A store at the edge of its memory takes signs of life, and refuses what is to be booked."""
    (tmp_path / "redis").mkdir()
    store, fullness = Redis(tmp_path / "redis"), {"is_full": True}
    # Of all scripts the settlement alone has the key of a sidecar's last one.
    full = FullRedis(store, lambda command: fullness["is_full"] and b"{fleet}:a:" in command)
    weir = keyed(binary, tmp_path, simulator.url, CLIENTS, RULES, PATIENT | {"WEIR_REDIS_URL": full.url})
    try:
        eventually(lambda: is_up(weir), "the store is there", 20)
        asks(weir, "twice", model=MODEL, max_tokens=10)
        began = time.monotonic()
        eventually(lambda: full.refused > 6, "it is refused again and again", 30)
        assert time.monotonic() - began > 1.5, "and is not asked ten times a second for that"
        fullness["is_full"] = False
        eventually(lambda: any(int(store.ask("HGET", key, "dt") or 0) > 0
                               for key in store.ask("KEYS", "weir:{fleet}:b:*")), "the store has it", 10)
    finally:
        weir.stop()
        full.close()
        store.stop()


@pytest.mark.parametrize("end", ["stopped", "killed"])
def test_what_a_sidecar_spent_that_ended_without_the_store_is_told_by_the_next_at_its_place(fleet_of, binary, simulator, end):
    fleet = fleet_of(2, persistent=True)
    spent = spend_and_lose_the_store(fleet)
    first = fleet[0]
    file = first.folder / "weir.budgets.json"
    eventually(lambda: file.exists() and untold(file, "twice") >= spent[2] - 1e-9, "the file has all of it", 5)
    first.stop() if end == "stopped" else first.process.kill()
    (first.folder / "ports.json").unlink()
    fleet.weirs[0] = keyed(binary, first.folder, simulator.url, CLIENTS, RULES,
                           PATIENT | {"WEIR_REDIS_URL": fleet.store.url})
    fleet.store.start()
    fleet.gather()
    for weir in fleet.weirs:
        eventually(lambda: told(weir, 0.01 - sum(spent)), f"{0.01 - sum(spent)} is left", 10)
    eventually(lambda: "untold" not in file.read_text(), "nobody tells it again", 5)


def untold(file, client: str) -> float:
    """What the store has yet to hear of a client's spending, in dollars."""
    entries = json.loads(file.read_text()).get("untold", [])
    return sum(each["nano_usd"] for each in entries if each.get("client") == client and each["period"] == "day") / 1e9


def told(weir, expected: float) -> bool:
    """Whether a sidecar knows what is left for all; a request that costs nothing makes it ask."""
    assert asks(weir, "twice", ("x-sim-fault", "status=500"), model=MODEL, max_tokens=10).status == 500
    return abs(remaining(weir, "twice") - expected) < 1e-9


# -- a store that fails under load ----------------------------------------------------------------------------

def kill_and_start(store) -> None:
    store.kill()
    time.sleep(0.5)
    store.start()


def freeze_and_thaw(store) -> None:
    store.freeze()
    time.sleep(0.5)
    store.thaw()


FAILURES = {
    "killed": kill_and_start,
    "frozen": freeze_and_thaw,
    "paused": lambda store: store.ask("CLIENT", "PAUSE", "500", "ALL"),
    "asleep": lambda store: store.ask("DEBUG", "SLEEP", "0.5"),
    "scripts flushed": lambda store: store.ask("SCRIPT", "FLUSH"),
    "emptied": lambda store: store.ask("FLUSHALL"),
    "connections cut": lambda store: store.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"),
    "full": lambda store: store.ask("CONFIG", "SET", "maxmemory", "1"),
}


def test_no_request_fails_or_waits_for_long_when_the_store_does(fleet_of):
    """One deadline is the most that a request waits for the store; the rest is this machine's."""
    fleet = fleet_of(2, "--enable-debug-command", "yes", environment={"WEIR_REDIS_DEADLINE_MS": "20"})
    load = Load(fleet.weirs, "busy", 100, model=MODEL, max_tokens=10)
    try:
        load.await_more(50)
        for name, fail in FAILURES.items():
            fail(fleet.store)
            load.await_more(30)
            if name == "full":
                fleet.store.ask("CONFIG", "SET", "maxmemory", "0")
            for weir in fleet.weirs:
                eventually(lambda: is_up(weir), f"the store is back after: {name}", 20)
            load.await_more(10)
    finally:
        load.stop()
    assert set(load.statuses) == {200}
    slow = sorted(load.took)
    assert slow[-1] < 1, "nothing waited for the store to come back"
    assert sum(fallbacks(weir) for weir in fleet.weirs) > 0


def test_keys_of_another_type_are_no_ones_loss(fleet_of):
    fleet = fleet_of(2)
    assert asks(fleet[0], "typed").status == 200
    for key in fleet.store.keys():
        if ":r:" in key:
            fleet.store.ask("DEL", key)
            fleet.store.ask("RPUSH", key, "not ours")
    replies = [spread([weir], "typed", 40) for weir in fleet.weirs]
    assert [len(passed(each)) for each in replies] == [20, 20], "each applied its share"
    assert all(weir.admin("/readyz").status == 200 for weir in fleet.weirs)
    for key in fleet.store.keys():
        if ":r:" in key:
            fleet.store.ask("SET", key, "garbage \x00 of all kinds")
    assert asks(fleet[0], "typed").status == 429


def test_a_store_that_forgets_its_scripts_and_keys_is_told_again(fleet_of):
    fleet = fleet_of(2)
    assert len(passed(spread(fleet.weirs, "flushed", 20))) == 20
    fleet.store.ask("SCRIPT", "FLUSH")
    assert len(passed(spread(fleet.weirs, "flushed", 60))) == 20, "the scripts are sent again"
    spent = [cost(asks(weir, "twice", model=MODEL, max_tokens=10)) for weir in fleet.weirs]
    for weir in fleet.weirs:
        eventually(lambda: told(weir, 0.01 - sum(spent)), "all is told", 10)
    fleet.store.ask("FLUSHALL")
    for weir in fleet.weirs:
        eventually(lambda: told(weir, 0.01 - sum(spent)), "a store without data learns what was spent", 10)


def test_nothing_in_the_store_can_be_read(fleet_of):
    fleet = fleet_of(2)
    for weir in fleet.weirs:
        assert asks(weir, "secretive-name", user="secretive-user", model="acme/secretive-model").status == 200
        assert asks(weir, "spender", user="secretive-user", model=MODEL, max_tokens=10).status == 200
        assert asks(weir, "crowd", user="secretive-user").status == 200
    dump = fleet.store.dump()
    assert b"weir:" in dump
    for text in (b"secretive", b"spender", b"crowd", b"gpt-4", b"three_at_once", b"key-"):
        assert text not in dump


# -- permits taken ahead --------------------------------------------------------------------------------------

def test_permits_taken_ahead_spare_most_questions_and_go_back_unused(fleet_of):
    fleet = fleet_of(2, environment={"WEIR_REDIS_LEASE_PERCENT": "10"})
    load = Load(fleet.weirs, "leased", 100)
    try:
        load.await_more(300)
    finally:
        load.stop()
    assert set(load.statuses) == {200}
    asked = sum(weir.scrape().sum("weir_shared_state_duration_seconds_count", operation="admit")
                for weir in fleet.weirs)
    assert asked < len(load.statuses) / 2, "most did not wait"

    def whole():
        reply = asks(fleet[0], "leased")
        return reply.status == 200 and left(reply).remaining >= 9900

    eventually(whole, "what was not used is there again", 10)


def test_permits_of_a_small_limit_do_not_let_more_than_the_bound_through(fleet_of):
    fleet = fleet_of(2, environment={"WEIR_REDIS_LEASE_PERCENT": "20"})
    replies = spread(fleet.weirs, "two", 120)
    assert 24 <= len(passed(replies)) <= 56, "two fifths of the burst are out at most"
