"""How long weir waits for each stream of an HTTP/2 upstream, silent connections, and slow clients."""

import concurrent.futures
import time

import pytest

from harness.eventually import eventually
from harness.exact_upstream import CASE
from harness.faults import check_own_error
from harness.h2_frames import OK, Setting, body, data, head, pinged, reply, wait_for_end
from harness.h2_ways import H2Way, own_way, way  # noqa: F401
from harness.ways import Broken, Whole
from harness.wire import Wire, message

SETTINGS = {"WEIR_TIMEOUT_CONNECT": "1", "WEIR_TIMEOUT_FIRST_BYTE": "1", "WEIR_TIMEOUT_IDLE": "1",
            "WEIR_TIMEOUT_TOTAL": "5"}
TARDY = 8  # seconds in which a time-out of one second is noticed, whatever else the machine does
# A whole reply that takes three seconds and never pauses for one.
SLOW = [head(), *(step for at in range(11) for step in (0.3, data(OK[at:at + 1]))), data(b"", end=True)]
LARGE = bytes(range(250)) * 48_000  # 12 MB


def drip(stream) -> None:
    while stream.reset is None and not stream.peer.ended_by:
        stream.send(data(b"x")(stream))
        time.sleep(0.05)


def test_each_stream_has_its_own_time_outs(way: H2Way):  # noqa: F811
    """They run side by side on one connection, which lives on with the streams that are in time."""
    scripts = {"no head": [wait_for_end], "an early head": [head("103"), wait_for_end],
               "no data": [head(), wait_for_end], "half the data": [head(), data(OK[:5]), wait_for_end],
               "no end": [head("200"), data(OK), wait_for_end], "pings alone": [head(), *[pinged(), 0.3] * 10],
               "endless": [head(), drip], "slow": SLOW}
    with way.together(len(scripts)) as (wires, number):
        cases = {name: way.begin(wire, script) for (name, script), wire in zip(scripts.items(), wires)}
        began = time.monotonic()

        def finish(wire) -> tuple:
            return wire.read_reply(), time.monotonic() - began

        with concurrent.futures.ThreadPoolExecutor(len(wires)) as pool:
            replies = dict(zip(scripts, pool.map(finish, wires)))
        for name in ("no head", "an early head"):
            check_own_error(replies[name][0], 504, "upstream_timeout")
        for name in ("no data", "half the data", "no end", "pings alone"):
            Broken().check(replies[name][0])
            assert 0.9 <= replies[name][1] < TARDY
        Broken(b"x" * 1000).check(replies["endless"][0])
        assert 4.5 <= replies["endless"][1] < 4 + TARDY
        Whole().check(replies["slow"][0])
        for name, case in cases.items():
            stream = way.stream(case)
            assert stream.connection == number
            if name != "slow":
                eventually(lambda: stream.reset is not None or number in way.upstream.over, f"the reset of {name}")


@pytest.mark.parametrize("method, payload", [("GET", b""), ("POST", b"x" * 30_000_000)], ids=["GET", "an upload"])
def test_a_connection_that_falls_silent_is_not_asked_again(own_way, method, payload):  # noqa: F811
    """No byte is read of it, and none comes: not even answers to PING. All of its requests are given up in time."""
    way = own_way()
    with way.together(4) as (wires, number):
        way.upstream.peers[number].reads.clear()
        cases = [way.upstream.case([wait_for_end]) for _ in wires]
        for case, wire in zip(cases, wires[:3]):
            wire.send(message("GET", "/v1/files", [(CASE, case)]))
        if payload:
            last = Wire(way.weir.port)
            last.socket.setblocking(False)
            last.socket.send(message("POST", "/v1/files", [(CASE, cases[3]), ("Content-Length", str(len(payload)))]))
            last.socket.settimeout(TARDY)
        for wire in wires[:3]:
            check_own_error(wire.read_reply(), 504, "upstream_timeout")
        for wire in wires[:3]:
            assert way.prime(wire) != number
        way.upstream.peers[number].reads.set()


def test_a_stream_that_times_out_does_not_end_a_connection_that_lives(way: H2Way):  # noqa: F811
    with way.together(2) as ((one, two), number):
        case = way.begin(one, SLOW)
        check_own_error(way.ask([wait_for_end], wire=two), 504, "upstream_timeout")
        Whole().check(one.read_reply())
        assert way.stream(case).connection == number


