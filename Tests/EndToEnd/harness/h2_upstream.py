"""An HTTP/2 upstream over TLS that holds its replies back, so that concurrent requests show on the wire."""

import json
import socket
import ssl
import threading
import time

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from .listener import Listener


class H2Upstream(Listener):
    """Answers a stream only once `together` streams (over all connections) have arrived.

    `connections` counts its connections, `protocols` holds what each agreed on, `requests` (connection, headers, body),
    `largest` the most streams that were open at once on one connection.
    """

    def __init__(self, tls: ssl.SSLContext, together: int = 1, refuses: bool = False):
        """`refuses`: the first stream with a body is refused when its sender has waited for room to send it."""
        self.tls = tls
        self.refuses = refuses
        self.together = together
        self.protocols = []
        self.requests = []
        self.largest = 0
        self.lock = threading.Lock()
        self.enough = threading.Event()
        super().__init__()
        self.url = f"https://127.0.0.1:{self.port}/api/v1"

    def _serve(self, connected: socket.socket, number: int) -> None:
        try:
            secure = self.tls.wrap_socket(connected, server_side=True)
        except OSError:
            connected.close()
            return
        with self.lock:
            self.protocols.append(secure.selected_alpn_protocol())
        try:
            _H2Connection(self, secure, number).run()
        except (OSError, h2.exceptions.ProtocolError):
            pass
        finally:
            secure.close()

    def arrived(self, number: int, headers: list, body: bytes) -> None:
        with self.lock:
            self.requests.append((number, headers, body))
            if len(self.requests) >= self.together:
                self.enough.set()


class _H2Connection:
    def __init__(self, upstream: H2Upstream, secure: ssl.SSLSocket, number: int):
        self.upstream, self.secure, self.number = upstream, secure, number
        self.protocol = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.open = {}  # stream id to [headers, body]
        self.waiting = []
        self.refused = None  # stream id and when

    def run(self) -> None:
        if self.upstream.refuses:
            self.protocol.local_settings = h2.settings.Settings(
                client=False, initial_values={h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 0})
        self.protocol.initiate_connection()
        self._flush()
        # A short time-out, because the reply to what has been read may wait for other connections.
        self.secure.settimeout(0.02)
        while True:
            try:
                data = self.secure.recv(65536)
            except TimeoutError:
                data = None
            if data == b"":
                return
            for event in self.protocol.receive_data(data) if data else ():
                self._take(event)
            if self.upstream.enough.is_set():
                self._answer_all()
            if self.refused and time.monotonic() > self.refused[1]:
                self._refuse(self.refused[0])
            self._flush()

    def _refuse(self, stream: int) -> None:
        self.refused, self.upstream.refuses = None, False
        self.protocol.reset_stream(stream, h2.errors.ErrorCodes.REFUSED_STREAM)
        self.protocol.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 65535})

    def _take(self, event) -> None:
        if isinstance(event, h2.events.RequestReceived):
            self.open[event.stream_id] = [event.headers, b""]
            self.upstream.largest = max(self.upstream.largest, len(self.open))
            if self.upstream.refuses and event.stream_ended is None:
                self.refused = event.stream_id, time.monotonic() + 0.3
        elif isinstance(event, h2.events.DataReceived):
            self.open[event.stream_id][1] += event.data
            self.protocol.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self.waiting.append(event.stream_id)
            self.upstream.arrived(self.number, *self.open[event.stream_id])

    def _answer_all(self) -> None:
        for stream in self.waiting:
            headers, body = self.open.pop(stream)
            fields = dict(headers)
            answer = json.dumps({"path": fields[":path"], "bytes": len(body)}).encode()
            self.protocol.send_headers(stream, [
                (":status", "200"), ("content-type", "application/json"),
                ("content-length", str(len(answer))), ("x-upstream-stream", str(stream))])
            self.protocol.send_data(stream, answer, end_stream=True)
        self.waiting = []

    def _flush(self) -> None:
        if data := self.protocol.data_to_send():
            self.secure.sendall(data)
