"""The real `openai` client through weir: everything that worked against OpenRouter still works."""

import asyncio
import hashlib
import json
import time

import httpx2
import openai
import pytest
from openai.types.chat import ChatCompletion
from pydantic import BaseModel

from harness.requests import function, user
from harness.simulator import mark
from harness.upstream import ScriptedUpstream, reply

KIMI = "moonshotai/kimi-k2"
WEATHER = function("get_weather", city={"type": "string"}, days={"type": "integer"})
CLOCK = function("get_time", zone={"type": "string"})


def client_of(weir, **options) -> openai.OpenAI:
    return openai.OpenAI(base_url=weir.url, api_key="sk-client", **({"max_retries": 0, "timeout": 20} | options))


class TestChat:
    def test_an_alias_is_answered_by_the_model_it_stands_for(self, openai_client):
        answer = openai_client.chat.completions.create(model="kimi-k2", messages=user("hello there friend"))
        assert answer.model == KIMI
        assert answer.choices[0].message.role == "assistant"
        assert answer.choices[0].message.content == "You said: hello there friend"
        assert answer.choices[0].finish_reason == "stop"
        assert answer.id.startswith("gen-")
        assert answer.usage.prompt_tokens == 5  # 18 bytes, four a token
        assert answer.usage.completion_tokens == 5
        assert answer.usage.total_tokens == 10

    def test_what_openrouter_adds_to_a_reply_reaches_the_client(self, openai_client):
        answer = openai_client.chat.completions.create(model="kimi-k2", messages=user("hello"))
        assert answer.model_extra["provider"] == "Simulated"
        assert answer.usage.model_extra["cost"] > 0
        assert answer.choices[0].model_extra["native_finish_reason"]

    def test_max_tokens_cuts_the_reply(self, openai_client):
        answer = openai_client.chat.completions.create(
            model="kimi-k2", messages=user("one two three"), max_tokens=3)
        assert answer.choices[0].finish_reason == "length"
        assert answer.usage.completion_tokens == 3
        assert answer.choices[0].message.content.split() == ["You", "said:", "one"]

    def test_three_choices(self, openai_client):
        answer = openai_client.chat.completions.create(model="kimi-k2", messages=user("hello"), n=3)
        assert [choice.index for choice in answer.choices] == [0, 1, 2]
        assert [choice.message.content for choice in answer.choices] == [
            "You said: hello", "You said: hello (choice 1)", "You said: hello (choice 2)"]

    def test_log_probabilities_of_each_token(self, openai_client):
        answer = openai_client.chat.completions.create(
            model="kimi-k2", messages=user("hello there"), logprobs=True, top_logprobs=1)
        entries = answer.choices[0].logprobs.content
        assert len(entries) == answer.usage.completion_tokens == 4
        assert "".join(entry.token for entry in entries) == "You said: hello there"
        assert all(entry.logprob <= 0 for entry in entries)

    def test_a_json_object(self, openai_client):
        answer = openai_client.chat.completions.create(
            model="kimi-k2", messages=user("hello"), response_format={"type": "json_object"})
        assert json.loads(answer.choices[0].message.content) == {"said": "hello"}

    def test_a_reply_parsed_by_its_json_schema(self, openai_client):
        class Visit(BaseModel):
            city: str
            days: int
            is_booked: bool

        answer = openai_client.chat.completions.parse(
            model="kimi-k2", messages=user("hello"), response_format=Visit)
        assert answer.choices[0].message.parsed == Visit(city="x", days=1, is_booked=True)

    def test_reasoning_is_passed_on_and_counted(self, openai_client):
        answer = openai_client.chat.completions.create(
            model="moonshotai/kimi-k2-thinking", messages=user("hello"), extra_body={"reasoning": {"effort": "low"}})
        assert answer.choices[0].message.model_extra["reasoning"] == "Thinking about it."
        assert answer.usage.completion_tokens_details.reasoning_tokens == 3

    def test_a_stream_brings_the_same_words_and_the_usage(self, openai_client):
        stream = openai_client.chat.completions.create(
            model="kimi-k2", messages=user("hello there friend"), stream=True)
        chunks = list(stream)
        contents = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
        pieces = [content for content in contents if content]
        assert "".join(pieces) == "You said: hello there friend"
        assert len(pieces) == 5  # one chunk a word: nothing was gathered up on the way
        assert {chunk.model for chunk in chunks} == {KIMI}
        finishes = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices]
        assert "stop" in finishes
        usages = [chunk.usage for chunk in chunks if chunk.usage]
        assert len(usages) == 1
        assert (usages[0].prompt_tokens, usages[0].completion_tokens) == (5, 5)

    def test_the_stream_helper_accumulates_a_whole_completion(self, openai_client):
        with openai_client.chat.completions.stream(model="kimi-k2", messages=user("hello there")) as stream:
            kinds = {event.type for event in stream}
            final = stream.get_final_completion()
        assert {"chunk", "content.delta", "content.done"} <= kinds
        assert final.choices[0].message.content == "You said: hello there"

    def test_a_hundred_turns_over_one_client(self, openai_client):
        for turn in range(100):
            answer = openai_client.chat.completions.create(model="kimi-k2", messages=user(f"turn {turn}"))
            assert answer.choices[0].message.content == f"You said: turn {turn}"

    def test_forty_requests_at_once_get_each_its_own_answer(self, weir):
        async def ask_all():
            async with openai.AsyncOpenAI(base_url=weir.url, api_key="sk-client", max_retries=0) as client:
                async def plain(number):
                    answer = await client.chat.completions.create(model="kimi-k2", messages=user(f"plain {number}"))
                    return answer.choices[0].message.content

                async def streamed(number):
                    stream = await client.chat.completions.create(
                        model="kimi-k2", messages=user(f"streamed {number}"), stream=True)
                    return "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])

                return await asyncio.gather(*[each(n) for n in range(20) for each in (plain, streamed)])

        expected = [f"You said: {kind} {n}" for n in range(20) for kind in ("plain", "streamed")]
        assert asyncio.run(ask_all()) == expected


