"""Whoever has read the whole of a reply finds it counted, kept and paid for, over whatever connection he asks."""

import uuid

import pytest

from harness.budgets import remaining
from harness.caching import MODEL
from harness.ledger import FILE
from harness.limits import keyed, of
from harness.requests import chat
from harness.together import sent_together

SETTINGS = {"WEIR_CACHE_TTL": "300", "WEIR_LEDGER": FILE, "WEIR_MAX_IN_FLIGHT": "1000"}
RULES = """
limits:
  concurrency: [{name: one, maximum: 1, clients: [single]}]
budgets: [{name: dollar, period: day, usd: 1, clients: [payer]}]
"""
# Each asks over a connection of its own, and so of another event loop than the last.
TIMES = 40


@pytest.fixture(scope="module")
def weir(binary, simulator, tmp_path_factory):
    running = keyed(binary, tmp_path_factory.mktemp("settlement"), simulator.url, ["ann", "single", "payer"], RULES,
                    SETTINGS)
    yield running
    running.stop()


def fresh(**members) -> dict:
    return chat(uuid.uuid4().hex, model=MODEL, **members)


def done(weir) -> float:
    return weir.scrape().sum("weir_requests_total")


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_reply_that_was_read_is_counted(weir, stream):
    before = done(weir)
    for count in range(1, TIMES + 1):
        reply = weir.post("/v1/chat/completions", fresh(stream=stream), [of("ann")])
        assert done(weir) == before + count and reply.status == 200


def test_a_reply_from_the_cache_that_was_read_is_counted(weir):
    body = fresh()
    weir.post("/v1/chat/completions", body, [of("ann")])
    before = done(weir)
    for count in range(1, TIMES + 1):
        reply = weir.post("/v1/chat/completions", body, [of("ann")])
        assert done(weir) == before + count and reply.get("x-weir-cache") == "hit"


def test_a_refusal_that_was_read_is_counted(weir):
    before = weir.errors_counted("invalid_json")
    for count in range(1, TIMES + 1):
        assert weir.post("/v1/chat/completions", b"{]}", [of("ann")]).status == 400
        assert weir.errors_counted("invalid_json") == before + count


def test_replies_that_several_share_are_counted_once_all_have_them(weir):
    for _ in range(5):
        before = done(weir)
        replies = sent_together(weir, 20, fresh(stream=True), [of("ann")])
        assert done(weir) == before + 20 and all(reply.is_complete for reply in replies)


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_reply_that_was_read_is_kept_for_the_next_connection(weir, stream):
    for _ in range(TIMES):
        body = fresh(stream=stream)
        found = [weir.post("/v1/chat/completions", body, [of("ann")]).get("x-weir-cache") for _ in range(2)]
        assert found == ["miss", "hit"]


def test_the_only_place_of_a_client_is_free_once_its_reply_was_read(weir):
    for _ in range(TIMES):
        assert weir.post("/v1/chat/completions", fresh(), [of("single")]).status == 200


def test_what_a_reply_cost_is_off_the_budget_once_it_was_read(weir):
    left = remaining(weir, "payer")
    for _ in range(TIMES):
        weir.post("/v1/chat/completions", fresh(), [of("payer")])
        now = remaining(weir, "payer")
        assert now < left
        left = now


def test_a_vote_finds_a_reply_that_was_read(weir):
    for _ in range(TIMES):
        reply = weir.post("/v1/chat/completions", fresh(), [of("ann")])
        vote = {"id": reply.get("x-request-id"), "rating": "up"}
        assert weir.post("/weir/feedback", vote, [of("ann")]).status == 200
