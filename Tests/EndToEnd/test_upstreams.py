"""Upstreams that cannot be reached, are wrong about HTTP, or slow to read; see also test_faults.py."""

import json
import threading
import time

import pytest

from harness.certificates import make_certificate
from harness.faults import CHAT, JSON, SHORT, check_broken_plain, check_broken_stream, check_own_error
from harness.raw_servers import (EVENT_STREAM, LAST_CHUNK, FullBacklog, SlowReader, always, chunk, closed_port, head,
                                 once_and_close)
from harness.streams import ended_broken
from harness.upstream import ScriptedUpstream
from harness.upstream import reply as sized
from harness.usual_requests import usual
from harness.weir import Weir
from harness.wire import chunked, message

# -- upstreams that cannot be reached -----------------------------------------------------------------------

def check_refused_by(weir: Weir, status: int, code: str) -> None:
    for endpoint in (CHAT, "messages"):
        before = weir.errors_counted(code)
        reply = weir.post(f"/v1/{endpoint}", usual(endpoint))
        check_own_error(reply, status, code, endpoint=endpoint)
        assert weir.errors_counted(code) == before + 1


def test_a_refused_connection_is_a_502(weir_with):
    check_refused_by(weir_with(upstream=f"http://127.0.0.1:{closed_port()}/api/v1"), 502, "upstream_unreachable")


def test_a_name_that_is_not_found_is_a_502(weir_with):
    check_refused_by(weir_with(upstream="http://no-such-host.invalid/api/v1"), 502, "upstream_unreachable")


def test_a_connection_that_hangs_is_a_504(weir_with):
    with FullBacklog() as nowhere:
        weir = weir_with(SHORT, upstream=nowhere)
        began = time.monotonic()
        reply = weir.post(f"/v1/{CHAT}", usual(CHAT))
        check_own_error(reply, 504, "upstream_timeout")
        assert time.monotonic() - began < 5


def test_a_self_signed_certificate_is_not_trusted(weir_with, simulator_with):
    check_refused_by(weir_with(upstream=simulator_with("--tls")), 502, "upstream_unreachable")


def test_a_certificate_for_another_name_is_not_trusted(weir_with, tmp_path):
    made = make_certificate(tmp_path, subject="DNS:elsewhere.test")
    with ScriptedUpstream(lambda wire, request: sized(), tls=made.server()) as upstream:
        weir = weir_with({"WEIR_CA_FILE": str(made.certificate)}, upstream=upstream)
        check_refused_by(weir, 502, "upstream_unreachable")
        assert upstream.requests == []


def test_a_certificate_of_the_named_authority_is_trusted(weir_with, tmp_path):
    made = make_certificate(tmp_path)
    with ScriptedUpstream(lambda wire, request: sized(b'{"ok":true}'), tls=made.server()) as upstream:
        weir = weir_with({"WEIR_CA_FILE": str(made.certificate)}, upstream=upstream)
        assert weir.post(f"/v1/{CHAT}", usual(CHAT)).body == b'{"ok":true}'


def test_an_upstream_that_is_up_again_is_reached_again(weir_with):
    port = closed_port()
    weir = weir_with(upstream=f"http://127.0.0.1:{port}/api/v1")
    assert weir.post(f"/v1/{CHAT}", usual(CHAT)).status == 502
    with ScriptedUpstream(lambda wire, request: sized(b'{"ok":true}')) as upstream:
        # The scripted upstream picks its port; what matters is that a failure is not remembered for others.
        other = weir_with(upstream=upstream)
        assert other.post(f"/v1/{CHAT}", usual(CHAT)).status == 200
    assert weir.post(f"/v1/{CHAT}", usual(CHAT)).status == 502


# -- upstreams that are wrong about HTTP --------------------------------------------------------------------

OK = b'{"ok":true}'

