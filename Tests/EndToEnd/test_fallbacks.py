"""Where a failed request goes: down the chain of other models, each asked in its own way, and the reply says so."""

import json

import anthropic
import openai
import pytest

from harness.attempts import CHAT, FALLBACK, KIMI, UNHINDERED, WITH_FALLBACK, asked, calls, configured, content, fail
from harness.faults import check_own_error
from harness.requests import user
from harness.simulator import Simulator, mark
from harness.streams import errors, text_of
from harness.usual_requests import ENDPOINTS, STREAMING, usual

CATALOG = """
models:
  deny: [acme/forbidden]
  catalog:
    - {id: acme/first, fallbacks: [acme/second, acme/third]}
    - {id: acme/second, parameters: [{rename: max_tokens, to: max_completion_tokens}, {drop: seed}]}
    - {id: acme/third, fallbacks: [acme/nowhere]}
    - {id: acme/nowhere}
    - {id: acme/forbidden}
    - {id: acme/hopeful, fallbacks: [acme/forbidden, acme/third]}
    - {id: acme/small, context_window: 1000, fallbacks: [acme/smaller, acme/large]}
    - {id: acme/smaller, context_window: 500}
    - {id: acme/large, context_window: 200000}
    - {id: acme/largest, context_window: 300000, fallbacks: [acme/large]}
    - {id: acme/onward, fallbacks: [moonshotai/kimi-k2, acme/third]}
"""


