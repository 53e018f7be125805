"""The cells of the fault matrix: which fault, met how often, with which ways out; and what must come of each."""

import threading
from dataclasses import dataclass, field

from .faults import CHAT, check_broken_plain, check_broken_stream, check_own_error
from .simulator import Simulator, mark
from .streams import errors, has_end_marker
from .usual_requests import usual
from .weir import Weir
from .wire import Reply

FALLBACK = "openai/gpt-4-turbo"
EXTRA = 2  # attempts of the weir that retries
SAID = "You said: hello there"


# -- what the client sees of a fault that nothing has mended --------------------------------------------------

def whole(reply: Reply) -> None:
    assert reply.status == 200 and reply.is_complete, (reply.start_line, reply.body[-300:])
    if (reply.get("content-type") or "").startswith("text/event-stream"):
        assert has_end_marker(CHAT, reply.body) and not errors(reply.body)


def answered(status: int):
    """The upstream's own error, with its status and body."""
    def check(reply: Reply) -> None:
        assert reply.status == status and reply.is_complete
        assert reply.json()["error"]["code"] == status
        assert reply.get("x-request-id") not in reply.body.decode(), "the upstream's words, not weir's"
    return check


def own(status: int, *codes: str):
    def check(reply: Reply) -> None:
        check_own_error(reply, status, *codes)
    return check


def error_in_reply(reply: Reply) -> None:
    """A 200 that carries the upstream's error, untouched: once, and without the end of a whole stream."""
    assert reply.status == 200 and reply.is_complete
    if (reply.get("content-type") or "").startswith("text/event-stream"):
        assert len(errors(reply.body)) == 1 and not has_end_marker(CHAT, reply.body)
        assert "upstream_stream_broken" not in reply.body.decode()
    else:
        assert b'"error"' in reply.body and b"Provider returned error" in reply.body


def error_in_choice(reply: Reply) -> None:
    """A 200 whose only choice says that it failed, untouched."""
    assert reply.status == 200 and reply.is_complete
    choice = reply.json()["choices"][0]
    assert choice["finish_reason"] == "error" and choice["error"]["code"] == 502


def page(reply: Reply) -> None:
    assert reply.status == 200 and reply.is_complete and b"<html>" in reply.body


def broken(reply: Reply) -> None:
    """It can be seen that the reply is not whole; or weir could still say so by the status."""
    if reply.status == 504:
        check_own_error(reply, 504, "upstream_timeout")
    elif reply.status == 200 and (reply.get("content-type") or "").startswith("text/event-stream"):
        check_broken_stream(reply)
    else:
        check_broken_plain(reply)


def unclean(reply: Reply) -> None:
    """The end mark came and the end of the body did not: the client gets it that way, or an error event."""
    assert reply.status == 200
    assert not reply.is_complete or errors(reply.body), reply.body[-300:]


# -- what weir does about it ----------------------------------------------------------------------------------

@dataclass(frozen=True)
class Fate:
    """What becomes of a request that meets a fault."""

    seen: object  # checks the reply when no other attempt helped
    reasons: tuple = ()  # what retries and fallbacks may give as theirs; empty: neither is tried
    is_retried: bool = True  # on the same upstream and model
    at_once: bool = False  # where there is a fallback, it is taken without a retry
    error: str = ""  # how the error is counted; empty: not as one
    extra_calls: bool = False  # a stale connection's request may be sent again for free


FINE = Fate(whole)


def passes(status: int) -> Fate:
    """The client must mend it."""
    return Fate(answered(status), error=f"upstream_{status}")


def fails(status: int, is_retried: bool = True, at_once: bool = False) -> Fate:
    return Fate(answered(status), (f"status_{status}",), is_retried, at_once, f"upstream_{status}")


def times_out(seen) -> Fate:
    return Fate(seen, ("timeout",), is_retried=False)


# Nothing of the reply has a value for the client yet.
BREAKS_EARLY = Fate(broken, ("stream_broken", "reset", "protocol"))
BREAKS_LATE = Fate(broken)
ERROR_FIRST = Fate(error_in_reply, ("error_in_reply",))
ERROR_LATE = Fate(error_in_reply)


@dataclass(frozen=True)
class Fault:
    specification: str
    plain: Fate
    stream: Fate
    is_slow: bool = False  # its cells run side by side

    @property
    def slug(self) -> str:
        return "".join(c if c.isalnum() else "-" for c in self.specification)

    def fate(self, stream: bool) -> Fate:
        return self.stream if stream else self.plain


def both(specification: str, fate: Fate, is_slow: bool = False) -> Fault:
    return Fault(specification, fate, fate, is_slow)