class TestTools:
    def test_a_tool_call(self, openai_client):
        answer = openai_client.chat.completions.create(
            model="kimi-k2", messages=user("please call get_weather"), tools=[WEATHER, CLOCK])
        assert answer.choices[0].finish_reason == "tool_calls"
        [call] = answer.choices[0].message.tool_calls
        assert call.id == "functions.get_weather:0"
        assert call.function.name == "get_weather"
        assert json.loads(call.function.arguments) == {"city": "x", "days": 1}

    def test_parallel_tool_calls_keep_their_order_and_ids(self, openai_client):
        answer = openai_client.chat.completions.create(
            model="kimi-k2", messages=user("call get_time then call get_weather"), tools=[WEATHER, CLOCK])
        calls = answer.choices[0].message.tool_calls
        assert [call.function.name for call in calls] == ["get_time", "get_weather"]
        assert [json.loads(call.function.arguments) for call in calls] == [{"zone": "x"}, {"city": "x", "days": 1}]
        assert len({call.id for call in calls}) == 2

    def test_a_forced_tool_call(self, openai_client):
        answer = openai_client.chat.completions.create(
            model="kimi-k2", messages=user("hello"), tools=[WEATHER, CLOCK],
            tool_choice={"type": "function", "function": {"name": "get_time"}})
        assert [call.function.name for call in answer.choices[0].message.tool_calls] == ["get_time"]

    def test_a_whole_tool_conversation(self, openai_client):
        asked = user("call get_time")
        first = openai_client.chat.completions.create(model="kimi-k2", messages=asked, tools=[CLOCK])
        call = first.choices[0].message.tool_calls[0]
        second = openai_client.chat.completions.create(model="kimi-k2", tools=[CLOCK], messages=[
            *asked, first.choices[0].message.model_dump(exclude_none=True),
            {"role": "tool", "tool_call_id": call.id, "content": '{"time":"noon"}'},
            *user("thank you")])
        assert second.choices[0].message.content == "You said: thank you"

    def test_streamed_tool_calls_come_in_pieces_that_join(self, openai_client):
        stream = openai_client.chat.completions.create(
            model="kimi-k2", messages=user("call get_time and call get_weather"), tools=[WEATHER, CLOCK], stream=True)
        calls, pieces, finish = {}, 0, None
        for chunk in stream:
            if not chunk.choices:
                continue
            finish = chunk.choices[0].finish_reason or finish
            for piece in chunk.choices[0].delta.tool_calls or ():
                pieces += 1
                call = calls.setdefault(piece.index, {"id": None, "name": None, "arguments": ""})
                call["id"] = piece.id or call["id"]
                call["name"] = piece.function.name or call["name"]
                call["arguments"] += piece.function.arguments or ""
        assert finish == "tool_calls"
        assert [calls[index]["name"] for index in sorted(calls)] == ["get_time", "get_weather"]
        assert [json.loads(calls[index]["arguments"]) for index in sorted(calls)] == [
            {"zone": "x"}, {"city": "x", "days": 1}]
        assert all(call["id"].startswith("functions.") for call in calls.values())
        assert pieces > 4  # a head and several pieces of arguments each

    def test_the_stream_helper_joins_tool_calls(self, openai_client):
        strict = json.loads(json.dumps(CLOCK))
        strict["function"] |= {"strict": True}
        strict["function"]["parameters"]["additionalProperties"] = False
        with openai_client.chat.completions.stream(
                model="kimi-k2", messages=user("call get_time"), tools=[strict]) as stream:
            final = stream.get_final_completion()
        assert final.choices[0].message.tool_calls[0].function.parsed_arguments == {"zone": "x"}


