"""What tests of the cache share: the same request several times, what each got, and how often the upstream was asked."""

import json
from dataclasses import dataclass

from .attempts import calls
from .eventually import eventually
from .simulator import Simulator, mark
from .weir import Weir
from .wire import Reply

JSON = ("Content-Type", "application/json")
CHAT = "/v1/chat/completions"
MODEL = "openai/gpt-4-turbo"

# What a kept reply may differ in from the first, and nothing else.
NAMED = {"age", "x-request-id", "x-weir-cache", "x-weir-attempts", "server-timing", "x-ratelimit-remaining-requests",
         "x-ratelimit-reset-requests"}
FRAMING = {"transfer-encoding", "content-length"}


def results(replies: list) -> list:
    """What `x-weir-cache` says in each."""
    return [reply.get("x-weir-cache") for reply in replies]


@dataclass
class Asked:
    """The replies to some requests, and the requests that the upstream had of them."""

    replies: list
    upstream: list

    @property
    def results(self) -> list:
        return results(self.replies)


def ask_each(weir: Weir, simulator: Simulator, *requests, headers=()) -> Asked:
    """Sends requests one after the other, each when the one before is settled and kept.

    A request is a body (a value or bytes) or `(body, headers)` or `(body, headers, target)`.
    """
    marked, replies = mark(), []
    for request in requests:
        body, more, target = (*request, CHAT)[:3] if isinstance(request, tuple) else (request, (), CHAT)
        replies.append(weir.post(target, body, [marked, *headers, *more]))
        settled(weir, replies[-1])
    return Asked(replies, calls(simulator, marked))


def settled(weir: Weir, reply: Reply) -> None:
    """Until the request's record is written, which comes after its reply is kept."""
    name = reply.get("x-request-id").encode()
    path = weir.process.output_path
    eventually(lambda: name in path.read_bytes() or name in weir.process.errors_path.read_bytes(),
               "the request is settled")


def check_same(first: Reply, other: Reply) -> None:
    """The same reply but for the named headers; a stream may be framed otherwise."""
    assert other.status == first.status and other.body == first.body
    def rest(reply):
        return [(name.lower(), value) for name, value in reply.headers if name.lower() not in NAMED | FRAMING]
    assert rest(other) == rest(first)


def entries(weir: Weir) -> dict:
    """What the admin listener says of the cache."""
    return json.loads(weir.admin("/cache").body)


def purge(weir: Weir, query: str = "", headers=()) -> Reply:
    return weir.admin("/cache" + query, "DELETE", headers)
