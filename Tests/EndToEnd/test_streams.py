"""Streams reach the client as the upstream sends them: byte for byte, at once, in bounded memory."""

import asyncio
import gzip
import json
import statistics
import threading
import time

import pytest

from harness.crowd import run_crowd
from harness.eventually import eventually
from harness.raw_servers import EVENT_STREAM, LAST_CHUNK, HeldStreams, chunk
from harness.simulator import mark
from harness.streams import events, has_end_marker, read_to_end, stable, text_of, unchunked
from harness.upstream import ScriptedUpstream
from harness.usual_requests import STREAMING, usual
from harness.wire import Wire, message

CHAT = "chat/completions"
JSON = ("Content-Type", "application/json")


def ordered(endpoint: str, headers=(), text: str = "hello there", **more) -> bytes:
    """A streaming request as bytes."""
    body = json.dumps(usual(endpoint, text, stream=True, **more)).encode()
    return message("POST", f"/v1/{endpoint}", [JSON, *headers], body)


def read_until(wire: Wire, needle: bytes, data: bytes = b"") -> bytes:
    while needle not in data:
        piece = wire.more()
        assert piece, f"ended before {needle!r}: {data[-300:]!r}"
        data += piece
    return data


# -- bytes --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("endpoint", STREAMING)
@pytest.mark.parametrize("tokens", [1, 7, 300])
def test_a_stream_equals_what_the_upstream_sends(weir, simulator, endpoint, tokens):
    headers = [("x-sim-tokens", str(tokens))]
    through = weir.post(f"/v1/{endpoint}", usual(endpoint, stream=True), headers)
    without = simulator.post(f"/v1/{endpoint}", usual(endpoint, stream=True), headers)
    assert through.status == 200 and through.is_complete and has_end_marker(endpoint, through.body)
    assert stable(through.body) == stable(without.body)
    assert through.get("content-type") == without.get("content-type")
    assert through.get("content-encoding") is None


def test_comments_pass(weir):
    reply = weir.post(f"/v1/{CHAT}", usual(CHAT, stream=True))
    assert reply.body.startswith(b": OPENROUTER PROCESSING\n\n")


@pytest.mark.parametrize("endpoint", STREAMING)
def test_a_stream_of_tool_calls_equals_what_the_upstream_sends(weir, simulator, endpoint):
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    if endpoint == CHAT:
        tools = [{"type": "function", "function": {"name": "weather", "parameters": schema}}]
    elif endpoint == "responses":
        tools = [{"type": "function", "name": "weather", "parameters": schema}]
    else:
        tools = [{"name": "weather", "input_schema": schema}]
    offered = {} if endpoint == "completions" else {"tools": tools}
    body = usual(endpoint, "please call weather", stream=True, **offered)
    through, without = weir.post(f"/v1/{endpoint}", body), simulator.post(f"/v1/{endpoint}", body)
    assert through.is_complete and stable(through.body) == stable(without.body)
    assert b"weather" in through.body


def test_a_gzipped_stream_stays_as_it_is(weir):
    reply = weir.post(f"/v1/{CHAT}", usual(CHAT, stream=True), [("x-sim-gzip", "1"), ("Accept-Encoding", "gzip")])
    assert reply.is_complete and reply.get("content-encoding") == "gzip"
    assert text_of(gzip.decompress(reply.body)) == "You said: hello there"


def test_a_stream_is_not_compressed_by_weir(weir):
    reply = weir.post(f"/v1/{CHAT}", usual(CHAT, stream=True), [("Accept-Encoding", "gzip, deflate, br, zstd")])
    assert reply.get("content-encoding") is None and text_of(reply.body) == "You said: hello there"


@pytest.mark.parametrize("width", [1, 2, 3, 7, 64])
def test_any_split_of_the_bytes_arrives_whole(weir_with, width):
    """The upstream sends `width` bytes a chunk, in the middle of lines, line ends and characters alike."""
    body = ('\ufeff: hello\r\n\r\ndata: {"choices":[{"index":0,"delta":{"content":"grüße 🎈"}}]}\r\n\r\n'
            'event: x\rdata: 1\rdata: 2\r\rid: 3\nretry: 5\n\ndata: [DONE]\n\n').encode()

    def answer(wire, request):
        wire.send(EVENT_STREAM)
        for at in range(0, len(body), width):
            wire.send(chunk(body[at:at + width]))
        return LAST_CHUNK

    with ScriptedUpstream(answer) as upstream:
        reply = weir_with(upstream=upstream).post(f"/v1/{CHAT}", usual(CHAT, stream=True))
        assert reply.is_complete and reply.body == body


