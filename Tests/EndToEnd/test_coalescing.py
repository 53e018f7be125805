"""Identical requests in flight: one goes upstream, the others follow it live, and each is on its own in all else."""

import threading
import time

import pytest

from harness.attempts import calls, configured, fail, heal
from harness.budgets import remaining
from harness.caching import ask_each, results
from harness.eventually import eventually
from harness.limits import keyed, of
from harness.requests import chat
from harness.simulator import Simulator, mark
from harness.streams import errors, has_end_marker
from harness.together import all_replies, head_and, rest, sent_together, several, wire_with

SETTINGS = {"WEIR_CACHE_TTL": "300"}
SLOW = ("x-sim-fault", "delay=700")


@pytest.fixture(scope="module")
def weir(binary, simulator, tmp_path_factory):
    folder = tmp_path_factory.mktemp("coalescing")
    running = keyed(binary, folder, simulator.url, ["ann", "ben", "payer"],
                    "budgets: [{name: dollar, period: day, usd: 1, clients: [payer]}]", SETTINGS)
    yield running
    running.stop()


@pytest.fixture
def sent(simulator):
    """The headers of client ann with a mark, and `arrived()`, which waits for the first of them at the upstream."""
    marked = mark()

    class Sent:
        headers = [of("ann"), marked]

        def calls(self):
            return calls(simulator, marked)

        def arrived(self):
            eventually(self.calls, "the first request is at the upstream")

        def await_end(self, how):
            eventually(lambda: [each.ended for each in self.calls()] == [how], f"one upstream request, {how}")
    return Sent()


def following(weir, count: int) -> None:
    """Until so many requests more than the one that leads are in flight."""
    eventually(lambda: weir.scrape().sum("weir_in_flight_requests") >= count, f"{count} requests in flight", 10)


# -- one call -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_hundred_identical_requests_make_one_call(weir, sent, stream):
    body = chat("a hundred", stream=stream)
    before = weir.scrape()
    replies = sent_together(weir, 100, body, [*sent.headers, SLOW])
    assert len(sent.calls()) == 1
    assert [reply.status for reply in replies] == [200] * 100 and all(reply.is_complete for reply in replies)
    assert len({reply.body for reply in replies}) == 1 and b"hundred" in replies[0].body
    found = results(replies)
    # Who comes when the reply is there already gets it from the cache.
    assert found.count("miss") == 1 and found.count("coalesced") >= 50
    assert found.count("coalesced") + found.count("hit") == 99
    assert len({reply.get("x-request-id") for reply in replies}) == 100
    after = weir.scrape()
    assert after.sum("weir_cost_usd_total") - before.sum("weir_cost_usd_total") < 0.001, "paid once"
    coalesced = after.sum("weir_cache_requests_total", result="coalesced") \
        - before.sum("weir_cache_requests_total", result="coalesced")
    assert coalesced == found.count("coalesced")


def test_followers_see_a_stream_from_its_first_byte_while_it_runs(weir, sent):
    body = chat("live one two three four", stream=True)
    with several(weir, 6, body, [*sent.headers, ("x-sim-fault", "stall=4")], sent.arrived) as wires:
        seen = [head_and(wire, 4) for wire in wires]
        assert [each.ended for each in sent.calls()] == ["open"], "and the upstream has not ended"
        assert sorted(results([head for head, _ in seen])) == ["coalesced"] * 5 + ["miss"]
        late = wire_with(weir, body, sent.headers)
        head, data = head_and(late, 4)
        assert head.get("x-weir-cache") == "coalesced" and b'"You "' in data
        late.close()
    sent.await_end("cancelled")


def test_a_follower_that_comes_late_gets_all_of_it(weir, sent):
    body = chat(" ".join(f"word{number}" for number in range(20)), stream=True)
    with several(weir, 1, body, [*sent.headers, ("x-sim-gap-ms", "50")]) as (first,):
        head, _ = head_and(first, 8)
        second = wire_with(weir, body, sent.headers)
        replies = [rest(first, head), *all_replies([second])]
    assert len(sent.calls()) == 1 and replies[0].body == replies[1].body
    assert has_end_marker("chat/completions", replies[1].body)
    assert replies[1].get("x-weir-cache") == "coalesced"


def test_followers_are_kept_apart_by_client_and_body(weir, simulator):
    marked = mark()
    wires = [wire_with(weir, chat("apart", seed=seed), [of(name), marked, SLOW])
             for name in ("ann", "ben") for seed in (1, 2) for _ in range(3)]
    replies = all_replies(wires)
    assert len(calls(simulator, marked)) == 4
    assert len({reply.body for reply in replies}) == 4


