"""An HTTP/2 upstream that answers each stream with the very frames and pauses that its test wrote down."""

import itertools
import socket
import ssl
import threading
import time

import hpack
import hyperframe.exceptions
from hyperframe import frame as frames

from . import h2_frames
from .certificates import authority
from .h2_frames import ACK, Attempts, Setting, reply, settings
from .listener import Listener
from .secure_socket import SecureSocket

CASE = "x-case"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PATIENCE = 40  # seconds that a script waits for weir


class Over(OSError):
    """The connection ended, or the test is over."""


class Stream:
    """One request as its upstream sees it."""

    def __init__(self, peer: "Peer", number: int, window: int):
        self.peer, self.id, self.window = peer, number, window
        self.fields, self.trailers, self.parts = [], [], []
        self.is_ended = False  # by END_STREAM
        self.reset = None  # the code of weir's RST_STREAM
        self.is_answered = False  # the whole script has been played
        self.sent = 0  # bytes of its body, by `body`
        self.is_closing = False  # its script said that its last frame comes
        self.credit = peer.upstream_window  # what weir may still send
        self.began = time.monotonic()

    @property
    def connection(self) -> int:
        return self.peer.number

    @property
    def body(self) -> bytes:
        return b"".join(self.parts)

    def all(self, name: str) -> list:
        return [value for key, value in self.fields if key == name]

    def get(self, name: str):
        return (self.all(name) or [None])[0]

    def send(self, encoded: bytes) -> None:
        self.peer.send(encoded)

    def wait(self, until, what: str) -> None:
        self.peer.wait(until, what)

    def take_window(self, most: int) -> int:
        """How many bytes may be sent now; waits for the first."""
        peer = self.peer
        with peer.changed:
            peer.wait_held(lambda: self.window > 0 and peer.window > 0 or self.reset is not None, "room to send")
            if self.reset is not None:
                raise Over("weir gave the stream up")
            room = min(most, self.window, peer.window)
            self.window -= room
            peer.window -= room
            return room


