"""Stands before a real Redis and answers some commands as one does whose memory is full at that moment."""

import socket
import threading

from .listener import Listener
from .redis import Redis

OOM = b"-OOM command not allowed when used memory > 'maxmemory'.\r\n"


class FullRedis(Listener):
    """`is_full` is asked for each command as it is on the wire; where it says so, the store never sees the command."""

    def __init__(self, store: Redis, is_full):
        self.store, self.is_full = store, is_full
        self.refused = 0
        super().__init__()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def _serve(self, client, number: int) -> None:
        with client, socket.create_connection(("127.0.0.1", self.store.port)) as server:
            try:
                commands, replies = client.makefile("rb"), server.makefile("rb")
                while True:
                    command = _value(commands)
                    if b"SUBSCRIBE" in command:
                        server.sendall(command)
                        threading.Thread(target=_pump, args=(replies, client), daemon=True).start()
                        _pump(commands, server)
                    elif self.is_full(command):
                        self.refused += 1
                        client.sendall(OOM)
                    else:
                        server.sendall(command)
                        client.sendall(_value(replies))
            except (OSError, EOFError, ValueError):
                return


def _pump(source, target) -> None:
    try:
        while True:
            target.sendall(_value(source))
    except (OSError, EOFError, ValueError):
        return


def _value(stream) -> bytes:
    """One value of RESP2, as it came."""
    line = stream.readline()
    if not line:
        raise EOFError
    count = int(line[1:]) if line[:1] in b"$*" else -1
    if count < 0:
        return line
    return line + (stream.read(count + 2) if line[:1] == b"$" else b"".join(_value(stream) for _ in range(count)))