@pytest.fixture(scope="module")
def upstream(simulator_command, tmp_path_factory):
    running = Simulator(simulator_command, tmp_path_factory.mktemp("upstream"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def falling(binary, upstream, tmp_path_factory):
    """One weir without retries, with chains of models, and the Kimi settings of an environment."""
    kimi = WITH_FALLBACK | {"KIMI_K2_TEMPERATURE": "0.6", "KIMI_K2_MAX_TOKENS": "777"}
    running = configured(binary, tmp_path_factory.mktemp("falling"), upstream.url, CATALOG + UNHINDERED,
                         kimi | {"WEIR_TIMEOUT_FIRST_BYTE": "1"})
    yield running
    running.stop()


def fallen(reply, origin: str, to: str, attempts: int) -> None:
    """The reply's headers tell the way."""
    assert reply.status == 200 and reply.is_complete, (reply.start_line, reply.body)
    assert reply.get("x-weir-fallback") == origin
    assert reply.get("x-weir-model") == to
    assert reply.get("x-weir-attempts") == str(attempts)


# -- the chain ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("endpoint", [endpoint for endpoint in ENDPOINTS if endpoint != "embeddings"])
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_failed_kimi_request_is_answered_by_the_fallback(falling, upstream, endpoint, stream):
    fail(upstream, "status=503[moonshotai/*]")
    reply, models = asked(falling, upstream, "kimi-k2", endpoint, stream=stream)
    assert models == [KIMI, FALLBACK]
    fallen(reply, KIMI, FALLBACK, 2)
    assert not stream or not errors(reply.body)


def test_a_chain_is_gone_down_in_its_order(falling, upstream):
    fail(upstream, "status=500[acme/first];status=502[acme/second]")
    reply, models = asked(falling, upstream, "acme/first")
    assert models == ["acme/first", "acme/second", "acme/third"]
    fallen(reply, "acme/first", "acme/third", 3)


def test_the_fallbacks_of_a_fallback_are_not_taken(falling, upstream):
    """The chain is that of the model asked for: whoever wrote it knows where it ends."""
    fail(upstream, "status=500[acme/*]")
    reply, models = asked(falling, upstream, "acme/first")
    assert models == ["acme/first", "acme/second", "acme/third"]
    assert reply.status == 500 and reply.get("x-weir-attempts") == "3"


def test_when_all_fail_the_last_answer_is_relayed(falling, upstream):
    fail(upstream, "status=500[acme/first];status=502[acme/second];status=529[acme/third]")
    reply, _ = asked(falling, upstream, "acme/first")
    assert reply.status == 529 and reply.json()["error"]["code"] == 529


def test_when_the_last_does_not_answer_an_earlier_answer_is_relayed(falling, upstream):
    fail(upstream, "status=500[acme/first];status=504[acme/second];reset=1[acme/third]")
    reply, _ = asked(falling, upstream, "acme/first")
    assert reply.status == 504 and reply.json()["error"]["code"] == 504
    assert reply.get("x-weir-attempts") == "3"


def test_when_nobody_answers_weir_says_so(falling, upstream):
    fail(upstream, "reset=1[acme/*]")
    reply, _ = asked(falling, upstream, "acme/first")
    check_own_error(reply, 502, "upstream_unreachable")
    assert reply.get("x-weir-attempts") == "3"


def test_a_mistake_of_the_client_ends_the_chain(falling, upstream):
    fail(upstream, "status=500[acme/first];status=400[acme/second]")
    reply, models = asked(falling, upstream, "acme/first")
    assert reply.status == 400 and models == ["acme/first", "acme/second"]


def test_the_next_request_tries_the_model_it_asks_for_again(falling, upstream):
    fail(upstream, "status=500#1[acme/first]")
    assert asked(falling, upstream, "acme/first")[1] == ["acme/first", "acme/second"]
    reply, models = asked(falling, upstream, "acme/first")
    assert models == ["acme/first"] and reply.get("x-weir-fallback") is None


def test_a_model_that_is_not_allowed_is_no_way_out(falling, upstream):
    fail(upstream, "status=500[acme/hopeful]")
    reply, models = asked(falling, upstream, "acme/hopeful")
    assert models == ["acme/hopeful", "acme/third"]
    fallen(reply, "acme/hopeful", "acme/third", 2)


def test_a_model_without_a_fallback_has_none(falling, upstream):
    fail(upstream, "status=500[acme/*]")
    for model in ("acme/third-of-nobody", "acme/nowhere", "openai/gpt-4o"):
        fail(upstream, f"status=500[{model}]")
        reply, models = asked(falling, upstream, model)
        assert reply.status == 500 and models == [model] and reply.get("x-weir-fallback") is None


def test_without_a_fallback_model_kimi_fails_visibly(weir_with, upstream):
    fail(upstream, "status=503[moonshotai/*]")
    weir = weir_with({"KIMI_FALLBACK_MODEL": "off"}, upstream=upstream)
    reply, models = asked(weir, upstream)
    assert reply.status == 503 and models == [KIMI]


def test_a_request_that_a_rollout_moved_falls_back_as_well(weir_with, upstream):
    fail(upstream, "status=503[moonshotai/*]")
    weir = weir_with({"KIMI_ROLLOUT_PERCENTAGE": "100", "KIMI_FALLBACK_MODEL": "openai/gpt-4o"}, upstream=upstream)
    reply, models = asked(weir, upstream, "gpt-4")
    assert models == [KIMI, "openai/gpt-4o"]
    fallen(reply, KIMI, "openai/gpt-4o", 2)
    assert reply.get("x-weir-rollout")


def test_a_chain_leads_to_no_kimi_model_that_is_switched_off(weir_with, upstream):
    fail(upstream, "status=500[acme/onward]")
    weir = weir_with({"WEIR_CONFIG": "weir.yaml", "FEATURE_KIMI_ENABLED": "false"}, upstream=upstream,
                     files={"weir.yaml": CATALOG + UNHINDERED})
    reply, models = asked(weir, upstream, "acme/onward")
    assert models == ["acme/onward", "acme/third"]
    fallen(reply, "acme/onward", "acme/third", 2)


# -- why ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("fault, reason", [
    ("status=429", "status_429"), ("status=503", "status_503"), ("delay=20000", "timeout"), ("reset=1", "reset"),
    ("context=0", "context_length")])
def test_the_reason_is_counted(falling, upstream, fault, reason):
    origin, to = ("acme/small", "acme/large") if reason == "context_length" else ("acme/first", "acme/second")
    fail(upstream, f"{fault}[{origin}]")
    labels = {"from": origin, "to": to, "reason": reason}
    before = falling.scrape().sum("weir_fallbacks_total", **labels)
    fallen(asked(falling, upstream, origin)[0], origin, to, 2)
    assert falling.scrape().sum("weir_fallbacks_total", **labels) == before + 1


def test_the_access_line_names_the_model_fallen_back_from(falling, upstream):
    fail(upstream, "status=503[acme/first]")
    request_id = "fallback-" + mark()[1]
    fallen(asked(falling, upstream, "acme/first", headers=[("x-request-id", request_id)])[0], "acme/first",
           "acme/second", 2)
    line = falling.access_line(request_id)
    assert line["model"] == "acme/first" and line["upstream_model"] == "acme/second"
    assert line["fallback_from"] == "acme/first" and line["attempts"] == 2 and line["status"] == 200


