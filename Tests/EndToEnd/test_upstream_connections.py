"""Connections to an upstream in clear text, used again, closed under weir's hands, or given up; by either client."""

import json
import threading
import time

import pytest

from harness.eventually import eventually
from harness.exact_upstream import CLOSE, HALF_CLOSE, OK, PLAIN, READ_BODY, RESET, WAIT_FOR_END
from harness.raw_servers import chunk, head
from harness.requests import chat
from harness.ways import CUT_SHORT, UNREACHABLE, Broken, Way, Whole, way  # noqa: F401
from harness.wire import Wire, message

JSON = ("Content-Type", "application/json")
CHAT = "/v1/chat/completions"
COUNTED = "weir_upstream_connections_total"

# Requests that may be sent once more: (method, target, body).
REQUESTS = {
    "GET": ("GET", "/v1/files", b""),
    "HEAD": ("HEAD", "/v1/files", b""),
    "DELETE": ("DELETE", "/v1/files/1", b""),
    "POST": ("POST", CHAT, json.dumps(chat()).encode()),
    "POST of 600 KB": ("POST", CHAT, json.dumps(chat("x" * 600_000)).encode()),
    "POST of 8 MB": ("POST", CHAT, json.dumps(chat("x" * 8_000_000)).encode()),
    "POST that is edited": ("POST", CHAT, json.dumps(chat("x" * 600_000, model="kimi-k2")).encode()),
}


def counts(way: Way) -> dict:  # noqa: F811
    """What is counted of attempts, retries, errors and connections."""
    scrape = way.weir.scrape()
    return {"fresh": scrape.sum(COUNTED, reused="false"), "reused": scrape.sum(COUNTED, reused="true"),
            "retries": scrape.sum("weir_retries_total"), "errors": scrape.sum("weir_errors_total"),
            "attempts": scrape.sum("weir_upstream_requests_total")}


def since(before: dict, after: dict) -> dict:
    return {name: after[name] - before[name] for name in before if after[name] != before[name]}


# -- used again -------------------------------------------------------------------------------------------------

def test_a_hundred_requests_in_turn_use_one_connection(way: Way):  # noqa: F811
    with Wire(way.weir.port) as wire:
        first = way.prime(wire)
        before = counts(way)
        for _ in range(100):
            assert way.prime(wire) == first
        assert since(before, counts(way)) == {"reused": 100, "attempts": 100}