def test_an_upload_that_is_not_taken_is_a_504(own_way):  # noqa: F811
    way = own_way(gives_credit=False)
    case = way.upstream.case([None, wait_for_end])
    before = way.weir.process.resident_bytes()
    with Wire(way.weir.port, timeout=2 + TARDY) as wire:
        wire.send(message("POST", "/v1/files", [(CASE, case), ("Content-Length", "30000000")]))
        sent = wire.push(0.5)
        assert way.weir.process.resident_bytes() < before + 24_000_000
        wire.socket.settimeout(2 + TARDY)
        assert sent < 30_000_000
        check_own_error(wire.read_reply("POST"), 504, "upstream_timeout")


def test_settings_that_allow_no_stream_end_in_a_time_out(own_way):  # noqa: F811
    way = own_way(initial={Setting.MAX_CONCURRENT_STREAMS: 0})
    for _ in range(2):
        answer = way.ask(reply())
        if answer.status == 200:
            continue  # begun before the settings arrived
        assert answer.status in (502, 504) and answer.is_complete
        assert answer.json()["error"]["code"].startswith("upstream_")


# -- slow clients ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("count", [1, 6])
def test_slow_clients_hold_up_nobody_else(own_way, count):  # noqa: F811
    """Nor does it count as an upstream's pause that a client reads nothing for longer than the idle time-out."""
    way = own_way({"WEIR_TIMEOUT_TOTAL": "60"})
    bodies = [bytes([65 + number]) + LARGE for number in range(count)]
    with way.together(count + 1) as (wires, number):
        before = way.weir.process.resident_bytes()
        slow = []
        for each in bodies:
            wire = Wire(way.weir.port, timeout=30, receive_buffer=65_536)
            slow.append((wire, way.begin(wire, [head("200", f"content-length: {len(each)}"), body(each)])))
        streams = [way.stream(case) for _, case in slow]
        eventually(lambda: all(stream.sent for stream in streams), "the replies begin")
        time.sleep(1.5)
        ahead = [stream.sent for stream in streams]
        assert max(ahead) < 9_000_000
        assert way.weir.process.resident_bytes() < before + 24_000_000 + count * 8_000_000
        for wire in wires:
            assert way.prime(wire) == number
            Whole(LARGE[:5_000_000]).check(way.ask(reply(LARGE[:5_000_000]), wire=wire))
        assert [stream.sent for stream in streams] == ahead, "the slow ones are held back"
        for (wire, _), each in zip(slow, bodies):
            answer = wire.read_reply()
            assert answer.is_complete and answer.body == each
            wire.close()
    way.check_upstream()


def test_a_slow_client_that_leaves_gives_its_window_back(own_way):  # noqa: F811
    way = own_way({"WEIR_TIMEOUT_TOTAL": "60"})
    with way.together(1) as ([wire], number):
        for _ in range(20):
            with Wire(way.weir.port, receive_buffer=65_536) as slow:
                case = way.begin(slow, [head(), body(LARGE)])
                stream = way.stream(case)
                eventually(lambda: stream.sent > 200_000, "the reply begins")
            eventually(lambda: stream.reset is not None, "the stream is reset", 3)
        Whole(LARGE).check(way.ask(reply(LARGE), wire=wire))
        assert way.prime(wire) == number


def test_a_client_that_reads_slowly_and_steadily_gets_all_of_it(own_way):  # noqa: F811
    """It is no idle client, however long it takes for what weir keeps of a reply that came fast."""
    way = own_way({"WEIR_TIMEOUT_CLIENT_IDLE": "1", "WEIR_TIMEOUT_TOTAL": "30"})
    payload = LARGE[:6_000_000]
    with Wire(way.weir.port, timeout=10, receive_buffer=8192) as wire:
        way.begin(wire, [head("200", f"content-length: {len(payload)}"), body(payload)])
        reply, taken = wire.read_head(), bytearray(wire.pending)
        while len(taken) < len(payload):
            more = wire.socket.recv(8192)
            assert more, f"cut after {len(taken)} bytes"
            taken += more
            time.sleep(0.008)
        assert reply.status == 200 and taken == payload


def test_a_client_that_takes_nothing_any_more_is_let_go(own_way):  # noqa: F811
    way = own_way({"WEIR_TIMEOUT_CLIENT_IDLE": "1", "WEIR_TIMEOUT_TOTAL": "30"})
    with Wire(way.weir.port, timeout=10, receive_buffer=8192) as wire:
        way.begin(wire, [head(), body(LARGE[:7_000_000])], headers=[("x-request-id", "stalled")])
        assert wire.read_head().status == 200
        assert way.weir.access_line("stalled")["ending"] in ("complete", "client_left_reply")
        eventually(lambda: way.weir.scrape().sum("weir_open_connections") == 0, "the connection is closed", 8)
