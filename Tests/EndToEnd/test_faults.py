"""What an upstream may do wrong, and what the client must see: never the clean end of a broken reply.

The faults are the simulator's; upstreams that cannot be reached or are wrong about HTTP are in test_upstreams.py.
"""

import json
import threading
import time
import zlib

import pytest

from harness.eventually import eventually
from harness.faults import (CHAT, JSON, SHORT, ask, check_broken_plain, check_broken_stream, check_own_error, direct,
                            impatient)  # noqa: F401 - fixture
from harness.raw_servers import LAST_CHUNK
from harness.simulator import mark
from harness.streams import code_of, ended_broken, errors, events, has_end_marker, stable
from harness.usual_requests import ENDPOINTS, STREAMING, usual
from harness.wire import message

# -- errors that the upstream sends -------------------------------------------------------------------------

STATUSES = [400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 524, 529]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("status", STATUSES)
def test_an_error_of_the_upstream_passes_untouched(impatient, simulator, status, stream):
    through = ask(impatient, f"status={status}", stream=stream)
    without = direct(simulator, f"status={status}", stream=stream)
    assert through.status == without.status == status
    assert stable(through.body) == stable(without.body)
    assert through.get("content-type") == without.get("content-type")
    assert through.is_complete


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_an_error_of_the_upstream_passes_on_every_api(impatient, simulator, endpoint):
    through, without = ask(impatient, "status=429", endpoint), direct(simulator, "status=429", endpoint)
    assert through.status == 429 and stable(through.body) == stable(without.body)


PASSED_HEADERS = [
    ("status=429;retry-after=7", "retry-after", "7"),
    ("status=503;retry-after=Wed, 21 Oct 2026 07:28:00 GMT", "retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"),
    ("status=429;retry-after-ms=1234", "retry-after-ms", "1234"),
    ("status=429;ratelimit-reset=1799999999000", "x-ratelimit-reset", "1799999999000"),
    ("status=500;header=x-should-retry:false", "x-should-retry", "false"),
    ("header=x-ratelimit-limit:200", "x-ratelimit-limit", "200"),
    ("header=x-ratelimit-remaining-requests:5", "x-ratelimit-remaining-requests", "5"),
    ("header=x-ratelimit-reset-tokens:6m0s", "x-ratelimit-reset-tokens", "6m0s"),
    ("header=x-new-and-unknown:a b;header=x-other:c", "x-new-and-unknown", "a b"),
]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("fault, name, value", PASSED_HEADERS, ids=[name for _, name, _ in PASSED_HEADERS])
def test_headers_that_clients_retry_by_pass_under_their_own_names(impatient, fault, name, value, stream):
    assert ask(impatient, fault, stream=stream).all(name) == [value]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("fault", ["error-event=2", "error-choice=1", "html=1", "no-usage=1"])
def test_an_oddity_inside_a_reply_passes_untouched(impatient, simulator, fault, stream):
    through, without = ask(impatient, fault, stream=stream), direct(simulator, fault, stream=stream)
    assert through.status == without.status == 200
    assert through.is_complete and stable(through.body) == stable(without.body)
    assert through.get("content-type") == without.get("content-type")


@pytest.mark.parametrize("endpoint", STREAMING)
@pytest.mark.parametrize("fault", ["malformed=2", "cr=1", "crlf=1", "no-data=1"])
def test_a_strange_stream_passes_byte_for_byte(impatient, simulator, fault, endpoint):
    through, without = ask(impatient, fault, endpoint, stream=True), direct(simulator, fault, endpoint, stream=True)
    assert through.status == 200 and through.is_complete
    assert stable(through.body) == stable(without.body)


@pytest.mark.parametrize("endpoint", STREAMING)
def test_an_error_event_of_the_upstream_gets_no_second_one(impatient, simulator, endpoint):
    reply = ask(impatient, "error-event=2", endpoint, stream=True)
    assert len(errors(reply.body)) == 1
    assert code_of(errors(reply.body)[0]) != "upstream_stream_broken"
    assert stable(reply.body) == stable(direct(simulator, "error-event=2", endpoint, stream=True).body)


# -- time ---------------------------------------------------------------------------------------------------

