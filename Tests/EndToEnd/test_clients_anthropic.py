"""The real `anthropic` client through weir's `/v1/messages`."""

import json

import anthropic
import pytest

from harness.requests import user
from harness.simulator import mark
from harness.weir import UPSTREAM_KEY

MODEL = "anthropic/claude-sonnet-4"
CLOCK = {"name": "get_time", "description": "Tells the time.", "input_schema": {
    "type": "object", "properties": {"zone": {"type": "string"}}, "required": ["zone"]}}


def client_of(weir, key: str = "sk-ant-client", header: str = "authorization") -> anthropic.Anthropic:
    """A client that shows its key as today's package does or, as all did before version 2, in `x-api-key`."""
    older = {"Authorization": anthropic.Omit(), "X-Api-Key": key} if header == "x-api-key" else {}
    return anthropic.Anthropic(base_url=weir.url.removesuffix("/v1"), api_key=key, max_retries=0, timeout=20,
                               default_headers=older)


both_headers = pytest.mark.parametrize("header", ["authorization", "x-api-key"])


class TestMessages:
    def test_a_message(self, anthropic_client):
        answer = anthropic_client.messages.create(model=MODEL, max_tokens=100, messages=user("hello there"))
        assert answer.type == "message"
        assert answer.role == "assistant"
        assert [block.text for block in answer.content] == ["You said: hello there"]
        assert answer.stop_reason == "end_turn"
        assert answer.usage.output_tokens == 4

    def test_an_alias_is_answered_by_the_model_it_stands_for(self, anthropic_client):
        answer = anthropic_client.messages.create(model="kimi-k2", max_tokens=100, messages=user("hi"))
        assert answer.model == "moonshotai/kimi-k2"

    def test_max_tokens_cuts_the_message(self, anthropic_client):
        answer = anthropic_client.messages.create(model=MODEL, max_tokens=2, messages=user("hello there"))
        assert answer.stop_reason == "max_tokens"
        assert answer.usage.output_tokens == 2

    def test_a_streamed_message(self, anthropic_client):
        with anthropic_client.messages.stream(model=MODEL, max_tokens=100, messages=user("hello there")) as stream:
            text = list(stream.text_stream)
            final = stream.get_final_message()
        assert "".join(text) == "You said: hello there"
        assert len(text) == 4
        assert final.stop_reason == "end_turn"
        assert final.usage.output_tokens == 4

    def test_a_stream_of_events_begins_and_ends_as_the_api_says(self, anthropic_client):
        events = list(anthropic_client.messages.create(
            model="kimi-k2", max_tokens=100, messages=user("hello"), stream=True))
        assert events[0].type == "message_start"
        assert events[0].message.model == "moonshotai/kimi-k2"
        assert events[-1].type == "message_stop"
        assert [event.type for event in events].count("message_delta") == 1

    def test_a_tool_use(self, anthropic_client):
        answer = anthropic_client.messages.create(
            model=MODEL, max_tokens=100, messages=user("call get_time"), tools=[CLOCK])
        assert answer.stop_reason == "tool_use"
        [block] = [block for block in answer.content if block.type == "tool_use"]
        assert (block.name, block.input) == ("get_time", {"zone": "x"})

    def test_a_streamed_tool_use(self, anthropic_client):
        with anthropic_client.messages.stream(
                model=MODEL, max_tokens=100, messages=user("call get_time"), tools=[CLOCK]) as stream:
            kinds = {event.type for event in stream}
            final = stream.get_final_message()
        assert "input_json" in kinds
        [block] = [block for block in final.content if block.type == "tool_use"]
        assert (block.name, block.input) == ("get_time", {"zone": "x"})

    def test_a_tool_result_goes_back(self, anthropic_client):
        answer = anthropic_client.messages.create(model=MODEL, max_tokens=100, tools=[CLOCK], messages=[
            *user("call get_time"),
            {"role": "assistant", "content": [
                {"type": "tool_use", "id": "functions.get_time:0", "name": "get_time", "input": {"zone": "x"}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "functions.get_time:0", "content": "noon"},
                {"type": "text", "text": "thank you"}]}])
        assert answer.content[0].text == "You said: thank you"

    def test_counting_tokens_passes_through(self, anthropic_client, simulator):
        marked = mark()
        anthropic_client.messages.count_tokens(model=MODEL, messages=user("hello"), extra_headers=dict([marked]))
        assert simulator.received(marked).path == "/api/v1/messages/count_tokens"

    @both_headers
    def test_the_upstream_gets_its_own_key_and_the_clients_version(self, weir, simulator, header):
        marked = mark()
        with client_of(weir, header=header) as client:
            client.messages.create(model=MODEL, max_tokens=10, messages=user("hi"),
                                   extra_headers={**dict([marked]), "anthropic-beta": "b-1"})
            version = client.default_headers["anthropic-version"]
        received = simulator.received(marked)
        assert received.all("authorization") == [f"Bearer {UPSTREAM_KEY}"]
        assert "sk-ant-client" not in json.dumps(received.headers)
        assert received.all("anthropic-version") == [version]
        assert received.all("anthropic-beta") == ["b-1"]

    @both_headers
    def test_without_an_upstream_key_the_clients_own_passes(self, weir_with, simulator, header):
        weir = weir_with({"OPENROUTER_API_KEY": None})
        marked = mark()
        with client_of(weir, header=header) as client:
            client.messages.create(model=MODEL, max_tokens=10, messages=user("hi"), extra_headers=dict([marked]))
        received = simulator.received(marked)
        assert received.get("authorization") == ("Bearer sk-ant-client" if header == "authorization" else None)
        assert received.get("x-api-key") == ("sk-ant-client" if header == "x-api-key" else None)


