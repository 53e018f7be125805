"""Clients that close their connection with all of their reply, as OpenAI's own does at `[DONE]`, before the upstream's
body is over."""

import gzip
import json
import threading
import time
import zlib

import openai
import pytest

from harness.eventually import eventually
from harness.h2_exact import CASE, ExactH2
from harness.h2_frames import body, data, head
from harness.ledger import FILE, Ledger
from harness.raw_servers import EVENT_STREAM, LAST_CHUNK, chunk
from harness.requests import chat, user
from harness.tls_ways import trusting
from harness.together import wire_with
from harness.upstream import ScriptedUpstream

SETTINGS = {"WEIR_CACHE_TTL": "300", "WEIR_LEDGER": FILE}
ONE_AT_A_TIME = {"weir.yaml": "limits: {concurrency: [{maximum: 1}]}\n"}
EVENTS = (b'data: {"choices":[{"index":0,"delta":{"content":"one"},"finish_reason":null}]}\n\n'
          b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":'
          b'{"prompt_tokens":3,"completion_tokens":5,"total_tokens":8,"cost":0.001}}\n\ndata: [DONE]\n\n')
ERROR = b'data: {"error":{"code":502,"message":"the provider failed"},"choices":[]}\n\n'


def tardy(gap: float, stream: bytes = EVENTS) -> ScriptedUpstream:
    """Its body ends so much later than its events."""
    def answer(wire, request):
        wire.send(EVENT_STREAM + chunk(stream))
        time.sleep(gap)
        return LAST_CHUNK
    return ScriptedUpstream(answer)


def read_and_close(wire, until: bytes = b"[DONE]\n\n") -> None:
    while until not in wire.pending:
        wire._fill()
    wire.close()


def disconnects(weir) -> float:
    return weir.scrape().sum("weir_client_disconnects_total")


def test_the_openai_clients_streams_are_complete_and_kept(weir_with):
    with tardy(0.05) as upstream:
        weir = weir_with(SETTINGS, upstream)
        for number in range(6):
            with openai.OpenAI(base_url=weir.url, api_key="sk-client", max_retries=0, timeout=20) as client:
                stream = client.chat.completions.create(
                    model="gpt-4", messages=user(f"number {number % 3}"), stream=True)
                assert "".join(event.choices[0].delta.content or "" for event in stream) == "one"
        ledger = Ledger(weir.folder)
        eventually(lambda: len(ledger.rows()) == 6, "all rows")
        assert {row["ending"] for row in ledger.rows()} == {"complete"}
        assert [row["cache"] for row in ledger.rows()] == ["miss"] * 3 + ["hit"] * 3
        assert disconnects(weir) == 0
        # Each transfer was let come to its end.
        eventually(lambda: weir.scrape().sum("weir_upstream_requests_total", status="200") == 3, "all transfers are over")
        assert {row["failure"] for row in ledger.attempts()} == {None}


def test_it_is_settled_at_once_and_the_upstreams_connection_is_kept(weir_with):
    with tardy(0.3) as upstream:
        weir = weir_with(SETTINGS | {"WEIR_CONFIG": "weir.yaml"}, upstream, files=ONE_AT_A_TIME)
        first = wire_with(weir, chat("first", stream=True))
        read_and_close(first)
        eventually(lambda: weir.scrape().sum("weir_in_flight_requests") == 0, "it is over", 0.25)
        assert weir.post("/v1/chat/completions", chat("first", stream=True)).get("x-weir-cache") == "hit"
        eventually(lambda: weir.scrape().sum("weir_upstream_requests_total") == 1, "so is the transfer")
        for _ in range(8):  # of which some come to the same event loop
            assert weir.post("/v1/chat/completions", chat(f"{_}", stream=True)).status == 200
        assert weir.scrape().sum("weir_upstream_connections_total", reused="true") >= 1


def test_over_http2_the_stream_ends_by_itself(weir_with):
    with ExactH2() as upstream:
        weir = weir_with(SETTINGS | trusting(), upstream)
        case = upstream.case([head("200", "content-type: text/event-stream"), body(EVENTS, end=False), 0.2,
                              data(b"", end=True)])
        read_and_close(wire_with(weir, chat(stream=True), [(CASE, case), ("x-request-id", "h2")]))
        assert weir.access_line("h2")["ending"] == "complete"
        eventually(lambda: weir.scrape().sum("weir_upstream_requests_total", status="200") == 1, "the transfer is over")
        assert upstream.asked_for(case)[0].reset is None and upstream.violations == []
        assert disconnects(weir) == 0


