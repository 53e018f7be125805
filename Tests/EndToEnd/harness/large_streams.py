"""Upstreams that send a large stream as fast as it is taken, and clients that take it as they please."""

import contextlib
import json
import socket
import threading
import time

from .caching import CHAT, JSON
from .certificates import authority
from .h2_exact import CASE, ExactH2
from .h2_frames import body as h2_body
from .h2_frames import head as h2_head
from .raw_servers import EVENT_STREAM, LAST_CHUNK, chunk
from .upstream import ScriptedUpstream
from .wire import ConnectionEnded, Wire, message

WAYS = ["plain", "tls", "h2"]
PIECE = 64 * 1024
END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


def piece(number: int) -> bytes:
    """An event of 64 KiB, unlike all others."""
    front = b'data: {"choices":[{"index":0,"delta":{"content":"%08d' % number
    back = b'"},"finish_reason":null}]}\n\n'
    return front + b"x" * (PIECE - len(front) - len(back)) + back


def stream_of(megabytes: int) -> bytes:
    return b"".join(piece(number) for number in range(megabytes * 16)) + END


class LargeStreams:
    """An upstream over one of the `WAYS` that answers each request with `whole`, once `go()` was called."""

    def __init__(self, way: str, megabytes: int):
        self.whole, self.asked, self._sent = stream_of(megabytes), 0, 0
        self._gate = threading.Event()
        self.headers = []
        if way == "h2":
            self.server = ExactH2()
            self.case = self.server.case([
                lambda _: self._wait(), h2_head("200", "content-type: text/event-stream"), h2_body(self.whole)])
            self.headers = [(CASE, self.case)]
        else:
            tls = authority().certificate().server(["http/1.1"]) if way == "tls" else None
            self.server = ScriptedUpstream(self._answer, tls=tls)
        self.url = self.server.url

    @property
    def sent(self) -> int:
        """Bytes of the last reply that were given to the kernel."""
        return self.server.asked_for(self.case)[-1].sent if self.headers else self._sent

    def _wait(self) -> None:
        self.asked += 1
        self._gate.wait(30)

    def _answer(self, wire: Wire, request) -> bytes:
        self._wait()
        wire.send(EVENT_STREAM)
        self._sent = 0
        while self._sent < len(self.whole):
            part = self.whole[self._sent:self._sent + PIECE]
            wire.send(chunk(part))
            self._sent += len(part)
        return LAST_CHUNK

    def go(self) -> None:
        """All who shall share the reply have asked."""
        self._gate.set()

    def __enter__(self):
        self.server.__enter__()
        return self

    def __exit__(self, *arguments):
        self._gate.set()
        self.server.__exit__(*arguments)


class PacedWire(Wire):
    """Takes so many bytes a second, 0 as fast as it can, and after `stall` bytes nothing for `seconds`, or until `resumed`
    is set.
    """
    pace, stall, seconds, resumed = 0, None, 0.0, None
    taken, longest_pause, was_reset = 0, 0.0, False

    def more(self) -> bytes:
        if self.stall is not None and self.taken >= self.stall:
            self.stall = None
            self.resumed.wait(self.seconds)
        began = time.monotonic()
        try:
            data = self.socket.recv(65_536)
        except ConnectionResetError:
            data, self.was_reset = b"", True
        if self.taken:
            self.longest_pause = max(self.longest_pause, time.monotonic() - began)
        if self.pace:
            time.sleep(len(data) / self.pace)
        self.taken += len(data)
        return data


class Reader:
    """A client that reads its reply on a thread, at a pace of its own; see `PacedWire`."""

    def __init__(self, weir, body: dict, headers=(), pace: int = 0, stall: int = None, seconds: float = 0,
                 version: str = "HTTP/1.1"):
        self.wire = PacedWire(weir.port, receive_buffer=65_536, timeout=60)
        self.wire.pace, self.wire.stall, self.wire.seconds = pace, stall, seconds
        self.wire.resumed = threading.Event()
        self.wire.send(message("POST", CHAT, [JSON, *headers], json.dumps(body).encode(), version=version))
        self.reply = self.error = self.took = None
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        began = time.monotonic()
        try:
            self.reply = self.wire.read_reply("POST")
        except (ConnectionEnded, OSError) as error:
            self.error = error
        self.took = time.monotonic() - began
        self.wire.close()

    def resume(self) -> None:
        """It takes the rest, and stalls no more."""
        self.wire.resumed.set()

    def leave(self) -> None:
        """A close alone would wait for the thread that reads."""
        with contextlib.suppress(OSError):  # it may be over by now
            self.wire.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)

    def finish(self, timeout: float = 60):
        self.thread.join(timeout)
        assert not self.thread.is_alive(), f"it still reads, after {self.wire.taken} bytes"
        assert self.reply is not None, self.error
        return self.reply
