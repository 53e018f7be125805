"""What upstreams and proxies of tests have in common: a free port, and a thread for each connection."""

import socket
import threading


class Listener:
    """Calls `_serve(connected, number)` for each connection on a thread of its own; numbers count from 0."""

    def __init__(self, address: tuple = ("127.0.0.1", 0)):
        self.connections = 0
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.listener = socket.create_server(address, family=family, backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        # shutdown wakes the accepting thread, which close alone would leave blocked in the kernel.
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connected, _ = self.listener.accept()
            except OSError:
                return
            number, self.connections = self.connections, self.connections + 1
            threading.Thread(target=self._serve, args=(connected, number), daemon=True).start()

    def _serve(self, connected: socket.socket, number: int) -> None:
        raise NotImplementedError
