"""How long weir waits for an upstream in clear text, and how far one gets ahead of its client; by either client."""

import concurrent.futures
import socket
import time

import pytest

from harness.eventually import eventually
from harness.exact_upstream import CASE, OK, WAIT_FOR_END
from harness.faults import check_own_error
from harness.kernel_queues import queued_bytes
from harness.raw_servers import LAST_CHUNK, FullBacklog, chunk, closed_port, head
from harness.ways import WAYS, Broken, Way, Whole, way  # noqa: F401
from harness.wire import Wire, message

pytestmark = pytest.mark.begins_first

SETTINGS = {"WEIR_TIMEOUT_CONNECT": "1", "WEIR_TIMEOUT_FIRST_BYTE": "1", "WEIR_TIMEOUT_IDLE": "1",
            "WEIR_TIMEOUT_TOTAL": "5"}
CHUNKED = head("200 OK", "Transfer-Encoding: chunked")
TARDY = 8  # seconds in which a time-out of one second is noticed, whatever else the machine does


def timed(way: Way, script) -> tuple:  # noqa: F811
    began = time.monotonic()
    reply = way.ask(script)
    return reply, time.monotonic() - began


def together(way: Way, scripts: dict) -> dict:  # noqa: F811
    """The replies to all at once, and how long each took, by the scripts' names."""
    with concurrent.futures.ThreadPoolExecutor(len(scripts)) as pool:
        return dict(zip(scripts, pool.map(lambda script: timed(way, script), scripts.values())))


def check_given_up(way: Way, reply) -> None:  # noqa: F811
    """The upstream sees its connection end."""
    [used] = way.connections_of(reply)
    eventually(lambda: way.upstream.over.get(used) == "weir", "the upstream sees the end", 3)


def drip(wire: Wire, _) -> None:
    while True:
        wire.send(chunk(b"x"))
        time.sleep(0.05)


def test_a_head_that_does_not_come_is_a_504(way: Way):  # noqa: F811
    heads = {"nothing": b"", "half a line": b"HTTP/1.1 200 O", "a 100": head("100 Continue"),
             "a 103": head("103 Early Hints"), "no empty line": head("200 OK", "X-A: a")[:-2]}
    for name, (reply, seconds) in together(way, {name: [begun, WAIT_FOR_END] for name, begun in heads.items()}).items():
        check_own_error(reply, 504, "upstream_timeout")
        assert 0.9 <= seconds < TARDY, name
        check_given_up(way, reply)
    Whole().check(way.ask([]))


def test_a_reply_that_pauses_or_goes_on_for_too_long_breaks_off(way: Way):  # noqa: F811
    begun = {"no chunk": CHUNKED, "no next chunk": CHUNKED + chunk(OK), "half a chunk": CHUNKED + b"b\r\n" + OK[:5],
             "no end of the trailers": CHUNKED + chunk(OK) + b"0\r\n", "no body": head("200 OK", "Content-Length: 12"),
             "half a body": head("200 OK", "Content-Length: 12") + OK, "no close": head("200 OK") + OK}
    replies = together(way, {name: [data, WAIT_FOR_END] for name, data in begun.items()} | {"endless": [CHUNKED, drip]})
    reply, seconds = replies.pop("endless")
    Broken(b"x" * 10_000).check(reply)
    assert 4.9 <= seconds < 4 + TARDY
    for name, (reply, seconds) in replies.items():
        Broken().check(reply)
        assert 0.9 <= seconds < TARDY, name
        check_given_up(way, reply)
    Whole().check(way.ask([]))


def test_a_reply_that_pauses_for_less_than_that_is_whole(way: Way):  # noqa: F811
    pieces = [step for at in range(0, len(OK), 2) for step in (0.3, chunk(OK[at:at + 2]))]
    reply, seconds = timed(way, [CHUNKED, *pieces, LAST_CHUNK])
    Whole().check(reply)
    assert seconds > 1.5


def test_a_body_that_is_not_taken_is_a_504(way: Way):  # noqa: F811
    """The upstream reads nothing of an upload that is larger than the kernel's buffers."""
    size = 30_000_000
    case = way.upstream.case([None, 6, WAIT_FOR_END])
    with Wire(way.weir.port, timeout=2 + TARDY) as wire:
        wire.send(message("POST", "/v1/files", [(CASE, case), ("Content-Length", str(size))]))
        sent = wire.push(0.5)
        wire.socket.settimeout(2 + TARDY)
        assert sent < size
        check_own_error(wire.read_reply("POST"), 504, "upstream_timeout")


