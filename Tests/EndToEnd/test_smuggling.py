"""No two readers of HTTP on a request's way divide its bytes differently: weir alone, behind a real nginx, before one.

Each case of harness/smuggling.py ends with a poison request that one of two readers might see, followed by a last
request that closes the connection. What the far end saw is compared with what weir, nginx and a strict reader say.
weir may be stricter, that is to refuse and to close; it may never be looser. After each case another client's request
over the connections that are shared with the far end must get its own reply.
"""

import itertools
import json
import random
import re
import socket

import h11
import pytest

from harness.eventually import eventually
from harness.listener import Listener
from harness.nginx import Nginx
from harness.upstream import reply
from harness.smuggling import CASES
from harness.strict_reader import strictly_read
from harness.weir import Weir
from harness.wire import ConnectionEnded, Wire

SETTINGS = {"WEIR_TIMEOUT_CLIENT_IDLE": "1", "WEIR_TIMEOUT_HEADER": "1", "OPENROUTER_API_KEY": None,
            "WEIR_MAX_BODY_BYTES": "1048576"}
LAST = b"GET /v1/echo?last HTTP/1.1\r\nHost: weir.test\r\nConnection: close\r\n\r\n"
API = re.compile("/v1/(chat/completions|completions|responses|messages|embeddings)")
numbers = itertools.count(1)


class Recorder(Listener):
    """The far end: keeps every byte of each connection, answers what h11 reads, and echoes the target."""

    def __init__(self):
        self.requests = []
        super().__init__()
        self.url = f"http://127.0.0.1:{self.port}/api/v1"

    def _serve(self, connected: socket.socket, number: int) -> None:
        reader = h11.Connection(h11.SERVER)
        try:
            while True:
                for request in self._requests(connected, reader):
                    self.requests.append(request)
                    body = json.dumps({"target": request[1], "body": request[2].decode("latin-1")}).encode()
                    connected.sendall(reply(b"" if request[0] == "HEAD" else body))
        except (h11.RemoteProtocolError, ConnectionError):
            self.requests.append(("BROKEN", "", b""))
        except (EOFError, OSError):
            pass
        connected.close()

    def _requests(self, connected, reader):
        yield from read_on(reader, lambda: connected.recv(65536) or ended())


def ended():
    raise EOFError


def read_on(reader, more):
    """The requests that h11 reads, as (method, target, body); raises its error, or what `more` raises."""
    head, body = None, b""
    while True:
        event = reader.next_event()
        if event is h11.NEED_DATA:
            if reader.they_are_waiting_for_100_continue:
                reader.send(h11.InformationalResponse(status_code=100, headers=[]))
            reader.receive_data(more())
        elif isinstance(event, h11.Request):
            head, body = event, b""
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            yield head.method.decode(), head.target.decode(), body
            reader.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
            reader.send(h11.EndOfMessage())
            if reader.our_state is h11.MUST_CLOSE:
                return
            reader.start_next_cycle()
        else:
            return


class Chain:
    """A way to the recorder: the port that clients connect to, and what stands on the way."""

    def __init__(self, port: int, weir: Weir, recorder: Recorder, nginx: Nginx = None):
        self.port, self.weir, self.recorder, self.nginx = port, weir, recorder, nginx

    def handled(self) -> list:
        """weir's access lines."""
        return [line for line in self.weir.log() if line.get("message") == "access"]

    def exchange(self, data: bytes) -> bytes:
        """Sends these bytes on one connection; all that comes back up to the connection's end."""
        with Wire(self.port, timeout=20) as wire:
            try:
                wire.send(data)
            except ConnectionError:
                pass
            received = b""
            while more := wire.more():
                received += more
        return received

    def victim(self) -> str:
        """Another client's request gets its own reply; returns its id."""
        name = f"victim-{next(numbers)}"
        target = f"/v1/echo?{name}"
        head = f"GET {target} HTTP/1.1\r\nHost: weir.test\r\nx-request-id: {name}\r\nConnection: close\r\n\r\n"
        with Wire(self.port, timeout=10) as wire:
            wire.send(head.encode())
            answer = wire.read_reply()
        assert answer.status == 200 and answer.json()["target"] == f"/api{target}"
        return name


@pytest.fixture(scope="module")
def recorder():
    running = Recorder()
    yield running
    running.close()


def a_weir(binary, folder, upstream: str) -> Weir:
    return Weir(binary, folder, upstream, SETTINGS)