class TestOtherEndpoints:
    def test_a_text_completion(self, openai_client):
        answer = openai_client.completions.create(model="kimi-k2", prompt="hello there")
        assert answer.object == "text_completion"
        assert answer.choices[0].text == "You said: hello there"
        assert answer.usage.completion_tokens == 4

    def test_a_streamed_text_completion(self, openai_client):
        chunks = list(openai_client.completions.create(model="kimi-k2", prompt="hello there", stream=True))
        assert "".join(choice.text for chunk in chunks for choice in chunk.choices) == "You said: hello there"
        assert [chunk.usage.completion_tokens for chunk in chunks if chunk.usage] == [4]

    def test_a_response(self, openai_client):
        answer = openai_client.responses.create(model="kimi-k2", input="hello there")
        assert answer.output_text == "You said: hello there"
        assert answer.status == "completed"
        assert answer.model == KIMI
        assert answer.usage.output_tokens == 4

    def test_a_streamed_response(self, openai_client):
        events = list(openai_client.responses.create(model="kimi-k2", input="hello there", stream=True))
        assert events[0].type == "response.created"
        deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
        assert "".join(deltas) == "You said: hello there"
        assert events[-1].type == "response.completed"
        assert events[-1].response.output_text == "You said: hello there"
        assert events[-1].response.usage.output_tokens == 4
        numbers = [event.sequence_number for event in events]
        assert numbers == sorted(set(numbers))

    def test_a_response_with_a_function_call(self, openai_client):
        tool = {"type": "function", "name": "get_time", "strict": False, "parameters": {
            "type": "object", "properties": {"zone": {"type": "string"}}, "required": ["zone"]}}
        answer = openai_client.responses.create(model="kimi-k2", input="call get_time", tools=[tool])
        calls = [item for item in answer.output if item.type == "function_call"]
        assert [(call.name, json.loads(call.arguments)) for call in calls] == [("get_time", {"zone": "x"})]

    def test_embeddings_are_the_same_as_floats_and_as_base64(self, openai_client, simulator):
        marked = mark()
        packed = openai_client.embeddings.create(
            model="openai/text-embedding-3-small", input=["first text", "second text"], extra_headers=dict([marked]))
        assert json.loads(simulator.received(marked).body)["encoding_format"] == "base64"
        plain = openai_client.embeddings.create(
            model="openai/text-embedding-3-small", input=["first text", "second text"], encoding_format="float")
        assert len(packed.data) == len(plain.data) == 2
        assert packed.data[0].embedding != packed.data[1].embedding
        for one, other in zip(packed.data, plain.data):
            assert len(one.embedding) == 8
            assert one.embedding == pytest.approx(other.embedding, rel=1e-5)

    def test_embeddings_of_fewer_dimensions(self, openai_client):
        answer = openai_client.embeddings.create(
            model="openai/text-embedding-3-small", input="text", dimensions=4, encoding_format="float")
        assert len(answer.data[0].embedding) == 4

    def test_the_models_can_be_listed(self, openai_client):
        assert KIMI in {model.id for model in openai_client.models.list()}

    def test_one_model_is_asked_for_by_the_path_that_the_client_wrote(self, openai_client, simulator):
        marked = mark()
        openai_client.models.retrieve(KIMI, extra_headers=dict([marked]))
        received = simulator.received(marked)
        assert received.method == "GET"
        assert received.path == "/api/v1/models/moonshotai%2Fkimi-k2"

    def test_an_uploaded_file_arrives_byte_for_byte(self, weir, simulator):
        sent = []

        def keep(request: httpx2.Request) -> None:
            sent.append(request.read())

        marked = mark()
        content = bytes(range(256)) * 4096  # 1 MiB with every byte in it
        with httpx2.Client(event_hooks={"request": [keep]}) as http, client_of(weir, http_client=http) as client:
            answer = client.files.create(file=("all.bin", content), purpose="batch", extra_headers=dict([marked]))
        received = simulator.received(marked)
        assert received.path == "/api/v1/files"
        assert received.get("content-type").startswith("multipart/form-data; boundary=")
        assert content in sent[0]
        assert received.body == sent[0]
        assert answer.model_extra["sha256"] == hashlib.sha256(sent[0]).hexdigest()


