"""The essential bad input once more with client keys on, and bad input about keys themselves.

Without a key a request is refused whatever else is wrong with it; with one, it gets the error it would get where none
are asked for.
"""

import json

import pytest

from harness.refusals import BODY_BOUND, CHAT, JSON, api_of, check_error, framed, get, send_all
from harness.simulator import mark
from harness.usual_requests import ENDPOINTS, usual
from harness.weir import Weir
from test_bad_input import NOT_JSON, NOT_UTF8, TWICE
from test_bad_input_http import BAD_CHUNKS, BAD_FRAMING, BAD_HEADERS, LEAVING

KEY = "sk-weir-app-0123456789"
COUNT = 10_000
CROWD = [(f"client-{number}", f"sk-weir-{number:05}-{number * 7919 % 99991:05}") for number in range(COUNT)]
STRANGERS = {
    "none": [], "another": [("Authorization", "Bearer sk-weir-nobody")],
    "a part": [("Authorization", f"Bearer {KEY[:-1]}")], "more": [("Authorization", f"Bearer {KEY}x")],
    "other case": [("Authorization", f"Bearer {KEY.upper()}")],
    "no scheme": [("Authorization", KEY)], "basic": [("Authorization", f"Basic {KEY}")],
    "empty": [("Authorization", "")],
    "bearer alone": [("Authorization", "Bearer ")], "the client's name": [("Authorization", "Bearer app")],
    "quoted": [("Authorization", f'Bearer "{KEY}"')], "two in one": [("Authorization", f"Bearer {KEY}, Bearer x")],
    "not UTF-8": [("Authorization", f"Bearer {KEY}".encode() + b"\xff")], "long": [("x-api-key", "k" * 4000)],
    "in another field": [("x-auth", KEY)], "in the query": [],
}


@pytest.fixture(scope="module")
def keyed(binary, simulator, tmp_path_factory):
    """One weir with a key for one client, and small bounds."""
    running = Weir(binary, tmp_path_factory.mktemp("keyed"), simulator.url, {
        "WEIR_CLIENT_KEYS": f"app:{KEY}", "WEIR_MAX_BODY_BYTES": str(BODY_BOUND), "WEIR_TIMEOUT_CLIENT_IDLE": "1"})
    yield running
    running.stop()


def post(weir: Weir, endpoint: str, body: bytes, *headers, key: str = KEY):
    authorization = [("Authorization", f"Bearer {key}")] if key else []
    return weir.ask("POST", f"/v1/{endpoint}", [JSON, *authorization, *headers], body, timeout=10)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("headers", STRANGERS.values(), ids=STRANGERS.keys())
def test_who_has_no_key_is_refused_and_told_nothing_of_keys(keyed, simulator, endpoint, headers):
    marked = mark()
    body = json.dumps(usual(endpoint)).encode()
    reply = keyed.ask("POST", f"/v1/{endpoint}?key={KEY}", [JSON, marked, *headers], body)
    if reply.status == 400:  # a header that is not UTF-8 may be told first
        check_error(reply, 400, "invalid_request", api_of(endpoint))
    else:
        check_error(reply, 401, "unauthorized", api_of(endpoint))
    assert KEY.encode() not in reply.body and not simulator.saw(marked)


@pytest.mark.parametrize("body", [*NOT_JSON.values(), *NOT_UTF8.values()], ids=[*NOT_JSON, *NOT_UTF8])
def test_a_body_that_is_not_json_is_refused_as_ever(keyed, simulator, body):
    marked = mark()
    check_error(post(keyed, "chat/completions", body, marked), 400, "invalid_json")
    check_error(post(keyed, "chat/completions", body, marked, key=""), 401, "unauthorized")
    assert not simulator.saw(marked)


@pytest.mark.parametrize("body, key", TWICE.values(), ids=TWICE.keys())
def test_a_key_given_twice_is_refused_as_ever(keyed, body, key):
    reply = post(keyed, "chat/completions", body)
    check_error(reply, 400, "duplicate_key", param=reply.json()["error"]["param"])


@pytest.mark.parametrize("data", [*BAD_FRAMING.values(), *BAD_HEADERS.values()], ids=[*BAD_FRAMING, *BAD_HEADERS])
def test_bad_framing_and_headers_are_refused_whoever_asks(keyed, data):
    for line in (b"", f"Authorization: Bearer {KEY}\r\n".encode()):
        with keyed.wire(timeout=5) as wire:
            # Before the host, or in its place where there is none.
            first, rest = data.split(b"\r\n", 1)
            send_all(wire, first + b"\r\n" + (line if not rest.startswith(b" ") else b"") + rest)
            reply = wire.read_reply()
            assert reply.status in (400, 401), reply
            assert reply.json()["error"]["code"] in ("invalid_request", "unauthorized")
            assert wire.is_closed_by_peer(4) or reply.status == 401


