"""Limits and budgets that several sidecars keep together over Redis, and what each does when Redis does not answer.

All rates are so low that no test lives to see a request given back.
"""

import threading
import time

import pytest

from harness.budgets import MODEL, check_over_budget, cost, remaining
from harness.eventually import eventually
from harness.fleet import Fleet, Load, fallbacks, is_up, spread
from harness.limits import CHAT, asks, check_rate_limited, left, of
from harness.redis import Redis
from harness.requests import chat

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
    - {name: busy, requests_per_minute: 1000000, clients: [busy]}
  concurrency:
    - {name: three_at_once, maximum: 3, clients: [crowd]}
budgets:
  - {name: cent, period: day, usd: 0.01, clients: [spender, twice]}
  - {name: both, period: day, usd: 0.01, clients: [holder]}
  - {name: plenty, period: day, usd: 1000, clients: [busy]}
"""
CLIENTS = ["two", "eight", "users", "words", "several", "cut", "flushed", "typed", "busy", "crowd", "spender", "twice",
           "holder", "secretive-name"]


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


def test_eight_sidecars_keep_one_limit_and_one_budget(fleet_of):
    fleet = fleet_of(8)
    assert len(passed(spread(fleet.weirs, "eight", 300, lanes=1))) == 100
    replies = spread(fleet.weirs, "spender", 300, lanes=1, model=MODEL, max_tokens=20)
    spent = sum(cost(reply) for reply in passed(replies))
    assert spent <= 0.01
    assert len(passed(replies)) < 300, "the budget was reached"
    # What was held is free again: what is left is less than one more could cost.
    for weir in fleet.weirs:
        eventually(lambda: asks(weir, "spender", model=MODEL, max_tokens=20).status == 429, "all know", 10)
    known = eventually(lambda: agreed([remaining(weir, "spender") for weir in fleet.weirs]), "all know the same", 10)
    assert known < 0.0025


def agreed(amounts: list):
    return amounts[0] if max(amounts) - min(amounts) < 1e-9 else None


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


def test_places_are_the_fleets_and_go_back(fleet_of):
    fleet = fleet_of(2)
    slow = [("x-sim-fault", "delay=2")]
    replies = []

    def ask(number):
        replies.append(fleet[number % 2].post(CHAT, chat(), [of("crowd"), *slow]))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(reply.status for reply in replies) == [200] * 3 + [429] * 5
    eventually(lambda: asks(fleet[1], "crowd").status == 200, "the places are free again", 5)
