"""Request bodies: every byte that weir was not told to change arrives upstream as the client sent it."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.json_texts import bodies_around
from harness.requests import chat, user
from harness.simulator import mark
from harness.wire import message

KIMI = "moonshotai/kimi-k2"
PLAIN = "openai/gpt-4-turbo"
PATHS = ["/chat/completions", "/completions", "/responses", "/messages", "/embeddings"]


def forwarded(weir, simulator, body: bytes, path: str = "/v1/chat/completions", headers=()):
    """The reply to the client and the request as the upstream received it."""
    marked = mark()
    answer = weir.post(path, body, [marked, *headers])
    assert answer.get("x-weir-attempts"), f"not forwarded: {answer.status} {answer.body[:500]!r}"
    return answer, simulator.received(marked, last=5)


class TestUntouched:
    @given(parts=bodies_around('"model"'), colon=st.sampled_from([":", " :", ": ", "\n:\t"]))
    def test_a_body_with_nothing_to_change_is_forwarded_byte_for_byte(self, weir, simulator, parts, colon):
        body = f'{parts[0]}{colon}"{PLAIN}"{parts[1]}'.encode()
        answer, received = forwarded(weir, simulator, body)
        assert received.body == body
        assert answer.get("x-weir-edits") is None

    @given(parts=bodies_around('"model"'), spelling=st.sampled_from(
        ['"kimi-k2"', '"KIMI-K2"', '"Kimi-K2"', '"kimi\\u002dk2"', '"\\u006bimi-k2"']))
    def test_an_alias_changes_the_value_of_model_and_no_other_byte(self, weir, simulator, parts, spelling):
        answer, received = forwarded(weir, simulator, f"{parts[0]}:{spelling}{parts[1]}".encode())
        assert received.body == f'{parts[0]}:"{KIMI}"{parts[1]}'.encode()
        assert answer.get("x-weir-edits") == "model"

    @given(parts=bodies_around('"model"'), path=st.sampled_from(PATHS))
    def test_every_json_endpoint_keeps_its_bytes(self, weir, simulator, parts, path):
        _, received = forwarded(weir, simulator, f'{parts[0]}:"kimi-k2"{parts[1]}'.encode(), f"/v1{path}")
        assert received.body == f'{parts[0]}:"{KIMI}"{parts[1]}'.encode()
        assert received.path == f"/api/v1{path}"

    @pytest.mark.parametrize("value", [
        "1.0", "1e2", "1E400", "-0", "9223372036854775808", "-9223372036854775809", "1" * 400, "0." + "1" * 400,
        '"\\ud83d\\ude00"', '"\\ud800"', '"\\u0000"', '"\\/"', '"\u2028\u2029\ufeff"', '"\U0001f600"', "[]", "{}",
        '{"a":1,"a":2}', '{"model":"kimi-k2"}', '[{"model":"kimi-k2"}]', '"\\"model\\":\\"kimi-k2\\""'])
    def test_a_value_keeps_its_spelling(self, weir, simulator, value):
        body = f'{{"unknown_field": {value},"model":"kimi-k2","messages":[{{"role":"user","content":"hi"}}]}}'
        answer, received = forwarded(weir, simulator, body.encode())
        assert received.body.decode() == body.replace('"model":"kimi-k2","messages"', f'"model":"{KIMI}","messages"')
        assert answer.get("x-weir-edits") == "model"

    @pytest.mark.parametrize("depth", [100, 1000])
    def test_deep_nesting_passes(self, weir, simulator, depth):
        body = b'{"model":"%b","deep":%b%b}' % (PLAIN.encode(), b"[" * depth, b"]" * depth)
        assert forwarded(weir, simulator, body)[1].body == body

    def test_a_string_of_several_megabytes_passes(self, weir, simulator):
        body = json.dumps(chat("x", KIMI, padding="é\\\n\"" * 1_000_000), ensure_ascii=False).encode()
        marked = mark()
        assert weir.post("/v1/chat/completions", body, [marked]).status == 200
        received = simulator.received(marked)
        assert len(received.body) == len(body)
        assert hashlib.sha256(received.body).digest() == hashlib.sha256(body).digest()

    @pytest.mark.parametrize("size", [60_000, 70_000, 300_000, 2_000_000])
    @pytest.mark.parametrize("place", ["first", "last"])
    def test_an_edited_body_of_any_size_arrives_whole(self, weir, simulator, size, place):
        text = "".join(f"{number:07d} " for number in range(size // 8))
        members = f'"messages":[{{"role":"user","content":"{text}"}}]'

        def body(model: str) -> bytes:
            parts = [f'"model":"{model}"', members]
            return ("{" + ", ".join(parts if place == "first" else reversed(parts)) + "}").encode()

        answer, received = forwarded(weir, simulator, body("kimi-k2"))
        assert received.get("content-length") == str(len(body(KIMI)))
        assert hashlib.sha256(received.body).digest() == hashlib.sha256(body(KIMI)).digest()
        assert answer.get("x-weir-edits") == "model"

    def test_a_long_conversation_of_600_kilobytes(self, weir, simulator):
        turns = []
        for number in range(300):
            turns += [{"role": "user", "content": f"question {number} " + "wörd " * 150},
                      {"role": "assistant", "content": f"answer {number} " + "word " * 170}]
        body = json.dumps({"model": "kimi-k2", "messages": turns + user("and now?")}, ensure_ascii=False).encode()
        assert 500_000 < len(body) < 800_000
        answer, received = forwarded(weir, simulator, body)
        assert answer.status == 200
        assert answer.json()["choices"][0]["message"]["content"] == "You said: and now?"
        assert received.body == body.replace(b'"model": "kimi-k2"', b'"model": "%b"' % KIMI.encode())

    @pytest.mark.parametrize("piece", [1_000_003, 40_009, 7_001])
    def test_large_bodies_one_behind_the_other_end_where_they_end(self, weir, simulator, piece):
        """However they are cut on their way: the next head begins right behind a body."""
        marks, bodies = [], []
        for size in (17_000, 90_000, 1_700_000, 300, 600_000):
            text = "".join(f"{number:07d}\\n" for number in range(size // 9))
            marks.append(mark())
            bodies.append(f'{{"messages":[{{"role":"user","content":"{text}"}}],"model":"kimi-k2"}}'.encode())
        sent = b"".join(message("POST", "/v1/chat/completions", [marked, ("Content-Type", "application/json")], body)
                        for marked, body in zip(marks, bodies))
        with weir.wire() as wire:
            for at in range(0, len(sent), piece):
                wire.send(sent[at:at + piece])
            assert [wire.read_reply("POST").status for _ in bodies] == [200] * len(bodies)
        for marked, body in zip(marks, bodies):
            assert simulator.received(marked).body == body.replace(b'"kimi-k2"', b'"%b"' % KIMI.encode())

    def test_a_chunked_body_arrives_with_the_same_bytes(self, weir, simulator):
        body = json.dumps(chat("chunked", "kimi-k2")).encode()
        marked = mark()
        with weir.wire() as wire:
            wire.send(b"POST /v1/chat/completions HTTP/1.1\r\nHost: weir.test\r\nContent-Type: application/json\r\n"
                      b"%b: %b\r\nTransfer-Encoding: chunked\r\n\r\n" % tuple(part.encode() for part in marked))
            for at in range(0, len(body), 7):
                part = body[at:at + 7]
                wire.send(b"%x\r\n%b\r\n" % (len(part), part))
            wire.send(b"0\r\n\r\n")
            assert wire.read_reply("POST").status == 200
        assert simulator.received(marked).body == body.replace(b'"kimi-k2"', b'"%b"' % KIMI.encode())

    def test_a_model_that_is_no_string_passes_where_no_model_is_needed(self, weir, simulator):
        body = b'{"model": 7, "x": 1.0}'
        _, received = forwarded(weir, simulator, body, "/v1/files")
        assert received.body == body

    @pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/octet-stream", ""])
    def test_bytes_on_other_paths_are_not_looked_at(self, weir, simulator, content_type):
        marked = mark()
        body = b'\xff\xfe{"model":"kimi-k2"}\x00'
        answer = weir.ask("POST", "/v1/audio/transcriptions",
                          [marked, *([("Content-Type", content_type)] if content_type else [])], body)
        assert answer.status == 200
        received = simulator.received(marked)
        assert received.body == body
        assert (received.get("content-type") or "") == content_type


class TestModelNames:
    @pytest.mark.parametrize("asked, sent", [
        ("kimi-k2", KIMI), ("KIMI-K2", KIMI), ("Kimi-k2", KIMI),
        ("kimi-k2:free", KIMI + ":free"), ("kimi-k2:nitro", KIMI + ":nitro"), ("Kimi-K2:floor", KIMI + ":floor"),
        ("kimi-k2:online", KIMI + ":online"), ("kimi-k2:exacto", KIMI + ":exacto")])
    def test_the_alias_is_rewritten_with_its_suffix(self, weir, simulator, asked, sent):
        answer, received = forwarded(weir, simulator, json.dumps(chat(model=asked)).encode())
        assert json.loads(received.body)["model"] == sent
        assert answer.get("x-weir-model") == sent
        assert answer.get("x-weir-edits") == "model"

    @pytest.mark.parametrize("asked", [
        KIMI, KIMI + ":free", "openrouter/auto", "openai/gpt-4", "anthropic/claude-sonnet-4:thinking", "some/kimi-k2",
        "kimi-k2-of-somebody/else", "@preset/kimi-k2"])
    def test_any_other_model_is_left_alone(self, weir, simulator, asked):
        body = json.dumps(chat(model=asked)).encode()
        answer, received = forwarded(weir, simulator, body)
        assert received.body == body
        assert answer.get("x-weir-model") == asked
        assert answer.get("x-weir-edits") is None

    def test_entries_of_models_are_rewritten_by_the_same_rules(self, weir, simulator):
        body = b'{"models" : ["kimi-k2", "openai/gpt-4" ,"KIMI-K2:free"],"model":"kimi-k2","messages":[]}'
        answer, received = forwarded(weir, simulator, body)
        assert received.body == (b'{"models" : ["moonshotai/kimi-k2", "openai/gpt-4" ,"moonshotai/kimi-k2:free"],'
                                 b'"model":"moonshotai/kimi-k2","messages":[]}')
        assert set(answer.get("x-weir-edits").replace(" ", "").split(",")) == {"model", "models"}

    def test_models_alone_can_change(self, weir, simulator):
        body = b'{"model":"openai/gpt-4","models":["openai/gpt-4","kimi-k2"],"messages":[]}'
        answer, received = forwarded(weir, simulator, body)
        assert received.body == body.replace(b'"kimi-k2"', b'"moonshotai/kimi-k2"')
        assert answer.get("x-weir-edits") == "models"

    def test_the_alias_stands_for_what_the_configuration_says(self, weir_with, simulator):
        weir = weir_with({"KIMI_MODEL_ID": "moonshotai/kimi-k2.6"})
        _, received = forwarded(weir, simulator, json.dumps(chat(model="kimi-k2:nitro")).encode())
        assert json.loads(received.body)["model"] == "moonshotai/kimi-k2.6:nitro"

    @pytest.mark.parametrize("path", PATHS)
    def test_every_json_endpoint_rewrites(self, weir, simulator, path):
        body = {"model": "kimi-k2", "messages": user("hi"), "prompt": "hi", "input": "hi", "max_tokens": 5}
        answer, received = forwarded(weir, simulator, json.dumps(body).encode(), f"/api/v1{path}")
        assert answer.status == 200
        assert json.loads(received.body) == body | {"model": KIMI}


class TestFills:
    """KIMI_K2_MAX_TOKENS and KIMI_K2_TEMPERATURE speak only where a request for Kimi is silent."""

    FILLS = {"KIMI_K2_MAX_TOKENS": "77", "KIMI_K2_TEMPERATURE": "0.6"}

    def test_a_silent_request_is_filled_in_and_the_rest_kept(self, weir_with, simulator):
        body = json.dumps(chat(model="kimi-k2", extra=[1.0])).encode()
        answer, received = forwarded(weir_with(self.FILLS), simulator, body)
        sent = json.loads(received.body)
        assert sent.pop("max_tokens") == 77
        assert sent.pop("temperature") == 0.6
        assert sent == json.loads(body) | {"model": KIMI}
        assert set(answer.get("x-weir-edits").replace(" ", "").split(",")) == {"model", "max_tokens", "temperature"}

    @pytest.mark.parametrize("said", [
        {"temperature": 0, "max_tokens": 5}, {"temperature": 1.0, "max_completion_tokens": 5}])
    def test_what_the_request_says_stands(self, weir_with, simulator, said):
        body = json.dumps(chat(model=KIMI, **said)).encode()
        answer, received = forwarded(weir_with(self.FILLS), simulator, body)
        assert received.body == body
        assert answer.get("x-weir-edits") is None

    def test_other_models_are_left_alone(self, weir_with, simulator):
        body = json.dumps(chat()).encode()
        assert forwarded(weir_with(self.FILLS), simulator, body)[1].body == body