class TestHeaders:
    def test_a_raw_reply_carries_what_weir_and_the_upstream_say_about_it(self, openai_client):
        raw = openai_client.chat.completions.with_raw_response.create(model="kimi-k2", messages=user("hello"))
        answer = raw.parse()
        assert isinstance(answer, ChatCompletion)
        assert raw.headers["x-generation-id"] == answer.id
        assert raw.headers["x-weir-model"] == KIMI
        assert raw.headers["x-weir-attempts"] == "1"
        assert raw.headers["x-weir-edits"] == "model"
        assert raw.headers["x-weir-upstream"]
        assert "x-weir-fallback" not in raw.headers
        timings = dict(part.strip().split(";dur=") for part in raw.headers["server-timing"].split(","))
        assert float(timings["weir"]) >= 0
        assert float(timings["upstream"]) >= 0

    def test_every_reply_has_a_request_id_of_its_own(self, openai_client):
        request = {"model": "kimi-k2", "messages": user("hi")}
        seen = {openai_client.chat.completions.create(**request)._request_id for _ in range(3)}
        assert None not in seen
        assert len(seen) == 3

    def test_the_clients_own_request_id_is_kept(self, openai_client):
        answer = openai_client.chat.completions.create(
            model="kimi-k2", messages=user("hi"), extra_headers={"x-request-id": "trace-42.a_b"})
        assert answer._request_id == "trace-42.a_b"

    @pytest.mark.parametrize("invalid", ["", "a b", "x" * 4000, "quote\"inside", "né"])
    def test_a_request_id_that_could_break_a_log_is_replaced(self, weir, invalid):
        answer = weir.ask("GET", "/v1/models", [("x-request-id", invalid)])
        [given] = answer.all("x-request-id")
        assert given and given != invalid

    def test_rate_limit_headers_of_the_upstream_reach_the_client(self, openai_client):
        fault = "header=x-ratelimit-remaining:5;header=x-ratelimit-reset:1790000000000"
        raw = openai_client.chat.completions.with_raw_response.create(
            model="kimi-k2", messages=user("hi"), extra_headers={"x-sim-fault": fault})
        assert raw.headers["x-ratelimit-remaining"] == "5"
        assert raw.headers["x-ratelimit-reset"] == "1790000000000"

    def test_the_clients_own_headers_reach_the_upstream(self, openai_client, simulator):
        marked = mark()
        openai_client.chat.completions.create(model="kimi-k2", messages=user("hi"), extra_headers={
            **dict([marked]), "OpenAI-Organization": "org-1", "Idempotency-Key": "once"})
        received = simulator.received(marked)
        assert received.get("x-stainless-lang") == "python"
        assert received.get("x-stainless-package-version") == openai.__version__
        assert received.get("openai-organization") == "org-1"
        assert received.get("idempotency-key") == "once"
        assert received.get("user-agent").startswith("OpenAI/Python")