class TestErrors:
    @pytest.mark.parametrize("status, kind", [
        (400, anthropic.BadRequestError), (401, anthropic.AuthenticationError),
        (403, anthropic.PermissionDeniedError), (404, anthropic.NotFoundError), (413, anthropic.APIStatusError),
        (422, anthropic.UnprocessableEntityError), (429, anthropic.RateLimitError),
        (500, anthropic.InternalServerError), (529, anthropic.InternalServerError)])
    def test_an_error_of_the_upstream_is_the_clients_exception_untouched(
            self, anthropic_client, simulator, status, kind):
        fault = {"x-sim-fault": f"status={status}"}
        request = {"model": MODEL, "max_tokens": 10, "messages": user("hi")}
        with pytest.raises(kind) as caught:
            anthropic_client.messages.create(**request, extra_headers=fault)
        assert caught.value.status_code == status
        assert caught.value.response.content == simulator.post("/v1/messages", request, list(fault.items())).body

    def test_retry_after_reaches_the_client(self, anthropic_client):
        with pytest.raises(anthropic.RateLimitError) as caught:
            anthropic_client.messages.create(
                model=MODEL, max_tokens=10, messages=user("hi"),
                extra_headers={"x-sim-fault": "status=429;retry-after=7"})
        assert caught.value.response.headers["retry-after"] == "7"

    @pytest.mark.parametrize("cut", [300, 400, 500, 600])
    def test_a_stream_cut_in_an_event_is_the_clients_own_error(self, anthropic_client, cut):
        stream = anthropic_client.messages.create(
            model=MODEL, max_tokens=100, messages=user("one two three"), stream=True,
            extra_headers={"x-sim-fault": f"cut={cut}"})
        with pytest.raises(anthropic.APIError, match="weir: the upstream's reply broke off"):
            list(stream)

    def test_an_error_event_in_mid_stream_is_raised(self, anthropic_client):
        stream = anthropic_client.messages.create(
            model=MODEL, max_tokens=100, messages=user("one two three"), stream=True,
            extra_headers={"x-sim-fault": "error-event=3"})
        with pytest.raises(anthropic.APIError):
            list(stream)

    @both_headers
    def test_weir_refuses_an_unknown_client_in_anthropics_words(self, weir_with, header):
        weir = weir_with({"WEIR_CLIENT_KEYS": "app:sk-app-secret-1"})
        with client_of(weir, "sk-wrong", header) as client, pytest.raises(anthropic.AuthenticationError) as caught:
            client.messages.create(model=MODEL, max_tokens=10, messages=user("hi"))
        body = caught.value.response.json()
        assert body["type"] == "error"
        assert body["error"]["type"] == "authentication_error"
        assert caught.value.request_id == caught.value.response.headers["x-request-id"]
        assert caught.value.request_id in body["error"]["message"]
        assert set(body) <= {"type", "error", "request_id"}

    @both_headers
    def test_weir_takes_a_known_client(self, weir_with, header):
        weir = weir_with({"WEIR_CLIENT_KEYS": "app:sk-app-secret-1"})
        with client_of(weir, "sk-app-secret-1", header) as client:
            answer = client.messages.create(model=MODEL, max_tokens=100, messages=user("hi"))
        assert answer.content[0].text == "You said: hi"

    def test_an_upstream_that_cannot_be_reached_is_an_api_error(self, weir_with):
        weir = weir_with(upstream="http://127.0.0.1:9/api/v1")
        with client_of(weir) as client, pytest.raises(anthropic.InternalServerError) as caught:
            client.messages.create(model=MODEL, max_tokens=10, messages=user("hi"))
        assert caught.value.status_code == 502
        body = caught.value.response.json()
        assert (body["type"], body["error"]["type"]) == ("error", "api_error")

    def test_invalid_json_is_an_invalid_request_error(self, weir):
        answer = weir.post("/v1/messages", b'{"model": "kimi-k2", ', [("anthropic-version", "2023-06-01")])
        assert answer.status == 400
        assert answer.json()["type"] == "error"
        assert answer.json()["error"]["type"] == "invalid_request_error"
