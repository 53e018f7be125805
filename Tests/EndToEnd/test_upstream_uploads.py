"""Upstreams in clear text that answer before they have read the request, or read it slowly; by either client."""

import contextlib
import json
import threading
import time

import pytest

from harness.eventually import eventually
from harness.exact_upstream import CASE, CLOSE, HALF_CLOSE, OK, READ_BODY, WAIT_FOR_END
from harness.raw_servers import SlowReader, chunk, head
from harness.requests import chat
from harness.ways import GONE, KEPT, Way, Whole, check_next, way  # noqa: F401
from harness.wire import Reply, Wire, message

JSON = ("Content-Type", "application/json")
CHAT = "/v1/chat/completions"
THEN = object()
NO = b'{"error":{"message":"too large"}}'


def answer(status: str, *lines: str) -> bytes:
    body = OK if status.startswith("200") else NO
    return head(status, "Content-Type: application/json", f"Content-Length: {len(body)}", *lines) + body


def upload(kind: str, size: int, case: str) -> bytes:
    """A request with a body of this size: on a JSON API, or on another path with or without a length."""
    if kind == "json":
        return message("POST", CHAT, [JSON, (CASE, case)], json.dumps(chat("x" * size)).encode())
    if kind == "sized":
        return message("POST", "/v1/files", [(CASE, case)], b"x" * size)
    return message("POST", "/v1/files", [(CASE, case), ("Transfer-Encoding", "chunked")],
                   chunk(b"x" * size) + b"0\r\n\r\n")


def ask(way: Way, wire: Wire, script, kind: str, size: int) -> Reply:  # noqa: F811
    """Reads the reply while the request is still being sent; THEN in a script is when the client has it."""
    has_reply = threading.Event()
    case = way.upstream.case([(lambda *_: has_reply.wait(5)) if step is THEN else step for step in script])
    request = upload(kind, size, case)

    def send() -> None:
        try:
            wire.send(request)
        except OSError:
            pass  # weir wants no more of it

    sending = threading.Thread(target=send, daemon=True)
    sending.start()
    reply = wire.read_reply("POST")
    has_reply.set()
    reply.case = case
    reply.was_sent = lambda: not sending.is_alive()
    return reply


def check_goes_on(way: Way, wire: Wire, reply: Reply, fate: str) -> None:  # noqa: F811
    """The next request is answered, over the same connection to the upstream only where that is right."""
    [used] = way.connections_of(reply)
    if reply.get("connection") == "close" or not reply.was_sent():
        with Wire(way.weir.port) as another:
            check_next(way, another, used, GONE if fate == GONE else "either")
    else:
        check_next(way, wire, used, fate)
    if fate == GONE:
        eventually(lambda: used in way.upstream.over, "the upstream's connection is closed", 3)


KINDS = pytest.mark.parametrize("kind", ["json", "sized", "chunked"])
SIZES = pytest.mark.parametrize("size", [100, 600_000, 8_000_000])
REFUSALS = {
    "and half closes": [answer("413 Too Large", "Connection: close"), HALF_CLOSE, WAIT_FOR_END],
    "and says that it closes": [answer("413 Too Large", "Connection: close"), WAIT_FOR_END],
    "and closes": [answer("413 Too Large", "Connection: close"), THEN, CLOSE],
    "and closes without a word": [answer("413 Too Large"), THEN, CLOSE],
    "and ends with its connection": [head("413 Too Large") + NO, HALF_CLOSE, WAIT_FOR_END],
}