def test_no_first_byte_in_time_is_a_504(impatient, simulator):
    """Every API, plain and streaming, side by side: each waits one second."""
    asked = {(endpoint, stream): mark() for endpoint in ENDPOINTS for stream in (False, True)
             if endpoint in STREAMING or not stream}
    replies = {}

    def run(endpoint: str, stream: bool) -> None:
        began = time.monotonic()
        reply = ask(impatient, "delay=15000", endpoint, stream, [asked[endpoint, stream]])
        replies[endpoint, stream] = reply, time.monotonic() - began

    before = impatient.errors_counted("upstream_timeout")
    threads = [threading.Thread(target=run, args=case) for case in asked]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    for (endpoint, stream), marked in asked.items():
        reply, seconds = replies[endpoint, stream]
        check_own_error(reply, 504, "upstream_timeout", endpoint=endpoint)
        assert 0.8 < seconds < 5
        simulator.await_end(marked, "cancelled")
    assert impatient.errors_counted("upstream_timeout") == before + len(asked)


def test_a_stall_breaks_the_stream_with_an_error_event(impatient, simulator):
    """Every API, side by side."""
    asked = {endpoint: mark() for endpoint in STREAMING}
    replies = {}

    def run(endpoint: str) -> None:
        began = time.monotonic()
        replies[endpoint] = ask(impatient, "stall=3", endpoint, True, [asked[endpoint]]), time.monotonic() - began

    before = impatient.errors_counted("upstream_stream_broken")
    threads = [threading.Thread(target=run, args=(endpoint,)) for endpoint in STREAMING]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    for endpoint in STREAMING:
        reply, seconds = replies[endpoint]
        check_broken_stream(reply, endpoint)
        assert len(events(reply.body)) == 4, "the three events before the stall, and the error"
        assert 0.8 < seconds < 5
        simulator.await_end(asked[endpoint], "cancelled")
    assert impatient.errors_counted("upstream_stream_broken") == before + len(STREAMING)


def test_a_stall_in_a_plain_reply_breaks_it(impatient, simulator):
    marked = mark()
    reply = ask(impatient, "stall=1", headers=[marked])
    if reply.status == 200:
        assert not reply.is_complete
    else:
        check_own_error(reply, 504, "upstream_timeout")
    simulator.await_end(marked, "cancelled")


def test_the_total_timeout_ends_a_stream_that_never_pauses(weir_with, simulator):
    weir, marked = weir_with(SHORT | {"WEIR_TIMEOUT_TOTAL": "2"}), mark()
    began = time.monotonic()
    headers = [marked, ("x-sim-gap-ms", "50"), ("x-sim-tokens", "1000")]
    reply = weir.post(f"/v1/{CHAT}", usual(CHAT, stream=True), headers)
    assert 1.5 < time.monotonic() - began < 6
    check_broken_stream(reply)
    simulator.await_end(marked, "cancelled")


def test_a_drip_of_single_bytes_is_no_pause(impatient):
    reply = ask(impatient, "drip=3")
    assert reply.status == 200 and reply.is_complete
    assert reply.json()["choices"][0]["message"]["content"] == "You said: hello there"


def test_a_stream_slower_than_the_first_byte_timeout_goes_on(impatient):
    reply = ask(impatient, "gap=300", stream=True)
    assert reply.is_complete and has_end_marker(CHAT, reply.body)


# -- broken transfers ---------------------------------------------------------------------------------------

# Inside a line, between two events, before the first event.
@pytest.mark.parametrize("endpoint", STREAMING)
@pytest.mark.parametrize("fault", ["cut=300", "cut=1", "cut=501", "cut-rst=300", "cut=0", "bad-chunk=1"])
def test_a_stream_that_breaks_off_ends_with_an_error_event(impatient, fault, endpoint):
    before = impatient.errors_counted("upstream_stream_broken")
    reply = ask(impatient, fault, endpoint, True, headers=[("x-sim-tokens", "50")])
    if fault == "cut=0" and reply.status != 200:
        check_own_error(reply, 502, "upstream_stream_broken", endpoint=endpoint)
    else:
        check_broken_stream(reply, endpoint)
    eventually(lambda: impatient.errors_counted("upstream_stream_broken") == before + 1, "one broken stream counted")


@pytest.mark.parametrize("endpoint", STREAMING)
def test_an_event_cut_in_the_middle_becomes_the_error_event(impatient, simulator, endpoint):
    """Clients fail on an event whose data are no JSON, and never come to one behind it."""
    whole = direct(simulator, "gap=0", endpoint, stream=True, headers=[("x-sim-tokens", "3")]).body
    for at in range(1, min(len(whole) - len(b"data: [DONE]\n\n"), 1500), 37):
        reply = ask(impatient, f"cut={at}", endpoint, stream=True, headers=[("x-sim-tokens", "3")])
        check_broken_stream(reply, endpoint)
        for event in events(reply.body):
            assert isinstance(event.json(), dict), event


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("fault", ["cut=20", "cut=1", "cut-rst=20", "cut=0", "short=100"])
def test_a_plain_reply_that_breaks_off_is_visibly_broken(impatient, fault, endpoint):
    reply = ask(impatient, fault, endpoint)
    if reply.status == 200:
        assert not reply.is_complete
    else:
        check_own_error(reply, 502, "upstream_stream_broken", "upstream_protocol_error", endpoint=endpoint)