@pytest.mark.parametrize("control", ["no-store", "no-cache", "max-age=0"])
def test_who_wants_no_kept_reply_follows_nobody(weir, sent, control):
    replies = sent_together(weir, 4, chat(f"alone {control}"), [*sent.headers, SLOW, ("Cache-Control", control)])
    assert len(sent.calls()) == 4 and "coalesced" not in results(replies)


def test_only_if_cached_does_not_wait_for_a_request_in_flight(weir, sent):
    body = chat("in flight")
    with several(weir, 1, body, [*sent.headers, SLOW], sent.arrived):
        reply, = sent_together(weir, 1, body, [*sent.headers, ("Cache-Control", "only-if-cached")])
        assert reply.status == 504


def test_it_can_be_switched_off(binary, simulator, tmp_path):
    weir, marked = configured(binary, tmp_path, simulator.url, "cache: {coalesce: false}", SETTINGS), mark()
    try:
        replies = sent_together(weir, 5, chat("each for itself"), [marked, SLOW])
        assert len(calls(simulator, marked)) == 5 and results(replies) == ["miss"] * 5
    finally:
        weir.stop()


def test_followers_pay_nothing(weir, simulator):
    marked = mark()
    replies = sent_together(weir, 20, chat("paid by one", max_tokens=20), [of("payer"), marked, SLOW])
    assert [reply.status for reply in replies] == [200] * 20 and len(calls(simulator, marked)) == 1
    cost = replies[0].json()["usage"]["cost"]
    eventually(lambda: abs(remaining(weir, "payer") - (1 - cost)) < 1e-9, "one of them paid, and nothing is held")


# -- who leaves -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("how", ["close", "reset"])
def test_when_the_first_client_leaves_the_others_get_the_whole_reply(weir, sent, how):
    body = chat(f"leaver {how} " + "x " * 20, stream=True)
    with several(weir, 4, body, [*sent.headers, ("x-sim-gap-ms", "60")], sent.arrived) as wires:
        heads = [head_and(wire, 2)[0] for wire in wires]
        getattr(wires[0], how)()
        replies = [rest(wire, head) for wire, head in list(zip(wires, heads))[1:]]
    assert len({reply.body for reply in replies}) == 1 and has_end_marker("chat/completions", replies[0].body)
    sent.await_end("complete")


def test_when_the_first_client_leaves_before_the_reply_the_others_get_it(weir, sent):
    body = chat("left early")
    with several(weir, 4, body, [*sent.headers, ("x-sim-fault", "delay=800")], sent.arrived) as wires:
        following(weir, 4)
        wires[0].reset()
        replies = all_replies(wires[1:])
    assert [reply.status for reply in replies] == [200] * 3
    sent.await_end("complete")
    asked = sent_together(weir, 1, body, sent.headers)
    assert results(asked) == ["hit"], "what goes on without its client is kept"


def test_when_a_follower_leaves_nothing_changes(weir, sent):
    body = chat("a follower goes " + "x " * 15, stream=True)
    with several(weir, 3, body, [*sent.headers, ("x-sim-gap-ms", "50")], sent.arrived) as wires:
        heads = [head_and(wire, 2)[0] for wire in wires]
        wires[1].reset()
        replies = [rest(wires[number], heads[number]) for number in (0, 2)]
    assert replies[0].body == replies[1].body and has_end_marker("chat/completions", replies[0].body)
    sent.await_end("complete")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_when_the_last_one_leaves_the_upstream_is_cancelled(weir, sent, order):
    body = chat(f"all leave {order}", stream=True)
    with several(weir, 3, body, [*sent.headers, ("x-sim-fault", "stall=2")], sent.arrived) as wires:
        for wire in wires:
            head_and(wire, 2)
        for number in order[:2]:
            wires[number].reset()
        time.sleep(0.2)
        assert [each.ended for each in sent.calls()] == ["open"], "one is still there"
        wires[order[2]].reset()
        sent.await_end("cancelled")
    fresh, = sent_together(weir, 1, body, sent.headers)
    assert fresh.get("x-weir-cache") == "miss" and has_end_marker("chat/completions", fresh.body)


def test_when_all_leave_before_the_reply_the_upstream_is_cancelled(weir, sent):
    with several(weir, 3, chat("nobody waits"), [*sent.headers, ("x-sim-fault", "delay=30000")], sent.arrived):
        following(weir, 3)
    sent.await_end("cancelled")


