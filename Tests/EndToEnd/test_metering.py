"""Usage of every stream: asked for where an upstream tells it only on demand, estimated where the client left, learnt
all the same where weir reads on; and the same figures in metrics and ledger."""

import json
import uuid

import openai
import pytest

from harness.attempts import KIMI
from harness.eventually import eventually
from harness.ledger import FILE, Ledger
from harness.simulator import mark
from harness.streams import events
from harness.upstream import ScriptedUpstream, reply as scripted
from harness.usual_requests import usual
from harness.wire import message

SETTINGS = {"WEIR_LEDGER": FILE}
ASKING = {"weir.yaml": "upstreams:\n  default: {stream_usage: add}\n"}
ON_DEMAND = {"x-sim-fault": "usage-on-demand"}


@pytest.fixture
def asking(weir_with):
    """A weir whose upstream tells the usage of streams only on demand, and its ledger."""
    running = weir_with(files=ASKING, arguments=["--config", "weir.yaml"])
    running.ledger = Ledger(running.folder)
    return running


def named() -> tuple:
    return ("x-request-id", f"req-{uuid.uuid4().hex}")


def client_of(weir) -> openai.OpenAI:
    return openai.OpenAI(base_url=weir.url, api_key="sk-client", max_retries=0, timeout=20)


# -- usage on demand ------------------------------------------------------------------------------------------

def test_a_client_that_did_not_ask_sees_no_usage_and_weir_knows_it(asking, simulator):
    name, marked = named(), mark()
    with client_of(asking) as client:
        raw = client.chat.completions.with_raw_response.create(
            model=KIMI, messages=[{"role": "user", "content": "one two three"}], stream=True,
            extra_headers=ON_DEMAND | dict([name, marked]))
        chunks = list(raw.parse())
    assert raw.headers["x-weir-edits"] == "stream_options"
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == "You said: one two three"
    assert all(c.usage is None and c.choices for c in chunks)
    assert json.loads(simulator.received(marked).body)["stream_options"] == {"include_usage": True}
    row = asking.ledger.row(name[1])
    assert (row["usage_state"], row["output_tokens"], row["finish_reason"]) == ("reported", 5, "stop")


def test_a_stream_of_a_known_length_gets_another_framing_when_something_is_left_out(weir_with):
    chunk = {"id": "gen-1", "object": "chat.completion.chunk", "created": 1, "model": KIMI}
    told = [chunk | {"choices": [{"index": 0, "delta": {"content": "hi"}, "finish_reason": "stop"}]},
            chunk | {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}}]
    body = b"".join(b"data: %b\n\n" % json.dumps(each).encode() for each in told) + b"data: [DONE]\n\n"
    upstream = ScriptedUpstream(
        lambda wire, request: scripted(body, headers=[("Content-Type", "text/event-stream")]))
    weir = weir_with(files=ASKING, arguments=["--config", "weir.yaml"], upstream=upstream.url)
    with weir.wire() as wire:
        for _ in range(2):
            wire.send(message("POST", "/v1/chat/completions", [("Content-Type", "application/json")],
                              json.dumps(usual("chat/completions", stream=True)).encode()))
            answer = wire.read_reply("POST")
            assert answer.is_complete and answer.get("content-length") is None
            assert b"usage" not in answer.body and answer.body.endswith(b"data: [DONE]\n\n")


def test_a_client_that_asked_sees_the_usage(asking, simulator):
    marked = mark()
    with client_of(asking) as client:
        raw = client.chat.completions.with_raw_response.create(
            model=KIMI, messages=[{"role": "user", "content": "one"}], stream=True,
            stream_options={"include_usage": True}, extra_headers=ON_DEMAND | dict([marked]))
        chunks = list(raw.parse())
    assert "x-weir-edits" not in raw.headers
    assert chunks[-1].usage.completion_tokens == 3 and chunks[-1].choices == []


def test_legacy_completions_too(asking):
    name = named()
    with client_of(asking) as client:
        chunks = list(client.completions.create(
            model=KIMI, prompt="one", stream=True, extra_headers=ON_DEMAND | dict([name])))
    assert all(c.usage is None and c.choices for c in chunks)
    assert asking.ledger.row(name[1])["usage_state"] == "reported"


