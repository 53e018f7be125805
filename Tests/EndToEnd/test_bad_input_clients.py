"""Clients of other versions, in a hurry, slow, silent or gone; see test_bad_input.py."""

import json
import socket
import threading
import time

import pytest

from harness.eventually import eventually
from harness.refusals import (BODY_BOUND, CHAT, JSON, PLAIN, check_error, counted, framed, get, goes_on,
                              send_all, strict)  # noqa: F401 - fixtures
from harness.simulator import mark
from harness.usual_requests import usual
from harness.wire import ConnectionEnded, Wire, message


# -- versions and connections -------------------------------------------------------------------------------

def test_http_1_0_without_keep_alive_gets_its_reply_and_the_end(strict):
    with strict.wire(timeout=5) as wire:
        wire.send(message("POST", CHAT, [JSON], PLAIN, version="HTTP/1.0"))
        reply = wire.read_reply()
        assert reply.status == 200 and reply.get("transfer-encoding") is None
        assert reply.json()["choices"][0]["message"]["content"] == "You said: hello there"
        assert wire.is_closed_by_peer(3)


def test_http_1_0_without_host_is_served(strict):
    with strict.wire(timeout=5) as wire:
        wire.send(message("GET", "/v1/models", host="", version="HTTP/1.0"))
        assert wire.read_reply().status == 200


def test_an_http_1_0_stream_is_ended_by_the_connection(strict):
    with strict.wire(timeout=5) as wire:
        body = json.dumps(usual("chat/completions", stream=True)).encode()
        wire.send(message("POST", CHAT, [JSON], body, version="HTTP/1.0"))
        reply = wire.read_reply()
        assert reply.status == 200 and reply.get("transfer-encoding") is None
        assert reply.body.rstrip().endswith(b"data: [DONE]")


def test_http_1_0_with_keep_alive_may_ask_again(strict):
    with strict.wire(timeout=5) as wire:
        for at in range(3):
            wire.send(message("GET", f"/v1/echo?n={at}", [("Connection", "keep-alive")], version="HTTP/1.0"))
            reply = wire.read_reply()
            assert reply.status == 200 and reply.json()["query"] == f"n={at}"
            assert "keep-alive" in (reply.get("connection") or "").lower()


def test_connection_close_is_obeyed(strict):
    with strict.wire(timeout=5) as wire:
        reply = wire.request("GET", "/v1/echo", [("Connection", "close")])
        assert reply.status == 200 and reply.get("connection").lower() == "close"
        assert wire.is_closed_by_peer(3)


def test_empty_lines_before_a_request_are_skipped(strict):
    with strict.wire(timeout=5) as wire:
        wire.send(b"\r\n\r\n" + get())
        assert wire.read_reply().status == 200


def test_a_connection_that_says_nothing_and_leaves_is_no_error(strict):
    before = strict.scrape().sum("weir_errors_total")
    for _ in range(20):
        strict.wire().close()
        strict.wire().reset()
    time.sleep(0.1)
    assert strict.scrape().sum("weir_errors_total") == before


def test_pipelined_requests_are_answered_in_order(strict):
    slow = message("POST", CHAT, [JSON, ("x-sim-fault", "delay=200")], PLAIN)
    with strict.wire(timeout=10) as wire:
        wire.send(slow + b"".join(get(start=b"GET /v1/echo?n=%d HTTP/1.1" % at) for at in range(100)))
        assert "hello there" in wire.read_reply().body.decode()
        for at in range(100):
            assert wire.read_reply().json()["query"] == f"n={at}"


def test_a_malformed_request_behind_good_ones_does_not_spoil_them(strict):
    with counted(strict, "invalid_request"), strict.wire(timeout=5) as wire:
        slow = message("POST", CHAT, [JSON, ("x-sim-fault", "delay=100")], PLAIN)
        wire.send(slow + get(start=b"GET /v1/echo?n=2 HTTP/1.1") + get(b"X A: broken"))
        assert wire.read_reply().status == 200
        assert wire.read_reply().json()["query"] == "n=2"
        check_error(wire.read_reply(), 400, "invalid_request")
        assert wire.is_closed_by_peer(3)


def test_a_refused_body_between_good_requests_costs_only_itself(strict):
    bad = message("POST", CHAT, [JSON], b'{"model":')
    with strict.wire(timeout=5) as wire:
        wire.send(get() + bad + get())
        assert wire.read_reply().status == 200
        check_error(wire.read_reply(), 400, "invalid_json")
        assert wire.read_reply().status == 200


