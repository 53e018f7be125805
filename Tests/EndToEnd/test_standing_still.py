"""A process that stood still for a while, as in `docker pause`, under a debugger or without a processor: nobody is cut for
the time in which weir did not look."""

import signal
import threading
import time

import pytest

from harness.eventually import eventually
from harness.exact_upstream import CASE, OK, PLAIN, ExactUpstream
from harness.large_streams import LargeStreams, Reader
from harness.raw_servers import LAST_CHUNK, chunk, head
from harness.requests import chat
from harness.tls_ways import h1_upstream, trusting
from harness.wire import Wire, message

pytestmark = pytest.mark.begins_first

SETTINGS = {"WEIR_TIMEOUT_FIRST_BYTE": "2", "WEIR_TIMEOUT_IDLE": "2", "WEIR_TIMEOUT_HEADER": "2",
            "WEIR_TIMEOUT_CLIENT_IDLE": "3", "WEIR_EVENT_LOOPS": "1", "WEIR_RETRIES": "0"}
CHUNKED = head("200 OK", "Transfer-Encoding: chunked")
# More sockets become ready meanwhile than one turn of the event loop sees to.
EACH = 90


def test_what_came_in_time_is_served_although_weir_read_it_late(weir_with):
    streamed = [CHUNKED, *[step for _ in range(12) for step in (chunk(OK), 0.5)], LAST_CHUNK]
    late = [1, head("200 OK", "Content-Length: 11") + OK]
    whole = OK * 12, OK
    with ExactUpstream() as upstream:
        weir = weir_with(SETTINGS, upstream)
        wires = []
        for script in EACH * [streamed, late]:
            wires.append(Wire(weir.port, timeout=30))
            wires[-1].send(message("GET", "/v1/files", [(CASE, upstream.case(script))]))
        slow = [Wire(weir.port, timeout=30) for _ in range(EACH)]
        request = message("GET", "/v1/files")
        for wire in slow:
            wire.send(request[:20])
        eventually(lambda: len(upstream.asked) == 2 * EACH, "all are at the upstream")
        weir.process.send(signal.SIGSTOP)
        time.sleep(1)
        for wire in slow:
            wire.send(request[20:])
        time.sleep(3)
        weir.process.send(signal.SIGCONT)
        for number, wire in enumerate(wires):
            with wire:
                reply = wire.read_reply()
                assert (reply.status, reply.is_complete, reply.body) == (200, True, whole[number % 2]), number
        for wire in slow:
            with wire:
                assert wire.read_reply().status == 200


@pytest.mark.parametrize("late", [
    head("408 Request Timeout", "Connection: close", "Content-Length: 0"),
    head("200 OK", "Content-Type: application/json", "Content-Length: 11") + b'{"no":true}', None,
], ids=["a time-out's 408", "a reply to nobody", "the end"])
@pytest.mark.parametrize("encrypts", [False, True], ids=["clear", "tls"])
def test_what_came_over_a_resting_connection_is_nobodys_reply(weir_with, encrypts, late):
    """The next request is there first, so that weir comes to it before it comes to read that connection."""
    go = threading.Event()

    def says_more(wire: Wire, _) -> None:
        go.wait(20)
        if late is None:
            wire.close()
            raise OSError("the upstream closed the connection")
        wire.send(late)

    with h1_upstream() if encrypts else ExactUpstream() as upstream:
        weir = weir_with(SETTINGS | trusting(), upstream)
        case = upstream.case([PLAIN])
        with Wire(weir.port) as first, Wire(weir.port) as second:
            reply = first.request("GET", "/v1/files", [(CASE, upstream.case([PLAIN, says_more]))])
            assert reply.body == OK
            request = message("GET", "/v1/files", [(CASE, case)])
            second.send(request[:20])
            time.sleep(0.2)
            weir.process.send(signal.SIGSTOP)
            eventually(lambda: weir.process.stands_still, "weir stands still")
            second.send(request[20:])
            time.sleep(0.2)
            go.set()
            time.sleep(0.5)
            weir.process.send(signal.SIGCONT)
            reply = second.read_reply()
        assert (reply.status, reply.body) == (200, OK)
        [asked] = upstream.asked_for(case)
        assert asked.connection != upstream.asked[0].connection


@pytest.mark.parametrize("slow", [0, 1], ids=["leader", "follower"])
def test_a_slow_client_did_not_hold_others_up_while_weir_stood_still(weir_with, slow):
    """Who makes others wait for thirty seconds has to go, and this one only reads slowly."""
    options = [{}, {}]
    options[slow] = {"pace": 60_000}
    with LargeStreams("plain", 40) as upstream:
        weir = weir_with({"WEIR_CACHE_TTL": "300"}, upstream)
        readers = []
        for number, each in enumerate(options):
            readers.append(Reader(weir, chat(stream=True), upstream.headers, **each))
            if number == 0:
                eventually(lambda: upstream.asked == 1, "the first request is at the upstream")
        eventually(lambda: weir.scrape().sum("weir_in_flight_requests") == 2, "both are in flight")
        upstream.go()
        time.sleep(4)
        weir.process.send(signal.SIGSTOP)
        time.sleep(32)
        weir.process.send(signal.SIGCONT)
        time.sleep(2)
        assert all(reader.thread.is_alive() for reader in readers), "nobody is cut"
        for reader in readers:
            reader.leave()
