"""What is told to a request that follows an identical one, whatever becomes of that one and of its client."""

import gzip
import json
import threading
import time
import zlib
from collections import Counter

import pytest

from harness.attempts import UNHINDERED
from harness.caching import CHAT
from harness.eventually import eventually
from harness.ledger import FILE, Ledger
from harness.limits import keyed, of
from harness.raw_servers import EVENT_STREAM, LAST_CHUNK, chunk
from harness.requests import chat, function
from harness.streams import errors, events
from harness.together import all_replies, sent_together, wire_with
from harness.upstream import ScriptedUpstream, reply

SETTINGS = {"WEIR_CACHE_TTL": "300", "WEIR_LEDGER": FILE}
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"one"},"finish_reason":null}]}\n\n'
END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
HALF = b'data: {"choices":[{"ind'
FAILED = reply(b'{"error":{"code":503,"message":"down"}}', "503 Service Unavailable")


def answer(text: str = "hello") -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8, "cost": 0.001}
    return json.dumps({"id": "gen-1", "object": "chat.completion", "choices": [choice], "usage": usage}).encode()


def model_of(request) -> str:
    return json.loads(request.body)["model"]


def asked(upstream, count: int = 1) -> None:
    eventually(lambda: len(upstream.requests) >= count, f"{count} requests at the upstream")


def in_flight(weir, count: int) -> None:
    eventually(lambda: weir.scrape().sum("weir_in_flight_requests") == count, f"{count} requests in flight", 10)


class Gate:
    """Holds an upstream's answers back until it is opened."""

    def __init__(self):
        self.event = threading.Event()
        self.open, self.wait = self.event.set, lambda: self.event.wait(20)


@pytest.fixture
def gate():
    made = Gate()
    yield made
    made.open()


# -- a stream that breaks -------------------------------------------------------------------------------------

def broken_together(weir, upstream, gate, *headers) -> list:
    """What the first and its follower got of a stream that breaks when the gate opens."""
    wires = [wire_with(weir, chat(stream=True), headers)]
    asked(upstream)
    wires.append(wire_with(weir, chat(stream=True), headers))
    in_flight(weir, 2)
    gate.open()
    replies = all_replies(wires)
    assert [each.get("x-weir-cache") for each in replies] == ["miss", "coalesced"]
    assert not any(each.is_complete for each in replies)
    return replies


def test_of_a_stream_that_breaks_amid_an_event_both_can_read_the_error(weir_with, gate):
    def stream(wire, request):
        wire.send(EVENT_STREAM + chunk(EVENT))
        gate.wait()
        wire.send(chunk(HALF))
        time.sleep(0.1)  # so that it is read, and then the reset
        wire.reset()

    with ScriptedUpstream(stream) as upstream:
        weir = weir_with(SETTINGS, upstream)
        first, other = broken_together(weir, upstream, gate)
        # The first one's half event becomes the error; of the follower's it is only known that there is one.
        assert len(events(first.body)) == 2
        assert [event.data for event in events(other.body)][1] == HALF.removeprefix(b"data: ").decode()
        for each in (first, other):
            assert [error["error"]["code"] for error in errors(each.body)] == ["upstream_stream_broken"]


def test_of_a_compressed_stream_that_breaks_nobody_gets_plain_text(weir_with, gate):
    def stream(wire, request):
        packer = zlib.compressobj(wbits=31)
        head = EVENT_STREAM.replace(b"Transfer-", b"Content-Encoding: gzip\r\nTransfer-")
        wire.send(head + chunk(packer.compress(EVENT) + packer.flush(zlib.Z_SYNC_FLUSH)))
        gate.wait()
        wire.send(chunk(packer.compress(EVENT) + packer.flush(zlib.Z_SYNC_FLUSH)))
        time.sleep(0.1)
        wire.reset()

    with ScriptedUpstream(stream) as upstream:
        weir = weir_with(SETTINGS, upstream)
        first, other = broken_together(weir, upstream, gate, ("Accept-Encoding", "gzip"))
        assert first.body == other.body
        assert zlib.decompressobj(wbits=31).decompress(other.body) == EVENT * 2


