"""The two ways to an upstream in clear text, each with a weir and an upstream of its own, and what comes of a script.

`direct` is weir's own HTTP/1.1 client. `libcurl` is taken where the environment names a proxy for `http:`; here one
that `no_proxy` then excepts the upstream from.
"""

from dataclasses import dataclass

import pytest

from .eventually import eventually
from .exact_upstream import CASE, OK, Cut, ExactUpstream
from .faults import check_own_error
from .raw_servers import head
from .weir import Weir
from .wire import ConnectionEnded, Reply, Wire

WAYS = {"direct": {}, "libcurl": {"http_proxy": "http://127.0.0.1:9", "no_proxy": "127.0.0.1,localhost,::1"}}
HASTY = {"WEIR_TIMEOUT_CONNECT": "2", "WEIR_TIMEOUT_FIRST_BYTE": "4", "WEIR_TIMEOUT_IDLE": "4"}


@dataclass
class Way:
    """A weir and the upstream that it asks."""
    name: str
    weir: Weir
    upstream: ExactUpstream

    def ask(self, script, method: str = "GET", target: str = "/v1/files", headers=(), body: bytes = b"",
            wire: Wire = None) -> Reply:
        """The reply to a request that is answered by this script; `reply.case` finds it at the upstream."""
        case = self.upstream.case(script)
        headers = [(CASE, case), *headers]
        if wire:
            reply = wire.request(method, target, headers, body)
        else:
            reply = self.weir.ask(method, target, headers, body)
        reply.case = case
        return reply

    def connections_of(self, reply: Reply) -> list:
        """The upstream's connections over which the request came, by their numbers."""
        return [each.connection for each in self.upstream.asked_for(reply.case)]

    @property
    def is_own(self) -> bool:
        return not self.name.startswith("libcurl")

    def excuse(self, reason: str) -> None:
        """Skips the test where libcurl is known to do something else."""
        if reason and not self.is_own:
            pytest.skip(f"libcurl 7.88 {reason}")

    def prime(self, wire: Wire) -> int:
        """The number of an upstream connection that rests, and that the wire's next request will be sent over."""
        reply = self.ask([], wire=wire, headers=[("Accept", "*/*")])
        assert reply.status == 200 and reply.body == OK
        return self.connections_of(reply)[0]

    def drain(self, wire: Wire) -> None:
        """Until none of weir's connections to the upstream rests on this wire's event loop."""
        for _ in range(100):
            opened = self.upstream.connections
            reply = self.ask([head("200 OK", "Connection: close", "Content-Length: 0")], wire=wire)
            [number] = self.connections_of(reply)
            eventually(lambda: number in self.upstream.over, "the connection is closed")
            if number >= opened:
                return
        raise AssertionError("connections without end")


@pytest.fixture(scope="module", params=list(WAYS))
def way(request, binary, tmp_path_factory):
    settings = HASTY | getattr(request.module, "SETTINGS", {}) | WAYS[request.param]
    with ExactUpstream() as upstream:
        weir = Weir(binary, tmp_path_factory.mktemp(request.param), upstream.url, settings)
        yield Way(request.param, weir, upstream)
        weir.stop()


# -- what comes of a script -----------------------------------------------------------------------------------

@dataclass(frozen=True)
class Whole:
    """The client gets this reply."""
    body: bytes = OK
    status: int = 200

    def check(self, reply: Reply) -> None:
        assert reply.status == self.status, (reply.start_line, reply.body)
        assert reply.is_complete and reply.body == self.body, reply


@dataclass(frozen=True)
class Refused:
    """The client gets weir's own error of one of these codes."""
    codes: tuple = ("upstream_protocol_error",)
    status: int = 502

    def check(self, reply: Reply) -> None:
        check_own_error(reply, self.status, *self.codes)


@dataclass(frozen=True)
class Broken:
    """The client gets a reply that visibly breaks off, after bytes that the upstream sent."""
    of: bytes = OK

    def check(self, reply: Reply) -> None:
        assert reply.status == 200, (reply.start_line, reply.body)
        assert not reply.is_complete, "a client would take this for a whole reply"
        assert self.of.startswith(reply.body), reply.body


@dataclass(frozen=True)
class OneOf:
    """Either of these."""
    first: object
    second: object

    def check(self, reply: Reply) -> None:
        (self.first if reply.status == getattr(self.first, "status", 200) else self.second).check(reply)


UNREADABLE = Refused()
UNREACHABLE = Refused(("upstream_unreachable",))
# What ended before its first line did can be called either.
CUT_SHORT = Refused(("upstream_protocol_error", "upstream_unreachable"))


# What becomes of the upstream's connection.
KEPT, GONE, EITHER = "kept", "gone", "either"


@dataclass(frozen=True)
class Case:
    """A script of an upstream, what the client gets, and what becomes of the upstream's connection.

    Unless the case says so, it is kept after a whole reply, and after no other.
    """
    script: object
    outcome: object = Whole()
    fate: str = ""
    method: str = "GET"
    libcurl: str = ""  # what libcurl 7.88 does instead, for which its way is excused
    libcurl_late: str = ""  # the same, only where the bytes come one by one

    @property
    def steps(self) -> list:
        return self.script if isinstance(self.script, list) else [self.script]

    @property
    def size(self) -> int:
        return sum(len(step) for step in self.steps if isinstance(step, bytes))

    def bytewise(self) -> list:
        return [Cut(step) if isinstance(step, bytes) else step for step in self.steps]

    @property
    def connection(self) -> str:
        return self.fate or (KEPT if isinstance(self.outcome, Whole) else GONE)


def check_case(way: Way, case: Case, script=None) -> Reply:
    """Asks for the case, then for something else, which must not be hurt by it."""
    way.excuse(case.libcurl)
    with Wire(way.weir.port, timeout=10) as wire:
        reply = way.ask(case.script if script is None else script, case.method, wire=wire)
        case.outcome.check(reply)
        used = way.connections_of(reply)[-1]
        # What comes behind a reply is there before the next request.
        eventually(lambda: way.upstream.asked_for(reply.case)[-1].is_answered, "the script was played")
        # Another connection of the client may be another event loop's, which has connections of its own.
        stays = reply.is_complete and reply.get("connection") != "close"
        if stays:
            check_next(way, wire, used, case.connection)
        else:
            with Wire(way.weir.port, timeout=10) as another:
                check_next(way, another, used, GONE if case.connection == GONE else EITHER)
    if case.connection == GONE:
        eventually(lambda: used in way.upstream.over, "the upstream's connection is closed")
    return reply


def check_next(way: Way, wire: Wire, used: int, fate: str) -> None:
    following = way.ask([], wire=wire, headers=[("Accept", "*/*")])
    assert following.status == 200 and following.body == OK, following
    connections = way.connections_of(following)
    if fate != EITHER:
        assert (connections == [used]) is (fate == KEPT), f"{fate} is expected: {used}, then {connections}"
