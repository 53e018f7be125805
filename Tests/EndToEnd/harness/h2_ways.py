"""The way to an HTTP/2 upstream, with a weir and an upstream of its own, and what comes of a script."""

import contextlib
import threading
from dataclasses import dataclass

import pytest

from .eventually import eventually
from .h2_exact import CASE, ExactH2
from .h2_frames import OK, body, data, head
from .tls_ways import trusting
from .ways import EITHER, GONE, HASTY, KEPT, Broken, Refused, Way, Whole
from .weir import Weir
from .wire import Reply, Wire, message

# A reply that never came, whatever it is called: the stream was reset, or the connection ended.
FAILED = Refused(("upstream_protocol_error", "upstream_unreachable"))
HALF = OK[:5]


class H2Way(Way):
    """A weir and the HTTP/2 upstream that it asks."""

    def prime(self, wire: Wire) -> int:
        """The number of the upstream connection that answered the wire's request."""
        reply = self.ask([], wire=wire, headers=[("Accept", "*/*")])
        assert reply.status == 200 and reply.body == OK, (reply.start_line, reply.body)
        return self.connections_of(reply)[-1]

    @contextlib.contextmanager
    def together(self, count: int = 2, attempts: int = 200, **options):
        """Wires whose requests go over one connection to the upstream, and its number."""
        found, opened = {}, []
        try:
            for _ in range(attempts):
                wire = Wire(self.weir.port, timeout=15, **options)
                opened.append(wire)
                number = self.prime(wire)
                found.setdefault(number, []).append(wire)
                if len(found[number]) == count:
                    yield found[number], number
                    return
            raise AssertionError(f"no {count} of {attempts} wires share a connection to the upstream")
        finally:
            for wire in opened:
                wire.close()

    def begin(self, wire: Wire, script, method: str = "GET", target: str = "/v1/files", headers=(),
              body: bytes = b"") -> str:
        """Sends a request and reads nothing; returns its case."""
        case = self.upstream.case(script)
        wire.send(message(method, target, [(CASE, case), *headers], body))
        return case

    def stream(self, case: str):
        """The request of a case at the upstream, as soon as it is there."""
        return eventually(lambda: self.upstream.asked_for(case), "the upstream is asked")[0]

    def check_upstream(self) -> None:
        """Weir broke no rule of HTTP/2."""
        found, self.upstream.violations[:] = list(self.upstream.violations), []
        assert found == []


@contextlib.contextmanager
def running(binary, folder, environment=None, **options):
    """A way with options of `ExactH2`."""
    settings = HASTY | trusting() | (environment or {})
    with ExactH2(**options) as upstream:
        way = H2Way("own", Weir(binary, folder, upstream.url, settings), upstream)
        yield way
        way.weir.stop()
        way.check_upstream()


@pytest.fixture(scope="module")
def way(request, binary, tmp_path_factory):
    """One for all tests of a module."""
    with running(binary, tmp_path_factory.mktemp("way"), getattr(request.module, "SETTINGS", {})) as way:
        yield way


@pytest.fixture
def own_way(request, binary, tmp_path_factory):
    """`own_way(environment, **options)`: one of the test's own."""
    with contextlib.ExitStack() as stack:
        yield lambda environment=None, **options: stack.enter_context(running(
            binary, tmp_path_factory.mktemp("way"),
            getattr(request.module, "SETTINGS", {}) | (environment or {}), **options))


class Companion:
    """Another request on the same connection, half answered, until `finish`."""

    def __init__(self, way: H2Way, wire: Wire):
        self.wire = wire
        self.gate = threading.Event()
        self.case = way.begin(wire, [head("200", "content-type: application/json"), data(HALF),
                                     lambda _: self.gate.wait(20) and None, body(OK[5:])])
        self.reply = wire.read_head()
        assert self.reply.status == 200
        while HALF not in wire.pending:
            wire._fill()

    def finish(self) -> Reply:
        self.gate.set()
        return self.wire.read_body(self.reply)

    def check(self, fate: str) -> None:
        """It is whole where its connection lives on, and visibly broken where it does not."""
        reply = self.finish()
        if fate == KEPT or fate == EITHER and reply.is_complete:
            Whole().check(reply)
        else:
            Broken().check(reply)


@dataclass(frozen=True)
class H2Case:
    """A script, what the client gets, and what becomes of the connection and of the other streams on it."""
    script: object
    outcome: object = Whole()
    fate: str = KEPT  # where it is EITHER, both a stream's and a connection's error would be right
    method: str = "GET"


def check_case(way: H2Way, case: H2Case) -> Reply:
    """Asks for the case beside another request, and then for something else."""
    with way.together() as ((wire, other), number):
        companion = Companion(way, other)
        reply = way.ask(case.script, case.method, wire=wire)
        case.outcome.check(reply)
        first, *again = way.upstream.asked_for(reply.case)
        assert first.connection == number
        eventually(lambda: first.is_answered, "the script was played")
        if case.fate == GONE:
            eventually(lambda: number in way.upstream.over, "the connection is closed")
        companion.check(case.fate)
        if case.fate == KEPT:
            assert way.prime(other) == number, "the connection serves on"
        if case.fate == GONE:
            with Wire(way.weir.port) as another:
                assert way.prime(another) != number
    with Wire(way.weir.port) as another:
        way.prime(another)
    way.check_upstream()
    reply.again = again
    return reply