UNREADABLE = {
    "two lengths": head("200 OK", "Content-Length: 11", "Content-Length: 5") + OK,
    "negative length": head("200 OK", "Content-Length: -1") + OK,
    "length of letters": head("200 OK", "Content-Length: many") + OK,
    "status of letters": head("abc OK", "Content-Length: 11") + OK,
    "two-digit status": head("20 OK", "Content-Length: 11") + OK,
    "unknown version": head("200 OK", "Content-Length: 11", version="HTTP/7.3") + OK,
    "header without colon": head("200 OK", "nonsense", "Content-Length: 11") + OK,
    "switching protocols":
        head("101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade") + b"\x81\x05hello",
    "an SMTP banner": b"220 mail.test ESMTP ready\r\n",
    "an SSH banner": b"SSH-2.0-OpenSSH_9.2p1\r\n",
    "nothing but a line break": b"\r\n\r\n",
    "unknown transfer encoding": head("200 OK", "Transfer-Encoding: xchunked") + OK,
}


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_an_unreadable_answer_is_a_502_or_visibly_broken(weir_with, data):
    with once_and_close(data) as upstream:
        weir = weir_with(SHORT, upstream=upstream)
        reply = weir.post(f"/v1/{CHAT}", usual(CHAT))
        if reply.status == 200:
            assert not reply.is_complete, "a client would take this for a whole reply"
        else:
            check_own_error(reply, 502, "upstream_protocol_error", "upstream_stream_broken", "upstream_unreachable")
        assert weir.post(f"/v1/{CHAT}", usual(CHAT)).status in (200, 502), "weir goes on"


INJECTIONS = {
    "bare carriage return": head("200 OK", "X-A: a\rX-Injected: b", "Content-Length: 11") + OK,
    "bare carriage return before a line feed": head("200 OK", "X-A: a\r\r\nX-Injected: b", "Content-Length: 11") + OK,
    "NUL": head("200 OK", "X-A: a\0b", "Content-Length: 11") + OK,
    "control byte": head("200 OK", "X-A: a\x01\x7fb", "Content-Length: 11") + OK,
    "space before the colon": head("200 OK", "X-A : a", "Content-Length: 11") + OK,
    "folded": head("200 OK", "X-A: a", "  b", "Content-Length: 11") + OK,
}


@pytest.mark.parametrize("data", INJECTIONS.values(), ids=INJECTIONS.keys())
def test_a_dangerous_header_is_not_handed_on(weir_with, data):
    with always(data) as upstream:
        weir = weir_with(SHORT, upstream=upstream)
        with weir.wire(timeout=5) as wire:
            wire.send(message("POST", f"/v1/{CHAT}", [JSON, ("Connection", "close")], json.dumps(usual(CHAT)).encode()))
            raw = b"".join(iter(wire.more, b""))
    fields = raw.split(b"\r\n\r\n", 1)[0]
    assert fields.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 502 "))
    assert not any(byte in fields.replace(b"\r\n", b"") for byte in (b"\r", b"\n", b"\0", b"\x01", b"\x7f"))
    for line in fields.split(b"\r\n")[1:]:
        name = line.split(b":")[0]
        assert name and name == name.strip() and name.lower() != b"x-injected"


def test_a_length_beside_chunks_is_read_one_way_only(weir_with):
    data = head("200 OK", "Content-Length: 5", "Transfer-Encoding: chunked") + chunked(OK)
    with always(data) as upstream:
        weir = weir_with(SHORT, upstream=upstream)
        with weir.wire(timeout=5) as wire:
            for _ in range(2):
                reply = wire.request("POST", f"/v1/{CHAT}", [JSON], json.dumps(usual(CHAT)).encode())
                if reply.status == 200:
                    assert reply.body == OK
                    assert (reply.get("content-length") is None) != (reply.get("transfer-encoding") is None)
                else:
                    check_own_error(reply, 502, "upstream_protocol_error", "upstream_stream_broken")


def test_a_plain_reply_that_ends_with_its_connection_is_whole(weir_with):
    with once_and_close(head("200 OK", "Content-Type: application/json") + OK) as upstream:
        weir = weir_with(SHORT, upstream=upstream)
        with weir.wire(timeout=5) as wire:
            for _ in range(3):
                reply = wire.request("POST", f"/v1/{CHAT}", [JSON], json.dumps(usual(CHAT)).encode())
                assert reply.status == 200 and reply.is_complete and reply.body == OK