FAULTS = [
    *[both(f"status={status}", passes(status)) for status in (400, 401, 402, 403, 404, 409, 413, 422)],
    *[both(f"status={status}", fails(status)) for status in (408, 425, 429, 500, 502, 504)],
    *[both(f"status={status}", fails(status, at_once=True)) for status in (503, 529)],
    # Of the server's own, and not known to pass by themselves.
    *[both(f"status={status}", fails(status, is_retried=False)) for status in (501, 524)],
    both("garbage=1", Fate(own(502, "upstream_protocol_error"), ("protocol",), error="upstream_protocol_error")),
    both("reset=1", Fate(own(502, "upstream_unreachable"), ("reset",), extra_calls=True, error="upstream_unreachable")),
    both("delay=15000", times_out(own(504, "upstream_timeout")), is_slow=True),
    both("stall=0", times_out(broken), is_slow=True),
    Fault("stall=3", times_out(broken), BREAKS_LATE, is_slow=True),
    both("cut=0", BREAKS_EARLY),
    both("cut-rst=0", BREAKS_EARLY),
    both("cut=20", BREAKS_EARLY),
    # The gap lets the first content reach the client before the rest fails: what comes at once is mended, if it can be.
    Fault("cut=1000;gap=40", FINE, BREAKS_LATE, is_slow=True),
    both("huge=4000000;cut=3000000", BREAKS_LATE),
    Fault("short=100;gap=40", BREAKS_EARLY, Fate(unclean), is_slow=True),
    both("bad-chunk=1", BREAKS_EARLY),
    both("error-event=0", ERROR_FIRST),
    Fault("error-event=2;gap=40", ERROR_FIRST, ERROR_LATE, is_slow=True),
    Fault("error-choice=1", Fate(error_in_choice, ("error_in_reply",)), FINE),
    both("malformed=2", FINE),
    Fault("no-done=1;gap=40", FINE, BREAKS_LATE, is_slow=True),
    both("html=1", Fate(page)),
    both("gap=50", FINE, is_slow=True),
    both("huge=200000", FINE),
    both("big-event=1500000", FINE),
    *[both(f"{name}=1", FINE) for name in ("no-usage", "no-data", "cr", "crlf", "trailers", "close")],
    both("informational=3", FINE),
]


# -- the cells -------------------------------------------------------------------------------------------------

@dataclass
class Cell:
    """One request: its model's name says which fault it meets."""

    fault: Fault
    stream: bool
    way: str  # "always": each attempt meets it; "once": only the first; "fallback": each, and another model is there
    retries: int
    marked: tuple = field(default_factory=mark)
    reply: Reply = None
    calls: list = None

    @property
    def model(self) -> str:
        return model_of(self.fault, self.stream, self.way)

    @property
    def name(self) -> str:
        return f"{self.fault.specification} {'stream' if self.stream else 'plain'} {self.way} retries={self.retries}"

    @property
    def fate(self) -> Fate:
        return self.fault.fate(self.stream)

    @property
    def retried(self) -> int:
        """Attempts that come on top, on the model asked for."""
        fate = self.fate
        if not fate.reasons or not fate.is_retried or (fate.at_once and self.way == "fallback"):
            return 0
        return min(self.retries, 1) if self.way == "once" else self.retries

    @property
    def falls_back(self) -> bool:
        return self.way == "fallback" and bool(self.fate.reasons)

    @property
    def is_mended(self) -> bool:
        return self.falls_back or (self.way == "once" and self.retried > 0)

    @property
    def attempts(self) -> int:
        return 1 + self.retried + self.falls_back

    def run(self, weir: Weir, simulator: Simulator) -> None:
        self.reply = weir.post(f"/v1/{CHAT}", usual(CHAT, stream=self.stream, model=self.model), [self.marked])
        self.calls = [each for each in simulator.requests(100) if each.get(self.marked[0]) == self.marked[1]]


def model_of(fault: Fault, stream: bool, way: str) -> str:
    return f"acme/{fault.slug}-{'stream' if stream else 'plain'}-{way}"


def cells(fault: Fault, stream: bool, retries: int) -> list:
    """A way makes a difference only where there is something to try, or a second attempt to meet a healthy upstream."""
    ways = ["always"]
    if fault.fate(stream).reasons:
        ways += ["fallback", "once"] if retries else ["fallback"]
    return [Cell(fault, stream, way, retries) for way in ways]


def run_all(cases: dict, weirs: dict, simulator: Simulator, is_slow: bool) -> None:
    """Runs the cells, both by retries, each through the weir that makes so many; slow ones side by side."""
    runs = [(cell, weirs[retries]) for retries, some in cases.items() for cell in some]
    if not is_slow:
        for cell, weir in runs:
            cell.run(weir, simulator)
        return
    threads = [threading.Thread(target=cell.run, args=(weir, simulator)) for cell, weir in runs]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def specification() -> str:
    """The simulator's process-wide faults, for the models of every cell."""
    parts = []
    for fault in FAULTS:
        for one in fault.specification.split(";"):
            parts += [f"{one}[acme/{fault.slug}-*-always]", f"{one}[acme/{fault.slug}-*-fallback]"]
            parts += [f"{one}#1[{model_of(fault, stream, 'once')}]" for stream in (False, True)]
    return ";".join(parts)


def catalog() -> str:
    """The configuration that knows the models of every cell, so that each is counted under its own name."""
    lines = ["models:", "  catalog:"]
    for fault in FAULTS:
        for stream in (False, True):
            for way in ("always", "once", "fallback"):
                lines.append(f"    - id: {model_of(fault, stream, way)}")
                if way == "fallback":
                    lines.append(f"      fallbacks: [{FALLBACK}]")
    return "\n".join(lines) + "\n"