@pytest.mark.parametrize("size", [10, 100_000])
def test_over_http2_a_sized_reply_is_whole_with_its_last_byte(weir_with, size):
    with ExactH2() as upstream:
        weir = weir_with(SETTINGS | trusting(), upstream)
        whole = json.dumps({"choices": [{"message": {"content": "x" * size}, "finish_reason": "stop"}]}).encode()
        case = upstream.case([head("200", "content-type: application/json", f"content-length: {len(whole)}"),
                              body(whole, end=False), 0.2, data(b"", end=True)])
        answers = [weir.post("/v1/chat/completions", chat(), [(CASE, case), ("x-request-id", name)])
                   for name in ("first", "second")]
        assert [each.get("x-weir-cache") for each in answers] == ["miss", "hit"]
        assert weir.access_line("first")["ending"] == "complete"
        eventually(lambda: weir.scrape().sum("weir_upstream_requests_total", status="200") == 1, "the transfer is over")
        assert upstream.asked_for(case)[0].reset is None and disconnects(weir) == 0


def test_a_transfer_that_does_not_end_is_given_up_after_a_second(weir_with):
    gone = threading.Event()

    def answer(wire, request):
        wire.send(EVENT_STREAM + chunk(EVENTS))
        while wire.more():
            pass
        gone.set()

    with ScriptedUpstream(answer) as upstream:
        weir = weir_with(SETTINGS, upstream)
        read_and_close(wire_with(weir, chat(stream=True), [("x-request-id", "endless")]))
        assert weir.access_line("endless")["ending"] == "complete"
        assert gone.wait(3)
        assert weir.scrape().sum("weir_upstream_requests_total", status="200") == 1


def compressed(gap: float) -> ScriptedUpstream:
    """A stream in gzip, whose own end comes so much later than the end mark that it holds."""
    def answer(wire, request):
        coder = zlib.compressobj(wbits=31)
        wire.send(EVENT_STREAM.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")
                  + chunk(coder.compress(EVENTS) + coder.flush(zlib.Z_SYNC_FLUSH)))
        time.sleep(gap)
        return chunk(coder.flush()) + LAST_CHUNK
    return ScriptedUpstream(answer)


ACCEPTS = ("Accept-Encoding", "gzip")
# A sync flush ends with an empty stored block (RFC 1951, section 3.2.4).
FLUSHED = b"\x00\x00\xff\xff"


def test_a_compressed_stream_whose_client_leaves_with_all_events_is_complete_and_kept_whole(weir_with):
    with compressed(0.3) as upstream:
        weir = weir_with(SETTINGS, upstream)
        read_and_close(wire_with(weir, chat(stream=True), [ACCEPTS, ("x-request-id", "left")]), FLUSHED)
        assert weir.access_line("left")["ending"] == "complete" and disconnects(weir) == 0
        second = weir.post("/v1/chat/completions", chat(stream=True), [ACCEPTS])
        assert second.get("x-weir-cache") == "hit" and gzip.decompress(second.body) == EVENTS


def test_a_compressed_stream_is_not_kept_without_its_codings_end(weir_with):
    with compressed(4) as upstream:
        weir = weir_with(SETTINGS, upstream)
        read_and_close(wire_with(weir, chat(stream=True), [ACCEPTS, ("x-request-id", "left")]), FLUSHED)
        assert weir.access_line("left")["ending"] == "client_left_reply"
        second = weir.post("/v1/chat/completions", chat(stream=True), [ACCEPTS])
        assert second.get("x-weir-cache") == "miss" and gzip.decompress(second.body) == EVENTS


@pytest.mark.parametrize("leaves", [["first"], ["other"], ["first", "other"], ["other", "first"]], ids="+".join)
def test_of_a_shared_compressed_stream_each_has_all_when_it_leaves(weir_with, leaves):
    with compressed(0.7) as upstream:
        weir = weir_with(SETTINGS, upstream)
        wires = {"first": wire_with(weir, chat(stream=True), [ACCEPTS, ("x-request-id", "first")])}
        eventually(lambda: upstream.requests, "the first is at the upstream")
        wires["other"] = wire_with(weir, chat(stream=True), [ACCEPTS, ("x-request-id", "other")])
        for name in leaves:
            read_and_close(wires.pop(name), FLUSHED)
        for wire in wires.values():
            assert gzip.decompress(wire.read_reply("POST").body) == EVENTS
        assert [weir.access_line(name)["ending"] for name in ("first", "other")] == ["complete"] * 2
        assert weir.post("/v1/chat/completions", chat(stream=True), [ACCEPTS]).get("x-weir-cache") == "hit"


