"""Several sidecars with one store, and what stands in the store of their cache."""

from pathlib import Path

from .caching import CHAT, settled
from .eventually import eventually
from .limits import keyed, of
from .redis import Redis
from .requests import chat
from .simulator import mark
from .weir import Weir

CLIENTS = ["ann", "ben"]
ANN = of("ann")
# A loaded machine may be slow, and no test is about that.
SHARING = {"WEIR_CACHE_TTL": "300", "WEIR_REDIS_DEADLINE_MS": "5000"}


class Fleet:
    """So many sidecars, each with the store; ready when it answers their questions."""

    def __init__(self, binary: Path, folder: Path, upstream: str, redis: Redis, count: int, environment=None,
                 text: str = ""):
        self.redis, self.sidecars, self.text = redis, [], text
        self.arguments = (binary, folder, upstream, SHARING | {"WEIR_REDIS_URL": redis.url} | (environment or {}))
        try:
            for _ in range(count):
                self.add()
            for sidecar in self.sidecars:
                await_sharing(sidecar)
        except BaseException:
            self.stop()
            raise

    def add(self, environment=None) -> Weir:
        binary, folder, upstream, settings = self.arguments
        folder = folder / f"sidecar-{len(self.sidecars)}"
        folder.mkdir()
        self.sidecars.append(keyed(binary, folder, upstream, CLIENTS, self.text, settings | (environment or {})))
        return self.sidecars[-1]

    def __getitem__(self, index: int) -> Weir:
        return self.sidecars[index]

    def stop(self) -> None:
        for sidecar in self.sidecars:
            sidecar.stop()


def ask(weir: Weir, body, *headers, client=ANN):
    """The reply to one request, when it is settled."""
    reply = weir.post(CHAT, body, [client, *headers])
    settled(weir, reply)
    return reply


def lookups(weir: Weir, result: str = None) -> float:
    labels = {"result": result} if result else {}
    return weir.scrape().sum("weir_shared_cache_lookups_total", **labels)


def written(weir: Weir, result: str = "stored") -> float:
    return weir.scrape().sum("weir_shared_cache_writes_total", result=result)


def await_written(weir: Weir, count: float) -> None:
    """Until so many replies are in the store: they go there after their requests are over."""
    eventually(lambda: written(weir) >= count, f"{count} replies are stored", 20)


def await_sharing(weir: Weir) -> None:
    """Until the sidecar asks the store for what it has not got."""
    def asks():
        before = lookups(weir)
        assert ask(weir, chat(mark()[1])).status == 200
        return lookups(weir) > before
    eventually(asks, "the store is asked", 20, 0.1)


def stored(weir: Weir, body, *headers):
    """The reply to a request that no sidecar has asked, when it is in the store."""
    before = written(weir)
    reply = ask(weir, body, *headers)
    assert (reply.status, reply.get("x-weir-cache")) == (200, "miss")
    await_written(weir, before + 1)
    return reply


def values(redis: Redis) -> list:
    """The keys of kept replies."""
    return [key for key in redis.keys() if key.startswith("weir:c:") and not key.endswith(":lease")]


def leases(redis: Redis) -> list:
    return [key for key in redis.keys() if key.endswith(":lease")]