@pytest.mark.parametrize("coding", ["plain", "gzip"])
def test_a_stream_of_an_api_that_nobody_reads_breaks_as_cleanly(weir_with, coding):
    def stream(wire, request):
        if coding == "gzip":
            head = EVENT_STREAM.replace(b"Transfer-", b"Content-Encoding: gzip\r\nTransfer-")
            wire.send(head + chunk(gzip.compress(EVENT, mtime=0)[:20]))
        else:
            wire.send(EVENT_STREAM + chunk(EVENT) + chunk(HALF))
        time.sleep(0.1)
        wire.reset()

    with ScriptedUpstream(stream) as upstream:
        broken = weir_with(SETTINGS, upstream).ask("GET", "/v1/threads/1/events", [("Accept-Encoding", "gzip")])
        assert not broken.is_complete
        if coding == "gzip":
            assert broken.body == gzip.compress(EVENT, mtime=0)[:20]
        else:
            assert [event.data for event in events(broken.body)][1] == HALF.removeprefix(b"data: ").decode()
            assert errors(broken.body)


# -- a fallback -----------------------------------------------------------------------------------------------

FALLING = UNHINDERED + """
models:
  catalog:
    - {id: acme/cheap, fallbacks: [acme/dear], prices: {input: 0.01, output: 0.01}}
    - {id: acme/dear, prices: {input: 1000, output: 1000}}
cache: {shared_tenants: [[poor, rich]]}
budgets: [{name: small, period: day, usd: 0.05, clients: [poor]}]
"""


def test_a_fallbacks_reply_is_told_as_one_to_all_who_get_it(weir_with, gate):
    def fall(wire, request):
        gate.wait()
        return FAILED if model_of(request) == "acme/cheap" else reply(answer())

    with ScriptedUpstream(fall) as upstream:
        weir = weir_with(SETTINGS | {"WEIR_CONFIG": "weir.yaml"}, upstream, files={"weir.yaml": FALLING})
        wires = [wire_with(weir, chat(model="acme/cheap"))]
        asked(upstream)
        wires.append(wire_with(weir, chat(model="acme/cheap"), [("x-request-id", "other")]))
        in_flight(weir, 2)
        time.sleep(0.3)
        gate.open()
        _, other = all_replies(wires)
        assert (other.status, other.get("x-weir-cache"), other.get("x-weir-attempts")) == (200, "coalesced", "0")
        assert (other.get("x-weir-model"), other.get("x-weir-fallback")) == ("acme/dear", "acme/cheap")
        row, line = Ledger(weir.folder).row("other"), weir.access_line("other")
        assert (row["model"], row["asked_model"], row["fallback_from"]) == ("acme/dear", "acme/cheap", "acme/cheap")
        assert (line["upstream_model"], line["fallback_from"]) == ("acme/dear", "acme/cheap")
        scrape = weir.scrape()
        assert scrape.sum("weir_requests_total", model="acme/dear", cache="coalesced") == 1
        assert scrape.sum("weir_fallbacks_total") == 1, "made once"
        # What the other waited for the first one's reply is no time of weir's own.
        assert row["own_us"] < 200_000 and line["overhead_ms"] < 200
        assert float(other.get("server-timing").split("weir;dur=")[1].split(",")[0]) < 200


@pytest.mark.parametrize("asks", ["poor", "rich"])
def test_what_one_clients_budget_refuses_is_no_answer_to_another_client(binary, tmp_path, gate, asks):
    def fall(wire, request):
        gate.wait()
        return wire.reset() if model_of(request) == "acme/cheap" else reply(answer())

    with ScriptedUpstream(fall) as upstream:
        weir = keyed(binary, tmp_path, upstream.url, ["poor", "rich"], FALLING, SETTINGS)
        body = chat(model="acme/cheap", max_tokens=1000)
        wires = [wire_with(weir, body, [of("poor"), ("x-request-id", "first")])]
        asked(upstream)
        wires.append(wire_with(weir, body, [of(asks), ("x-request-id", "other")]))
        in_flight(weir, 2)
        gate.open()
        first, other = all_replies(wires)
        assert first.json()["error"]["code"] == "budget_exceeded"
        if asks == "poor":
            assert other.json()["error"]["code"] == "budget_exceeded"
        else:
            assert other.status == 200 and other.get("x-weir-fallback") == "acme/cheap"
            assert weir.scrape().sum("weir_rate_limited_total", client="rich") == 0
        # A fallback that the budget does not allow was not sent, and counts nowhere as sent.
        assert (first.get("x-weir-attempts"), first.get("x-weir-fallback")) == ("1", None)
        assert first.get("x-weir-model") == "acme/cheap"
        sent = Counter(model_of(request) for request in upstream.requests)
        ledger = Ledger(weir.folder)
        assert [ledger.row(name)["model"] for name in ("first", "other")][0] == "acme/cheap"
        counted = Counter(each["model"] for each in ledger.attempts())
        assert counted["acme/dear"] == sent["acme/dear"] == weir.scrape().sum("weir_fallbacks_total")
        assert len([each for each in ledger.attempts() if each["id"] == "first"]) == ledger.row("first")["attempts"] == 1
        weir.stop()


