"""HTTP/1.1 by hand: sends exact bytes, reads exact bytes, hides nothing."""

import socket
import time
from dataclasses import dataclass, field


class ConnectionEnded(Exception):
    """The peer closed or reset where a head or a body byte was due."""


@dataclass
class Head:
    start_line: str
    headers: list  # of (name, value), in order, as sent

    def all(self, name: str) -> list:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name: str):
        values = self.all(name)
        return values[0] if values else None


@dataclass
class Reply(Head):
    body: bytes = b""
    trailers: list = field(default_factory=list)
    informational: list = field(default_factory=list)
    is_complete: bool = True  # false: the connection ended before the framing said so
    arrivals: list = field(default_factory=list)  # of (monotonic seconds, bytes), as read from the socket

    @property
    def status(self) -> int:
        return int(self.start_line.split(" ", 2)[1])

    def json(self):
        import json
        return json.loads(self.body)


class Wire:
    """One TCP connection."""

    def __init__(self, port: int, host: str = "127.0.0.1", timeout: float = 20, receive_buffer: int = 0):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pending = b""
        self.arrivals = []

    @classmethod
    def over(cls, connected: socket.socket, timeout: float = 20) -> "Wire":
        """A wire over a connection that exists already, for example one that a server accepted."""
        wire = cls.__new__(cls)
        wire.socket, wire.pending, wire.arrivals = connected, b"", []
        connected.settimeout(timeout)
        return wire

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        self.socket.close()

    def push(self, seconds: float) -> int:
        """Sends for so long whatever the peer takes, and says how many bytes that were. It blocks no more afterwards."""
        self.socket.setblocking(False)
        sent, began = 0, time.monotonic()
        while time.monotonic() - began < seconds:
            try:
                sent += self.socket.send(b"x" * 65_536)
            except BlockingIOError:
                time.sleep(0.01)
        return sent

    def reset(self) -> None:
        """Closes with RST, as a killed client's kernel does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def more(self) -> bytes:
        """Bytes that arrived, at least one; empty at the end of the connection."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.arrivals.append((time.monotonic(), data))
        return data

    def _fill(self) -> None:
        data = self.more()
        if not data:
            raise ConnectionEnded(f"after {self.pending[:200]!r}")
        self.pending += data

    def _take_line(self) -> bytes:
        while b"\r\n" not in self.pending:
            self._fill()
        line, self.pending = self.pending.split(b"\r\n", 1)
        return line

    def _take(self, count: int) -> bytes:
        while len(self.pending) < count:
            self._fill()
        taken, self.pending = self.pending[:count], self.pending[count:]
        return taken

    def _take_fields(self) -> list:
        fields = []
        while line := self._take_line():
            name, _, value = line.decode("latin-1").partition(":")
            fields.append((name, value.strip()))
        return fields

    def read_head(self) -> Reply:
        """The next head, informational ones included; no byte of the body is consumed."""
        return Reply(self._take_line().decode("latin-1"), self._take_fields())

    def read_reply(self, method: str = "GET") -> Reply:
        """The next final reply with its body; informational heads before it are kept in the reply."""
        self.arrivals = []
        early = []
        reply = self.read_head()
        while 100 <= reply.status < 200 and reply.status != 101:
            early.append(reply)
            reply = self.read_head()
        reply.informational = early
        self.read_body(reply, method)
        reply.arrivals = self.arrivals
        return reply

    def read_body(self, reply: Reply, method: str = "GET") -> Reply:
        if method == "HEAD" or reply.status in (101, 204, 304):
            return reply
        return self.read_framed(reply)

    def read_framed(self, reply: Reply) -> Reply:
        """The body that the head's framing announces; without any framing, all up to the connection's end."""
        parts = [reply.body]
        try:
            if "chunked" in (reply.get("transfer-encoding") or "").lower():
                while size := int(self._take_line().split(b";")[0], 16):
                    while size:
                        if not self.pending:
                            self._fill()
                        part = self._take(min(size, len(self.pending)))
                        parts.append(part)
                        size -= len(part)
                    assert self._take(2) == b"\r\n"
                reply.trailers = self._take_fields()
            elif reply.get("content-length") is not None:
                left = int(reply.get("content-length"))
                while left:
                    if not self.pending:
                        self._fill()
                    part = self._take(min(left, len(self.pending)))
                    parts.append(part)
                    left -= len(part)
            else:
                parts.append(self.pending)
                self.pending = b""
                while data := self.more():
                    parts.append(data)
        except ConnectionEnded:
            reply.is_complete = False
        reply.body = b"".join(parts)
        return reply

    def request(self, method: str, target: str, headers=(), body: bytes = b"", host: str = "weir.test") -> Reply:
        self.send(message(method, target, headers, body, host))
        return self.read_reply(method)

    def is_closed_by_peer(self, seconds: float = 5) -> bool:
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False


def message(method: str, target: str, headers=(), body: bytes = b"", host: str = "weir.test",
            version: str = "HTTP/1.1") -> bytes:
    """A request as bytes; Content-Length is added when there is a body and no framing of the caller's own."""
    lines = [f"{method} {target} {version}".encode("latin-1")]
    if host:
        lines.append(f"Host: {host}".encode("latin-1"))
    names = {name.lower() for name, _ in headers}
    for name, value in headers:
        lines.append(name.encode("latin-1") + b": " + (value if isinstance(value, bytes) else value.encode("latin-1")))
    if body and not names & {"content-length", "transfer-encoding"}:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def chunked(*parts: bytes, trailers: bytes = b"") -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts if part) + b"0\r\n" + trailers + b"\r\n"


def ask(port: int, method: str, target: str, headers=(), body: bytes = b"", timeout: float = 20,
        host: str = "weir.test") -> Reply:
    """One request on a connection of its own."""
    with Wire(port, timeout=timeout) as wire:
        return wire.request(method, target, headers, body, host)