def test_other_stream_options_stay(asking, simulator):
    marked = mark()
    body = usual("chat/completions", stream=True) | {"stream_options": {"include_obfuscation": False}}
    reply = asking.post("/v1/chat/completions", body, [marked, *ON_DEMAND.items()])
    assert reply.status == 200 and b'"usage"' not in reply.body
    sent = json.loads(simulator.received(marked).body)
    assert sent == body | {"stream_options": {"include_obfuscation": False, "include_usage": True}}


def test_what_is_not_hidden_comes_byte_for_byte_and_uncompressed(asking, simulator):
    name, marked = named(), mark()
    body = usual("chat/completions", stream=True, text="a b c")
    reply = asking.post(
        "/v1/chat/completions", body, [name, marked, ("Accept-Encoding", "gzip"), ("x-sim-fault", "no-usage")])
    direct = simulator.post("/api/v1/chat/completions", body, [("x-sim-fault", "no-usage")])

    def shape(reply):
        return [{**json.loads(event.data), "id": "", "created": 0} if event.data.startswith("{") else event.data
                for event in events(reply.body)]
    assert shape(reply) == shape(direct)
    assert b": OPENROUTER PROCESSING" in reply.body
    assert simulator.received(marked).get("accept-encoding") is None
    assert asking.ledger.row(name[1])["usage_state"] == "estimated"


def test_a_kept_reply_is_for_clients_that_asked_the_same(weir_with):
    weir = weir_with({"WEIR_CACHE_TTL": "60"}, files=ASKING, arguments=["--config", "weir.yaml"])

    def ask(**members):
        reply = weir.post(
            "/v1/chat/completions", usual("chat/completions", stream=True, **members), list(ON_DEMAND.items()))
        return reply.get("x-weir-cache"), b'"usage"' in reply.body
    asked = {"stream_options": {"include_usage": True}}
    assert ask() == ("miss", False)
    assert ask(**asked) == ("miss", True)
    assert ask() == ("hit", False)
    assert ask(**asked) == ("hit", True)


def test_the_default_upstream_is_left_alone_unless_it_is_known_to_need_it(weir, simulator):
    marked = mark()
    reply = weir.post("/v1/chat/completions", usual("chat/completions", stream=True), [marked])
    assert reply.status == 200 and reply.get("x-weir-edits") is None
    assert "stream_options" not in json.loads(simulator.received(marked).body)


# -- clients that leave ---------------------------------------------------------------------------------------

def leave_in_mid_stream(weir, endpoint="chat/completions", *headers, tokens=40, gap=10):
    """Reads the first content of a stream, then goes."""
    name = named()
    body = json.dumps(usual(endpoint, stream=True)).encode()
    with weir.wire() as wire:
        wire.send(message(
            "POST", f"/v1/{endpoint}",
            [("Content-Type", "application/json"), ("x-sim-tokens", str(tokens)), ("x-sim-gap-ms", str(gap)), name,
             *headers], body))
        seen = b""
        while b"w1 " not in seen:
            seen += wire.more()
    return name[1]


@pytest.mark.parametrize("endpoint", ["chat/completions", "completions", "messages", "responses"])
def test_a_cancelled_stream_counts_the_same_estimate_everywhere(weir_with, endpoint):
    weir = weir_with()
    # Longer than the connection's buffers hide.
    request_id = leave_in_mid_stream(weir, endpoint, tokens=10_000)
    row = Ledger(weir.folder).row(request_id)
    assert (row["ending"], row["usage_state"], row["cost_source"]) == ("client_left", "estimated", "catalog")
    assert row["output_tokens"] >= 2 and row["input_tokens"] > 0 and row["cost_usd"] > 0
    page = weir.scrape()
    assert page.sum("weir_tokens_total", type="output") == row["output_tokens"]
    assert page.sum("weir_tokens_total", type="input") == row["input_tokens"]
    assert page.sum("weir_cost_usd_total") == row["cost_usd"]
    assert page.sum("weir_usage_total", state="estimated") == 1 == page.sum("weir_usage_total")


