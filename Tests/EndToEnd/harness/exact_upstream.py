"""An upstream that answers each request with the very bytes and pauses that its test wrote down."""

import enum
import itertools
import socket
import ssl
import time
from dataclasses import dataclass

from .listener import Listener
from .secure_socket import SecureSocket
from .upstream import Received
from .wire import ConnectionEnded, Wire

CASE = "x-case"
OK = b'{"ok":true}'
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n" + OK


class Step(enum.Enum):
    """What an upstream can do other than sending bytes; a number in a script is a pause in seconds."""
    READ_BODY = "reads the request's body"
    CLOSE = "closes with FIN"
    RESET = "closes with RST"
    HALF_CLOSE = "sends FIN and goes on listening"
    WAIT_FOR_END = "waits until the other side has closed"
    CLOSE_RUDELY = "closes with FIN, over TLS without close_notify"
    CLOSE_NOTIFY = "says by TLS that it ends, and leaves the connection open"


READ_BODY, CLOSE, RESET, HALF_CLOSE, WAIT_FOR_END, CLOSE_RUDELY, CLOSE_NOTIFY = Step
ENDS = (CLOSE, RESET, CLOSE_RUDELY)


@dataclass(frozen=True)
class Cut:
    """Bytes that are sent in pieces of this size, each with time enough to be read alone."""
    data: bytes
    size: int = 1


@dataclass(frozen=True)
class CutRecords:
    """Bytes whose TLS records are sent in pieces of this size."""
    data: bytes
    size: int = 1


@dataclass
class Asked(Received):
    raw: bytes = b""  # the head as it came, its empty line included
    is_answered: bool = False  # the whole script has been played


class ExactUpstream(Listener):
    """Plays the script that a request names in `x-case`, else answers `PLAIN`.

    A script is a list of bytes, `Cut`s, pauses, `Step`s and functions of the wire and the request. One without
    READ_BODY has the request's body read first, unless it begins with None. A connection that no step closed serves
    on. `asked` holds the requests in order, `over` who ended a connection ("weir" or "script") by its number. With a
    context it speaks TLS; `secure` then holds each connection's socket, by its number, and `refused` the error of a
    handshake that failed.
    """

    def __init__(self, address: tuple = ("127.0.0.1", 0), tls: ssl.SSLContext = None):
        self.tls = tls
        self.secure = {}
        self.refused = {}
        self.scripts = {}
        self.numbers = itertools.count()
        self.asked = []
        self.over = {}
        super().__init__(address)
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        self.url = f"{'https' if tls else 'http'}://{host}:{self.port}/api/v1"

    def case(self, script) -> str:
        """The name under which a request asks for this script."""
        name = str(next(self.numbers))
        self.scripts[name] = [script] if isinstance(script, bytes) else list(script) or [PLAIN]
        return name

    def asked_for(self, name: str) -> list:
        return [each for each in self.asked if each.get(CASE) == name]

    def _serve(self, connected: socket.socket, number: int) -> None:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.settimeout(60)
        if self.tls:
            try:
                connected = self.secure[number] = SecureSocket(connected, self.tls).handshake()
            except OSError as error:
                self.refused[number] = error
                connected.close()
                return
        wire, script = Wire.over(connected, timeout=60), []
        try:
            while True:
                request = self._read_head(wire, number)
                self.asked.append(request)
                script = self.scripts.get(request.get(CASE), [PLAIN])
                if script[0] is None:
                    script = script[1:]
                elif READ_BODY not in script:
                    script = [READ_BODY, *script]
                try:
                    for step in script:
                        self._play(step, wire, request)
                finally:
                    request.is_answered = True
        except ConnectionEnded:
            self.over[number] = "weir"
        except OSError:
            # Bytes that were on their way to a closed connection end in an error too.
            self.over[number] = "script" if any(end in script for end in ENDS) else "weir"
        connected.close()

    @staticmethod
    def _read_head(wire: Wire, number: int) -> Asked:
        while b"\r\n\r\n" not in wire.pending:
            wire._fill()
        raw, wire.pending = wire.pending.split(b"\r\n\r\n", 1)
        start, *lines = raw.decode("latin-1").split("\r\n")
        fields = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        return Asked(start, fields, b"", number, raw + b"\r\n\r\n")

    def _play(self, step, wire: Wire, request: Asked) -> None:
        match step:
            case bytes():
                wire.send(step)
            case Cut():
                for at in range(0, len(step.data), step.size):
                    wire.send(step.data[at:at + step.size])
                    time.sleep(0.0002)
            case CutRecords():
                wire.socket.sendall(step.data, step.size)
            case int() | float():
                time.sleep(step)
            case Step.READ_BODY:
                read_body(wire, request)
            case Step.CLOSE:
                wire.socket.shutdown(socket.SHUT_RDWR)
                raise OSError("the script closed the connection")
            case Step.CLOSE_RUDELY:
                wire.socket.shutdown_rudely()
                raise OSError("the script closed the connection")
            case Step.CLOSE_NOTIFY:
                wire.socket.close_notify()
            case Step.RESET:
                wire.reset()
            case Step.HALF_CLOSE:
                wire.socket.shutdown(socket.SHUT_WR)
            case Step.WAIT_FOR_END:
                while wire.more():
                    pass
                raise ConnectionEnded
            case _:
                step(wire, request)


def read_body(wire: Wire, request: Asked) -> None:
    """Reads what the request's framing announces into its `body`."""
    if request.get("transfer-encoding") or request.get("content-length"):
        wire.read_framed(request)
        if not getattr(request, "is_complete", True):
            raise ConnectionEnded
