"""A running `weir simulate`, and what it recorded."""

import base64
import json
import uuid
from dataclasses import dataclass
from pathlib import Path

from .eventually import eventually
from .process import Process
from .wire import Head, Reply, ask


@dataclass
class Recorded(Head):
    method: str
    path: str
    body: bytes
    ended: str
    events_sent: int


def mark() -> tuple:
    """A header that finds this test's own request in the recording."""
    return ("x-test-mark", uuid.uuid4().hex)


class Simulator:
    def __init__(self, command, folder: Path, arguments=()):
        self.process = Process([*command, "--listen", "127.0.0.1:0", *arguments], folder, {}, "simulator")
        try:
            self.url = self.process.await_value(self._listening)["url"]
        except BaseException:
            self.process.kill()
            raise
        self.port = int(self.url.split(":")[2].split("/")[0])

    def _listening(self):
        for line in self.process.output().splitlines(keepends=True):
            if line.endswith("\n") and '"listening"' in line:
                return json.loads(line)
        return None

    def ask(self, method: str, target: str, headers=(), body: bytes = b"", **options) -> Reply:
        return ask(self.port, method, target, headers, body, **options)

    def post(self, target: str, value, headers=(), **options) -> Reply:
        """Straight to the simulator, for a comparison with what came through weir."""
        headers = [("Content-Type", "application/json"), ("Authorization", "Bearer sk-direct"), *headers]
        return self.ask("POST", target, headers, json.dumps(value).encode(), **options)

    def requests(self, last: int = 50, large: bool = False) -> list:
        """The newest requests, oldest first; a body over 1 MB is there only when `large` bodies are wanted."""
        found = []
        for entry in self.ask("GET", f"/_sim/requests?last={last}{'&bodies=1' if large else ''}").json():
            headers = [(name, value) for name, value in entry["headers"]]
            encoded = entry.get("body_base64")
            found.append(Recorded(
                start_line="", headers=headers, method=entry["method"], path=entry["path"],
                body=None if encoded is None else base64.b64decode(encoded), ended=entry["ended"],
                events_sent=entry.get("events_sent", 0)))
        return found

    def received(self, marked: tuple, last: int = 50) -> Recorded:
        """The one request that carried the mark."""
        for large in (False, True):
            found = [r for r in self.requests(last, large) if r.get(marked[0]) == marked[1]]
            assert len(found) == 1, f"{len(found)} requests carry the mark"
            if found[0].body is not None:
                break
        return found[0]

    def saw(self, marked: tuple, last: int = 50) -> bool:
        return any(r.get(marked[0]) == marked[1] for r in self.requests(last))

    def await_end(self, marked: tuple, how: str, seconds: float = 5) -> Recorded:
        eventually(lambda: self.saw(marked) and self.received(marked).ended == how,
                   f"the upstream request ends as {how}", seconds)
        return self.received(marked)

    def stats(self) -> dict:
        return self.ask("GET", "/_sim/stats").json()

    def stop(self) -> None:
        self.process.kill()
