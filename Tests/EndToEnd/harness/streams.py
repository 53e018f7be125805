"""Reads event streams the way a client does, and says how one ended."""

import json
import re
from dataclasses import dataclass

from .wire import Reply, Wire

# What two replies to the same request may differ in.
VOLATILE = [
    (re.compile(rb'"(gen|resp|msg|chatcmpl|cmpl|rs|fc|item)[-_][0-9A-Za-z_-]+"'), rb'"\1-ID"'),
    (re.compile(rb'"(created|created_at|completed_at)": ?[0-9.]+'), rb'"\1":0'),
]


def stable(data: bytes) -> bytes:
    """The bytes with ids and times blanked."""
    for pattern, replacement in VOLATILE:
        data = pattern.sub(replacement, data)
    return data


@dataclass
class Event:
    name: str
    data: str

    def json(self):
        return json.loads(self.data)


def events(data: bytes) -> list:
    """The events of a stream after the WHATWG rules; one that no empty line ended is left out, comments too."""
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    found, name, lines = [], "", []
    *complete, _ = re.split(r"\r\n|\r|\n", text)
    for line in complete:
        if not line:
            if lines:
                found.append(Event(name, "\n".join(lines)))
            name, lines = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            lines.append(value)
        elif field == "event":
            name = value
    return found


def text_of(data: bytes) -> str:
    """The content deltas of a chat stream, joined."""
    pieces = []
    for event in events(data):
        if event.data == "[DONE]":
            continue
        for choice in event.json().get("choices", []):
            pieces.append(choice.get("delta", {}).get("content") or "")
    return "".join(pieces)


def errors(data: bytes) -> list:
    """The error events of a stream, in any API's shape, as their JSON."""
    found = []
    for event in events(data):
        try:
            value = event.json()
        except ValueError:
            continue
        if isinstance(value, dict) and (value.get("error") or value.get("type") in ("error", "response.failed")):
            found.append(value)
    return found


def code_of(error: dict):
    """An error event's code: inside `error` for chat and completions, at the top for responses."""
    inner = error.get("error")
    return inner.get("code") if isinstance(inner, dict) and "code" in inner else error.get("code")


END_MARKERS = {"chat/completions": '[DONE]', "completions": '[DONE]',
               "responses": '"response.completed"', "messages": '"message_stop"'}


def has_end_marker(endpoint: str, data: bytes) -> bool:
    """Whether the stream says that it is whole, as the API's clients look for it."""
    return any(END_MARKERS[endpoint] in event.data.replace(" ", "") for event in events(data))


def ended_broken(endpoint: str, reply: Reply) -> bool:
    """Whether a client of this API can tell that the reply did not come whole."""
    if not reply.is_complete:
        return True
    return bool(errors(reply.body)) and not has_end_marker(endpoint, reply.body)


def read_to_end(wire: Wire) -> bytes:
    """All that is still to come on the connection; for requests sent with `Connection: close`."""
    pieces = []
    while piece := wire.more():
        pieces.append(piece)
    return b"".join(pieces)


def unchunked(data: bytes) -> tuple:
    """A whole reply's head (bytes) and de-chunked body, and whether the last chunk came; linear in its length."""
    head, _, rest = data.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" not in head.lower():
        return head, rest, True
    pieces, at = [], 0
    while (line := rest.find(b"\r\n", at)) >= 0:
        size = int(rest[at:line].split(b";")[0], 16)
        if size == 0:
            return head, b"".join(pieces), True
        pieces.append(rest[line + 2:line + 2 + size])
        at = line + 2 + size + 2
    return head, b"".join(pieces), False
