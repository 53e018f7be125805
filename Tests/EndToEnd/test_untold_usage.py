"""What budgets, costs and the ledger make of replies that say too little of their usage, and of models whose rules leave
no place for an output bound."""

import json

import pytest

from harness.budgets import MODEL, remaining
from harness.eventually import eventually
from harness.ledger import FILE, Ledger
from harness.limits import asks, keyed, of
from harness.upstream import ScriptedUpstream, reply as scripted

RULES = """
budgets:
  - {name: dollar, period: day, usd: 1, clients: [app]}
  - {name: small, period: day, tokens: 2000, clients: [small]}
models:
  catalog:
    - {id: acme/boundless, prices: {input: 10, output: 30}, parameters: [{drop: max_tokens}]}
    - {id: acme/newer, prices: {input: 10, output: 30},
       parameters: [{rename: max_tokens, to: max_completion_tokens}, {clamp: max_completion_tokens, max: 2048}]}
"""
JSON = [("Content-Type", "application/json")]
MESSAGE = {"role": "assistant", "content": "hello there"}


def completion(**members) -> dict:
    return {"id": "gen-1", "object": "chat.completion", "model": MODEL,
            "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}]} | members


@pytest.fixture
def answering(binary, tmp_path):
    """`answering(reply)`: a weir whose upstream says that, its ledger, and what the upstream was sent."""
    running = []

    def start(answer: bytes):
        upstream = ScriptedUpstream(lambda wire, request: answer)
        weir = keyed(binary, tmp_path, upstream.url, ["app", "small"], RULES, {"WEIR_LEDGER": FILE})
        running.extend([weir, upstream])
        weir.ledger = Ledger(weir.folder)
        weir.sent = lambda: [json.loads(request.body) for request in upstream.requests]
        return weir

    yield start
    for each in running[::2]:
        each.stop()


def row_of(weir, **members) -> dict:
    assert asks(weir, "app", ("x-request-id", "req-untold"), model=MODEL, max_tokens=40, **members).status == 200
    return weir.ledger.row("req-untold")


def test_a_reply_in_a_coding_that_nobody_asked_for_is_not_free(answering):
    weir = answering(scripted(b"\x0b\x02\x80 no JSON", headers=JSON + [("Content-Encoding", "br")]))
    row = row_of(weir)
    # As of any reply that tells nothing: the prompt's estimate, and the output that was expected.
    assert (row["usage_state"], row["output_tokens"]) == ("estimated", 40) and row["input_tokens"] > 0
    spent = row["input_tokens"] * 10e-6 + 40 * 30e-6
    eventually(lambda: abs(remaining(weir, "app") - (1 - spent)) < 1e-9, "the budget has less", 5)


@pytest.mark.parametrize("output", [None, "12", -1], ids=json.dumps)
def test_a_count_that_is_none_is_not_taken_for_nothing(answering, output):
    usage = {"prompt_tokens": 9, "completion_tokens": output}
    row = row_of(answering(scripted(json.dumps(completion(usage=usage)).encode(), headers=JSON)))
    assert (row["usage_state"], row["input_tokens"], row["output_tokens"]) == ("estimated", 9, 40)
    assert row["cost_usd"] == pytest.approx(9 * 10e-6 + 40 * 30e-6)


def test_a_count_that_is_none_is_the_rest_of_the_total(answering):
    usage = {"prompt_tokens": 9, "completion_tokens": None, "total_tokens": 16}
    row = row_of(answering(scripted(json.dumps(completion(usage=usage)).encode(), headers=JSON)))
    assert (row["usage_state"], row["input_tokens"], row["output_tokens"]) == ("reported", 9, 7)


def test_the_events_of_a_stream_stand_in_for_a_count_that_is_none(answering):
    chunk = {"id": "gen-1", "object": "chat.completion.chunk", "model": MODEL}
    told = [chunk | {"choices": [{"index": 0, "delta": {"content": text}}]} for text in ("a", "b", "c")]
    told.append(chunk | {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": "3"}})
    body = b"".join(b"data: %b\n\n" % json.dumps(each).encode() for each in told) + b"data: [DONE]\n\n"
    row = row_of(answering(scripted(body, headers=[("Content-Type", "text/event-stream")])), stream=True)
    assert (row["usage_state"], row["input_tokens"], row["output_tokens"]) == ("estimated", 9, 3)


def test_a_plain_reply_to_a_request_for_a_stream_is_more_than_one_event(answering):
    row = row_of(answering(scripted(json.dumps(completion()).encode(), headers=JSON)), stream=True)
    assert (row["usage_state"], row["output_tokens"]) == ("estimated", 40)


def test_a_price_that_the_upstream_names_holds_without_counts(answering):
    weir = answering(scripted(json.dumps(completion(usage={"cost": 0.25})).encode(), headers=JSON))
    row = row_of(weir)
    assert (row["usage_state"], row["cost_usd"], row["cost_source"]) == ("estimated", 0.25, "upstream")
    eventually(lambda: abs(remaining(weir, "app") - 0.75) < 1e-9, "the budget has less", 5)


@pytest.mark.parametrize("order", [("data", "usage"), ("usage", "data")], ids="-".join)
def test_the_usage_of_a_reply_that_is_too_large_to_be_read_is_found(answering, order):
    """llama.cpp has it before the embeddings, all others behind them."""
    embedded = {"data": [{"index": 0, "embedding": "QUJD" * 2_500_000}],
                "usage": {"prompt_tokens": 2048, "total_tokens": 2048, "cost": 0.125}}
    text = json.dumps({"object": "list"} | {name: embedded[name] for name in order})
    weir = answering(scripted(text.encode(), headers=JSON))
    reply = weir.post("/v1/embeddings", {"model": MODEL, "input": "hello"}, [of("app"), ("x-request-id", "req-large")])
    assert reply.status == 200 and len(reply.body) > 9_000_000
    row = weir.ledger.row("req-large")
    assert (row["usage_state"], row["input_tokens"], row["cost_usd"]) == ("reported", 2048, 0.125)


def test_the_usage_beside_a_picture_in_a_stream_of_the_responses_api_is_found(answering):
    """OpenAI's last event has all of the response, its pictures among them."""
    response = {"id": "resp-1", "object": "response", "status": "completed", "model": MODEL,
                "output": [{"type": "image_generation_call", "result": "QUJD" * 500_000}],
                "usage": {"input_tokens": 20, "output_tokens": 4160}, "metadata": {}}
    told = {"type": "response.completed", "sequence_number": 1, "response": response}
    body = b"event: response.completed\ndata: %b\n\n" % json.dumps(told).encode()
    weir = answering(scripted(body, headers=[("Content-Type", "text/event-stream")]))
    asked = {"model": MODEL, "input": "a cat", "stream": True, "max_output_tokens": 5000}
    reply = weir.post("/v1/responses", asked, [of("app"), ("x-request-id", "req-picture")])
    assert reply.status == 200 and reply.body == body
    row = weir.ledger.row("req-picture")
    assert (row["usage_state"], row["input_tokens"], row["output_tokens"]) == ("reported", 20, 4160)


def test_a_model_that_takes_no_bound_gets_none_and_counts_with_the_whole_cap(answering):
    weir = answering(scripted(json.dumps(completion()).encode(), headers=JSON))
    for members in ({}, {"max_tokens": 1}):
        reply = asks(weir, "app", model="acme/boundless", **members)
        assert reply.status == 200 and "max_tokens" not in weir.sent()[-1]
        # 4,096 tokens may come, whatever was asked for, and a smaller cap would not make the reply shorter.
        refused = asks(weir, "small", model="acme/boundless", **members)
        assert refused.status == 429 and refused.json()["error"]["code"] == "budget_exceeded"
    assert asks(weir, "small", model=MODEL, max_tokens=1).status == 200


def test_a_bound_of_weirs_own_goes_by_the_name_that_the_model_takes(answering):
    weir = answering(scripted(json.dumps(completion()).encode(), headers=JSON))
    reply = asks(weir, "app", model="acme/newer")
    assert reply.status == 200 and reply.get("x-weir-edits") == "max_completion_tokens"
    assert weir.sent()[-1]["max_completion_tokens"] == 2048 and "max_tokens" not in weir.sent()[-1]