@pytest.mark.parametrize("body", BAD_CHUNKS.values(), ids=BAD_CHUNKS.keys())
def test_a_bad_chunk_is_refused_whoever_asks(keyed, body):
    lines = [b"Transfer-Encoding: chunked"]
    for more, statuses in (([], (400, 401)), ([f"Authorization: Bearer {KEY}".encode()], (400,))):
        with keyed.wire(timeout=5) as wire:
            send_all(wire, framed(*lines, *more, body=body))
            assert wire.read_reply().status in statuses
            assert wire.is_closed_by_peer(4)


@pytest.mark.parametrize("target", LEAVING)
def test_a_path_that_leaves_the_base_is_refused_whoever_asks(keyed, simulator, target):
    marked = mark()
    for headers in ([], [("Authorization", f"Bearer {KEY}")]):
        reply = keyed.ask("GET", target, [marked, *headers])
        check_error(reply, reply.status, "invalid_request" if reply.status == 400 else "unauthorized")
        assert reply.status in (400, 401)
    assert not simulator.saw(marked)


def test_a_stranger_cannot_make_weir_hold_a_large_body(keyed):
    with keyed.wire(timeout=5) as wire:
        send_all(wire, framed(b"Content-Length: %d" % BODY_BOUND, body=b"{"))
        reply = wire.read_reply()
        check_error(reply, reply.status, "unauthorized" if reply.status == 401 else "invalid_request")
    with keyed.wire(timeout=5) as wire:
        send_all(wire, framed(b"Transfer-Encoding: chunked", body=b"2000\r\n"))
        check_error(wire.read_reply(), 401, "unauthorized")


def test_two_keys_at_once_are_no_way_around(keyed):
    """One of them is nobody's: whichever weir reads, no unknown client is served under another's name."""
    for headers in ([("Authorization", f"Bearer {KEY}"), ("Authorization", "Bearer x")],
                    [("Authorization", "Bearer x"), ("Authorization", f"Bearer {KEY}")],
                    [("Authorization", "Bearer x"), ("x-api-key", KEY)],
                    [("Authorization", f"Bearer {KEY}"), ("x-api-key", "x")]):
        marked = mark()
        reply = keyed.ask("POST", CHAT, [JSON, marked, *headers], json.dumps(usual("chat/completions")).encode())
        assert reply.status in (200, 400, 401), (headers, reply)


def test_ten_thousand_clients_are_told_apart(weir_with, simulator):
    # One variable cannot hold so many: the kernel takes 128 KiB.
    lines = "".join(f"  {name}: {key}\n" for name, key in CROWD)
    weir = weir_with({"WEIR_CONFIG": "weir.yaml"}, files={"weir.yaml": f"clients:\n{lines}"})
    for name, key in (CROWD[0], CROWD[COUNT // 2], CROWD[-1]):
        request_id = mark()[1]
        reply = post(weir, "chat/completions", json.dumps(usual("chat/completions")).encode(),
                     ("x-request-id", request_id), key=key)
        assert reply.status == 200
        assert weir.access_line(request_id)["client"] == name
    check_error(post(weir, "chat/completions", b"{}", key="sk-weir-00000-00001"), 401, "unauthorized")


HOSTILE_NAMES = ['"><script>alert(1)</script>', "a\\nb", "{__name__=\"x\"}", "é" * 40, "' OR 1=1 --", "..%2f..%2f",
                 "\u202egnp.exe", "a b", "=cmd|' /C calc'!A0", "$(id)"]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_hostile_client_name_is_refused_at_load_or_harmless_everywhere(binary, simulator, tmp_path, name):
    try:
        weir = Weir(binary, tmp_path, simulator.url, {"WEIR_CLIENT_KEYS": f"{name}:{KEY}", "WEIR_LEDGER": "weir.db"})
    except AssertionError as refused:
        assert "WEIR_CLIENT_KEYS" in str(refused) and KEY not in str(refused)
        return
    try:
        request_id = mark()[1]
        body = json.dumps(usual("chat/completions")).encode()
        assert post(weir, "chat/completions", body, ("x-request-id", request_id)).status == 200
        assert weir.access_line(request_id)["client"] == name
        assert weir.scrape().sum("weir_requests_total") >= 1  # the page still parses
        page = weir.admin("/").body.decode()
        assert "<script>alert" not in page
        assert json.loads(weir.admin("/status").body)
    finally:
        weir.stop()