def test_a_line_without_end_is_relayed_as_it_comes(weir_with):
    """50 MB without a line end: the reader beside the relay gives the line up, the client gets all of it."""
    piece = b"x" * 1_000_000

    def answer(wire, request):
        wire.send(EVENT_STREAM + chunk(b"data: "))
        for _ in range(50):
            wire.send(chunk(piece))
        return chunk(b"\n\n") + chunk(b"data: [DONE]\n\n") + LAST_CHUNK

    with ScriptedUpstream(answer) as upstream:
        weir = weir_with(upstream=upstream)
        assert weir.ask("GET", "/nowhere").status == 404
        before, highest = weir.process.resident_bytes(), 0
        with weir.wire() as wire:
            wire.send(ordered(CHAT, [("Connection", "close")]))
            pieces = []
            while got := wire.more():
                pieces.append(got)
                if len(pieces) % 50 == 0:
                    highest = max(highest, weir.process.resident_bytes())
        _, body, whole = unchunked(b"".join(pieces))
    assert whole and body == b"data: " + piece * 50 + b"\n\ndata: [DONE]\n\n"
    assert highest < before + 24_000_000


# -- time ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("endpoint", STREAMING)
def test_events_reach_the_client_while_the_upstream_still_stalls(weir, simulator, endpoint):
    marked = mark()
    with weir.wire(timeout=5) as wire:
        began = time.monotonic()
        wire.send(ordered(endpoint, [marked, ("x-sim-fault", "stall=3")]))
        data = b""
        while len(events(unchunked(data)[1])) < 3:
            data += wire.more()
        assert time.monotonic() - began < 2
        assert simulator.received(marked).ended == "open"


def test_the_head_of_a_stream_does_not_wait_for_its_first_event(weir_with):
    gate = threading.Event()

    def answer(wire, request):
        wire.send(EVENT_STREAM)
        gate.wait(5)
        return chunk(b"data: [DONE]\n\n") + LAST_CHUNK

    with ScriptedUpstream(answer) as upstream, weir_with(upstream=upstream).wire(timeout=3) as wire:
        wire.send(ordered(CHAT))
        assert wire.read_head().status == 200
        gate.set()
        read_until(wire, LAST_CHUNK)


def test_each_byte_leaves_at_once(weir_with):
    """A lock step: the upstream sends the next event only when the client has the one before."""
    had = [threading.Event() for _ in range(30)]

    def answer(wire, request):
        wire.send(EVENT_STREAM)
        for at, each in enumerate(had):
            wire.send(chunk(b"data: %d\n\n" % at))
            if not each.wait(5):
                return None
        return chunk(b"data: [DONE]\n\n") + LAST_CHUNK

    with ScriptedUpstream(answer) as upstream, weir_with(upstream=upstream).wire(timeout=3) as wire:
        wire.send(ordered(CHAT))
        waits, data = [], b""
        for at, each in enumerate(had):
            began = time.monotonic()
            data = read_until(wire, b"data: %d\n\n" % at, data)
            waits.append(time.monotonic() - began)
            each.set()
        read_until(wire, b"[DONE]", data)
    # Nagle meeting delayed ACK costs 40 ms on each event; a loaded machine costs a few ms on some.
    assert statistics.median(waits[1:]) < 0.02


def test_a_steady_stream_keeps_its_pace(weir):
    with weir.wire(timeout=5) as wire:
        wire.send(ordered(CHAT, [("x-sim-gap-ms", "15"), ("x-sim-tokens", "60"), ("Connection", "close")]))
        data = read_until(wire, b'"w')
        arrivals = [time.monotonic()]
        while piece := wire.more():
            data += piece
            arrivals.append(time.monotonic())
    gaps = [later - earlier for earlier, later in zip(arrivals, arrivals[1:])]
    assert len(arrivals) > 40, "the events come one by one, not in lumps"
    assert 0.008 < statistics.median(gaps) < 0.03