def test_a_stream_that_ends_with_its_connection_before_done_is_broken(weir_with):
    body = b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
    data = head("200 OK", "Content-Type: text/event-stream") + body
    with once_and_close(data) as upstream:
        weir = weir_with(SHORT, upstream=upstream)
        assert ended_broken(CHAT, weir.post(f"/v1/{CHAT}", usual(CHAT, stream=True)))


def test_a_stream_that_ends_with_its_connection_after_done_is_whole(weir_with):
    body = b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\ndata: [DONE]\n\n'
    with once_and_close(head("200 OK", "Content-Type: text/event-stream") + body) as upstream:
        weir = weir_with(SHORT, upstream=upstream)
        reply = weir.post(f"/v1/{CHAT}", usual(CHAT, stream=True))
        assert reply.is_complete and reply.body == body


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_a_body_where_none_may_be_does_not_shift_the_next_reply(weir_with, status):
    """The stray bytes would be the beginning of the next reply on the upstream's connection."""
    poison = b'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'

    def answer(wire, request):
        if "first" in request.target:
            return head(status, f"Content-Length: {len(poison)}") + poison
        return sized(OK)

    with ScriptedUpstream(answer) as upstream:
        weir = weir_with(SHORT, upstream=upstream)
        with weir.wire(timeout=5) as wire:
            reply = wire.request("GET", "/v1/first")
            assert reply.status == int(status[:3]) and reply.body == b""
            for _ in range(3):
                reply = wire.request("GET", "/v1/second")
                assert reply.status == 502 or reply.body == OK
            assert wire.request("GET", "/v1/second").body == OK


def test_bytes_behind_a_reply_do_not_become_the_next_one(weir_with):
    poisoned = sized(OK) + sized(b"poison")
    with always(poisoned) as upstream:
        weir = weir_with(SHORT, upstream=upstream)
        for _ in range(5):
            reply = weir.post(f"/v1/{CHAT}", usual(CHAT))
            assert reply.status == 502 or reply.body == OK


@pytest.mark.parametrize("lines", [["Content-Length: 11"], [], ["Connection: keep-alive", "Content-Length: 11"]],
                         ids=["sized", "closed", "keep-alive"])
def test_an_http_1_0_upstream_is_understood(weir_with, lines):
    data = head("200 OK", "Content-Type: application/json", *lines, version="HTTP/1.0") + OK
    with once_and_close(data) as upstream:
        weir = weir_with(SHORT, upstream=upstream)
        for _ in range(3):
            reply = weir.post(f"/v1/{CHAT}", usual(CHAT))
            assert reply.status == 200 and reply.is_complete and reply.body == OK
            assert reply.start_line.startswith("HTTP/1.1 ")


def test_a_chunked_reply_with_extensions_is_understood(weir_with):
    body = b'5;name="a b";x\r\n{"ok"\r\n6\r\n:true}\r\n0;last\r\nX-T: 1\r\n\r\n'
    data = head("200 OK", "Transfer-Encoding: chunked") + body
    with always(data) as upstream:
        weir = weir_with(SHORT, upstream=upstream)
        for _ in range(2):
            assert weir.post(f"/v1/{CHAT}", usual(CHAT)).body == OK


def test_an_unknown_status_passes(weir_with):
    with always(head("299 Strange", "Content-Length: 11") + OK) as upstream:
        reply = weir_with(SHORT, upstream=upstream).post(f"/v1/{CHAT}", usual(CHAT))
        assert reply.status == 299 and reply.body == OK


# -- connections to the upstream ----------------------------------------------------------------------------

def test_a_connection_that_the_upstream_closed_while_idle_costs_no_request(weir_with):
    with once_and_close(sized(OK)) as upstream:  # it promises keep-alive, and closes
        weir = weir_with(SHORT, upstream=upstream)
        for at in range(10):
            reply = weir.post(f"/v1/{CHAT}", usual(CHAT))
            assert reply.status == 200 and reply.body == OK, at
            if at % 2:
                time.sleep(0.05)  # once right behind the reply, once with the FIN arrived
        assert len(upstream.requests) == 10


