"""What systemd does for a service of type notify: a socket that is told things, sockets that listen already."""

import os
import socket
import time
from pathlib import Path


class NotifySocket:
    """A datagram socket; `address` is what NOTIFY_SOCKET says."""

    def __init__(self, path: Path = None, abstract: str = ""):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.address = f"@{abstract}" if abstract else str(path)
        self.socket.bind(f"\0{abstract}" if abstract else str(path))
        self.told = []  # of (monotonic seconds, dictionary)

    def close(self) -> None:
        self.socket.close()

    def await_state(self, seconds: float = 15, **wanted) -> dict:
        """The next message that says all of this."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                text = self.socket.recv(4096).decode()
            except TimeoutError:
                break
            state = dict(line.split("=", 1) for line in text.splitlines())
            self.told.append((time.monotonic(), state))
            if wanted.items() <= state.items():
                return state
        raise AssertionError(f"not told within {seconds} s: {wanted}; told: {self.told}")


def passing_sockets(binary: Path, names: str) -> list:
    """A command that runs `binary` with the descriptors from 3 on announced to it, as systemd does."""
    count = len(names.split(":"))
    return ["sh", "-c", f'export LISTEN_PID=$$ LISTEN_FDS={count} LISTEN_FDNAMES={names}; exec "$0" "$@"', str(binary)]


def placed_from_three(sockets: list) -> None:
    """For `preexec_fn`: the sockets as the descriptors 3, 4, …"""
    kept = [os.dup2(each.fileno(), 100 + at) for at, each in enumerate(sockets)]
    for at, descriptor in enumerate(kept):
        os.dup2(descriptor, 3 + at, inheritable=True)
        os.close(descriptor)
