"""Replies that clients do not get, because they call a forbidden tool, were paid for all the same."""

import json
import time
import uuid

import pytest

from harness.ledger import FILE, Ledger
from harness.requests import function
from harness.upstream import ScriptedUpstream, reply as scripted
from harness.usual_requests import usual

YAML = """
screening:
  tools:
    - {deny: ["shell*"], replies: refuse}
budgets: [{period: day, usd: 10}]
"""
SETTINGS = {"WEIR_LEDGER": FILE}
USAGE = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110, "cost": 0.25}


def call(**more) -> list:
    return [{"id": "functions.shell:0", "type": "function", **more,
             "function": {"name": "shell", "arguments": '{"command":'}}]


def event(value: dict) -> bytes:
    return b"data: %b\n\n" % json.dumps({"id": "gen-1", "object": "chat.completion.chunk"} | value).encode()


def plain(wire, request) -> bytes:
    message = {"role": "assistant", "content": None, "tool_calls": call()}
    return scripted(json.dumps({
        "id": "gen-1", "object": "chat.completion", "usage": USAGE,
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}).encode())


def streamed(wire, request) -> None:
    """The beginning of a call, and no more for as long as anybody reads."""
    begun = event({"choices": [{"index": 0, "delta": {"role": "assistant", "tool_calls": call(index=0)}}]})
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
              b"%x\r\n%b\r\n" % (len(begun), begun))
    deadline = time.monotonic() + 10
    while wire.more() and time.monotonic() < deadline:
        pass


def refused(weir_with, answer, stream: bool) -> tuple:
    """The weir, and the row of a request whose reply calls a forbidden tool."""
    with ScriptedUpstream(answer) as upstream:
        weir = weir_with(files={"weir.yaml": YAML}, arguments=["--config", "weir.yaml"], upstream=upstream.url)
        name = f"req-{uuid.uuid4().hex}"
        body = usual("chat/completions", stream=stream, tools=[function("time")])
        reply = weir.post("/v1/chat/completions", body, [("x-request-id", name)])
        assert (reply.status, reply.json()["error"]["code"]) == (403, "tool_not_allowed")
        return weir, Ledger(weir.folder).row(name)


def test_a_whole_reply_costs_what_the_upstream_says(weir_with):
    weir, row = refused(weir_with, plain, stream=False)
    assert (row["usage_state"], row["input_tokens"], row["output_tokens"]) == ("reported", 100, 10)
    assert (row["cost_usd"], row["cost_source"], row["attempts"]) == (0.25, "upstream", 1)
    scrape = weir.scrape()
    assert scrape.sum("weir_cost_usd_total") == 0.25
    assert scrape.sum("weir_budget_remaining_usd") == pytest.approx(9.75)
    # The call is cut in its arguments, which the upstream said were whole.
    assert row["tool_calls_unknown_tool"] == scrape.sum("weir_tool_calls_total", result="unknown_tool") == 1


def test_a_stream_that_was_stopped_costs_what_came_of_it(weir_with):
    weir, row = refused(weir_with, streamed, stream=True)
    assert (row["usage_state"], row["output_tokens"], row["attempts"]) == ("estimated", 1, 1)
    assert row["input_tokens"] > 0 and row["cost_usd"] > 0
    scrape = weir.scrape()
    assert scrape.sum("weir_cost_usd_total") == pytest.approx(row["cost_usd"])
    assert scrape.sum("weir_budget_remaining_usd") == pytest.approx(10 - row["cost_usd"])
    # Nobody knows whether the call would have been right.
    assert scrape.sum("weir_tool_calls_total", result="unchecked") == scrape.sum("weir_tool_calls_total") == 1