# -- many ---------------------------------------------------------------------------------------------------

def test_a_thousand_streams_at_once_all_come_whole(weir_with):
    count = 1000
    with HeldStreams() as upstream:
        weir = weir_with(upstream=upstream)
        weir.ask("GET", "/nowhere")
        before = weir.process.resident_bytes()
        seen = {}

        def look() -> None:
            seen["in flight"] = weir.scrape().sum("weir_in_flight_requests")
            seen["resident"] = weir.process.resident_bytes()
            seen["upstream"] = upstream.open
            upstream.release()

        crowd = asyncio.run(run_crowd(weir.port, count, [], look))
    assert not crowd.failures, crowd.failures[:3]
    wrong = [number for number, text in enumerate(crowd.texts) if text != f"You said: stream number {number}"]
    assert not wrong, wrong[:10]
    assert seen["in flight"] == seen["upstream"] == count
    assert seen["resident"] < before + count * 128_000
    eventually(lambda: weir.scrape().sum("weir_in_flight_requests") == 0, "nothing in flight")
    assert weir.scrape().sum("weir_requests_total", status="200") == count


# -- slow readers -------------------------------------------------------------------------------------------

def test_a_slow_reader_pauses_the_upstream_and_loses_nothing(weir_with, simulator):
    tokens = 240_000  # about 48 MB of events, far more than the kernel's buffers take
    weir, marked = weir_with({"WEIR_TIMEOUT_TOTAL": "60"}), mark()
    weir.post(f"/v1/{CHAT}", usual(CHAT))
    before = weir.process.resident_bytes()
    with weir.wire(timeout=30, receive_buffer=16384) as wire:
        wire.send(ordered(CHAT, [marked, ("x-sim-tokens", str(tokens)), ("Connection", "close")]))
        time.sleep(0.7)
        paused_at = simulator.received(marked).events_sent
        time.sleep(0.3)
        held = simulator.received(marked)
        assert held.ended == "open" and held.events_sent < tokens // 2
        assert held.events_sent - paused_at < tokens // 10, "the upstream stands still"
        assert weir.process.resident_bytes() < before + 16_000_000
        _, body, whole = unchunked(read_to_end(wire))
    assert whole and has_end_marker(CHAT, body)
    assert text_of(body).split() == [f"w{at}" for at in range(tokens)]
    assert weir.process.resident_bytes() < before + 16_000_000
    simulator.await_end(marked, "complete")


def test_a_slow_reader_holds_nobody_else_up(weir, simulator):
    marked = mark()
    with weir.wire(receive_buffer=4096) as slow:
        slow.send(ordered(CHAT, [marked, ("x-sim-tokens", "1000000")]))
        time.sleep(0.2)
        began = time.monotonic()
        for _ in range(20):
            assert weir.post(f"/v1/{CHAT}", usual(CHAT, stream=True)).is_complete
        assert time.monotonic() - began < 4
    simulator.await_end(marked, "cancelled")


# -- clients that leave -------------------------------------------------------------------------------------

def cancelled_at(simulator, marked: tuple) -> float:
    """When the simulator saw this request's connection end, in epoch milliseconds."""
    for entry in simulator.ask("GET", "/_sim/requests?last=20").json():
        if [marked[0], marked[1]] in entry["headers"] and "cancelled_at_ms" in entry:
            return entry["cancelled_at_ms"]
    raise AssertionError("not recorded as cancelled")


@pytest.mark.parametrize("leave", ["close", "reset"])
@pytest.mark.parametrize("phase", ["waiting", "reply"])
def test_a_client_that_leaves_ends_the_upstream_within_100_ms(weir, simulator, phase, leave):
    """Best of three, since the 100 ms are weir's and not a busy machine's."""
    took = []
    for _ in range(3):
        marked = mark()
        before = weir.scrape().sum("weir_client_disconnects_total", phase=phase)
        wire = weir.wire()
        if phase == "reply":
            # Long gaps: no failing write tells weir that the client is gone.
            wire.send(ordered(CHAT, [marked, ("x-sim-fault", "stall=2")]))
            read_until(wire, b"data: ")
        else:
            wire.send(ordered(CHAT, [marked, ("x-sim-fault", "delay=20000")]))
            eventually(lambda: simulator.saw(marked), "the request is upstream")
        left = time.time() * 1000
        getattr(wire, leave)()
        assert simulator.await_end(marked, "cancelled").ended == "cancelled"
        took.append(cancelled_at(simulator, marked) - left)
        eventually(lambda: weir.scrape().sum("weir_client_disconnects_total", phase=phase) == before + 1,
                   "one client that left is counted")
        if took[-1] < 100:
            break
    assert min(took) < 100, took


