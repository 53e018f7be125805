"""An impatient weir, faults ordered from the simulator, and what the client must see of them."""

import json

import pytest

from .streams import errors, events, has_end_marker
from .usual_requests import usual
from .weir import Weir
from .wire import Reply

CHAT = "chat/completions"
JSON = ("Content-Type", "application/json")
SHORT = {"WEIR_TIMEOUT_CONNECT": "1", "WEIR_TIMEOUT_FIRST_BYTE": "1", "WEIR_TIMEOUT_IDLE": "1"}


@pytest.fixture(scope="module")
def impatient(binary, simulator, tmp_path_factory):
    """One weir for these tests, with upstream time-outs of one second."""
    running = Weir(binary, tmp_path_factory.mktemp("impatient"), simulator.url, SHORT)
    yield running
    running.stop()


def ask(weir: Weir, fault: str, endpoint: str = CHAT, stream: bool = False, headers=(), **more) -> Reply:
    """The usual request with this fault ordered from the simulator."""
    return weir.post(f"/v1/{endpoint}", usual(endpoint, stream=stream, **more), [("x-sim-fault", fault), *headers])


def direct(simulator, fault: str, endpoint: str = CHAT, stream: bool = False, headers=(), **more) -> Reply:
    """The same without weir."""
    return simulator.post(f"/v1/{endpoint}", usual(endpoint, stream=stream, **more), [("x-sim-fault", fault), *headers])


def check_own_error(reply: Reply, status: int, *codes: str, endpoint: str = CHAT) -> None:
    """The reply is weir's own error of one of these codes, in the API's shape."""
    assert reply.status == status, (reply.start_line, reply.body)
    assert reply.is_complete
    error = reply.json()["error"]
    if endpoint == "messages":
        assert reply.json()["type"] == "error" and set(error) == {"type", "message"}
    else:
        assert error["code"] in codes and set(error) == {"message", "type", "param", "code"}
    assert reply.get("x-request-id") in error["message"]


def check_broken_stream(reply: Reply, endpoint: str = CHAT) -> None:
    """The stream ends with exactly one error event in the API's format, and without its end marker."""
    assert reply.status == 200
    assert not has_end_marker(endpoint, reply.body)
    found = errors(reply.body)
    assert len(found) == 1, reply.body[-600:]
    last = events(reply.body)[-1]
    assert json.loads(last.data) == found[0], "the error is the last event"
    error = found[0]
    if endpoint == "messages":
        assert last.name == "error" and error["type"] == "error"
        assert error["error"]["type"] == "api_error" and error["error"]["message"]
    elif endpoint == "responses":
        assert last.name == "error" and error["type"] == "error"
        assert error["code"] == "upstream_stream_broken" and error["message"]
    else:
        assert error["error"]["code"] == "upstream_stream_broken" and error["error"]["message"]
        assert error["choices"][0]["finish_reason"] == "error"


def check_broken_plain(reply: Reply) -> None:
    """Either the head was relayed and the body visibly breaks off, or weir could still say 502."""
    if reply.status == 200:
        assert not reply.is_complete
    else:
        check_own_error(reply, 502, "upstream_stream_broken", "upstream_protocol_error", "upstream_unreachable")