def test_twenty_requests_at_once_use_no_more_than_twenty_connections(way: Way):  # noqa: F811
    together = threading.Barrier(20, timeout=15)
    replies, before, opened = [], counts(way), way.upstream.connections

    def one() -> None:
        with Wire(way.weir.port) as wire:
            replies.append(way.ask([lambda *_: together.wait(), PLAIN], wire=wire))

    for _ in range(3):
        threads = [threading.Thread(target=one) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [reply.body for reply in replies] == [OK] * 60
    used = [number for reply in replies for number in way.connections_of(reply)]
    assert len(used) == 60
    moved = since(before, counts(way))
    assert moved["fresh"] == way.upstream.connections - opened
    assert moved["fresh"] + moved.get("reused", 0) == moved["attempts"] == 60
    # The event loops' shares differ from round to round; a loop keeps what it has opened.
    assert len(set(used)) <= 20 * 2


def test_every_kind_of_request_uses_the_connection_of_the_one_before(way: Way):  # noqa: F811
    with Wire(way.weir.port) as wire:
        first = way.prime(wire)
        for _ in range(2):
            for method, target, body in REQUESTS.values():
                headers = [JSON] if body else []
                script = head("200 OK", "Content-Length: 11") if method == "HEAD" else []
                reply = way.ask(script, method, target, headers, body, wire)
                Whole(b"" if method == "HEAD" else OK).check(reply)
                assert way.connections_of(reply) == [first]
                asked = way.upstream.asked_for(reply.case)[0]
                assert len(asked.body) == len(body.replace(b'"kimi-k2"', b'"moonshotai/kimi-k2"'))


# -- closed under weir's hands ----------------------------------------------------------------------------------

@pytest.mark.parametrize("end", [CLOSE, RESET, HALF_CLOSE], ids=["closed", "reset", "half closed"])
def test_a_connection_that_ended_while_it_rested_is_not_used(way: Way, end):  # noqa: F811
    if end is HALF_CLOSE and way.upstream.tls:
        way.excuse("asks over it first")
    with Wire(way.weir.port) as wire:
        way.drain(wire)
        for _ in range(5):
            reply = way.ask([PLAIN, end], wire=wire)
            Whole().check(reply)
            used = way.connections_of(reply)
            eventually(lambda: way.upstream.asked_for(reply.case)[0].is_answered, "the connection has ended")
            before = counts(way)
            assert [way.prime(wire)] != used
            assert since(before, counts(way)) == {"fresh": 1, "attempts": 1}


def ask_over_used(way: Way, wire: Wire, script, method: str, target: str, body: bytes) -> tuple:  # noqa: F811
    """A connection that was used before and is the only one, the counts before the request over it, and its reply."""
    way.drain(wire)
    used = way.prime(wire)
    before = counts(way)
    return used, before, way.ask(script(used), method, target, [JSON] if body else [], body, wire)


@pytest.mark.parametrize("end", [CLOSE, RESET], ids=["closed", "reset"])
@pytest.mark.parametrize("name", REQUESTS)
def test_a_used_connection_that_ends_instead_of_a_reply_is_replaced_unseen(way: Way, name, end):  # noqa: F811
    """The upstream may have closed it before the request arrived: it goes out again over a fresh one, once."""
    method, target, body = REQUESTS[name]
    plain = head("200 OK", "Content-Length: 11") if method == "HEAD" else PLAIN
    with Wire(way.weir.port) as wire:
        used, before, reply = ask_over_used(way, wire, lambda used: [ending(used, end), plain], method, target, body)
        Whole(b"" if method == "HEAD" else OK).check(reply)
        assert reply.get("x-weir-attempts") == "1"
        first, second = way.upstream.asked_for(reply.case)
        assert first.connection == used and second.connection != used
        assert (first.raw, first.body) == (second.raw, second.body)
        assert since(before, counts(way)) == {"fresh": 1, "attempts": 1}


def ending(number: int, end):
    """A step that ends this connection, and is none on others."""
    def step(wire: Wire, request) -> None:
        if request.connection == number:
            wire.reset() if end is RESET else wire.close()
            raise OSError("the script closed the connection")
    return step


def test_a_used_connection_that_ends_before_the_body_was_read_is_replaced_unseen(way: Way):  # noqa: F811
    """Part of the body has left already when the end is noticed."""
    if way.upstream.tls:
        way.excuse("does not send it again over TLS")
    body = json.dumps(chat("x" * 8_000_000)).encode()
    with Wire(way.weir.port) as wire:
        used, _, reply = ask_over_used(
            way, wire, lambda used: [None, ending(used, RESET), READ_BODY, PLAIN], "POST", CHAT, body)
        Whole().check(reply)
        first, second = way.upstream.asked_for(reply.case)
        assert first.connection == used and second.connection != used
        assert second.body == body


@pytest.mark.parametrize("end", [CLOSE, RESET], ids=["closed", "reset"])
@pytest.mark.parametrize("name", ["GET", "POST", "POST of 600 KB"])
def test_a_fresh_connection_that_ends_instead_of_a_reply_fails_the_attempt(way: Way, name, end):  # noqa: F811
    method, target, body = REQUESTS[name]
    with Wire(way.weir.port) as wire:
        way.drain(wire)
        before = counts(way)
        reply = way.ask([end], method, target, [JSON] if body else [], body, wire)
        UNREACHABLE.check(reply)
        assert len(way.upstream.asked_for(reply.case)) == 1
        assert since(before, counts(way)) == {"fresh": 1, "attempts": 1, "errors": 1}


def test_a_request_is_sent_again_once_only(way: Way):  # noqa: F811
    with Wire(way.weir.port) as wire:
        used, before, reply = ask_over_used(way, wire, lambda used: [CLOSE], *REQUESTS["POST"])
        UNREACHABLE.check(reply)
        first, second = way.connections_of(reply)
        assert first == used and second == way.upstream.connections - 1
        assert since(before, counts(way)) == {"fresh": 1, "attempts": 1, "errors": 1}


@pytest.mark.parametrize("end", [CLOSE, RESET], ids=["closed", "reset"])
@pytest.mark.parametrize("begun", [b"H", b"HTTP/1.1 200 OK\r\n", head("100 Continue")],
                         ids=["a byte", "a line", "an early head"])
def test_a_request_whose_reply_has_begun_is_not_sent_again(way: Way, begun, end):  # noqa: F811
    if end is RESET or begun == b"H":
        way.excuse("forgets bytes of which it has made no line")
    with Wire(way.weir.port) as wire:
        way.prime(wire)
        reply = way.ask([begun, 0.05, end], "POST", CHAT, [JSON], json.dumps(chat()).encode(), wire)
        CUT_SHORT.check(reply)
        assert len(way.upstream.asked_for(reply.case)) == 1


# -- given up ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("framing", ["Transfer-Encoding: chunked", "Content-Length: 1000000", "X-None: 1"])
def test_a_client_that_leaves_in_the_middle_ends_the_upstreams_connection(way: Way, framing):  # noqa: F811
    first = chunk(OK) if "chunked" in framing else OK
    case = way.upstream.case([head("200 OK", framing) + first, WAIT_FOR_END])
    with Wire(way.weir.port) as wire:
        wire.send(message("GET", "/v1/files", [("x-case", case)]))
        seen = b""
        while OK not in seen:
            seen += wire.more()
    left = time.monotonic()
    number = way.upstream.asked_for(case)[0].connection
    eventually(lambda: way.upstream.over.get(number) == "weir", "the upstream sees the end")
    assert time.monotonic() - left < 3


@pytest.mark.parametrize("body", [b"", json.dumps(chat()).encode()], ids=["GET", "POST"])
def test_a_client_that_leaves_before_the_reply_ends_the_upstreams_connection(way: Way, body):  # noqa: F811
    case = way.upstream.case([WAIT_FOR_END])
    with Wire(way.weir.port) as wire:
        wire.send(message("POST" if body else "GET", CHAT if body else "/v1/files", [JSON, ("x-case", case)], body))
        eventually(lambda: way.upstream.asked_for(case), "the upstream is asked")
    number = way.upstream.asked_for(case)[0].connection
    eventually(lambda: way.upstream.over.get(number) == "weir", "the upstream sees the end", 3)


def test_a_connection_whose_reply_broke_is_closed_and_counted(way: Way):  # noqa: F811
    before = way.weir.errors_counted("upstream_stream_broken")
    reply = way.ask([head("200 OK", "Transfer-Encoding: chunked") + chunk(OK) + b"zz\r\n"])
    Broken().check(reply)
    number = way.connections_of(reply)[0]
    eventually(lambda: way.upstream.over.get(number) == "weir", "the connection is closed", 3)
    assert way.weir.errors_counted("upstream_stream_broken") == before + 1