# -- who is slow ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("slow", ["follower", "leader"])
def test_a_client_that_reads_slowly_holds_nobody_back(binary, simulator, tmp_path, sent, slow):
    weir = keyed(binary, tmp_path, simulator.url, ["ann"], "cache: {max_entry_bytes: 2097152}", SETTINGS)
    body = chat(f"slow {slow}", stream=True)
    headers = [*sent.headers, ("x-sim-tokens", "30000"), SLOW]
    try:
        narrow = {"receive_buffer": 4096}
        first = wire_with(weir, body, headers, **(narrow if slow == "leader" else {}))
        sent.arrived()
        other = wire_with(weir, body, sent.headers, **(narrow if slow == "follower" else {}))
        following(weir, 2)
        lazy, eager = (first, other) if slow == "leader" else (other, first)
        reply = eager.read_reply("POST")
        assert reply.is_complete and has_end_marker("chat/completions", reply.body)
        assert len(reply.body) > 3_000_000
        late = lazy.read_reply("POST")
        # Cut with an error, or, where the buffers on its way took it all, whole.
        assert late.body == reply.body or errors(late.body) or not late.is_complete
        assert weir.process.resident_bytes() < 400_000_000
    finally:
        for wire in (first, other):
            wire.close()
        weir.stop()


# -- what fails -----------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def failing(binary, simulator_command, tmp_path_factory):
    """A simulator whose faults are these tests' own, and a weir with two retries before it."""
    upstream = Simulator(simulator_command, tmp_path_factory.mktemp("upstream"))
    text = "resilience: {retry_share: 1, retry_floor: 1000, retry: {first_delay: 0.01}}"
    running = configured(binary, tmp_path_factory.mktemp("failing"), upstream.url, text,
                         SETTINGS | {"WEIR_RETRIES": "2"})
    yield running, upstream
    running.stop()
    upstream.stop()


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("fault, status", [
    ("status=400", 400), ("status=500", 500), ("status=429", 429), ("garbage=1", 502), ("reset=1", 502)])
def test_a_failure_reaches_all_and_nobody_stampedes(weir, sent, fault, status, stream):
    body = chat(f"failing {fault}", stream=stream)
    headers = [*sent.headers, ("x-sim-fault", f"{fault};delay=400")]
    replies = sent_together(weir, 30, body, headers)
    assert [reply.status for reply in replies] == [status] * 30
    assert all(reply.is_complete and "error" in reply.json() for reply in replies)
    # One, one for who came when it was over, and libcurl's own second try on a connection that it had kept.
    assert len(sent.calls()) <= 4


def test_a_retry_is_made_once_for_all(failing):
    weir, upstream = failing
    marked = mark()
    fail(upstream, "status=502#2[acme/retried];delay=300[acme/retried]")
    replies = sent_together(weir, 30, chat("retried", "acme/retried"), [marked])
    heal(upstream)
    assert [reply.status for reply in replies] == [200] * 30
    assert len(calls(upstream, marked)) == 3
    assert results(replies).count("miss") == 1


@pytest.mark.parametrize("fault", ["error-event=3", "cut=700"])
def test_a_stream_that_breaks_breaks_for_all_and_is_told(weir, sent, fault):
    body = chat(f"broken {fault} " + "x " * 10, stream=True)
    replies = sent_together(weir, 20, body, [*sent.headers, ("x-sim-fault", f"{fault};delay=400")])
    assert len(sent.calls()) <= 2
    for reply in replies:
        assert reply.status == 200 and not has_end_marker("chat/completions", reply.body)
        assert errors(reply.body) or not reply.is_complete
    again, = sent_together(weir, 1, body, sent.headers)
    assert again.get("x-weir-cache") == "miss" and has_end_marker("chat/completions", again.body)


def test_followers_and_hits_survive_a_reload_and_a_drain(binary, simulator, tmp_path, sent):
    weir = keyed(binary, tmp_path, simulator.url, ["ann"], "cache: {}", SETTINGS)
    with several(weir, 5, chat("drained"), [*sent.headers, ("x-sim-fault", "delay=1000")], sent.arrived) as wires:
        following(weir, 5)
        assert weir.admin("/reload", "POST").status == 200
        stopping = threading.Thread(target=weir.stop)
        stopping.start()
        replies = all_replies(wires)
        stopping.join()
    assert [reply.status for reply in replies] == [200] * 5 and len(sent.calls()) == 1
