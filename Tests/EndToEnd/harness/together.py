"""Identical requests at the same time: how they are sent, and what each of them got."""

import json
import threading
from contextlib import contextmanager

from .caching import CHAT, JSON
from .weir import Weir
from .wire import ConnectionEnded, Reply, Wire, message


def wire_with(weir: Weir, body: dict, headers=(), **options) -> Wire:
    """A connection on which the request is sent and nothing is read yet."""
    wire = Wire(weir.port, **options)
    wire.send(message("POST", CHAT, [JSON, *headers], json.dumps(body).encode()))
    return wire


def all_replies(wires: list) -> list:
    """The whole replies, read on all connections at the same time; None where there was none."""
    replies = [None] * len(wires)

    def read(number):
        try:
            replies[number] = wires[number].read_reply("POST")
        except (ConnectionEnded, OSError):
            pass
        wires[number].close()
    threads = [threading.Thread(target=read, args=(number,)) for number in range(len(wires))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return replies


def sent_together(weir: Weir, count: int, body: dict, headers=()) -> list:
    """The replies to so many identical requests, each on a connection of its own."""
    return all_replies([wire_with(weir, body, headers) for _ in range(count)])


@contextmanager
def several(weir: Weir, count: int, body: dict, headers=(), first_alone=None):
    """So many identical requests under way; closed at the end.

    `first_alone()` is waited for between the first and the others, so that the first is the one that leads.
    """
    wires = [wire_with(weir, body, headers)]
    try:
        if first_alone:
            first_alone()
        wires += [wire_with(weir, body, headers) for _ in range(count - 1)]
        yield wires
    finally:
        for wire in wires:
            wire.close()


def head_and(wire: Wire, events: int) -> tuple:
    """The head of a stream and what came until so many of its `data:` lines were there."""
    head, data = wire.read_head(), wire.pending
    while data.count(b"data: ") < events:
        more = wire.more()
        assert more, data
        data += more
    wire.pending = data
    return head, data


def rest(wire: Wire, head: Reply) -> Reply:
    """The whole reply of a stream whose head was read."""
    return wire.read_body(head, "POST")