class TestErrors:
    @pytest.mark.parametrize("status, kind", [
        (400, openai.BadRequestError), (401, openai.AuthenticationError), (402, openai.APIStatusError),
        (403, openai.PermissionDeniedError), (404, openai.NotFoundError), (408, openai.APIStatusError),
        (409, openai.ConflictError), (413, openai.APIStatusError), (422, openai.UnprocessableEntityError),
        (429, openai.RateLimitError), (500, openai.InternalServerError), (502, openai.InternalServerError),
        (503, openai.InternalServerError), (524, openai.InternalServerError), (529, openai.InternalServerError)])
    @pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "stream"])
    def test_an_error_of_the_upstream_is_the_clients_exception_untouched(
            self, openai_client, simulator, status, kind, is_stream):
        fault = {"x-sim-fault": f"status={status}"}
        request = {"model": KIMI, "messages": user("hi"), "stream": is_stream}
        with pytest.raises(kind) as caught:
            openai_client.chat.completions.create(**request, extra_headers=fault)
        direct = simulator.post("/v1/chat/completions", request, list(fault.items()))
        assert caught.value.status_code == direct.status == status
        assert caught.value.response.content == direct.body
        assert caught.value.body["code"] == status
        assert caught.value.body["message"]

    @pytest.mark.parametrize("fault, name, value", [
        ("status=429;retry-after=2", "retry-after", "2"),
        ("status=429;retry-after-ms=1500", "retry-after-ms", "1500"),
        ("status=503;retry-after=Wed, 21 Oct 2026 07:28:00 GMT", "retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"),
        ("status=500;header=x-should-retry:false", "x-should-retry", "false")])
    def test_what_the_upstream_says_about_retries_reaches_the_client(self, openai_client, fault, name, value):
        with pytest.raises(openai.APIStatusError) as caught:
            openai_client.chat.completions.create(
                model="kimi-k2", messages=user("hi"), extra_headers={"x-sim-fault": fault})
        assert caught.value.response.headers[name] == value

    def test_an_invalid_upstream_key_is_an_authentication_error(self, weir_with):
        weir = weir_with({"OPENROUTER_API_KEY": "sk-invalid-key"})
        with client_of(weir) as client, pytest.raises(openai.AuthenticationError) as caught:
            client.chat.completions.create(model="kimi-k2", messages=user("hi"))
        assert caught.value.body["code"] == 401

    @pytest.mark.parametrize("cut", [150, 250, 300, 333, 400])
    def test_a_stream_cut_in_an_event_is_the_clients_own_error(self, openai_client, cut):
        stream = openai_client.chat.completions.create(
            model=KIMI, messages=user("one two three"), stream=True, extra_headers={"x-sim-fault": f"cut={cut}"})
        with pytest.raises(openai.APIError) as caught:
            list(stream)
        assert caught.value.code == "upstream_stream_broken" and "weir:" in caught.value.message

    def test_an_error_event_in_mid_stream_is_raised(self, openai_client):
        stream = openai_client.chat.completions.create(
            model="kimi-k2", messages=user("one two three four"), stream=True,
            extra_headers={"x-sim-fault": "error-event=2"})
        got = []
        with pytest.raises(openai.APIError):
            for chunk in stream:
                got.append(chunk)
        assert len(got) == 2

    def test_an_error_in_a_reply_of_status_200_is_passed_on(self, openai_client):
        raw = openai_client.chat.completions.with_raw_response.create(
            model="kimi-k2", messages=user("hi"), extra_headers={"x-sim-fault": "error-event=1"})
        assert raw.status_code == 200
        assert json.loads(raw.content)["error"]["message"]

    def test_an_unknown_model_is_refused_by_the_upstream_and_not_by_weir(self, openai_client):
        with pytest.raises(openai.BadRequestError) as caught:
            openai_client.chat.completions.create(model="no-such-model", messages=user("hi"))
        assert "no-such-model is not a valid model ID" in caught.value.body["message"]

    def test_an_upstream_that_cannot_be_reached_is_a_server_error_that_says_so(self, weir_with):
        weir = weir_with(upstream="http://127.0.0.1:9/api/v1")
        with client_of(weir) as client, pytest.raises(openai.InternalServerError) as caught:
            client.chat.completions.create(model="kimi-k2", messages=user("hi"))
        assert caught.value.status_code == 502
        assert caught.value.code == "upstream_unreachable"
        assert caught.value.type
        assert caught.value.request_id in caught.value.body["message"]