class Peer:
    """One connection of weir's. `heard` holds its frames in order; `violations` what weir did that it may not."""

    def __init__(self, upstream: "ExactH2", secure: SecureSocket, number: int):
        self.upstream, self.secure, self.number = upstream, secure, number
        self.changed = threading.Condition()
        self.heard, self.streams = [], {}
        self.window, self.initial_window, self.credit = 65_535, 65_535, 65_535
        # Until weir has acknowledged a smaller one.
        self.upstream_window = max(65_535, upstream.window)
        self.largest_frame = 16_384
        self.decoder = hpack.Decoder(max_header_list_size=1 << 20)
        self.pending = b""
        self.writing = threading.RLock()  # held where several writes make one frame
        self.greeting, self.held = threading.Lock(), b""
        self.ended_by = None
        self.block = None  # of a head without its end
        self.reads = threading.Event()  # unset, nothing is read of the connection any more
        self.reads.set()
        self.unacknowledged = [dict(upstream.initial)]  # settings that weir has not confirmed
        self.most_open = 0  # streams at once, when one was begun with all settings acknowledged
        self.last = None  # the last stream that a GOAWAY covers

    def send(self, encoded: bytes) -> None:
        try:
            with self.writing:
                self.secure.sendall(encoded)
        except (OSError, ValueError) as error:
            raise Over("the connection ended") from error

    def greet(self, encoded: bytes) -> None:
        """The connection's first bytes, which should be settings; answers to weir go behind them."""
        with self.greeting:
            self.send(encoded + self.held)
            self.held = None

    def later(self, seconds: float, action) -> None:
        """Does something in so many seconds, unless the connection is over by then."""
        def act() -> None:
            try:
                action()
            except OSError:
                pass
        threading.Timer(seconds, act).start()

    def _answer(self, encoded: bytes) -> None:
        with self.greeting:
            if self.held is None:
                self.send(encoded)
            else:
                self.held += encoded

    def wait(self, until, what: str) -> None:
        with self.changed:
            self.wait_held(until, what)

    def wait_held(self, until, what: str) -> None:
        if not self.changed.wait_for(lambda: until() or self.ended_by, PATIENCE):
            self.violation(f"waited in vain for {what}")
        if not until():
            raise Over(what)

    def violation(self, what: str) -> None:
        self.upstream.violations.append(f"connection {self.number}: {what}")

    def change(self, values: dict) -> None:
        """Sends settings. What they forbid counts from weir's acknowledgement on, what they allow at once."""
        with self.changed:
            self.unacknowledged.append(values)
            size = values.get(Setting.INITIAL_WINDOW_SIZE, self.upstream_window)
            if size > self.upstream_window:
                self._resize(size)
        self.largest_frame = max(self.largest_frame, values.get(Setting.MAX_FRAME_SIZE, 0))
        self.send(settings(values))

    def _resize(self, size: int) -> None:
        for stream in self.streams.values():
            stream.credit += size - self.upstream_window
        self.upstream_window = size

    def is_acknowledged(self) -> bool:
        return not self.unacknowledged

    def close(self, says: bool = True) -> None:
        self.ended_by = self.ended_by or "script"
        if says:
            self.secure.shutdown(socket.SHUT_RDWR)
        else:
            self.secure.shutdown_rudely()

    def reset(self) -> None:
        self.ended_by = self.ended_by or "script"
        self.secure.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        # Without it, the thread that reads keeps the socket open.
        self.secure.plain.shutdown(socket.SHUT_RD)
        self.secure.close()

    def of(self, kind) -> list:
        """The frames of a hyperframe class that came."""
        return [each for each in list(self.heard) if isinstance(each, kind)]

    # -- reading ---------------------------------------------------------------------------------------------

    def run(self) -> None:
        try:
            self.upstream.greet(self)
            if self._take(len(PREFACE)) != PREFACE:
                self.violation("does not begin with the preface")
            while True:
                kind, length = frames.Frame.parse_frame_header(memoryview(self._take(9)))
                if length > self.largest_frame:
                    self.violation(f"sent a frame of {length} bytes")
                kind.parse_body(memoryview(self._take(length)))
                with self.changed:
                    answer = self._heard(kind)
                    self.changed.notify_all()
                if answer:
                    self._answer(answer)
        except (hyperframe.exceptions.HyperframeError, hpack.HPACKError) as error:
            self.violation(f"sent what is no HTTP/2: {error!r}")
        except OSError:
            pass
        finally:
            with self.changed:
                self.ended_by = self.ended_by or "weir"
                self.upstream.over[self.number] = self.ended_by
                self.changed.notify_all()
            self.secure.close()

    def _take(self, count: int) -> bytes:
        parts, have = [self.pending], len(self.pending)
        while have < count:
            self.reads.wait()
            part = self.secure.recv(65536)
            if not part:
                raise Over("weir closed")
            parts.append(part)
            have += len(part)
        whole = b"".join(parts)
        self.pending = whole[count:]
        return whole[:count]

    def _heard(self, heard) -> bytes:
        self.heard.append(heard)
        if len(self.heard) == 1 and not isinstance(heard, frames.SettingsFrame):
            self.violation("does not begin with its settings")
        if self.block is not None and not isinstance(heard, frames.ContinuationFrame):
            self.violation("interleaves a head with another frame")
        answers = {frames.SettingsFrame: self._settings, frames.PingFrame: self._ping,
                   frames.WindowUpdateFrame: self._window, frames.HeadersFrame: self._head,
                   frames.ContinuationFrame: self._head, frames.DataFrame: self._data,
                   frames.RstStreamFrame: self._reset}
        return answers.get(type(heard), lambda _: b"")(heard) or b""

    def _settings(self, heard) -> bytes:
        if "ACK" in heard.flags:
            if not self.unacknowledged:
                self.violation("acknowledges settings that were not sent")
                return b""
            values = self.unacknowledged.pop(0)
            if Setting.INITIAL_WINDOW_SIZE in values:
                self._resize(values[Setting.INITIAL_WINDOW_SIZE])
            if Setting.HEADER_TABLE_SIZE in values:
                self.decoder.max_allowed_table_size = values[Setting.HEADER_TABLE_SIZE]
            return b""
        for key, value in heard.settings.items():
            if key == Setting.INITIAL_WINDOW_SIZE:
                for stream in self.streams.values():
                    stream.window += value - self.initial_window
                self.initial_window = value
        return h2_frames.frame(h2_frames.SETTINGS, ACK, 0)

    def _ping(self, heard) -> bytes:
        if "ACK" not in heard.flags and self.upstream.answers_pings:
            return h2_frames.ping(heard.opaque_data, ACK)

    def _window(self, heard) -> None:
        if not heard.stream_id:
            self.window += heard.window_increment
        elif heard.stream_id in self.streams:
            self.streams[heard.stream_id].window += heard.window_increment

    def _head(self, heard) -> None:
        self.block = (self.block or b"") + heard.data
        if isinstance(heard, frames.HeadersFrame):
            self.ends = "END_STREAM" in heard.flags
        if "END_HEADERS" not in heard.flags:
            return
        fields = [(name.decode("latin-1"), value.decode("latin-1"))
                  for name, value in self.decoder.decode(self.block, raw=True)]
        self.block = None
        stream = self.streams.get(heard.stream_id)
        if stream:
            stream.trailers = fields
        else:
            if heard.stream_id % 2 == 0 or self.streams and heard.stream_id <= max(self.streams):
                self.violation(f"opens stream {heard.stream_id}")
            stream = self.streams[heard.stream_id] = Stream(self, heard.stream_id, self.initial_window)
            stream.fields = fields
            if not self.unacknowledged:
                self.most_open = max(self.most_open, sum(not each.is_closing for each in self.streams.values()))
        stream.is_ended = self.ends
        if not stream.trailers:
            self.upstream.arrived(stream)

    def _data(self, heard) -> bytes:
        stream, length = self.streams[heard.stream_id], heard.flow_controlled_length
        if stream.is_ended:
            self.violation(f"sends data on stream {stream.id} that it ended")
        stream.parts.append(bytes(heard.data))
        stream.is_ended = "END_STREAM" in heard.flags
        stream.credit -= length
        self.credit -= length
        if stream.credit < 0 or self.credit < 0:
            self.violation(f"sends more than the window: {stream.credit}, {self.credit}")
        if not length or not self.upstream.gives_credit:
            return b""
        self.credit += length
        stream.credit += length
        more = b"" if stream.is_ended else h2_frames.window(length)(stream)
        return h2_frames.connection_window(length) + more

    def _reset(self, heard) -> None:
        if heard.stream_id in self.streams:
            self.streams[heard.stream_id].reset = heard.error_code
        else:
            self.violation(f"resets stream {heard.stream_id}, which is none")


