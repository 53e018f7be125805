"""What makes screening expensive, and what gets past it if one only looks at the usual shapes."""

import json
import os
import random

from harness.limits import CHAT
from harness.requests import chat
from harness.wire import ask


def worked_seconds(pid: int) -> float:
    """What a process has taken of the processors, whoever else has them."""
    with open(f"/proc/{pid}/stat") as stat:
        user, system = stat.read().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def test_a_text_made_for_a_pattern_costs_seconds_and_counts_as_a_match(weir_with):
    """Eight megabytes that take a minute and more where nothing ends the search: a new state for every byte."""
    rule = "screening: {unread: pass, rules: [{name: made, pattern: 'a[ab]{400}c', action: block}]}\n"
    weir = weir_with({"WEIR_EVENT_LOOPS": "1"}, files={"weir.yaml": rule}, arguments=["--config", "weir.yaml"])
    chance = random.Random(1)
    text = "".join(chance.choice("ab") for _ in range(100_000)) * 80
    before = worked_seconds(weir.process.pid)
    reply = ask(weir.port, "POST", CHAT, [("Content-Type", "application/json")], json.dumps(chat(text)).encode(),
                timeout=300)
    assert (reply.status, reply.json()["error"]["code"]) == (403, "content_blocked")
    assert worked_seconds(weir.process.pid) - before < 15
    assert weir.post(CHAT, chat("aaa")).status == 200
