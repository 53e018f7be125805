"""The server's side of TLS over a socket, with what TLS libraries hide: records cut anywhere, and how a side ended."""

import socket
import ssl
import threading
import time


class SecureSocket:
    """Has of a socket what `Wire` needs. One thread may read while others send.

    `server_name`, `protocol` (by ALPN) and `version` are what the handshake brought; `was_closed_properly` tells
    whether the other side said that it ends.
    """

    def __init__(self, connected: socket.socket, context: ssl.SSLContext):
        self.plain = connected
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.lock, self.sending = threading.Lock(), threading.Lock()
        self.was_closed_properly = False
        self.has_ended = False

    def handshake(self) -> "SecureSocket":
        """Fails with an OSError, after the alert was sent."""
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._flush()
                if not self._fill():
                    raise ConnectionResetError("ended within the handshake") from None
            finally:
                self._flush()
        return self

    @property
    def server_name(self):
        return getattr(self.tls, "wanted_name", None)

    @property
    def protocol(self):
        return self.tls.selected_alpn_protocol()

    @property
    def version(self) -> str:
        return self.tls.version()

    def _fill(self) -> bool:
        data = self.plain.recv(65536)
        with self.lock:
            self.incoming.write(data)
        return bool(data)

    def _flush(self, size: int = 0) -> None:
        """Sends what TLS has ready, in pieces of this size."""
        with self.sending:
            self._send_ready(size)

    def _send_ready(self, size: int) -> None:
        with self.lock:
            data = self.outgoing.read()
        if not data:
            return
        if not size:
            self.plain.sendall(data)
            return
        for at in range(0, len(data), size):
            self.plain.sendall(data[at:at + size])
            time.sleep(0.0002)

    def recv(self, count: int) -> bytes:
        """Plain bytes, at least one; empty at the end."""
        while True:
            try:
                with self.lock:
                    data = self.tls.read(count)
                self.was_closed_properly = not data
                return data
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLZeroReturnError:
                self.was_closed_properly = True
                return b""
            finally:
                if self.outgoing.pending and not self.has_ended:
                    self._flush()
            if not self._fill():
                return b""

    def sendall(self, data: bytes, size: int = 0) -> None:
        """Sends bytes; with a size, their records arrive in pieces of it."""
        with self.sending:
            with self.lock:
                self.tls.write(data)
            self._send_ready(size)

    def close_notify(self) -> None:
        """Says that nothing more will be sent."""
        self.has_ended = True
        with self.sending:
            with self.lock:
                try:
                    self.tls.unwrap()
                except ssl.SSLError:
                    pass  # the answer to it is not there yet
            self._send_ready(0)

    def shutdown(self, how: int) -> None:
        try:
            self.close_notify()
        finally:
            self.plain.shutdown(how)

    def shutdown_rudely(self) -> None:
        """Ends the connection without a word of TLS."""
        self.has_ended = True
        self.plain.shutdown(socket.SHUT_RDWR)

    def settimeout(self, seconds) -> None:
        self.plain.settimeout(seconds)

    def setsockopt(self, *values) -> None:
        self.plain.setsockopt(*values)

    def close(self) -> None:
        self.has_ended = True
        self.plain.close()