@KINDS
@SIZES
@pytest.mark.parametrize("script", REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_before_the_body_was_read_reaches_the_client(way: Way, script, size, kind):  # noqa: F811
    with Wire(way.weir.port, timeout=10) as wire:
        reply = ask(way, wire, [None, *script], kind, size)
        Whole(NO, 413).check(reply)
        assert len(way.upstream.asked_for(reply.case)) == 1
    [used] = way.connections_of(reply)
    eventually(lambda: used in way.upstream.over, "the upstream's connection is closed")
    with Wire(way.weir.port) as wire:
        check_next(way, wire, used, GONE)


@KINDS
@SIZES
def test_a_refusal_before_the_body_was_read_that_is_read_afterwards(way: Way, size, kind):  # noqa: F811
    with Wire(way.weir.port, timeout=10) as wire:
        reply = ask(way, wire, [None, answer("413 Too Large"), 0.1, READ_BODY], kind, size)
        Whole(NO, 413).check(reply)
        check_goes_on(way, wire, reply, "either")


@KINDS
@SIZES
def test_a_reply_before_the_body_was_read_that_is_read_afterwards(way: Way, size, kind):  # noqa: F811
    with Wire(way.weir.port, timeout=10) as wire:
        reply = ask(way, wire, [None, answer("200 OK"), 0.1, READ_BODY], kind, size)
        Whole().check(reply)
        check_goes_on(way, wire, reply, "either")


@KINDS
@SIZES
def test_a_reply_to_a_body_that_is_never_read(way: Way, size, kind):  # noqa: F811
    with Wire(way.weir.port, timeout=10) as wire:
        reply = ask(way, wire, [None, answer("200 OK"), THEN, CLOSE], kind, size)
        Whole().check(reply)


@KINDS
@SIZES
def test_an_early_head_while_the_body_is_on_its_way(way: Way, size, kind):  # noqa: F811
    with Wire(way.weir.port, timeout=10) as wire:
        way.drain(wire)
        reply = ask(way, wire, [None, head("100 Continue"), 0.02, head("103 Early Hints"), READ_BODY, answer("200 OK")],
                    kind, size)
        Whole().check(reply)
        check_goes_on(way, wire, reply, KEPT)
        assert len(way.upstream.asked_for(reply.case)[0].body) >= size


@KINDS
def test_an_upstream_that_reads_slowly_gets_the_whole_body(way: Way, kind):  # noqa: F811
    size = 3_000_000

    def read_slowly(wire: Wire, request) -> None:
        while len(wire.pending) < size:
            time.sleep(0.002)
            wire.pending += wire.socket.recv(65_536)

    with Wire(way.weir.port, timeout=20) as wire:
        way.drain(wire)
        reply = ask(way, wire, [None, read_slowly, READ_BODY, answer("200 OK")], kind, size)
        Whole().check(reply)
        body = way.upstream.asked_for(reply.case)[0].body
        assert body == (json.dumps(chat("x" * size)).encode() if kind == "json" else b"x" * size)
        check_goes_on(way, wire, reply, KEPT)


@pytest.mark.parametrize("kind", ["sized", "chunked"])
def test_an_upload_that_comes_in_small_parts_goes_on_in_them(way: Way, kind):  # noqa: F811
    """Each part is with the upstream before the next is sent. Weir collects a small sized body, so this is large."""
    parts = [bytes([65 + number]) * (1 if kind == "chunked" else 60_000 + number) for number in range(20)]
    got = []

    def read_parts(wire: Wire, request) -> None:
        for part in parts:
            wanted = chunk(part) if kind == "chunked" else part
            got.append(wire._take(len(wanted)) == wanted)
        if kind == "chunked":
            got.append(wire._take(5) == b"0\r\n\r\n")

    case = way.upstream.case([None, read_parts, answer("200 OK")])
    length = sum(map(len, parts))
    framing = ("Transfer-Encoding", "chunked") if kind == "chunked" else ("Content-Length", str(length))
    with Wire(way.weir.port) as wire:
        wire.send(message("POST", "/v1/files", [(CASE, case), framing]))
        for number, part in enumerate(parts):
            wire.send(chunk(part) if kind == "chunked" else part)
            eventually(lambda: len(got) > number, f"part {number} arrives")
        if kind == "chunked":
            wire.send(b"0\r\n\r\n")
        Whole().check(wire.read_reply("POST"))
    assert all(got)


@pytest.mark.parametrize("kind", ["json", "sized", "chunked"])
def test_an_upstream_that_closes_in_the_middle_of_a_body_fails_the_attempt(way: Way, kind):  # noqa: F811
    with Wire(way.weir.port) as wire:
        reply = ask(way, wire, [None, lambda wire, _: wire._take(1000), CLOSE], kind, 4_000_000)
        assert reply.status == 502 and reply.is_complete
        assert reply.json()["error"]["code"] in ("upstream_unreachable", "upstream_protocol_error")
        # Over a connection that had been used before, it may have gone out once more.
        assert len(way.upstream.asked_for(reply.case)) <= (1 if kind != "json" else 2)


@pytest.mark.parametrize("kind", ["sized", "chunked"])
def test_a_client_that_leaves_while_it_uploads_ends_the_upstreams_connection(way: Way, kind):  # noqa: F811
    case = way.upstream.case([None, WAIT_FOR_END])
    framing = ("Transfer-Encoding", "chunked") if kind == "chunked" else ("Content-Length", "5000000")
    with Wire(way.weir.port) as wire:
        wire.send(message("POST", "/v1/files", [(CASE, case), framing]) + chunk(b"x" * 1000))
        eventually(lambda: way.upstream.asked_for(case), "the upstream is asked")
    number = way.upstream.asked_for(case)[0].connection
    eventually(lambda: way.upstream.over.get(number) == "weir", "the upstream sees the end", 3)


def test_a_body_in_parts_of_one_byte_that_nobody_takes_holds_little_memory(weir_with):
    """What waits for an upstream is bounded in bytes, and each part must not cost a hundred times its own."""
    sent = b"1\r\nx\r\n" * 5000
    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(SlowReader(1))
        upstream.listener.listen(32)
        weir = weir_with({}, upstream)
        before = weir.process.resident_bytes()
        for _ in range(8):
            wire = stack.enter_context(Wire(weir.port, timeout=0.5))
            wire.send(b"POST /v1/files HTTP/1.1\r\nHost: weir.test\r\nTransfer-Encoding: chunked\r\n\r\n")
            try:
                for _ in range(250):
                    wire.send(sent)
            except TimeoutError:
                pass  # weir takes no more
        assert weir.process.resident_bytes() < before + 36_000_000