def test_connections_to_the_upstream_are_used_again(weir_with):
    with always(sized(OK)) as upstream:
        weir = weir_with(SHORT, upstream=upstream)
        for _ in range(50):
            assert weir.post(f"/v1/{CHAT}", usual(CHAT)).status == 200
        assert len(upstream.requests) == 50
        assert upstream.connections <= 8, "at most one for each event loop, not one for each request"


def test_a_connection_whose_reply_broke_is_not_used_again(weir_with):
    def answer(wire, request):
        if len(upstream.requests) == 1:
            # Stays open, out of step: what follows on it can only be misread.
            return EVENT_STREAM + chunk(b'data: {"choices":[]}\n\n') + b"zz\r\n" + sized(b"poison")
        return sized(OK)

    with ScriptedUpstream(answer) as upstream:
        weir = weir_with(SHORT, upstream=upstream)
        check_broken_stream(weir.post(f"/v1/{CHAT}", usual(CHAT, stream=True)))
        for _ in range(4):
            assert weir.post(f"/v1/{CHAT}", usual(CHAT)).body == OK
        assert all(each.connection != upstream.requests[0].connection for each in upstream.requests[1:])


# -- back-pressure of an upload -----------------------------------------------------------------------------

@pytest.mark.parametrize("framing", ["sized", "chunked"])
def test_an_upload_to_a_slow_upstream_waits_in_the_client_not_in_weir(weir_with, framing):
    total, piece = 200_000_000, b"x" * 1_000_000
    headers = [("Content-Type", "application/octet-stream"),
               ("Content-Length", str(total)) if framing == "sized" else ("Transfer-Encoding", "chunked")]
    with SlowReader(total) as upstream:
        weir = weir_with(
            {"WEIR_MAX_BODY_BYTES": "300000000", "WEIR_MAX_BUFFERED_BYTES": "300000000"}, upstream=upstream)
        assert weir.ask("GET", "/nowhere").status == 404
        before = weir.process.resident_bytes()
        sent = 0
        with weir.wire(timeout=30) as wire:
            wire.send(message("POST", "/v1/files", headers))

            def upload() -> None:
                nonlocal sent
                while sent < total:
                    wire.send(chunk(piece) if framing == "chunked" else piece)
                    sent += len(piece)
                if framing == "chunked":
                    wire.send(LAST_CHUNK)

            uploading = threading.Thread(target=upload, daemon=True)
            uploading.start()
            assert upstream.began.wait(5)
            time.sleep(0.7)
            held_back = sent
            assert weir.process.resident_bytes() < before + 24_000_000
            upstream.gate.set()
            reply = wire.read_reply()
            uploading.join(20)
        assert held_back < 60_000_000, "the client could send on although the upstream took nothing"
        assert reply.status == 200 and reply.json()["taken"] >= total
        assert weir.process.resident_bytes() < before + 24_000_000


def test_an_upload_ends_at_the_upstream_when_its_client_leaves(weir_with):
    ended = threading.Event()

    class Watch(SlowReader):
        def _serve(self) -> None:
            super()._serve()
            ended.set()

    with Watch(10_000_000) as upstream:
        upstream.gate.set()
        weir = weir_with(upstream=upstream)
        with weir.wire() as wire:
            wire.send(message("POST", "/v1/files", [("Content-Length", "10000000")]) + b"x" * 1_000_000)
            assert upstream.began.wait(5)
            time.sleep(0.1)
        assert ended.wait(3)
        assert upstream.taken < 10_000_000


def test_a_head_reply_has_its_length_and_no_body(weir_with):
    with always(head("200 OK", "Content-Length: 1234", "Content-Type: text/plain")) as upstream:
        weir = weir_with(SHORT, upstream=upstream)
        with weir.wire(timeout=5) as wire:
            for _ in range(2):
                reply = wire.request("HEAD", "/v1/models")
                assert reply.status == 200 and reply.get("content-length") == "1234"


def test_a_body_shorter_than_its_length_is_visibly_broken(weir_with):
    with once_and_close(head("200 OK", "Content-Length: 100") + OK) as upstream:
        check_broken_plain(weir_with(SHORT, upstream=upstream).post(f"/v1/{CHAT}", usual(CHAT)))