class ExactH2(Listener):
    """Plays the script that a request names in `x-case`, else gives the usual reply.

    A script is a list of steps (h2_frames.py), or `Attempts`. One without `read_body` waits for the request's end
    first, unless it begins with None. `asked` holds the streams in order, `peers` the connections, `over` who ended
    one ("weir" or "script") by its number.

    `greeting` is what a connection gets first, bytes or a function of the peer; `initial` the settings in the usual
    greeting; with `gives_credit` false no window is opened again, except by scripts.
    """

    def __init__(self, tls: ssl.SSLContext = None, initial=(), greeting=None, gives_credit: bool = True,
                 answers_pings: bool = True, address: tuple = ("127.0.0.1", 0)):
        self.tls = tls or authority().certificate().server(["h2"])
        self.initial = dict(initial)
        self.window = self.initial.get(Setting.INITIAL_WINDOW_SIZE, 65_535)
        self.greeting = settings(initial) if greeting is None else greeting
        self.gives_credit, self.answers_pings = gives_credit, answers_pings
        self.scripts, self.numbers = {}, itertools.count()
        self.asked, self.peers, self.over, self.violations = [], {}, {}, []
        self.refused = {}
        self.lock = threading.Lock()
        super().__init__(address)
        self.url = f"https://{address[0]}:{self.port}/api/v1"

    def close(self) -> None:
        super().close()
        for peer in list(self.peers.values()):
            peer.reads.set()
            try:
                peer.close()
            except (OSError, ValueError):
                pass

    def greet(self, peer: Peer) -> None:
        if callable(self.greeting):
            self.greeting(peer)
        else:
            peer.greet(self.greeting)

    def case(self, script) -> str:
        """The name under which a request asks for this script."""
        name = str(next(self.numbers))
        self.scripts[name] = script if isinstance(script, Attempts) else Attempts(script)
        return name

    def asked_for(self, name: str) -> list:
        return [each for each in list(self.asked) if each.get(CASE) == name]

    def arrived(self, stream: Stream) -> None:
        with self.lock:
            self.asked.append(stream)
            attempt = len(self.asked_for(stream.get(CASE)))
        if stream.peer.last is not None and stream.id > stream.peer.last:
            return
        scripts = self.scripts.get(stream.get(CASE), Attempts([])).scripts
        script = scripts[min(attempt, len(scripts)) - 1] or reply()
        threading.Thread(target=self._play, args=(stream, script), daemon=True).start()

    def _play(self, stream: Stream, script: list) -> None:
        if script[0] is None:
            script = script[1:]
        elif h2_frames.read_body not in script:
            script = [h2_frames.read_body, *script]
        try:
            for step in script:
                if isinstance(step, (int, float)):
                    time.sleep(step)
                elif made := step if isinstance(step, bytes) else step(stream):
                    stream.send(made)
        except (OSError, ValueError):
            pass  # the connection ended, or weir wants no more of the stream
        except Exception as error:
            self.violations.append(f"a script failed: {error!r}")
            raise
        finally:
            with stream.peer.changed:
                stream.is_answered = True
                stream.peer.changed.notify_all()

    def _serve(self, connected: socket.socket, number: int) -> None:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.settimeout(60)
        try:
            secure = SecureSocket(connected, self.tls).handshake()
        except OSError as error:
            self.refused[number] = error
            connected.close()
            return
        self.peers[number] = Peer(self, secure, number)
        self.peers[number].run()
