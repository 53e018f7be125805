"""The cache that sidecars share over Redis: what one was answered, all are; asked at the same time, once."""

import base64
import os
import random
import signal
import time

import pytest

from harness.attempts import KIMI, calls, fail, heal
from harness.caching import check_same, results
from harness.eventually import eventually
from harness.fleet_cache import (ANN, Fleet, ask, await_sharing, leases, lookups, stored, values,
                                 written)
from harness.limits import left, of
from harness.redis import Redis
from harness.requests import chat
from harness.simulator import mark
from harness.together import all_replies, wire_with

pytestmark = pytest.mark.begins_first

SLOW = ("x-sim-fault", "delay=700")
LIMITS = "limits:\n  rates: [{name: few, requests_per_minute: 1, burst: 3, models: [moonshotai/*]}]"
ONLY = ("Cache-Control", "only-if-cached")


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    running = Redis(tmp_path_factory.mktemp("redis"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def fleet(binary, simulator, redis, tmp_path_factory):
    running = Fleet(binary, tmp_path_factory.mktemp("fleet"), simulator.url, redis, 4)
    yield running
    running.stop()


@pytest.fixture
def own(binary, simulator_with, tmp_path):
    """`own(count, settings)`: a fleet with a store and a simulator of the test's own, which it may break."""
    running = []

    def start(count: int, settings=None, *options: str, text: str = ""):
        folder = tmp_path / f"own-{len(running)}"
        (folder / "redis").mkdir(parents=True)
        store = Redis(folder / "redis", *options)
        running.append(store)
        simulator = simulator_with()
        made = Fleet(binary, folder, simulator.url, store, count, settings, text)
        made.simulator = simulator
        running.append(made)
        return made

    yield start
    for each in reversed(running):
        each.stop()


# -- a hit ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_what_one_sidecar_was_answered_another_has(fleet, simulator, stream):
    body, marked = chat(f"shared {stream} " + "x " * 3000, stream=stream), mark()
    first = stored(fleet[0], body, marked)
    before = lookups(fleet[1])
    for other in (ask(fleet[1], body, marked), ask(fleet[1], body, marked)):
        check_same(first, other)
        assert other.get("x-weir-cache") == "hit" and other.get("x-weir-attempts") == "0"
        assert 0 <= int(other.get("age")) < 60
    assert lookups(fleet[1]) == before + 1, "the second one was in memory"
    assert lookups(fleet[1], "hit") >= 1 and len(calls(simulator, marked)) == 1


def test_its_age_and_its_end_are_the_stores(fleet, redis):
    first = stored(fleet[0], chat("ages"), ("x-weir-cache-ttl", "3"))

    def aged():
        reply = ask(fleet[2], chat("ages"), ONLY)
        return reply if reply.status == 504 or int(reply.get("age")) >= 1 else None
    assert all(0 < redis.ask("PTTL", key) <= 300_000 for key in values(redis))
    seen = eventually(aged, "it ages or is gone", 10, 0.05)
    assert seen.status == 504 or seen.body == first.body
    eventually(lambda: ask(fleet[2], chat("ages"), ONLY).status == 504, "its time is over", 10, 0.05)
    assert ask(fleet[3], chat("ages"), ONLY).status == 504


def test_only_if_cached_is_answered_from_the_store(fleet, simulator):
    marked = mark()
    assert ask(fleet[1], chat("only"), ONLY, marked).status == 504
    first = stored(fleet[0], chat("only"), marked)
    assert ask(fleet[1], chat("only"), ONLY, marked).body == first.body
    assert len(calls(simulator, marked)) == 1


def test_a_reply_that_is_too_old_for_the_request_is_none(fleet, simulator):
    marked = mark()
    stored(fleet[0], chat("old"), marked)
    eventually(lambda: int(ask(fleet[0], chat("old"), marked).get("age")) >= 2, "two seconds passed", 10, 0.1)
    reply = ask(fleet[1], chat("old"), marked, ("Cache-Control", "max-age=1"))
    assert reply.get("x-weir-cache") == "miss" and len(calls(simulator, marked)) == 2


def test_who_wants_a_fresh_reply_refreshes_the_fleets(fleet, simulator):
    marked = mark()
    stored(fleet[0], chat("fresh"), marked)
    fresh = stored(fleet[1], chat("fresh"), marked, ("Cache-Control", "no-cache"))
    assert ask(fleet[2], chat("fresh"), marked).body == fresh.body and len(calls(simulator, marked)) == 2
    before = written(fleet[3])
    ask(fleet[3], chat("never"), ("Cache-Control", "no-store"))
    assert ask(fleet[2], chat("never"), ONLY).status == 504 and written(fleet[3]) == before


def test_a_hit_in_the_store_counts_as_a_request_and_costs_nothing(own):
    fleet = own(2, text=LIMITS)
    body = chat("counted", model=KIMI, max_tokens=20)
    first = stored(fleet[0], body)
    replies = [ask(fleet[1], body) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 429] and results(replies)[:2] == ["hit", "hit"]
    assert [left(reply).remaining for reply in replies] == [1, 0, 0] and left(first).remaining == 2
    scraped = fleet[1].scrape()
    assert scraped.sum("weir_cache_saved_usd_total") == pytest.approx(2 * first.json()["usage"]["cost"])


def test_clients_are_kept_apart(fleet, simulator):
    marked = mark()
    stored(fleet[0], chat("whose"), marked)
    assert ask(fleet[1], chat("whose"), marked, client=of("ben")).get("x-weir-cache") == "miss"
    assert len(calls(simulator, marked)) == 2


def test_what_is_not_kept_here_is_not_kept_there(fleet, redis):
    before = values(redis)
    reply = ask(fleet[0], chat("fails"), ("x-sim-fault", "status=500"))
    assert reply.status == 500
    eventually(lambda: not leases(redis), "the lease and its mark are gone", 10)
    assert values(redis) == before


# -- at the same time -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_hundred_identical_requests_over_four_sidecars_make_one_call(fleet, simulator, redis, stream):
    marked, body = mark(), chat("a hundred over four", stream=stream)
    wires = [wire_with(fleet[number % 4], body, [ANN, marked, SLOW]) for number in range(100)]
    replies = all_replies(wires)
    assert len(calls(simulator, marked)) == 1
    assert [reply.status for reply in replies] == [200] * 100 and all(reply.is_complete for reply in replies)
    assert len({reply.body for reply in replies}) == 1 and b"hundred" in replies[0].body
    assert results(replies).count("miss") == 1
    assert sum(lookups(each, "waited") for each in fleet.sidecars) >= 1
    eventually(lambda: not leases(redis), "nobody holds a lease")


def test_a_reply_that_takes_longer_than_a_lease_is_waited_for(fleet, simulator):
    marked, body = mark(), chat("longer than a lease")
    wires = [wire_with(fleet[number], body, [ANN, marked, ("x-sim-fault", "delay=5000")]) for number in range(4)]
    replies = all_replies(wires)
    assert [reply.status for reply in replies] == [200] * 4 and len(calls(simulator, marked)) == 1


def test_when_the_sidecar_that_asks_dies_another_asks(own):
    fleet = own(2)
    marked, body = mark(), chat("dies")
    first = wire_with(fleet[0], body, [ANN, marked, ("x-sim-fault", "delay=60000")])
    eventually(lambda: calls(fleet.simulator, marked) and leases(fleet.redis), "the first is at the upstream")
    second = wire_with(fleet[1], body, [ANN, marked])
    eventually(lambda: fleet[1].scrape().sum("weir_in_flight_requests") >= 1, "the second waits")
    assert len(calls(fleet.simulator, marked)) == 1
    fleet[0].process.send(signal.SIGKILL)
    fleet[0].expected_exit = -signal.SIGKILL
    reply, = all_replies([second])
    first.close()
    assert reply.status == 200 and b"dies" in reply.body and len(calls(fleet.simulator, marked)) == 2
    assert reply.get("x-weir-cache") == "miss"


def test_when_the_client_that_asks_leaves_another_sidecar_asks(fleet, simulator, redis):
    marked, body = mark(), chat("leaves")
    first = wire_with(fleet[0], body, [ANN, marked, ("x-sim-fault", "delay=60000")])
    eventually(lambda: calls(simulator, marked) and leases(redis), "the first is at the upstream")
    before = lookups(fleet[1])
    second = wire_with(fleet[1], body, [ANN, marked])
    eventually(lambda: fleet[1].scrape().sum("weir_in_flight_requests") >= 1, "the second waits")
    first.reset()
    reply, = all_replies([second])
    assert reply.status == 200 and len(calls(simulator, marked)) == 2 and lookups(fleet[1]) > before


def test_when_the_client_leaves_that_waits_for_another_sidecar_its_followers_still_get_the_reply(fleet, simulator):
    marked, body = mark(), chat("a follower stays")
    first = wire_with(fleet[0], body, [ANN, marked, ("x-sim-fault", "delay=3000")])
    eventually(lambda: calls(simulator, marked), "the first is at the upstream")
    waiting = wire_with(fleet[1], body, [ANN, marked])
    eventually(lambda: fleet[1].scrape().sum("weir_in_flight_requests") >= 1, "the second waits")
    follower = wire_with(fleet[1], body, [ANN, marked])
    eventually(lambda: fleet[1].scrape().sum("weir_in_flight_requests") >= 2, "the third follows it")
    waiting.reset()
    replies = all_replies([first, follower])
    assert [reply.status for reply in replies] == [200, 200] and len({reply.body for reply in replies}) == 1
    assert results(replies) == ["miss", "coalesced"] and len(calls(simulator, marked)) == 1
    assert ask(fleet[1], body).get("x-weir-cache") == "hit"


def test_a_failure_is_not_waited_for_by_one_after_the_other(own):
    fleet = own(4)
    marked, body = mark(), chat("all fail")
    fail(fleet.simulator, "status=500;delay=300")
    wires = [wire_with(fleet[number], body, [ANN, marked]) for number in range(4)]
    replies = all_replies(wires)
    heal(fleet.simulator)
    assert [reply.status for reply in replies] == [500] * 4 and len(calls(fleet.simulator, marked)) == 4
    eventually(lambda: not leases(fleet.redis), "the mark of the failure is gone", 10)
    assert ask(fleet[0], body).status == 200


def test_who_has_a_time_of_its_own_waits_for_nobody(fleet, simulator):
    marked, body = mark(), chat("in a hurry")
    first = wire_with(fleet[0], body, [ANN, marked, ("x-sim-fault", "delay=2000")])
    eventually(lambda: calls(simulator, marked), "the first is at the upstream")
    hurried = ask(fleet[1], body, marked, ("x-weir-timeout", "20"))
    assert hurried.status == 200 and hurried.get("x-weir-cache") == "miss"
    all_replies([first])
    assert len(calls(simulator, marked)) == 2


def test_without_coalescing_the_store_is_read_and_nobody_waits(own):
    fleet = own(2, text="cache: {coalesce: false}")
    marked, body = mark(), chat("each for itself")
    replies = all_replies([wire_with(fleet[number], body, [ANN, marked, SLOW]) for number in range(2)])
    assert results(replies) == ["miss", "miss"] and len(calls(fleet.simulator, marked)) == 2
    stored(fleet[0], chat("read all the same"))
    assert ask(fleet[1], chat("read all the same")).get("x-weir-cache") == "hit"
    assert not leases(fleet.redis)


# -- emptying -------------------------------------------------------------------------------------------------

def test_emptying_one_cache_empties_all(own):
    fleet = own(3)
    for sidecar, text in ((0, "one"), (1, "two")):
        stored(fleet[sidecar], chat(text))
        for other in fleet.sidecars:
            assert ask(other, chat(text), ONLY).status == 200
    answer = fleet[0].admin("/cache", "DELETE").json()
    assert answer["fleet"] is True and answer["removed"] >= 2
    for other in fleet.sidecars:
        eventually(lambda: other.scrape().sum("weir_cache_entries") == 0, "its memory is empty", 10)
        for text in ("one", "two"):
            eventually(lambda: ask(other, chat(text), ONLY).status == 504, f"{text} is gone", 10)
        await_sharing(other)


def test_emptying_for_some_models_leaves_the_others_in_memory(own):
    fleet = own(2)
    kept, gone = chat("stays", model="openai/gpt-4-turbo"), chat("goes", model="moonshotai/kimi-k2")
    for body in (kept, gone):
        stored(fleet[0], body)
        assert ask(fleet[1], body).get("x-weir-cache") == "hit"
    assert fleet[0].admin("/cache?model=moonshotai/*", "DELETE").json()["fleet"] is True
    for sidecar in fleet.sidecars:
        eventually(lambda: ask(sidecar, gone, ONLY).status == 504, "it is gone", 10)
        assert ask(sidecar, kept, ONLY).status == 200


def test_a_cache_emptied_while_the_store_was_away_is_emptied_when_it_is_back(own):
    fleet = own(2)
    stored(fleet[0], chat("forgotten"))
    assert ask(fleet[1], chat("forgotten")).get("x-weir-cache") == "hit"
    fleet.redis.kill()
    eventually(lambda: fleet[0].scrape().sum("weir_shared_state_up") == 0, "it is noticed", 10)
    assert fleet[0].admin("/cache", "DELETE").json()["fleet"] is False
    assert ask(fleet[1], chat("forgotten"), ONLY).status == 200, "it cannot know yet"
    fleet.redis.start()
    eventually(lambda: ask(fleet[1], chat("forgotten"), ONLY).status == 504, "it is told", 20)


def test_a_store_that_lost_everything_costs_the_memory_nothing(own):
    fleet = own(2)
    stored(fleet[0], chat("remembered"))
    assert ask(fleet[1], chat("remembered")).get("x-weir-cache") == "hit"
    fleet.redis.kill()
    fleet.redis.start()
    for sidecar in fleet.sidecars:
        await_sharing(sidecar)
        assert ask(sidecar, chat("remembered"), ONLY).status == 200
    stored(fleet[0], chat("anew"))
    assert ask(fleet[1], chat("anew")).get("x-weir-cache") == "hit"


# -- trouble --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("trouble", ["killed", "frozen"])
def test_without_the_store_every_sidecar_is_on_its_own(own, trouble):
    fleet = own(2, {"WEIR_REDIS_DEADLINE_MS": "20"})
    fleet.redis.kill() if trouble == "killed" else fleet.redis.freeze()
    marked = mark()
    for number in range(20):
        for sidecar in fleet.sidecars:
            assert ask(sidecar, chat(f"alone {number}"), marked).status == 200
            assert ask(sidecar, chat(f"alone {number}"), marked).get("x-weir-cache") == "hit"
    assert len(calls(fleet.simulator, marked)) == 40
    fleet.redis.start() if trouble == "killed" else fleet.redis.thaw()

    def share():
        body = chat(f"together {time.monotonic()}")
        assert ask(fleet[0], body).status == 200
        return ask(fleet[1], body).get("x-weir-cache") == "hit"
    eventually(share, "they share again", 20, 0.1)


def test_requests_that_wait_for_another_sidecar_go_on_when_the_store_dies(own):
    fleet = own(2)
    marked, body = mark(), chat("left waiting")
    first = wire_with(fleet[0], body, [ANN, marked, ("x-sim-fault", "delay=4000")])
    eventually(lambda: calls(fleet.simulator, marked), "the first is at the upstream")
    second = wire_with(fleet[1], body, [ANN, marked])
    eventually(lambda: fleet[1].scrape().sum("weir_in_flight_requests") >= 1, "the second waits")
    fleet.redis.kill()
    replies = all_replies([first, second])
    assert [reply.status for reply in replies] == [200, 200] and len(calls(fleet.simulator, marked)) == 2


# What may stand under a key of weir's, made of the right value and of another entry's.
HARM = {
    "short": lambda good, other: b"x", "mark": lambda good, other: b"wrc1", "cut": lambda good, other: good[:-1],
    "head-only": lambda good, other: good[:40], "version": lambda good, other: b"wrc9" + good[4:],
    "longer": lambda good, other: good + b"!", "another-entry's": lambda good, other: other,
    "changed": lambda good, other: good.replace(b"content-type", b"content-tYpe"),
    "noise": lambda good, other: b"\xff" * 70_000, "hundred-megabytes": lambda good, other: b"0" * 100_000_000,
}


def test_nothing_that_stands_under_its_keys_harms_anybody(own):
    fleet = own(2)
    other = entry(fleet, chat("another"))
    for name, made in HARM.items():
        body = chat(f"harm {name}")
        key = entry(fleet, body)
        put(fleet.redis, key, made(get(fleet.redis, key), get(fleet.redis, other)), "PX", "300000")
        check_brought(fleet, body)
    assert lookups(fleet[1], "unreadable") == len(HARM) - 1, "the largest does not even leave the store"


def test_keys_of_another_type_or_without_an_end_harm_nobody(own):
    fleet = own(2)
    body = chat("endless")
    key = entry(fleet, body)
    put(fleet.redis, key, get(fleet.redis, key))
    check_brought(fleet, body)
    body = chat("list")
    key = entry(fleet, body)
    fleet.redis.ask("DEL", key)
    fleet.redis.ask("RPUSH", key, "a")
    check_brought(fleet, body)
    body = chat("no lease")
    key = entry(fleet, body)
    fleet.redis.ask("DEL", key)
    fleet.redis.ask("RPUSH", key + ":lease", "a")
    check_brought(fleet, body)


def test_a_generation_that_is_lost_or_is_none_is_made_anew(own):
    fleet = own(2)
    for trouble in ([], ["SET", "garbage"], ["RPUSH", "a"], ["SET", "99999999999999999999\n1\n*"]):
        fleet.redis.ask("DEL", "weir:{fleet}:cachegen")
        if trouble:
            fleet.redis.ask(trouble[0], "weir:{fleet}:cachegen", trouble[1])
        assert ask(fleet[1], chat(f"generation {trouble}")).status == 200
        assert fleet[0].admin("/cache", "DELETE").json()["fleet"] is True
        eventually(lambda: fleet[1].scrape().sum("weir_cache_entries") == 0, "the other is told", 10)


def entry(fleet, body) -> str:
    """The key of a reply that the first sidecar has just brought."""
    before = set(values(fleet.redis))
    stored(fleet[0], body)
    key, = set(values(fleet.redis)) - before
    return key


def get(redis, key) -> bytes:
    with redis.connect() as connection:
        return connection.ask("GET", key).encode("utf-8", "surrogateescape")


def put(redis, key, value: bytes, *options: str) -> None:
    with redis.connect(60) as connection:
        connection.ask("SET", key, value, *options)


def check_brought(fleet, body) -> None:
    """The second sidecar, which has not got the reply, brings it itself."""
    marked = mark()
    reply = ask(fleet[1], body, marked)
    assert (reply.status, reply.get("x-weir-cache")) == (200, "miss")
    assert body["messages"][0]["content"].encode() in reply.body
    assert len(calls(fleet.simulator, marked)) == 1, "it came from the upstream"
    assert fleet[1].scrape().sum("weir_shared_state_up") == 1


def test_a_store_that_is_full_keeps_nothing_and_harms_nobody(own):
    fleet = own(2, None, "--maxmemory", "3mb", "--maxmemory-policy", "noeviction")
    filler = b"f" * 4_000_000
    with fleet.redis.connect(60) as connection:
        connection.ask("CONFIG", "SET", "maxmemory", "64mb")
        connection.ask("SET", "filler", filler)
        connection.ask("CONFIG", "SET", "maxmemory", "3mb")
    for number in range(5):
        for sidecar in fleet.sidecars:
            assert ask(sidecar, chat(f"full {number}")).status == 200
    fleet.redis.ask("DEL", "filler")
    fleet.redis.ask("CONFIG", "SET", "maxmemory", "64mb")
    for sidecar in fleet.sidecars:
        await_sharing(sidecar)


# -- settings and secrets -------------------------------------------------------------------------------------

def test_sealed_replies_say_nothing_in_the_store(own):
    key = base64.b64encode(os.urandom(32)).decode()
    fleet = own(2, {"WEIR_REDIS_CACHE_KEY": key})
    stranger = fleet.add({"WEIR_REDIS_CACHE_KEY": base64.b64encode(os.urandom(32)).decode()})
    plain = fleet.add({"WEIR_REDIS_CACHE_KEY": None})
    body = chat("a secret that nobody may read")
    first = stored(fleet[0], body)
    dump = fleet.redis.dump()
    for text in (b"nobody may read", b"chatcmpl", b"content-type", b"gpt-4", b"ann", b"openrouter", b"127.0.0.1"):
        assert text not in dump, text
    assert ask(fleet[1], body).body == first.body
    for other in (stranger, plain):
        await_sharing(other)
        assert ask(other, body).get("x-weir-cache") == "miss"
    assert b"nobody may read" in fleet.redis.dump(), "the check would see it: the last one has no key"
    for each in fleet.sidecars:
        assert key not in each.log_text()


def test_no_name_stands_in_clear_even_where_replies_do(fleet, redis):
    stored(fleet[0], chat("in clear"))
    assert not [key for key in redis.keys() if "ann" in key or "gpt" in key or "key-" in key]
    assert b"key-ann" not in redis.dump()


def test_a_reply_over_the_bound_stays_where_it_is(own):
    fleet = own(2, {"WEIR_REDIS_MAX_CACHE_ENTRY_BYTES": "1024"})
    noise = " ".join(str(random.Random(5).getrandbits(64)) for _ in range(400))
    before = values(fleet.redis)
    reply = ask(fleet[0], chat(noise))
    eventually(lambda: written(fleet[0], "unfit") >= 1, "it is not written")
    assert reply.status == 200 and values(fleet.redis) == before
    assert ask(fleet[0], chat(noise)).get("x-weir-cache") == "hit"
    assert ask(fleet[1], chat(noise)).get("x-weir-cache") == "miss"


def test_it_can_be_switched_off(own):
    fleet = own(1)
    alone = fleet.add({"WEIR_REDIS_CACHE": "false"})
    eventually(lambda: alone.scrape().sum("weir_shared_state_up") == 1, "it is connected")
    stored(fleet[0], chat("not for all"))
    before = values(fleet.redis)
    assert ask(alone, chat("not for all")).get("x-weir-cache") == "miss"
    assert lookups(alone) == 0 and written(alone) == 0 and values(fleet.redis) == before