# -- what all are told ----------------------------------------------------------------------------------------

TOOLS = """
screening: {tools: [{deny: ["shell*"], replies: %s}]}
audit: {file: audit.log}
"""


def calling(gate):
    """An upstream whose every reply, once the gate is open, calls a tool that may be called, and one that may not."""
    calls = [{"id": f"c-{name}", "type": "function", "function": {"name": name, "arguments": "{}"}}
             for name in ("get_time", "shell")]
    message = {"role": "assistant", "content": None, "tool_calls": calls}
    body = json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}).encode()
    return ScriptedUpstream(lambda wire, request: gate.wait() and reply(body))


def told_of_tools(weir_with, gate, upstream, replies: str) -> tuple:
    """weir, and what the first request and its follower got."""
    weir = weir_with(SETTINGS | {"WEIR_CONFIG": "weir.yaml"}, upstream, files={"weir.yaml": TOOLS % replies})
    body = chat(tools=[function("get_time")])
    wires = [wire_with(weir, body)]
    asked(upstream)
    wires.append(wire_with(weir, body))
    in_flight(weir, 2)
    gate.open()
    return weir, body, all_replies(wires)


def test_what_was_changed_in_a_reply_is_told_to_all_who_get_it(weir_with, gate):
    with calling(gate) as upstream:
        weir, body, replies = told_of_tools(weir_with, gate, upstream, "strip")
        replies.append(weir.post(CHAT, body))
        assert [each.get("x-weir-cache") for each in replies] == ["miss", "coalesced", "hit"]
        assert [each.get("x-weir-edits") for each in replies] == ["tool_calls"] * 3
        for each in replies:
            assert [call["id"] for call in each.json()["choices"][0]["message"]["tool_calls"]] == ["c-get_time"]


def test_a_reply_that_is_refused_for_its_call_names_its_rule_for_each_in_the_audit_log(weir_with, gate):
    with calling(gate) as upstream:
        weir, _, replies = told_of_tools(weir_with, gate, upstream, "refuse")
        assert [(each.status, each.json()["error"]["code"]) for each in replies] == [(403, "tool_not_allowed")] * 2
        assert [each.get("x-weir-cache") for each in replies] == ["miss", "coalesced"]

        def refused() -> list:
            lines = (weir.folder / "audit.log").read_text().splitlines()
            return [line for line in map(json.loads, lines) if line["event"] == "refused"]
        eventually(lambda: len(refused()) == 2, "both lines")
        assert {line["rule"] for line in refused()} == {"tools"}


def test_who_follows_a_request_without_a_reply_is_told_that_it_followed(weir_with, gate):
    def nothing(wire, request):
        gate.wait()
        wire.reset()

    with ScriptedUpstream(nothing) as upstream:
        weir = weir_with(SETTINGS | {"WEIR_RETRIES": "0"}, upstream)
        wires = [wire_with(weir, chat())]
        asked(upstream)
        wires.append(wire_with(weir, chat()))
        in_flight(weir, 2)
        gate.open()
        replies = all_replies(wires)
        assert [each.status for each in replies] == [502] * 2
        assert [each.get("x-weir-cache") for each in replies] == ["miss", "coalesced"]


