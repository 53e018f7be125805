"""A weir with small bounds, and what each of its refusals must look like."""

import json
from contextlib import contextmanager

import pytest

from .eventually import eventually
from .usual_requests import usual
from .weir import Weir
from .wire import Wire

BODY_BOUND = 65536
HEADER_BOUND = 8192
JSON = ("Content-Type", "application/json")
CHAT = "/v1/chat/completions"
PLAIN = json.dumps(usual("chat/completions")).encode()
ANTHROPIC_TYPES = {400: "invalid_request_error", 413: "request_too_large", 415: "invalid_request_error"}


@pytest.fixture(scope="module")
def strict(binary, simulator, tmp_path_factory):
    """One weir with small bounds for all of these tests: what goes on after each of them."""
    running = Weir(binary, tmp_path_factory.mktemp("strict"), simulator.url, {
        "WEIR_MAX_BODY_BYTES": str(BODY_BOUND), "WEIR_MAX_HEADER_BYTES": str(HEADER_BOUND),
        "WEIR_TIMEOUT_HEADER": "1", "WEIR_TIMEOUT_CLIENT_IDLE": "1"})
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def goes_on(strict):
    yield
    assert strict.process.is_alive, strict.process.story()
    after = strict.post(CHAT, usual("chat/completions", "still here"))
    assert after.status == 200 and "still here" in after.body.decode()


@contextmanager
def counted(weir: Weir, code: str, times: int = 1):
    """The block makes `weir_errors_total` of this code rise by `times`, and no more."""
    before = weir.errors_counted(code)
    yield
    eventually(lambda: weir.errors_counted(code) >= before + times, f"{times} more errors counted as {code}", 3)
    assert weir.errors_counted(code) == before + times


def check_error(reply, status: int, code: str, api: str = "openai", param=None) -> str:
    """The reply is weir's own error in the API's shape; returns its message."""
    assert reply.status == status, (reply.start_line, reply.body)
    assert reply.get("content-type").split(";")[0] == "application/json"
    assert reply.is_complete
    body = reply.json()
    error = body["error"]
    if api == "anthropic":
        assert body["type"] == "error"
        assert set(error) == {"type", "message"}
        if status in ANTHROPIC_TYPES:
            assert error["type"] == ANTHROPIC_TYPES[status]
    else:
        assert set(body) == {"error"}
        assert set(error) == {"message", "type", "param", "code"}
        assert error["code"] == code
        assert isinstance(error["type"], str) and error["type"]
        assert error["param"] == param
    assert reply.get("x-request-id") and reply.get("x-request-id") in error["message"]
    return error["message"]


def refused(weir: Weir, data: bytes, status: int, code: str, closes: bool = False):
    """These exact bytes on a connection of their own get this error, counted once."""
    with counted(weir, code), weir.wire(timeout=5) as wire:
        send_all(wire, data)
        reply = wire.read_reply()
        check_error(reply, status, code)
        if closes:
            assert wire.is_closed_by_peer(3), "the connection cannot be trusted any more and must be closed"
    return reply


def send_all(wire: Wire, data: bytes) -> None:
    """Sends what the peer takes: one that refused already may have closed."""
    try:
        wire.send(data)
    except ConnectionError:
        pass


def api_of(endpoint: str) -> str:
    return "anthropic" if endpoint == "messages" else "openai"


def post_bytes(weir: Weir, endpoint: str, body: bytes, *headers):
    return weir.ask("POST", f"/v1/{endpoint}", [JSON, *headers], body, timeout=10)


def framed(*lines: bytes, body: bytes = b"", target: str = CHAT) -> bytes:
    """A POST whose framing is left to `lines`."""
    return b"\r\n".join([b"POST %b HTTP/1.1" % target.encode(), b"Host: weir.test",
                         b"Content-Type: application/json", *lines, b"", b""]) + body


def get(*lines: bytes, start: bytes = b"GET /v1/echo HTTP/1.1", host: bytes = b"Host: weir.test") -> bytes:
    """A GET with these header lines, right or wrong."""
    return b"\r\n".join([start, *([host] if host else []), *lines, b"", b""])
