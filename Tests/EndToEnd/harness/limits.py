"""What tests of limits and budgets share: clients with keys of their own, and what the headers say is left."""

import re
from dataclasses import dataclass
from pathlib import Path

from .attempts import configured
from .requests import chat
from .weir import Weir
from .wire import Reply, Wire, message

CHAT = "/v1/chat/completions"
JSON = ("Content-Type", "application/json")


def keyed(binary, folder: Path, upstream: str, clients: list, text: str, environment=None) -> Weir:
    """A weir with this YAML file and these clients; the key of each is `key-NAME`."""
    keys = {"WEIR_CLIENT_KEYS": ",".join(f"{name}:key-{name}" for name in clients)}
    return configured(binary, folder, upstream, text, keys | (environment or {}))


def of(client: str) -> tuple:
    """The header by which weir knows a client of `keyed`."""
    return ("Authorization", f"Bearer key-{client}")


def asks(weir: Weir, client: str, *headers, text: str = "hello", **members) -> Reply:
    """A small chat request of one client."""
    return weir.post(CHAT, chat(text, **members), [of(client), *headers])


def in_turn(weir: Weir, client: str, bodies: list, headers=()) -> list:
    """Requests one after the other on one connection, so that each begins when the one before is settled."""
    import json
    with Wire(weir.port) as wire:
        replies = []
        for body in bodies:
            wire.send(message("POST", CHAT, [JSON, of(client), *headers], json.dumps(body).encode()))
            replies.append(wire.read_reply("POST"))
        return replies


@dataclass
class Left:
    """One unit's `x-ratelimit-*` headers."""

    limit: int
    remaining: int
    reset: float  # seconds


def left(reply: Reply, unit: str = "requests"):
    """What the headers say of one unit; None where there are none. All three come, or none does."""
    values = [reply.all(f"x-ratelimit-{name}-{unit}") for name in ("limit", "remaining", "reset")]
    if values == [[], [], []]:
        return None
    (limit,), (remaining,), (reset,) = values
    return Left(int(limit), int(remaining), go_seconds(reset))


def go_seconds(text: str) -> float:
    """Seconds of a duration as Go writes it and OpenAI sends it: `120ms`, `8.64s`, `6m0s`, `1h0m0.5s`."""
    if found := re.fullmatch(r"(\d+)ms", text):
        return int(found[1]) / 1000
    found = re.fullmatch(r"(?:(?:(\d+)h)?(\d+)m)?(\d+(?:\.\d{1,3})?)s", text)
    assert found, f"{text!r} is no duration"
    return int(found[1] or 0) * 3600 + int(found[2] or 0) * 60 + float(found[3])


def check_rate_limited(reply: Reply, limit: str, is_possible: bool = True) -> None:
    """A refusal by this rule: with a time to come back, and the advice to let it be where it is of no use."""
    assert reply.status == 429, (reply.start_line, reply.body)
    error = reply.json()["error"]
    assert error["code"] == "rate_limit_exceeded" and f"`{limit}`" in error["message"]
    assert reply.get("x-request-id") in error["message"]
    if not is_possible:
        assert reply.get("retry-after") == "1" and reply.get("retry-after-ms") is None
        assert reply.get("x-should-retry") == "false"
        return
    assert reply.get("x-should-retry") is None
    seconds, milliseconds = int(reply.get("retry-after")), int(reply.get("retry-after-ms"))
    assert milliseconds > 0 and seconds == max(1, -(-milliseconds // 1000)), (seconds, milliseconds)