@pytest.mark.parametrize("endpoint", STREAMING)
def test_a_stream_without_its_end_marker_does_not_look_whole(impatient, endpoint):
    assert ended_broken(endpoint, ask(impatient, "no-done=1", endpoint, stream=True))


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_reset_before_the_reply_is_a_502(impatient, stream):
    before = impatient.errors_counted("upstream_unreachable")
    check_own_error(ask(impatient, "reset=1", stream=stream), 502, "upstream_unreachable")
    assert impatient.errors_counted("upstream_unreachable") == before + 1


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_an_answer_that_is_not_http_is_a_502(impatient, stream):
    before = impatient.errors_counted("upstream_protocol_error")
    check_own_error(ask(impatient, "garbage=1", stream=stream), 502, "upstream_protocol_error")
    assert impatient.errors_counted("upstream_protocol_error") == before + 1


def test_headers_without_end_are_given_up(impatient, simulator):
    marked, before = mark(), impatient.process.resident_bytes()
    check_own_error(ask(impatient, "endless-headers=1", headers=[marked]), 502, "upstream_protocol_error")
    assert impatient.process.resident_bytes() < before + 8_000_000
    simulator.await_end(marked, "cancelled")


def test_a_bad_chunk_breaks_a_plain_reply(impatient):
    check_broken_plain(ask(impatient, "bad-chunk=1"))


def test_a_corrupt_gzip_reply_is_handed_on_as_corrupt_as_it_came(impatient):
    reply = ask(impatient, "bad-gzip=1", headers=[("Accept-Encoding", "gzip")])
    assert reply.status == 200
    if reply.is_complete:
        assert reply.get("content-encoding") == "gzip"
        with pytest.raises(zlib.error):
            inflater = zlib.decompressobj(wbits=31)
            inflater.decompress(reply.body)
            if not inflater.eof:
                raise zlib.error("cut short")


# -- legal, and seldom seen ---------------------------------------------------------------------------------

@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("fault", ["informational=3", "trailers=1", "close=1", "gap=1"])
def test_what_http_allows_reaches_the_client_whole(impatient, simulator, fault, stream):
    for _ in range(2):
        through = ask(impatient, fault, stream=stream)
        assert through.status == 200 and through.is_complete
        assert stable(through.body) == stable(direct(simulator, fault, stream=stream).body)


def test_connection_close_of_the_upstream_ends_only_its_own_connection(impatient):
    body = json.dumps(usual(CHAT)).encode()
    with impatient.wire(timeout=5) as wire:
        for _ in range(3):
            reply = wire.request("POST", f"/v1/{CHAT}", [JSON, ("x-sim-fault", "close=1")], body)
            assert reply.status == 200 and (reply.get("connection") or "").lower() != "close"


def test_an_answer_before_the_upload_is_over_reaches_the_client(impatient, simulator):
    upload = b"x" * 5_000_000
    headers = [("Authorization", "Bearer k"), ("x-sim-fault", "early=1")]
    expected = simulator.ask("POST", "/v1/files", headers, b"x").status
    with impatient.wire(timeout=10) as wire:
        try:
            wire.send(message("POST", "/v1/files", headers, upload))
        except ConnectionError:
            pass  # told enough
        assert wire.read_reply().status == expected


def test_a_reply_of_ten_megabytes_arrives_whole_in_little_memory(impatient):
    before = impatient.process.resident_bytes()
    reply = ask(impatient, "huge=10485760")
    assert reply.is_complete and len(reply.json()["choices"][0]["message"]["content"]) == 10485760
    assert impatient.process.resident_bytes() < before + 24_000_000


def test_an_event_of_ten_megabytes_arrives_whole(impatient):
    with impatient.wire(timeout=20) as wire:
        body = json.dumps(usual(CHAT, stream=True)).encode()
        headers = [JSON, ("x-sim-fault", "big-event=10485760"), ("Connection", "close")]
        wire.send(message("POST", f"/v1/{CHAT}", headers, body))
        data = b"".join(iter(wire.more, b""))
    assert len(data) > 10485760 and data.endswith(LAST_CHUNK) and b"[DONE]" in data[-200:]