BEHIND = b": what few send behind the end mark\n\n"


@pytest.mark.parametrize("comes", [BEHIND, b""], ids=["comes", "is cut off"])
def test_who_follows_gets_what_was_announced_though_the_first_left_at_the_end_mark(weir_with, comes):
    """Or hears that there was less: it would wait for ever, and take its next reply for the rest."""
    whole = EVENTS + BEHIND

    def answer(wire, request):
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n" % len(whole) + EVENTS)
        time.sleep(0.5)
        wire.send(comes)
        wire.close()

    with ScriptedUpstream(answer) as upstream:
        weir = weir_with(SETTINGS, upstream)
        leads = wire_with(weir, chat(stream=True), [("x-request-id", "leads")])
        eventually(lambda: upstream.requests, "the first is at the upstream")
        follows = wire_with(weir, chat(stream=True), [("x-request-id", "follows")])
        read_and_close(leads)
        reply = follows.read_reply("POST")
        assert reply.body == EVENTS + comes and reply.is_complete == bool(comes)
        ended = ["complete", "complete"] if comes else ["client_left_reply", "broken"]
        assert [weir.access_line(name)["ending"] for name in ("leads", "follows")] == ended
        again = weir.post("/v1/chat/completions", chat(stream=True))
        assert (again.get("x-weir-cache") == "hit") == bool(comes) and (not comes or again.body == whole)


def test_the_last_one_who_follows_has_all_though_the_first_left_early(weir_with):
    events = EVENTS.split(b"\n\n", 1)

    def answer(wire, request):
        wire.send(EVENT_STREAM + chunk(events[0] + b"\n\n"))
        time.sleep(0.5)
        wire.send(chunk(events[1]))
        time.sleep(0.3)
        return LAST_CHUNK

    with ScriptedUpstream(answer) as upstream:
        weir = weir_with(SETTINGS, upstream)
        leads = wire_with(weir, chat(stream=True), [("x-request-id", "leads")])
        eventually(lambda: upstream.requests, "the first is at the upstream")
        follows = wire_with(weir, chat(stream=True), [("x-request-id", "follows")])
        read_and_close(leads, b'"one"')
        read_and_close(follows)
        assert weir.access_line("follows")["ending"] == "complete"
        assert weir.access_line("leads")["ending"] == "client_left_reply"
        assert weir.post("/v1/chat/completions", chat(stream=True)).get("x-weir-cache") == "hit"


def test_who_follows_and_closes_has_all_too(weir_with):
    with tardy(0.5) as upstream:
        weir = weir_with(SETTINGS, upstream)
        names = ["leads", "follows", "stays"]
        wires = []
        for name in names:
            wires.append(wire_with(weir, chat(stream=True), [("x-request-id", name)]))
            eventually(lambda: upstream.requests, "the first is at the upstream")
            if name == "leads":
                time.sleep(0.1)
        read_and_close(wires[1])
        assert weir.access_line("follows")["ending"] == "complete"
        read_and_close(wires[0])
        assert weir.access_line("leads")["ending"] == "complete"
        whole = wires[2].read_reply("POST")
        assert whole.is_complete and whole.body == EVENTS and whole.get("x-weir-cache") == "coalesced"
        assert disconnects(weir) == 0 and len(upstream.requests) == 1


def test_a_client_that_closes_at_an_error_has_heard_it(weir_with):
    with tardy(0.3, ERROR) as upstream:
        weir = weir_with(SETTINGS, upstream)
        read_and_close(wire_with(weir, chat(stream=True), [("x-request-id", "failed")]), b"failed")
        assert weir.access_line("failed")["ending"] == "complete"
        assert weir.errors_counted("upstream_error_in_reply") == 1 and disconnects(weir) == 0
        assert Ledger(weir.folder).row("failed") and Ledger(weir.folder).attempts()[0]["failure"] == "error_in_reply"


@pytest.mark.parametrize("until", [b'"one"', b"[DONE]\n"])
def test_a_client_that_closes_before_the_end_mark_has_left(weir_with, until):
    def answer(wire, request):
        wire.send(EVENT_STREAM + chunk(EVENTS[:EVENTS.index(until) + len(until)]))
        while wire.more():
            pass

    with ScriptedUpstream(answer) as upstream:
        weir = weir_with(SETTINGS, upstream)
        read_and_close(wire_with(weir, chat(stream=True), [("x-request-id", "left")]), until)
        assert weir.access_line("left")["ending"] == "client_left_reply"
        assert disconnects(weir) == 1