# -- Expect -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", [CHAT, "/v1/files"])
def test_expect_100_continue_is_honoured(strict, path):
    with strict.wire(timeout=5) as wire:
        head = message("POST", path, [JSON, ("Expect", "100-continue"), ("Content-Length", str(len(PLAIN)))])
        wire.send(head)
        assert wire.read_head().status == 100
        wire.send(PLAIN)
        reply = wire.read_reply()
        assert reply.status == 200 and not reply.informational


def test_expect_100_continue_gets_the_refusal_instead(strict):
    with strict.wire(timeout=5) as wire:
        wire.send(message("POST", CHAT, [JSON, ("Expect", "100-continue"), ("Content-Length", str(BODY_BOUND + 1))]))
        reply = wire.read_reply()
        check_error(reply, 413, "body_too_large")
        assert not reply.informational


def test_an_unknown_expectation_is_refused(strict, simulator):
    marked = mark()
    with counted(strict, "invalid_request"), strict.wire(timeout=5) as wire:
        wire.send(message("POST", CHAT, [JSON, marked, ("Expect", "the-unexpected")], PLAIN))
        check_error(wire.read_reply(), 417, "invalid_request")
    assert not simulator.saw(marked)


# -- slow, silent and absent clients ------------------------------------------------------------------------

def end_of(wire: Wire, seconds: float) -> tuple:
    """What weir says at last, and after how long it closes."""
    began = time.monotonic()
    wire.socket.settimeout(seconds)
    data = b""
    try:
        while piece := wire.socket.recv(65536):
            data += piece
    except ConnectionError:
        pass
    return data, time.monotonic() - began