@pytest.mark.parametrize("endpoint", STREAMING)
def test_a_client_that_leaves_a_busy_stream_ends_it(weir, simulator, endpoint):
    marked = mark()
    with weir.wire() as wire:
        wire.send(ordered(endpoint, [marked, ("x-sim-gap-ms", "5"), ("x-sim-tokens", "100000")]))
        read_until(wire, b"w3")
    recorded = simulator.await_end(marked, "cancelled")
    assert recorded.events_sent < 1000


def test_a_client_that_leaves_a_plain_request_ends_it(weir, simulator):
    marked = mark()
    with weir.wire() as wire:
        body = json.dumps(usual(CHAT)).encode()
        wire.send(message("POST", f"/v1/{CHAT}", [JSON, marked, ("x-sim-fault", "delay=20000")], body))
        eventually(lambda: simulator.saw(marked), "the request is upstream")
    simulator.await_end(marked, "cancelled", 2)


def test_a_hundred_clients_that_leave_leave_nothing_behind(weir_with, simulator):
    weir = weir_with()
    marks = [mark() for _ in range(100)]
    wires = [weir.wire() for _ in marks]
    for wire, marked in zip(wires, marks):
        wire.send(ordered(CHAT, [marked, ("x-sim-fault", "stall=1")]))
    for wire in wires:
        read_until(wire, b"data: ")
    for at, wire in enumerate(wires):
        wire.reset() if at % 2 else wire.close()
    eventually(lambda: weir.scrape().sum("weir_in_flight_requests") == 0, "nothing in flight")
    ours = {value for _, value in marks}

    def all_ended() -> bool:
        return [each.ended for each in simulator.requests(200) if each.get(marks[0][0]) in ours] == ["cancelled"] * 100

    eventually(all_ended, "each of the hundred upstream requests ends")
    assert weir.scrape().sum("weir_client_disconnects_total") == 100


def test_the_upstream_connection_of_a_cancelled_stream_serves_nobody_else(weir, simulator):
    """Its rest would be read as the next reply."""
    for _ in range(10):
        with weir.wire() as wire:
            wire.send(ordered(CHAT, [("x-sim-gap-ms", "1"), ("x-sim-tokens", "10000")]))
            read_until(wire, b"w3")
        reply = weir.post(f"/v1/{CHAT}", usual(CHAT, "after one that left"))
        assert reply.json()["choices"][0]["message"]["content"] == "You said: after one that left"


# -- what is read beside the relay --------------------------------------------------------------------------

@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("endpoint", STREAMING)
def test_the_access_line_has_the_tokens_of_every_api(weir, simulator, endpoint, stream):
    body = usual(endpoint, "count the tokens of this", stream=stream)
    reply = weir.post(f"/v1/{endpoint}", body)
    plain = simulator.post(f"/v1/{endpoint}", usual(endpoint, "count the tokens of this")).json()["usage"]
    asked, answered = (plain.get("prompt_tokens") or plain["input_tokens"],
                       plain.get("completion_tokens") or plain["output_tokens"])
    line = weir.access_line(reply.get("x-request-id"))
    assert (line["input_tokens"], line["output_tokens"]) == (asked, answered)


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("endpoint", STREAMING)
def test_tokens_are_counted_by_type(weir_with, simulator, endpoint, stream):
    weir = weir_with()
    weir.post(f"/v1/{endpoint}", usual(endpoint, "count the tokens of this", stream=stream))
    plain = simulator.post(f"/v1/{endpoint}", usual(endpoint, "count the tokens of this")).json()["usage"]
    asked, answered = (plain.get("prompt_tokens") or plain["input_tokens"],
                       plain.get("completion_tokens") or plain["output_tokens"])
    eventually(lambda: weir.scrape().sum("weir_tokens_total", type="input") == asked, "the input tokens are counted")
    assert weir.scrape().sum("weir_tokens_total", type="output") == answered
