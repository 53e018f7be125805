"""An upstream that does exactly what the test says, where the simulator is too well behaved."""

import socket
import ssl
from dataclasses import dataclass

from .listener import Listener
from .wire import ConnectionEnded, Head, Wire


@dataclass
class Received(Head):
    body: bytes
    connection: int  # counts from 0 in the order of acceptance

    @property
    def method(self) -> str:
        return self.start_line.split(" ")[0]

    @property
    def target(self) -> str:
        return self.start_line.split(" ")[1]


class ScriptedUpstream(Listener):
    """Calls `answer(wire, request)` for each request, on a thread of its connection.

    What `answer` returns is sent as it is; None sends nothing more. The connection stays open for another
    request until `answer` closes or resets the wire. `tls` is a server-side context.
    """

    def __init__(self, answer, tls: ssl.SSLContext = None):
        self.answer = answer
        self.tls = tls
        self.requests = []
        super().__init__()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/api/v1"

    def _serve(self, connected: socket.socket, number: int) -> None:
        try:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                connected = self.tls.wrap_socket(connected, server_side=True)
            wire = Wire.over(connected, timeout=60)
            while True:
                request = self._read_request(wire, number)
                self.requests.append(request)
                reply = self.answer(wire, request)
                if reply is not None:
                    wire.send(reply)
        except (ConnectionEnded, OSError):
            connected.close()

    def _read_request(self, wire: Wire, number: int) -> Received:
        head = wire.read_head()
        if head.get("transfer-encoding") or head.get("content-length"):
            wire.read_framed(head)
        return Received(head.start_line, head.headers, head.body, number)


def reply(body: bytes = b"{}", status: str = "200 OK", headers=(("Content-Type", "application/json"),)) -> bytes:
    """A sized HTTP/1.1 reply as bytes, its headers in the order given."""
    lines = [f"HTTP/1.1 {status}"] + [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode("latin-1") + body