def test_with_drain_a_cancelled_stream_has_the_usage_that_the_upstream_reports(weir_with, simulator):
    weir = weir_with({"WEIR_METERING_DRAIN_SECONDS": "20"})
    marked = mark()
    request_id = leave_in_mid_stream(weir, "chat/completions", marked)
    assert weir.scrape().sum("weir_in_flight_requests") == 1
    simulator.await_end(marked, "complete")
    row = Ledger(weir.folder).row(request_id)
    assert (row["ending"], row["usage_state"], row["output_tokens"]) == ("client_left", "reported", 40)
    eventually(lambda: weir.scrape().sum("weir_in_flight_requests") == 0, "nothing is in flight")
    assert weir.scrape().sum("weir_tokens_total", type="output") == 40
    assert weir.scrape().sum("weir_client_disconnects_total", phase="reply") == 1


def test_a_drain_ends_after_its_seconds(weir_with, simulator):
    weir = weir_with({"WEIR_METERING_DRAIN_SECONDS": "0.3"})
    marked = mark()
    request_id = leave_in_mid_stream(weir, "chat/completions", marked, tokens=100_000)
    simulator.await_end(marked, "cancelled")
    row = Ledger(weir.folder).row(request_id)
    assert (row["ending"], row["usage_state"]) == ("client_left", "estimated")
    assert row["output_tokens"] < 100_000


# -- savings --------------------------------------------------------------------------------------------------

def test_what_nobody_knows_the_price_of_saves_nothing(weir_with):
    # As vLLM answers: counts and no cost, of a model that no list of prices has.
    answer = {"id": "a", "object": "chat.completion", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}}
    json_reply = scripted(json.dumps(answer).encode(), headers=[("Content-Type", "application/json")])
    with ScriptedUpstream(lambda wire, request: json_reply) as upstream:
        weir = weir_with(upstream=upstream)
        unpriced, priced = named(), named()
        assert weir.post("/v1/chat/completions", usual("chat/completions", model="acme/own"), [unpriced]).status == 200
        ledger = Ledger(weir.folder)
        row, page = ledger.row(unpriced[1]), weir.scrape()
        assert row["cost_usd"] is None and page.sum("weir_baseline_cost_usd_total") == row["baseline_usd"] > 0
        assert page.samples("weir_priced_baseline_cost_usd_total"), "it is there, so that sums of it are"
        assert page.sum("weir_priced_baseline_cost_usd_total") == page.sum("weir_cost_usd_total") == 0
        assert weir.admin("/status").json()["today"]["saved_usd"] == 0

        assert weir.post("/v1/chat/completions", usual("chat/completions"), [priced]).status == 200
        row, page = ledger.row(priced[1]), weir.scrape()
        assert row["cost_source"] == "catalog" and page.sum("weir_cost_usd_total") == row["cost_usd"] > 0
        assert page.sum("weir_priced_baseline_cost_usd_total") == row["baseline_usd"] > 0


def test_a_hit_saves_what_the_upstream_would_have_cost_and_counts_for_the_baseline(weir_with):
    weir = weir_with({"WEIR_CACHE_TTL": "60"})
    first, second = named(), named()
    for name in (first, second):
        assert weir.post("/v1/chat/completions", usual("chat/completions"), [name]).status == 200
    ledger = Ledger(weir.folder)
    asked, hit = ledger.row(first[1]), ledger.row(second[1])
    assert (hit["cache"], hit["cost_usd"], hit["saved_usd"]) == ("hit", 0, asked["cost_usd"])
    assert hit["baseline_usd"] == asked["baseline_usd"] > 0
    page = weir.scrape()
    assert page.sum("weir_cache_saved_usd_total", model=KIMI) == hit["saved_usd"]
    assert page.sum("weir_cost_usd_total") == asked["cost_usd"]
    assert page.sum("weir_baseline_cost_usd_total") == asked["baseline_usd"] + hit["baseline_usd"]