# -- a client that is slow ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("framing", ["sized", "chunked", "until close"])
def test_an_upstream_does_not_get_far_ahead_of_a_slow_client(way: Way, framing):  # noqa: F811
    """Nor does it count as an upstream's pause that the client reads nothing for longer than the idle time-out."""
    piece, count = bytes(range(256)) * 256, 500
    sent = [0]

    def flood(wire: Wire, _) -> None:
        framed = chunk(piece) if framing == "chunked" else piece
        for number in range(count):
            wire.send(framed)
            sent[0] = number + 1
        if framing == "chunked":
            wire.send(LAST_CHUNK)
        if framing == "until close":
            wire.socket.shutdown(socket.SHUT_RDWR)
            wire.socket.close()

    start = {"sized": head("200 OK", f"Content-Length: {len(piece) * count}"), "chunked": CHUNKED,
             "until close": head("200 OK")}[framing]
    case = way.upstream.case([start, flood])
    before = way.weir.process.resident_bytes()
    with Wire(way.weir.port, timeout=20, receive_buffer=65_536) as wire:
        wire.send(message("GET", "/v1/files", [(CASE, case)]))
        eventually(lambda: sent[0] > 1, "the reply begins")
        time.sleep(1.7)
        # The kernel's queues grow as it likes; what is in none of them is weir's.
        kept = sent[0] * len(piece) - queued_bytes(way.upstream.port, way.weir.port)
        assert kept < 4_000_000 < count * len(piece), "the upstream is held back"
        assert way.weir.process.resident_bytes() < before + 24_000_000
        reply = wire.read_reply()
    assert reply.status == 200 and reply.is_complete
    assert len(reply.body) == count * len(piece) and reply.body == piece * count


# -- upstreams that cannot be reached ----------------------------------------------------------------------------

@pytest.mark.parametrize("name", WAYS)
class TestUpstreamsThatCannotBeReached:
    def test_nobody_listens(self, weir_with, name):
        weir = weir_with(WAYS[name], upstream=f"http://127.0.0.1:{closed_port()}/api/v1")
        for _ in range(3):
            check_own_error(weir.ask("GET", "/v1/files"), 502, "upstream_unreachable")
        assert weir.scrape().sum("weir_upstream_requests_total", status="none") == 3
        assert weir.scrape().sum("weir_upstream_connections_total") == 0

    def test_a_name_is_not_found(self, weir_with, name):
        exception = {"no_proxy": "*"} if "no_proxy" in WAYS[name] else {}
        weir = weir_with(WAYS[name] | exception, upstream="http://no-such-host.invalid/api/v1")
        for _ in range(2):
            reply = weir.ask("GET", "/v1/files")
            check_own_error(reply, 502, "upstream_unreachable")
            assert "name" in reply.json()["error"]["message"]

    def test_connecting_hangs(self, weir_with, name):
        with FullBacklog() as nowhere:
            weir = weir_with(WAYS[name], upstream=nowhere)
            began = time.monotonic()
            reply = weir.ask("GET", "/v1/files")
            check_own_error(reply, 504, "upstream_timeout")
            assert 0.9 <= time.monotonic() - began < TARDY
            assert weir.scrape().sum("weir_upstream_connections_total") == 0

    def test_a_client_leaves_while_weir_connects(self, weir_with, name):
        with FullBacklog() as nowhere:
            weir = weir_with(WAYS[name] | {"WEIR_TIMEOUT_CONNECT": "30"}, upstream=nowhere)
            with weir.wire() as wire:
                wire.send(message("GET", "/v1/files"))
                eventually(lambda: weir.scrape().sum("weir_in_flight_requests") == 1, "the request is in flight")
            eventually(lambda: weir.scrape().sum("weir_in_flight_requests") == 0, "the request is given up", 3)

    def test_clients_that_leave_take_connections_along_that_do_not_come_about(self, weir_with, name):
        with FullBacklog() as nowhere:
            weir = weir_with(WAYS[name] | {"WEIR_TIMEOUT_CONNECT": "60"}, upstream=nowhere)
            before = weir.process.open_files()
            for _ in range(20):
                with weir.wire() as wire:
                    wire.send(message("GET", "/v1/files"))
                    eventually(lambda: weir.scrape().sum("weir_in_flight_requests") == 1, "the request is in flight")
                eventually(lambda: weir.scrape().sum("weir_in_flight_requests") == 0, "the request is given up", 3)
            # What the scrapes themselves hold open goes up and down by a few.
            eventually(lambda: weir.process.open_files() < before + 10, "the descriptors are given back", 5)