def test_slow_and_silent_clients_are_put_out_after_their_timeout(strict):
    """Four of them side by side, each with one second: a head a byte a time, half a head, half a body, a slow body."""
    ended = {}

    def run(name: str, first: bytes, drip: bytes) -> None:
        with strict.wire() as wire:
            wire.send(first)
            feeding = threading.Event()

            def feed() -> None:
                for byte in drip:
                    if feeding.wait(0.4):
                        return
                    send_all(wire, bytes([byte]))

            feeder = threading.Thread(target=feed, daemon=True)
            feeder.start()
            try:
                ended[name] = end_of(wire, 8)
            except TimeoutError:
                ended[name] = None
            feeding.set()
            feeder.join()

    half_body = framed(b"Content-Length: 100", body=b'{"model":')
    cases = {
        "head a byte a time": (b"GET /v1/echo HTTP/1.1\r\n", b"X-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        "half a head": (b"GET /v1/echo HTTP/1.1\r\nHost:", b""),
        "half a body": (half_body, b""),
        "half a chunk": (framed(b"Transfer-Encoding: chunked", body=b"ff\r\n{"), b""),
    }
    threads = [threading.Thread(target=run, args=(name, *case)) for name, case in cases.items()]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    for name in cases:
        assert ended[name] is not None, f"{name}: still connected after 8 s"
        data, seconds = ended[name]
        assert 0.5 < seconds < 4, name
        assert data == b"" or data.startswith(b"HTTP/1.1 408 "), name
    # Whoever had sent a whole head is told why.
    assert b'"invalid_request"' in ended["half a body"][0] and b'"invalid_request"' in ended["half a chunk"][0]


def test_an_idle_connection_is_closed_without_a_word(strict):
    with strict.wire() as wire:
        assert wire.request("GET", "/v1/echo").status == 200
        data, seconds = end_of(wire, 8)
        assert data == b"" and seconds < 5


def test_a_client_that_never_reads_costs_little_memory(weir_with, simulator):
    weir = weir_with()
    marked = mark()
    weir.post(CHAT, usual("chat/completions"))
    before = weir.process.resident_bytes()
    with weir.wire(receive_buffer=4096) as wire:
        body = json.dumps(usual("chat/completions")).encode()
        wire.send(message("POST", CHAT, [JSON, marked, ("x-sim-fault", "huge=104857600")], body))
        highest = before
        for _ in range(20):
            time.sleep(0.05)
            highest = max(highest, weir.process.resident_bytes())
        assert highest < before + 16_000_000
        assert simulator.received(marked).ended == "open"
    simulator.await_end(marked, "cancelled")


# Requests whose replies come from weir, from the upstream and from the cache; some are refused before anything is read.
PIPELINED = {
    "a document": get(start=b"GET /v1/models HTTP/1.1"),
    "refused by its path": get(start=b"GET /nothing HTTP/1.1"),
    "refused by its body": message("POST", CHAT, [JSON], b"{bad"),
    "refused as a vote": message("POST", "/weir/feedback", [JSON], b"{}"),
    "relayed": get(),
    "kept": message("POST", CHAT, [JSON], PLAIN),
}


@pytest.mark.parametrize("request_", PIPELINED.values(), ids=PIPELINED)
def test_a_pipeline_whose_replies_nobody_reads_costs_little_memory(weir_with, request_):
    weir = weir_with({"WEIR_CACHE_TTL": "300"})
    weir.post(CHAT, usual("chat/completions"))
    before = weir.process.resident_bytes()
    with weir.wire(receive_buffer=4096, timeout=0.5) as wire:
        try:
            for _ in range(1500):
                wire.send(request_ * 200)
            pytest.fail("weir took all that was sent")
        except TimeoutError:
            pass  # weir stopped reading: as it should
        assert weir.process.resident_bytes() < before + 48_000_000


def test_a_pipeline_goes_on_where_its_replies_are_read(weir_with):
    """Read late, while a head has begun that waits for it: not the time-out of heads."""
    weir = weir_with({"WEIR_TIMEOUT_HEADER": "1"})
    count, path = 20_000, PIPELINED["refused by its path"]
    with weir.wire(receive_buffer=4096, timeout=20) as wire:
        sending = threading.Thread(target=wire.send, args=[path * count + path[:20]])
        sending.start()
        time.sleep(3)
        for _ in range(count):
            assert wire.read_reply().status == 404
        sending.join()
        wire.send(path[20:])
        assert wire.read_reply().status == 404


def test_a_pipeline_whose_replies_nobody_reads_is_ended(weir_with):
    weir = weir_with({"WEIR_TIMEOUT_CLIENT_IDLE": "1"})
    with weir.wire(receive_buffer=4096, timeout=0.5) as wire:
        with pytest.raises(TimeoutError):
            for _ in range(1500):
                wire.send(PIPELINED["refused by its path"] * 200)
        eventually(lambda: weir.scrape().sum("weir_open_connections") == 0, "the connection is closed")


def test_a_client_that_shuts_its_sending_side_is_answered_or_let_go(strict):
    """To weir it looks like one that left; what must not be is a request that hangs."""
    with strict.wire(timeout=5) as wire:
        wire.send(message("POST", CHAT, [JSON, ("x-sim-fault", "delay=100")], PLAIN))
        wire.socket.shutdown(socket.SHUT_WR)
        try:
            assert "hello there" in wire.read_reply().body.decode()
        except ConnectionEnded:
            pass
    eventually(lambda: strict.scrape().sum("weir_in_flight_requests") == 0, "nothing in flight", 3)


def test_a_client_that_leaves_inside_its_request_leaves_nothing_behind(strict, simulator):
    marked = mark()
    line = f"{marked[0]}: {marked[1]}".encode()
    for data in [b"GE", get(line)[:-4], framed(line, b"Content-Length: 100", body=b'{"model":'),
                 framed(line, b"Transfer-Encoding: chunked", body=b"ff\r\n{")]:
        with strict.wire() as wire:
            wire.send(data)
        wire = strict.wire()
        wire.send(data)
        wire.reset()
    eventually(lambda: strict.scrape().sum("weir_in_flight_requests") == 0, "nothing in flight", 3)
    assert not simulator.saw(marked)


def test_a_second_head_that_begins_during_an_exchange_has_the_heads_time(weir_with):
    """Sent while the first request is answered, and never finished: what ends it is not the idle time."""
    weir = weir_with({"WEIR_TIMEOUT_HEADER": "1", "WEIR_TIMEOUT_CLIENT_IDLE": "300"})
    with Wire(weir.port, timeout=30) as wire:
        wire.send(message("POST", CHAT, [JSON, ("x-sim-fault", "delay=1000")], PLAIN))
        eventually(lambda: weir.scrape().sum("weir_in_flight_requests") == 1, "the first request is on its way")
        wire.send(b"GET /v1/models HTTP/1.1\r\nHost: ")
        assert wire.read_reply("POST").status == 200, "the head's time does not run meanwhile"
        late = wire.read_reply("GET")
        assert late.status == 408 and "head did not arrive in time" in late.json()["error"]["message"]
        assert wire.is_closed_by_peer(5)
