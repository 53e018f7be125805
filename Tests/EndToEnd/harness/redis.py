"""A real redis-server on a free port or a Unix socket, and what is asked of it."""

import signal
import socket
from pathlib import Path

from .listener import Listener
from .process import Process


class RedisError(Exception):
    """The server's own error."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Redis:
    """`Redis(folder)`: a server without persistence. `options` are directives of redis.conf as arguments.

    `persistent=True` writes every change to disk, so that `kill()` and `start()` lose nothing. `network` is where it runs
    instead of the machine's own, `environment` what it gets besides.
    """

    def __init__(self, folder: Path, *options: str, password: str = "", unix: bool = False, persistent: bool = False,
                 port: int = 0, network=None, environment=None):
        self.folder, self.password, self.network, self.environment = folder, password, network, environment or {}
        self.host = network.address if network else "127.0.0.1"
        self.path = str(folder / "redis.sock") if unix else ""
        self.port = 0 if unix else port or free_port()
        self.options = list(options)
        if persistent:
            self.options += ["--appendonly", "yes", "--appendfsync", "always"]
        self.process = None
        self.starts = 0
        self.start()

    # -- its life ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        where = ["--port", "0", "--unixsocket", self.path] if self.path else ["--port", str(self.port)]
        login = ["--requirepass", self.password] if self.password else []
        within = self.network.within if self.network else []
        self.starts += 1
        self.process = Process(
            [*within, "redis-server", *where, "--bind", self.host, "--save", "", "--dir", str(self.folder),
             "--protected-mode", "no", *login, *self.options], self.folder, self.environment, f"redis-{self.starts}")
        self.process.await_value(lambda: True if self.is_ready() else None)

    def is_ready(self) -> bool:
        try:
            return self.ask("PING") == "PONG"
        except (OSError, EOFError, RedisError):
            return False

    def kill(self) -> None:
        """`kill -9`: connections end, what was not on disk is lost."""
        self.process.send(signal.SIGKILL)
        self.process.wait()

    def freeze(self) -> None:
        """SIGSTOP: connections stay, nothing is answered."""
        self.process.send(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send(signal.SIGCONT)

    def stop(self) -> None:
        if self.process.is_alive:
            self.process.send(signal.SIGCONT)
            self.kill()

    # -- what clients say --------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        login = f":{self.password}@" if self.password else ""
        return f"unix://{login}{self.path}" if self.path else f"redis://{login}{self.host}:{self.port}"

    def connect(self, timeout: float = 5) -> "Connection":
        address = self.path or (self.host, self.port)
        connection = Connection(address, timeout)
        if self.password:
            connection.ask("AUTH", self.password)
        return connection

    def ask(self, *words):
        """The reply of one command over a connection of its own; texts are decoded."""
        with self.connect() as connection:
            return connection.ask(*words)

    def keys(self) -> list:
        return sorted(self.ask("KEYS", "*"))

    def dump(self) -> bytes:
        """Everything that the server holds, as it would lie on its disk: for searches after clear text."""
        with self.connect() as connection:
            connection.ask("CONFIG", "SET", "rdbcompression", "no")
            connection.ask("SAVE")
            folder, name = (connection.ask("CONFIG", "GET", each)[1] for each in ("dir", "dbfilename"))
        path = Path(folder) / name
        return path.read_bytes()

    def info(self, field: str) -> str:
        for line in self.ask("INFO").splitlines():
            if line.startswith(field + ":"):
                return line.split(":", 1)[1]
        raise KeyError(field)


class Connection:
    """RESP2 over one socket."""

    def __init__(self, address, timeout: float):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(address)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def send(self, *words) -> None:
        encoded = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(encoded) + b"".join(
            b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded))

    def ask(self, *words):
        self.send(*words)
        return self.receive()

    def receive(self):
        line = self.file.readline()
        if not line:
            raise EOFError("the server closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            raise RedisError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            count = int(rest)
            if count < 0:
                return None
            value = self.file.read(count + 2)[:-2]
            return value.decode(errors="surrogateescape")
        if kind == b"*":
            return None if int(rest) < 0 else [self._element() for _ in range(int(rest))]
        raise AssertionError(f"no reply: {line!r}")

    def _element(self):
        try:
            return self.receive()
        except RedisError as error:
            return error


class Fake(Listener):
    """A server that answers whatever arrives with `answer`, again and again, or says nothing where it is empty."""

    def __init__(self, answer: bytes):
        self.answer = answer
        self.received = b""
        super().__init__()
        self.url = f"redis://127.0.0.1:{self.port}"

    def _serve(self, connection: socket.socket, number: int) -> None:
        with connection:
            try:
                while data := connection.recv(65536):
                    self.received = (self.received + data)[-1_000_000:]
                    if self.answer:
                        connection.sendall(self.answer)
            except OSError:
                pass
