"""Upstreams that are hard to reach, slow, held back or wrong about HTTP; see upstream.py for the scripted one."""

import asyncio
import json
import socket
import threading
import time

from .upstream import ScriptedUpstream
from .wire import Wire


def head(status: str = "200 OK", *lines: str, version: str = "HTTP/1.1") -> bytes:
    """A response head; `lines` are whole header lines, right or wrong."""
    return "\r\n".join([f"{version} {status}", *lines, "", ""]).encode("latin-1")


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"

EVENT_STREAM = head("200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked")


def always(data: bytes) -> ScriptedUpstream:
    """Answers every request with these bytes and keeps the connection."""
    return ScriptedUpstream(lambda wire, request: data)


def once_and_close(data: bytes) -> ScriptedUpstream:
    """Answers with these bytes and closes the connection, with FIN and without having said so."""

    def answer(wire: Wire, request) -> None:
        wire.send(data)
        wire.socket.shutdown(socket.SHUT_RDWR)
        wire.close()

    return ScriptedUpstream(answer)


class SlowReader:
    """An upstream that takes the head of an upload and then reads its body only while `gate` is set.

    It counts what it reads in `taken`, and answers when the body (sized or chunked) is whole.
    """

    def __init__(self, total: int):
        self.total = total
        self.taken = 0
        self.gate = threading.Event()
        self.began = threading.Event()
        self.listener = socket.socket()
        # Small, so that the kernel does not swallow what the test wants to see held back.
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(8)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/api/v1"
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.gate.set()
        self.listener.close()

    def _serve(self) -> None:
        try:
            accepted, _ = self.listener.accept()
            accepted.settimeout(30)
            data = b""
            while b"\r\n\r\n" not in data:
                data += accepted.recv(4096)
            fields, data = data.split(b"\r\n\r\n", 1)
            self.began.set()
            if b"100-continue" in fields.lower():
                accepted.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.gate.wait(30)
            # Framing bytes of a chunked upload are counted as well: the total is then a lower bound.
            self.taken = len(data)
            tail = data[-5:]
            chunked = b"transfer-encoding: chunked" in fields.lower()
            while tail != LAST_CHUNK if chunked else self.taken < self.total:
                piece = accepted.recv(1 << 20)
                if not piece:
                    return
                self.taken += len(piece)
                tail = (tail + piece)[-5:]
            body = b'{"taken":%d}' % self.taken
            accepted.sendall(head("200 OK", "Content-Type: application/json", f"Content-Length: {len(body)}") + body)
            time.sleep(0.5)
            accepted.close()
        except OSError:
            return


class HeldStreams:
    """An upstream of chat streams: each sends its first event, and the rest only once `release()` was called.

    The content is `You said: ` and the request's last message, a word an event.
    """

    def __init__(self):
        self.open = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/api/v1"
        self.ready = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self.thread.start()
        self.ready.wait(5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.over.set)
        self.thread.join(5)

    def release(self) -> None:
        self.loop.call_soon_threadsafe(self.gate.set)

    async def _serve(self) -> None:
        self.loop, self.gate, self.over = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        server = await asyncio.start_server(self._answer, sock=self.listener, backlog=4096)
        self.ready.set()
        await self.over.wait()
        server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                fields = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(fields.split(b"content-length:")[1].split(b"\r\n")[0])
                said = json.loads(await reader.readexactly(length))["messages"][-1]["content"]
                self.open += 1
                first, *others = f"You said: {said}".split(" ")
                writer.write(EVENT_STREAM + self._event(first))
                await self.gate.wait()
                for word in others:
                    writer.write(self._event(" " + word))
                writer.write(chunk(b"data: [DONE]\n\n") + LAST_CHUNK)
                self.open -= 1
        except (asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
            pass  # weir ended the connection, or the test is over
        finally:
            writer.close()

    @staticmethod
    def _event(text: str) -> bytes:
        delta = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
        return chunk(b"data: " + json.dumps(delta).encode() + b"\n\n")


class FullBacklog:
    """A port on which connecting hangs: it listens, accepts nobody, and its queue is full."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/api/v1"
        self.fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self.fillers.append(filler)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in [*self.fillers, self.listener]:
            each.close()


def closed_port() -> int:
    """A port of the loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