# -- sizes ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("bound", [1000, 65_536, 300_000])
def test_a_reply_that_is_too_large_to_be_kept_is_followed_whole(weir_with, bound):
    body = answer("x" * 600_000)

    def slow(wire, request):
        time.sleep(0.3)
        return reply(body)

    with ScriptedUpstream(slow) as upstream:
        weir = weir_with(SETTINGS | {"WEIR_CONFIG": "weir.yaml"}, upstream,
                         files={"weir.yaml": f"cache: {{max_entry_bytes: {bound}}}\n"})
        for number in range(4):
            replies = sent_together(weir, 6, chat(f"number {number}"))
            assert {each.get("x-weir-cache") for each in replies} == {"miss", "coalesced"}
            assert all(each.is_complete and each.body == body for each in replies)


def test_what_is_kept_goes_by_the_replys_bytes_and_by_the_bound_of_the_moment(weir_with):
    sizes = {"three": 3_000_000, "five": 5_000_000}
    with ScriptedUpstream(
            lambda wire, request: reply(answer("x" * sizes[json.loads(request.body)["messages"][0]["content"]]))
    ) as upstream:
        weir = weir_with(SETTINGS | {"WEIR_CONFIG": "weir.yaml"}, upstream, files={"weir.yaml": "cache: {}\n"})

        def results(name: str) -> list:
            return [weir.post(CHAT, chat(name)).get("x-weir-cache") for _ in range(2)]

        assert results("three") == ["miss", "hit"]
        assert results("five") == ["miss", "miss"]
        (weir.folder / "weir.yaml").write_text("cache: {max_entry_bytes: 8388608}\n")
        assert weir.admin("/reload", "POST").status == 200
        assert results("five") == ["miss", "hit"]


# -- when it is over ------------------------------------------------------------------------------------------

def test_who_has_the_whole_of_a_shared_reply_finds_it_settled(binary, tmp_path):
    body = answer("x" * 300_000)

    def slow(wire, request):
        time.sleep(0.15)
        return reply(body)

    names = [f"c{number}" for number in range(8)]
    text = f"cache: {{shared_tenants: [[{', '.join(names)}]]}}\nlimits: {{concurrency: [{{maximum: 1}}]}}\n"
    with ScriptedUpstream(slow) as upstream:
        weir = keyed(binary, tmp_path, upstream.url, names, text, SETTINGS)
        statuses = Counter()

        def ask_twice(name: str, round_: int) -> None:
            for _ in range(2):
                answered = weir.post(CHAT, chat(f"round {round_}"), [of(name)])
                statuses[answered.status] += 1

        for round_ in range(12):
            threads = [threading.Thread(target=ask_twice, args=(name, round_)) for name in names]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert statuses == {200: 2 * 8 * 12}
        ledger = Ledger(weir.folder)
        eventually(lambda: len(ledger.rows()) == 2 * 8 * 12, "all rows")
        assert {row["ending"] for row in ledger.rows()} == {"complete"}
        weir.stop()


def test_a_follower_that_leaves_before_the_reply_was_waiting(weir_with, gate):
    def late(wire, request):
        gate.wait()
        return reply(answer())

    with ScriptedUpstream(late) as upstream:
        weir = weir_with(SETTINGS, upstream)
        first = wire_with(weir, chat())
        asked(upstream)
        other = wire_with(weir, chat(), [("x-request-id", "left")])
        in_flight(weir, 2)
        other.close()
        assert weir.access_line("left")["ending"] == "client_left_waiting"
        assert weir.scrape().sum("weir_client_disconnects_total", phase="waiting") == 1
        first.close()


def test_a_reply_that_is_held_back_is_let_go_in_time_though_its_first_client_has_left(weir_with, gate):
    def queued(wire, request):
        wire.send(EVENT_STREAM + chunk(b": OPENROUTER PROCESSING\n\n"))
        gate.wait()
        return chunk(EVENT + END) + LAST_CHUNK

    with ScriptedUpstream(queued) as upstream:
        weir = weir_with(SETTINGS | {"WEIR_RETRIES": "1"}, upstream)
        first = wire_with(weir, chat(stream=True))
        asked(upstream)
        began = time.monotonic()
        other = wire_with(weir, chat(stream=True), timeout=19)
        in_flight(weir, 2)
        first.close()
        head = other.read_head()
        assert head.get("x-weir-cache") == "coalesced" and time.monotonic() - began < 17
        gate.open()
        whole = other.read_body(head, "POST")
        assert whole.is_complete and whole.body == b": OPENROUTER PROCESSING\n\n" + EVENT + END