# -- context length -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("endpoint", STREAMING)
def test_a_prompt_that_is_too_long_goes_to_a_larger_window_only(falling, upstream, endpoint):
    fail(upstream, "context=0[acme/small]")
    reply, models = asked(falling, upstream, "acme/small", endpoint)
    assert models == ["acme/small", "acme/large"]
    fallen(reply, "acme/small", "acme/large", 2)


@pytest.mark.parametrize("endpoint", [CHAT, "messages"])
def test_a_prompt_that_fits_nowhere_is_told_so_by_the_upstream(falling, upstream, endpoint):
    fail(upstream, "context=0[acme/*]")
    reply, models = asked(falling, upstream, "acme/largest", endpoint)
    assert reply.status == 400 and models == ["acme/largest"], "the other window is smaller"
    message = reply.json()["error"]["message"]
    assert "maximum context length" in message or "prompt is too long" in message


# -- each model is asked in its own way -----------------------------------------------------------------------

def test_parameters_are_made_anew_for_the_model_fallen_back_to(falling, upstream):
    fail(upstream, "status=503[acme/first]")
    marked = mark()
    body = usual(CHAT, model="acme/first", max_tokens=50, seed=7, top_p=0.25)
    reply = falling.post(f"/v1/{CHAT}", body, [marked])
    first, second = [json.loads(call.body) for call in calls(upstream, marked)]
    assert first == body
    assert second == {**{k: v for k, v in body.items() if k not in ("max_tokens", "seed")},
                      "model": "acme/second", "max_completion_tokens": 50}
    assert {"model", "seed"} <= set(reply.get("x-weir-edits").split(","))


def test_what_was_filled_in_for_kimi_does_not_stay_for_another_model(falling, upstream):
    fail(upstream, "status=503[moonshotai/*]")
    marked = mark()
    reply = falling.post(f"/v1/{CHAT}", usual(CHAT, model=KIMI), [marked])
    kimi, other = [json.loads(call.body) for call in calls(upstream, marked)]
    assert kimi["temperature"] == 0.6 and kimi["max_tokens"] == 777
    assert other == usual(CHAT, model=FALLBACK)
    assert reply.get("x-weir-edits") == "model"


def test_a_model_that_is_not_edited_goes_out_as_it_came_before_it_falls_back(falling, upstream):
    fail(upstream, "status=503[acme/first]")
    marked = mark()
    body = b'{ "model" : "acme/first",\t"x":1.50, "messages":[{"role":"user","content":"\\u0068i"}] }'
    falling.post(f"/v1/{CHAT}", body, [marked])
    first, second = [call.body for call in calls(upstream, marked)]
    assert first == body
    assert second == body.replace(b"acme/first", b"acme/second")


# -- as clients see it ----------------------------------------------------------------------------------------

def test_the_openai_client_streams_from_the_fallback(falling, upstream):
    fail(upstream, "error-event=0[moonshotai/*]")
    with openai.OpenAI(base_url=falling.url, api_key="sk-client", max_retries=0, timeout=20) as client:
        pieces = [chunk.choices[0].delta.content or "" for chunk in client.chat.completions.create(
            model="kimi-k2", stream=True, messages=user("through the fallback")) if chunk.choices]
    assert "".join(pieces) == "You said: through the fallback"


def test_the_anthropic_client_streams_from_the_fallback(falling, upstream):
    fail(upstream, "cut=0[moonshotai/*]")
    with anthropic.Anthropic(base_url=falling.url.removesuffix("/v1"), api_key="sk-ant", max_retries=0) as client:
        with client.messages.stream(model="kimi-k2", max_tokens=50, messages=user("hi")) as stream:
            assert stream.get_final_text() == "You said: hi"


def test_a_failure_after_the_first_content_is_not_papered_over(falling, upstream):
    fail(upstream, "error-event=2[acme/first];gap=40[acme/first]")
    reply, models = asked(falling, upstream, "acme/first", stream=True)
    assert models == ["acme/first"] and reply.get("x-weir-fallback") is None
    assert len(errors(reply.body)) == 1 and text_of(reply.body).startswith("You ")


def test_embeddings_fall_back_by_the_same_rules(falling, upstream):
    fail(upstream, "status=503[acme/first]")
    reply, models = asked(falling, upstream, "acme/first", "embeddings")
    assert models == ["acme/first", "acme/second"]
    fallen(reply, "acme/first", "acme/second", 2)
    assert content(asked(falling, upstream, "acme/third")[0]) == "You said: hello there"
