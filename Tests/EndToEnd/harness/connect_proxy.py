"""A forward proxy that knows CONNECT and nothing else."""

import socket
import threading

from .listener import Listener
from .wire import ConnectionEnded, Wire


class ConnectProxy(Listener):
    """Tunnels wherever it is asked to; `targets` holds every HOST:PORT in order, `heads` the whole requests."""

    def __init__(self, refuse: str = ""):
        self.refuse = refuse  # a status such as "403 Forbidden" refuses every tunnel
        self.targets = []
        self.heads = []
        super().__init__()
        self.url = f"http://127.0.0.1:{self.port}"

    def _serve(self, connected: socket.socket, number: int) -> None:
        wire = Wire.over(connected, timeout=60)
        try:
            head = wire.read_head()
            method, target, _ = head.start_line.split(" ")
            self.heads.append(head)
            self.targets.append(target)
            if method != "CONNECT" or self.refuse:
                wire.send(f"HTTP/1.1 {self.refuse or '405 Method Not Allowed'}\r\nContent-Length: 0\r\n\r\n".encode())
                wire.close()
                return
            host, _, port = target.rpartition(":")
            far = socket.create_connection((host, int(port)), timeout=10)
        except (ConnectionEnded, OSError, ValueError):
            wire.close()
            return
        wire.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        if wire.pending:
            far.sendall(wire.pending)
        threading.Thread(target=_carry, args=(far, connected), daemon=True).start()
        _carry(connected, far)


def _carry(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for each in (source, sink):
        try:
            each.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