def refusing_once(status: str, *headers):
    """An upstream whose first answer is an error with these headers and whose others are completions."""
    answer = json.dumps({"id": "gen-1", "object": "chat.completion", "created": 1, "model": KIMI, "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "at last"}}]}).encode()
    arrivals = []

    def script(_wire, _request):
        arrivals.append(time.monotonic())
        if len(arrivals) == 1:
            return reply(b'{"error":{"code":1,"message":"not now"}}', status,
                         [("Content-Type", "application/json"), *headers])
        return reply(answer)

    return ScriptedUpstream(script), arrivals


class TestRetriesOfTheClient:
    def test_the_client_waits_as_long_as_retry_after_ms_says(self, weir_with):
        upstream, arrivals = refusing_once("429 Too Many Requests", ("retry-after-ms", "1300"))
        with upstream, client_of(weir_with(upstream=upstream), max_retries=2) as client:
            answer = client.chat.completions.create(model="kimi-k2", messages=user("hi"))
        assert answer.choices[0].message.content == "at last"
        assert len(arrivals) == 2
        # Without the header the client would come back within half a second.
        assert 1.3 <= arrivals[1] - arrivals[0] < 8
        assert [request.get("x-stainless-retry-count") for request in upstream.requests] == ["0", "1"]

    def test_the_client_retries_what_x_should_retry_allows(self, weir_with):
        upstream, arrivals = refusing_once("400 Bad Request", ("x-should-retry", "true"), ("retry-after-ms", "1"))
        with upstream, client_of(weir_with(upstream=upstream), max_retries=2) as client:
            answer = client.chat.completions.create(model="kimi-k2", messages=user("hi"))
        assert answer.choices[0].message.content == "at last"
        assert len(arrivals) == 2

    def test_the_client_does_not_retry_what_x_should_retry_forbids(self, weir_with):
        upstream, arrivals = refusing_once("500 Internal Server Error", ("x-should-retry", "false"))
        with upstream, client_of(weir_with(upstream=upstream), max_retries=2) as client:
            with pytest.raises(openai.InternalServerError):
                client.chat.completions.create(model="kimi-k2", messages=user("hi"))
        assert len(arrivals) == 1


class TestTimeouts:
    def test_a_client_that_gives_up_ends_the_upstream_request(self, openai_client, simulator):
        marked = mark()
        with pytest.raises(openai.APITimeoutError):
            openai_client.with_options(timeout=0.4).chat.completions.create(
                model="kimi-k2", messages=user("hi"),
                extra_headers={**dict([marked]), "x-sim-fault": "delay=20000"})
        simulator.await_end(marked, "cancelled")

    def test_a_stream_closed_by_the_client_ends_the_upstream_request(self, openai_client, simulator):
        marked = mark()
        slow = {"x-sim-tokens": "1000", "x-sim-fault": "gap=50"}
        stream = openai_client.chat.completions.create(
            model="kimi-k2", messages=user("hi"), stream=True, extra_headers=slow | dict([marked]))
        next(iter(stream))
        stream.close()
        assert simulator.await_end(marked, "cancelled").events_sent < 500
