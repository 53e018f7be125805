"""Requests that break the rules of HTTP, or try to get past the upstream's base path; see test_bad_input.py."""

import gzip
import posixpath
import re
import socket
import ssl
import time
import urllib.parse

import pytest

from harness.refusals import (CHAT, HEADER_BOUND, JSON, PLAIN, check_error, counted, framed, get, goes_on, refused,
                              send_all, strict)  # noqa: F401 - fixtures
from harness.simulator import mark
from harness.wire import message


# -- framing ------------------------------------------------------------------------------------------------

SMUGGLED = b"GET /v1/echo?smuggled HTTP/1.1\r\nHost: weir.test\r\n\r\n"
LENGTH = b"Content-Length: %d" % len(PLAIN)

BAD_FRAMING = {
    "length and chunked": framed(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + SMUGGLED),
    "chunked and length": framed(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n" + SMUGGLED),
    "two lengths": framed(LENGTH, b"Content-Length: 3", body=PLAIN + SMUGGLED),
    "two lengths in one line": framed(LENGTH + b", 3", body=PLAIN + SMUGGLED),
    "negative length": framed(b"Content-Length: -1", body=PLAIN),
    "length with a plus": framed(b"Content-Length: +5", body=b"hello" + SMUGGLED),
    "length in hexadecimal": framed(b"Content-Length: 0x5", body=b"hello" + SMUGGLED),
    "length of nothing": framed(b"Content-Length:", body=PLAIN),
    "length with a space inside": framed(b"Content-Length: 1 0", body=PLAIN),
    "encoding nobody knows": framed(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n" + SMUGGLED),
    "chunked is not the last encoding": framed(b"Transfer-Encoding: chunked, gzip", body=b"0\r\n\r\n" + SMUGGLED),
    "chunked twice":
        framed(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + SMUGGLED),
    "chunked hidden by a control byte": framed(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n" + SMUGGLED),
}

BAD_CHUNKS = {
    "no hexadecimal number": b"zz\r\nhello\r\n0\r\n\r\n",
    "negative size": b"-5\r\nhello\r\n0\r\n\r\n",
    "prefix": b"0x5\r\nhello\r\n0\r\n\r\n",
    "size over 64 bits": b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    "space inside": b"5 5\r\nhello\r\n0\r\n\r\n",
    "no size": b"\r\nhello\r\n0\r\n\r\n",
    "data longer than its size": b"3\r\nhello\r\n0\r\n\r\n",
    "NUL in the size": b"5\0\r\nhello\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("data", BAD_FRAMING.values(), ids=BAD_FRAMING.keys())
def test_framing_that_two_parsers_may_read_differently_is_refused(strict, simulator, data):
    refused(strict, data, 400, "invalid_request", closes=True)
    assert not any("smuggled" in each.path for each in simulator.requests(20))


@pytest.mark.parametrize("path", [CHAT, "/v1/files"])
@pytest.mark.parametrize("body", BAD_CHUNKS.values(), ids=BAD_CHUNKS.keys())
def test_a_bad_chunk_is_refused(strict, path, body):
    refused(strict, framed(b"Transfer-Encoding: chunked", target=path, body=body), 400, "invalid_request", closes=True)


@pytest.mark.parametrize("path", [CHAT, "/v1/files"])
def test_a_chunk_of_nearly_64_bits_is_no_reason_to_overflow(strict, path):
    """It is a size that HTTP allows: too large for weir, or a body that never comes."""
    body = b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n"
    with strict.wire(timeout=8) as wire:
        send_all(wire, framed(b"Transfer-Encoding: chunked", target=path, body=body))
        reply = wire.read_reply()
        assert reply.status in (400, 408, 413)
        check_error(reply, reply.status, "body_too_large" if reply.status == 413 else "invalid_request")
        assert wire.is_closed_by_peer(3)


def test_the_same_length_twice_is_read_once_or_refused(strict, simulator):
    marked = mark()
    line = f"{marked[0]}: {marked[1]}".encode()
    with strict.wire(timeout=5) as wire:
        send_all(wire, framed(LENGTH, LENGTH, line, body=PLAIN))
        reply = wire.read_reply()
    if reply.status == 200:
        received = simulator.received(marked)
        assert received.body == PLAIN and len(received.all("content-length")) == 1
    else:
        check_error(reply, 400, "invalid_request")


# -- request line and headers -------------------------------------------------------------------------------

BAD_HEADERS = {
    "NUL in a value": get(b"X-A: a\0b"),
    "carriage return in a value": get(b"X-A: a\rX-Injected: b"),
    "control byte in a value": get(b"X-A: a\x01b"),
    "space before the colon": get(b"X-A : a"),
    "tab before the colon": get(b"X-A\t: a"),
    "space in the name": get(b"X A: a"),
    "NUL in the name": get(b"X\0A: a"),
    "no name": get(b": a"),
    "no colon": get(b"X-A"),
    "bracket in the name": get(b"X(A): a"),
    "no host": get(host=b""),
    "two hosts": get(b"Host: other.test"),
    "leading space on the first header": b"GET /v1/echo HTTP/1.1\r\n Host: weir.test\r\n\r\n",
}

BAD_STARTS = {
    "words": b"hello weir\r\n\r\n",
    "garbage": b"\x80\x81\xff\0garbage\r\n\r\n",
    "no version": get(start=b"GET /v1/echo"),
    "unknown version": get(start=b"GET /v1/echo HTTP/7.3"),
    "version with letters": get(start=b"GET /v1/echo HTTP/a.b"),
    "NUL in the target": get(start=b"GET /v1/ec\0ho HTTP/1.1"),
    "space in the target": get(start=b"GET /v1/echo x HTTP/1.1"),
    "no target": get(start=b"GET  HTTP/1.1"),
    "relative target": get(start=b"GET v1/echo HTTP/1.1"),
    "method with a bracket": get(start=b"G(T /v1/echo HTTP/1.1"),
    "HTTP/2 with prior knowledge": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
}


@pytest.mark.parametrize("data", BAD_HEADERS.values(), ids=BAD_HEADERS.keys())
def test_a_malformed_header_is_refused(strict, simulator, data):
    refused(strict, data, 400, "invalid_request", closes=True)
    assert not any(each.get("x-injected") for each in simulator.requests(5))


@pytest.mark.parametrize("data", BAD_STARTS.values(), ids=BAD_STARTS.keys())
def test_a_malformed_request_line_is_refused(strict, data):
    with counted(strict, "invalid_request"), strict.wire(timeout=5) as wire:
        send_all(wire, data)
        reply = wire.read_reply()
        # 505 is the other right answer to a version that is not spoken here.
        status = 505 if reply.status == 505 and b"HTTP/1.1" not in data else 400
        check_error(reply, status, "invalid_request")
        assert wire.is_closed_by_peer(3)


def test_a_folded_header_never_reaches_the_upstream_folded(strict, simulator):
    marked = mark()
    with strict.wire(timeout=5) as wire:
        send_all(wire, get(f"{marked[0]}: {marked[1]}".encode(), b"X-Folded: a", b" b", b"\tc"))
        reply = wire.read_reply()
    if reply.status == 200:
        assert re.fullmatch(r"a[ \t]+b[ \t]+c", simulator.received(marked).get("x-folded"))
    else:
        check_error(reply, 400, "invalid_request")


def test_a_lone_line_feed_never_becomes_part_of_a_header(strict, simulator):
    marked = mark()
    with strict.wire(timeout=5) as wire:
        send_all(wire, get(f"{marked[0]}: {marked[1]}".encode(), b"X-A: a\nX-B: b"))
        reply = wire.read_reply()
    if reply.status == 200:  # RFC 9112, 2.2: a lone line feed may end a line
        received = simulator.received(marked)
        assert (received.get("x-a"), received.get("x-b")) == ("a", "b")
    else:
        check_error(reply, 400, "invalid_request")


def test_bytes_that_are_no_request_do_not_end_the_one_before_them(strict):
    """Whoever counts a body's bytes too low still gets the answer to what was counted."""
    with strict.wire() as wire:
        wire.send(framed(LENGTH, b"x-sim-fault: delay=600", body=PLAIN + b"\x80 not counted\r\n\r\n"))
        for _ in range(3):
            time.sleep(0.1)
            wire.send(b"\x80 more of it\r\n\r\n")
        assert wire.read_reply("POST").status == 200
        assert wire.read_reply("POST").status == 400


def test_a_tls_hello_to_the_plain_port_is_turned_away(strict):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with counted(strict, "invalid_request"):
        with socket.create_connection(("127.0.0.1", strict.port), 5) as plain, pytest.raises((ssl.SSLError, OSError)):
            context.wrap_socket(plain, server_hostname="weir.test")


TOO_MUCH_HEAD = {
    "one long value": get(b"X-A: " + b"a" * (HEADER_BOUND + 1)),
    "one long name": get(b"X-" + b"a" * (HEADER_BOUND + 1) + b": 1"),
    "many headers": get(*[b"X-%d: some value of no account" % at for at in range(HEADER_BOUND // 20)]),
    "a long query": get(start=b"GET /v1/echo?q=" + b"a" * (HEADER_BOUND + 1) + b" HTTP/1.1"),
    "a method without end": b"G" * (HEADER_BOUND * 3),
    "a target without end": b"GET /" + b"a" * (HEADER_BOUND * 3),
    "a value without end": b"GET /v1/echo HTTP/1.1\r\nHost: weir.test\r\nX-A: " + b"a" * (HEADER_BOUND * 3),
}


@pytest.mark.parametrize("data", TOO_MUCH_HEAD.values(), ids=TOO_MUCH_HEAD.keys())
def test_more_header_bytes_than_the_bound_are_refused(strict, data):
    if data.startswith(b"GGG"):  # no method is that long: as good a reason
        with strict.wire(timeout=5) as wire:
            send_all(wire, data)
            reply = wire.read_reply()
            code = reply.json()["error"]["code"]
            check_error(reply, *{"headers_too_large": (431, code)}.get(code, (400, "invalid_request")))
    else:
        refused(strict, data, 431, "headers_too_large", closes=True)


def test_header_bytes_under_the_bound_pass(strict, simulator):
    marked = mark()
    value = "a" * (HEADER_BOUND - 1024)
    assert strict.ask("GET", "/v1/echo", [marked, ("X-A", value)]).status == 200
    assert simulator.received(marked).get("x-a") == value


def test_trailers_over_the_bound_of_header_bytes_are_refused(strict):
    with strict.wire(timeout=5) as wire:
        send_all(wire, framed(b"Transfer-Encoding: chunked", body=b"%x\r\n%b\r\n0\r\n" % (len(PLAIN), PLAIN)))
        for _ in range(64):
            send_all(wire, b"X-T: " + b"a" * 1024 + b"\r\n")
        reply = wire.read_reply()
        code = reply.json()["error"]["code"]
        check_error(reply, *{"headers_too_large": (431, code)}.get(code, (400, "invalid_request")))


# -- targets ------------------------------------------------------------------------------------------------

# The simulator answers /_sim/stats, outside its base path, to anyone: what must not be reachable through weir.
LEAVING = [
    "/v1/../_sim/stats", "/v1/../../_sim/stats", "/v1/../../../_sim/stats", "/api/v1/../../_sim/stats",
    "/v1/models/../../../_sim/stats", "/v1/./../../_sim/stats", "/v1/..", "/v1/../", "/v1/chat/../../..",
    "/v1/%2e%2e/%2e%2e/_sim/stats", "/v1/%2E%2E/%2e%2E/_sim/stats", "/v1/.%2e/%2e./_sim/stats",
    "/v1/..%2f..%2f_sim/stats", "/v1/..%2F..%2F_sim%2Fstats", "/v1/%2e%2e%2f%2e%2e%2f_sim/stats",
    "/v1//../..//_sim/stats", "/v1/..//..//_sim/stats", "/v1/..\\..\\_sim/stats", "/v1/..%5c..%5c_sim/stats",
    "/v1/..;/..;/_sim/stats", "/v1/..?x=/_sim/stats", "/v1/../../_sim/stats?a=b#c",
]


def stays_inside(path: str) -> bool:
    """Whether even an upstream that decodes and normalises the path stays within its base."""
    decoded = urllib.parse.unquote(path.split("?")[0]).replace("\\", "/")
    decoded = re.sub(r";[^/]*", "", decoded)
    return posixpath.normpath("/" + decoded.lstrip("/")).startswith("/api/v1")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("target", LEAVING)
def test_a_path_that_leaves_the_base_is_refused(strict, simulator, method, target):
    marked = mark()
    with counted(strict, "invalid_request"):
        reply = strict.ask(method, target, [JSON, marked], PLAIN if method == "POST" else b"")
    check_error(reply, 400, "invalid_request")
    assert not simulator.saw(marked)


@pytest.mark.parametrize("target", [
    "/v1//_sim/stats", "/v1///_sim/stats", "/v1/%2f_sim/stats", "/v1/%2F%2F_sim/stats", "/v1/./_sim/stats",
    "/v1/x/../echo", "/v1/x/%2e%2e/echo", "/v1/%252e%252e/%252e%252e/_sim/stats", "/v1/...", "/v1/..a/echo",
    "/v1/echo%00", "/v1/echo%0d%0aX-Injected:%20b", "/v1/echo%zz", "/v1/@evil.test/echo", "/v1/http://evil.test/echo"])
def test_an_odd_path_stays_under_the_base(strict, simulator, target):
    marked = mark()
    reply = strict.ask("GET", target, [marked])
    if simulator.saw(marked):
        received = simulator.received(marked)
        assert received.path.startswith("/api/v1/") and stays_inside(received.path)
        assert not received.get("x-injected")
    else:
        check_error(reply, reply.status, reply.json()["error"]["code"])
        assert reply.status in (400, 404)


@pytest.mark.parametrize("target", [
    "/v1/models/moonshotai%2Fkimi-k2/endpoints", "/v1/files/a%20b%3F", "/v1/echo?a=/../..&b=%2e%2e"])
def test_an_escaped_path_and_a_query_arrive_as_they_were_sent(strict, simulator, target):
    marked = mark()
    strict.ask("GET", target, [marked])
    assert simulator.received(marked).path == "/api" + target


@pytest.mark.parametrize("target", [
    "/", "/favicon.ico", "/v2/echo", "/v1x/echo", "/api/echo", "/_sim/stats", "/metrics", "//v1/echo"])
def test_a_path_outside_the_api_is_not_forwarded(strict, simulator, target):
    marked = mark()
    reply = strict.ask("GET", target, [marked])
    check_error(reply, 404, "invalid_request")
    assert not simulator.saw(marked)


@pytest.mark.parametrize("target", [
    "http://evil.test/v1/echo", "http://evil.test:1/v1/echo", "https://evil.test/v1/echo", "http:///v1/echo",
    "http://user:pass@evil.test/v1/echo", "HTTP://evil.test/api/v1/echo", "ftp://evil.test/v1/echo"])
def test_an_absolute_target_names_no_other_upstream(strict, simulator, target):
    """RFC 9112, 3.2.2: a server takes the absolute form; its authority decides nothing here."""
    marked = mark()
    reply = strict.ask("GET", target, [marked], host="evil.test")
    if simulator.saw(marked):
        received = simulator.received(marked)
        assert received.path == "/api/v1/echo" and "evil" not in str(received.headers)
    else:
        check_error(reply, 400, "invalid_request")


@pytest.mark.parametrize("target, status", [
    ("http://evil.test/_sim/stats", 404), ("http://evil.test/v1/../../_sim/stats", 400), ("http://evil.test", 404),
    ("http://127.0.0.1:{port}/_sim/stats", 404), ("*", 400), ("evil.test:80", 400)])
def test_an_absolute_target_reaches_nothing_outside_the_base(strict, simulator, target, status):
    marked = mark()
    with counted(strict, "invalid_request"):
        reply = strict.ask("GET", target.format(port=simulator.port), [marked], host="evil.test")
    assert reply.status in (400, status)
    check_error(reply, reply.status, "invalid_request")
    assert not simulator.saw(marked)


def test_blanks_behind_a_value_are_no_part_of_it(strict, simulator):
    """RFC 9112, section 5.1; a user would otherwise be another one, and a coding unknown."""
    marked = mark()
    reply = strict.ask("POST", CHAT, [
        JSON, marked, ("Content-Encoding", "gzip "), ("x-request-id", "padded \t"), ("x-weir-timeout", "5 ")],
        gzip.compress(PLAIN))
    assert (reply.status, reply.get("x-request-id")) == (200, "padded")
    assert simulator.received(marked).body == PLAIN


# -- methods and upgrades -----------------------------------------------------------------------------------

def test_connect_opens_no_tunnel(strict, simulator):
    for target in [f"127.0.0.1:{simulator.port}", "evil.test:443"]:
        with counted(strict, "invalid_request"), strict.wire(timeout=5) as wire:
            wire.send(message("CONNECT", target, host=target) + SMUGGLED)
            reply = wire.read_reply()
            check_error(reply, reply.status, "invalid_request")
            assert reply.status in (400, 405, 501)
            assert wire.is_closed_by_peer(3)
    assert not any("smuggled" in each.path for each in simulator.requests(20))


def test_trace_does_not_give_the_upstream_key_away(strict, simulator):
    marked = mark()
    with counted(strict, "invalid_request"):
        reply = strict.ask("TRACE", "/v1/echo", [marked])
    check_error(reply, 405, "invalid_request")
    assert not simulator.saw(marked)


def test_a_websocket_is_refused(strict, simulator):
    marked = mark()
    with counted(strict, "invalid_request"):
        reply = strict.ask("GET", "/v1/realtime", [
            marked, ("Connection", "Upgrade"), ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")])
    check_error(reply, reply.status, "invalid_request")
    assert reply.status in (400, 426, 501)
    assert not simulator.saw(marked)


def test_an_offer_to_upgrade_to_http2_is_not_taken(strict, simulator):
    """Java's HttpClient makes it on every first plain request: refusing is allowed, so is going on in HTTP/1.1."""
    marked = mark()
    reply = strict.ask("POST", CHAT, [
        JSON, marked, ("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"),
        ("HTTP2-Settings", "AAMAAABkAAQAAP__")], PLAIN)
    if reply.status == 200:
        assert not reply.informational
        received = simulator.received(marked)
        assert received.get("upgrade") is None and received.get("http2-settings") is None
        assert "upgrade" not in (received.get("connection") or "").lower()
    else:
        check_error(reply, 400, "invalid_request")
