"""What gets past screening if one only looks at the usual shapes, and what makes looking expensive."""

import json
import os
import random
import subprocess

import pytest

from harness.limits import CHAT
from harness.requests import chat, function
from harness.upstream import ScriptedUpstream, reply as scripted
from harness.wire import ask

EVENTS = [("Content-Type", "text/event-stream")]
TOOLS = """
screening:
  tools:
    - {deny: ["shell*", local_shell], requests: strip, replies: strip}
"""


def stream(*deltas) -> bytes:
    events = [{"id": "gen-1", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    return b"".join(b"data: %b\n\n" % json.dumps(event).encode() for event in events) + b"data: [DONE]\n\n"


def call(index: int, name: str = "", arguments: str = "") -> dict:
    said = {"name": name} if name else {}
    return {"tool_calls": [{"index": index, "function": said | {"arguments": arguments}}]}


def put_together(body: bytes) -> dict:
    """Names and arguments by index, as OpenAI's and LangChain's clients put them together."""
    calls = {}
    for line in body.decode().splitlines():
        if not line.startswith("data: {"):
            continue
        for piece in json.loads(line[6:])["choices"][0]["delta"].get("tool_calls") or []:
            known = calls.setdefault(piece["index"], ["", ""])
            known[0] += piece["function"].get("name") or ""
            known[1] += piece["function"].get("arguments") or ""
    return calls


@pytest.fixture
def answered(weir_with):
    """`answered(reply)`: a weir that strips calls, before an upstream that always says this."""
    opened = []

    def start(reply: bytes):
        upstream = ScriptedUpstream(lambda wire, request: reply)
        opened.append(upstream)
        return weir_with(files={"weir.yaml": TOOLS}, arguments=["--config", "weir.yaml"], upstream=upstream.url)

    yield start
    for upstream in opened:
        upstream.close()


def test_a_forbidden_name_in_pieces_does_not_reach_the_client(answered):
    told = stream(call(0, "sh"), call(0, "ell", '{"command":'), call(1, "get_time", "{}"), call(0, "", '"ls"}'))
    weir = answered(scripted(told, headers=EVENTS))
    reply = weir.post(CHAT, chat(stream=True, tools=[function("get_time")]))
    assert put_together(reply.body) == {0: ["sh", ""], 1: ["get_time", "{}"]}


@pytest.mark.parametrize("headers", [EVENTS, [("Content-Type", "text/plain")]])
def test_a_stream_is_looked_at_whatever_it_says_that_it_is(answered, headers):
    weir = answered(scripted(stream(call(0, "shell", "{}"), {"content": "done"}), headers=headers))
    reply = weir.post(CHAT, chat(stream=True, tools=[function("get_time")]))
    assert b"shell" not in reply.body and b"done" in reply.body and b"[DONE]" in reply.body


def test_a_built_in_tool_that_the_client_runs_is_not_called(answered):
    """A stored prompt may bring tools that the request does not name."""
    item = {"type": "local_shell_call", "id": "1", "call_id": "c", "status": "completed",
            "action": {"type": "exec", "command": ["rm", "-rf", "/"], "env": {}}}
    text = {"type": "message", "id": "2", "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": "done", "annotations": []}]}
    weir = answered(scripted(json.dumps({"id": "r", "status": "completed", "output": [item, text]}).encode()))
    reply = weir.post("/v1/responses", {"model": "openai/gpt-4o", "prompt": {"id": "pmpt_1"}})
    assert reply.json()["output"] == [text] and reply.get("x-weir-edits") == "tool_calls"


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


def test_explain_refuses_the_bodies_that_weir_does_not_read_where_serve_does(weir_with, binary):
    weir = weir_with(files={"weir.yaml": "screening: {unread: refuse}\n"}, arguments=["--config", "weir.yaml"])
    assert weir.post("/v1/images/generations", {"prompt": "x"}).status == 403
    done = subprocess.run(
        [binary, "explain", "--config", "weir.yaml", "--path", "/v1/images/generations"], cwd=weir.folder,
        env={"PATH": os.environ["PATH"]}, input='{"prompt":"x"}', capture_output=True, text=True, timeout=60)
    assert "decision: refuse with 403 content_blocked" in done.stdout and done.returncode == 1, done