@pytest.fixture(scope="module", params=["weir", "nginx, weir", "unbuffered nginx, weir", "weir, nginx"])
def chain(request, binary, recorder, tmp_path_factory):
    folder = tmp_path_factory.mktemp
    if request.param == "weir":
        weir, nginx = a_weir(binary, folder("weir"), recorder.url), None
        port = weir.port
    elif request.param == "weir, nginx":
        nginx = Nginx(folder("nginx"), recorder.port)
        weir = a_weir(binary, folder("weir"), f"http://127.0.0.1:{nginx.port}/api/v1")
        port = weir.port
    else:
        weir = a_weir(binary, folder("weir"), recorder.url)
        nginx = Nginx(folder("nginx"), weir.port, buffering=not request.param.startswith("un"))
        port = nginx.port
    yield Chain(port, weir, recorder, nginx)
    if nginx:
        nginx.stop()
    weir.stop()


def told(chain: Chain, before: tuple) -> tuple:
    """What weir handled, what nginx handled and what the far end saw, since `before`, once they have settled."""
    return (chain.handled()[before[0]:], chain.nginx.lines()[before[1]:] if chain.nginx else [],
            chain.recorder.requests[before[2]:])


def lengths(chain: Chain) -> tuple:
    return len(chain.handled()), len(chain.nginx.lines()) if chain.nginx else 0, len(chain.recorder.requests)


def settled(chain: Chain, data: bytes) -> tuple:
    """Sends the bytes, then the victim's request, whose lines tell that all lines before it are written."""
    before = lengths(chain)
    received = chain.exchange(data)
    name = chain.victim()
    eventually(lambda: any(line["request_id"] == name for line in chain.handled()), "weir's line for the victim")
    if chain.nginx:
        eventually(lambda: any(name in line["target"] for line in chain.nginx.lines()), "nginx's line for the victim")
    handled, passed, seen = told(chain, before)
    assert seen[-1][1].endswith(name)
    handled = [line for line in handled if line["request_id"] != name]
    return received, handled, [line for line in passed if not line["target"].endswith(name)], seen[:-1]


def check(chain: Chain, data: bytes) -> None:
    received, handled, passed, seen = settled(chain, data)
    context = (data, received, handled, passed, seen)
    assert ("BROKEN", "", b"") not in seen, context
    # One whole request at the far end for each that weir says was answered there. Of a body that proved bad on its way
    # the far end has a part, and the connection ended.
    answered = [line for line in handled if line["attempts"] > 0 and line["status"] == 200]
    assert len(answered) == len(seen), context
    if chain.nginx and chain.nginx.port == chain.port:
        # weir saw as many requests as nginx passed on, and answered or refused each.
        there = [line for line in passed if line["upstream"]]
        assert len(there) == len(handled), context
    elif chain.nginx:
        # A body that weir broke off reached nginx in part, and the recorder not at all.
        whole = [line["target"] for line in passed if line["status"] == "200"]
        assert whole == [target for _, target, _ in seen], context
        assert len([line for line in passed if line["status"] == "200"]) == len(answered), context
    if chain.port == chain.weir.port:
        # As many replies as requests, but for those that weir could not finish.
        finals = [status for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", received) if status != b"100"]
        assert len(finals) == len(handled), context
        expected = without_refused(strictly_read(data))
        assert len(seen) <= len(expected), context
        for (method, target, body), (looked, place, text) in zip(seen, expected, strict=False):
            assert (method, target) == (looked, "/api" + place), context
            # A body of HEAD means nothing (RFC 9110, section 9.3.2), and goes no further.
            assert body == (b"" if method == "HEAD" else text), context


def without_refused(requests: list) -> list:
    """Those that weir passes on; others, read whole, do not end the connection."""
    places = [(method, re.sub("^https?://[^/?]*", "", target), body) for method, target, body in requests]
    return [each for each in places if each[1].startswith("/v1/") and not API.fullmatch(each[1])]


@pytest.mark.parametrize("data", CASES.values(), ids=CASES.keys())
def test_all_readers_see_the_same_requests(chain, data):
    check(chain, data + LAST)


def mutated(source: random.Random) -> bytes:
    """Two cases with some of their bytes changed, words of HTTP put in, parts moved."""
    words = [b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b";", b",", b"0\r\n\r\n", b"Content-Length: 5\r\n", b"+",
             b"Transfer-Encoding: chunked\r\n", b"chunked", b"HTTP/1.1", b"\r\n\r\n", b"\x0b", b"ffffffff",
             b"Host: a\r\n"]
    data = source.choice(list(CASES.values())) + source.choice(list(CASES.values()))
    for _ in range(source.randint(1, 4)):
        place = source.randrange(len(data))
        end = place + source.choice([0, 0, 1, 3])
        data = data[:place] + source.choice([source.choice(words), bytes([source.randrange(256)])]) + data[end:]
    return data


@pytest.mark.parametrize("seed", range(4))
def test_all_readers_see_the_same_requests_where_bytes_are_changed_at_random(chain, seed):
    source = random.Random(20261121 + seed)
    for _ in range(10):
        check(chain, mutated(source) + LAST)
