"""Several weirs that share one Redis, and requests spread over them."""

import itertools
import threading
import time
from pathlib import Path

from .eventually import eventually
from .limits import CHAT, JSON, keyed, of
from .requests import chat
from .wire import Wire, message

# Debug builds on a busy machine answer late; what a test says of late answers it sets itself.
PATIENT = {"WEIR_REDIS_DEADLINE_MS": "1000"}


class Fleet:
    """`count` weirs with one configuration and one store; all see each other before the first request."""

    def __init__(self, binary, folder: Path, upstream: str, store, count: int, clients: list, text: str,
                 environment=None):
        self.store = store
        self.weirs = []
        settings = PATIENT | {"WEIR_REDIS_URL": store.url} | (environment or {})
        try:
            for number in range(count):
                own = folder / f"sidecar-{number}"
                own.mkdir()
                self.weirs.append(keyed(binary, own, upstream, clients, text, settings))
            self.gather()
        except BaseException:
            self.stop()
            raise

    def gather(self, count: int = 0) -> None:
        """Waits until the store is up for all of them, and each knows of all."""
        for weir in self.alive:
            eventually(lambda: is_up(weir) and sidecars(weir) == (count or len(self.alive)), "the fleet is whole", 20)

    @property
    def alive(self) -> list:
        return [weir for weir in self.weirs if weir.process.is_alive]

    def __getitem__(self, number: int):
        return self.weirs[number]

    def stop(self) -> None:
        for weir in self.weirs:
            weir.process.kill() if not weir.process.is_alive else weir.stop()


def is_up(weir) -> bool:
    return weir.scrape().sum("weir_shared_state_up") == 1


def sidecars(weir) -> int:
    return int(weir.scrape().sum("weir_shared_state_sidecars"))


def fallbacks(weir, operation: str = "admit") -> float:
    return weir.scrape().sum("weir_shared_state_fallbacks_total", operation=operation)


def spread(weirs: list, client: str, count: int, lanes: int = 2, **members) -> list:
    """`count` requests by `lanes` connections to each weir, all at the same time; the replies in no order."""
    import json
    body = json.dumps(chat(**members)).encode()
    tickets, replies, faults = itertools.count(), [], []

    def run(weir) -> None:
        try:
            with Wire(weir.port, timeout=30) as wire:
                while next(tickets) < count:
                    wire.send(message("POST", CHAT, [JSON, of(client)], body))
                    replies.append(wire.read_reply("POST"))
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=run, args=(weir,)) for weir in weirs for _ in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults
    return replies


class Load:
    """Requests at a steady pace to each of some weirs, until `stop`; `took` are seconds, `statuses` what came."""

    def __init__(self, weirs: list, client: str, per_second: float, **members):
        import json
        self.body = json.dumps(chat(**members)).encode()
        self.client, self.pause = client, len(weirs) / per_second
        self.statuses, self.took, self.faults = [], [], []
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(weir,)) for weir in weirs]
        for thread in self.threads:
            thread.start()

    def _run(self, weir) -> None:
        try:
            with Wire(weir.port, timeout=30) as wire:
                due = time.monotonic()
                while not self.is_over.is_set():
                    due = max(due + self.pause, time.monotonic() - 1)
                    time.sleep(max(due - time.monotonic(), 0))
                    begun = time.monotonic()
                    wire.send(message("POST", CHAT, [JSON, of(self.client)], self.body))
                    reply = wire.read_reply("POST")
                    self.took.append(time.monotonic() - begun)
                    self.statuses.append(reply.status)
        except Exception as error:
            self.faults.append(error)

    def await_more(self, count: int) -> None:
        """Until so many more have been answered."""
        wanted = len(self.statuses) + count
        eventually(lambda: len(self.statuses) >= wanted or self.faults, f"{count} more requests are answered", 30)

    def stop(self) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join()
        assert not self.faults, self.faults
