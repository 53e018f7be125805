"""What weir writes about its work: one line a request, as JSON, and nothing that is nobody's business."""

import json
import os
import re
import signal
import subprocess

import pytest

from harness.eventually import eventually
from harness.requests import chat, user
from harness.simulator import mark
from harness.weir import QUIET, UPSTREAM_KEY
from harness.wire import Wire, message

PROMPT = "zebra-prompt-of-the-user"


def ask(weir, body, *headers, path="/v1/chat/completions", status=200):
    """Sends the body under a request id of its own; returns the reply and its access line."""
    request_id = "log-" + mark()[1]
    answer = weir.post(path, body, [("x-request-id", request_id), *headers])
    assert answer.status == status, answer
    return answer, weir.access_line(request_id)


class TestAccessLine:
    def test_a_plain_request(self, weir):
        answer, line = ask(weir, chat("one two three", model="kimi-k2"))
        assert line["level"] == "info"
        assert line["client"] == "anonymous"
        assert line["method"] == "POST"
        assert line["endpoint"] == "chat/completions"
        assert line["model"] == "kimi-k2"
        assert line["upstream_model"] == "moonshotai/kimi-k2"
        assert line["upstream"] == answer.get("x-weir-upstream")
        assert line["status"] == 200
        assert line["attempts"] == 1
        assert line["cache"]
        assert line["stream"] is False
        assert line["request_bytes"] == len(json.dumps(chat("one two three", model="kimi-k2")))
        assert len(answer.body) <= line["response_bytes"] < len(answer.body) + 2000  # the head may count
        assert line["input_tokens"] == answer.json()["usage"]["prompt_tokens"]
        assert line["output_tokens"] == answer.json()["usage"]["completion_tokens"] == 5
        assert 0 < line["overhead_ms"] < 1000
        assert 0 < line["upstream_ms"] < 5000
        assert line["duration_ms"] >= line["upstream_ms"]

    def test_a_streamed_request(self, weir):
        answer, line = ask(weir, chat("one two three", stream=True))
        assert line["stream"] is True
        assert len(answer.body) <= line["response_bytes"] < len(answer.body) + 2000
        assert line["output_tokens"] == 5

    @pytest.mark.parametrize("path, body", [
        ("/v1/completions", {"model": "kimi-k2", "prompt": "one two three"}),
        ("/v1/responses", {"model": "kimi-k2", "input": "one two three"}),
        ("/v1/messages", {"model": "kimi-k2", "max_tokens": 50, "messages": user("one two three")})])
    @pytest.mark.parametrize("stream", [False, True])
    def test_tokens_of_every_api(self, weir, path, body, stream):
        _, line = ask(weir, body | {"stream": stream}, path=path)
        assert line["endpoint"] == path.removeprefix("/v1/")
        assert line["output_tokens"] == 5
        assert line["input_tokens"] == 4  # 13 bytes

    def test_embeddings_have_input_tokens_only(self, weir):
        _, line = ask(weir, {"model": "openai/text-embedding-3-small", "input": "one two three"}, path="/v1/embeddings")
        assert line["input_tokens"] == 4
        assert not line.get("output_tokens")

    def test_a_path_that_weir_does_not_know(self, weir):
        _, line = ask(weir, b"data", path="/v1/files")
        assert (line["endpoint"], line["status"]) == ("other", 200)
        assert "input_tokens" not in line

    def test_an_error_of_the_upstream(self, weir):
        _, line = ask(weir, chat(), ("x-sim-fault", "status=429"), status=429)
        assert line["status"] == 429

    def test_an_error_of_weir(self, weir):
        _, line = ask(weir, b'{"model":', status=400)
        assert line["status"] == 400
        assert line["error"] == "invalid_json"
        assert "upstream_ms" not in line or line["upstream_ms"] == 0

    def test_the_name_of_a_known_client(self, weir_with):
        weir = weir_with({"WEIR_CLIENT_KEYS": "billing:sk-billing-secret"})
        _, line = ask(weir, chat(), ("Authorization", "Bearer sk-billing-secret"))
        assert line["client"] == "billing"

    def test_a_client_that_leaves_is_logged_too(self, weir, simulator):
        marked, request_id = mark(), "log-" + mark()[1]
        with weir.wire() as wire:
            wire.send(message("POST", "/v1/chat/completions", [
                ("Content-Type", "application/json"), ("x-sim-tokens", "1000"), ("x-sim-fault", "gap=50"),
                ("x-request-id", request_id), marked], json.dumps(chat(stream=True)).encode()))
            assert wire.read_head().status == 200
        simulator.await_end(marked, "cancelled")
        assert weir.access_line(request_id)["status"] in (200, 499)


class TestLog:
    def test_every_line_is_an_object_with_time_level_and_message(self, weir_with):
        weir = weir_with()
        ask(weir, chat())
        ask(weir, b"{", status=400)
        weir.process.send(15)
        assert weir.process.wait() == 0
        lines = weir.log()
        assert len(lines) >= 4
        for line in lines:
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", line["time"])
            assert line["level"] in ("trace", "debug", "info", "notice", "warning", "error", "critical")
            assert line["message"]

    def test_the_listening_line_carries_the_addresses(self, weir_with):
        weir = weir_with()
        [line] = eventually(lambda: [each for each in weir.log() if each["message"] == "listening"], "a listening line")
        assert f"127.0.0.1:{weir.port}" in json.dumps(line)
        assert f"127.0.0.1:{weir.admin_port}" in json.dumps(line)

    def test_exactly_one_access_line_a_request(self, weir_with):
        weir = weir_with()
        ids = ["log-" + mark()[1] for _ in range(30)]
        with weir.wire() as wire:
            for request_id in ids:
                assert wire.request("GET", "/v1/models", [("x-request-id", request_id)]).status == 200
        for request_id in ids:
            weir.access_line(request_id)
        text = weir.log_text()
        assert [text.count(request_id) for request_id in ids] == [1] * 30

    @pytest.mark.parametrize("form", ["json", "text"])
    def test_no_secret_and_no_prompt_is_written_at_any_level(self, weir_with, form):
        weir = weir_with({"WEIR_LOG_LEVEL": "trace", "WEIR_LOG_FORMAT": form,
                          "WEIR_CLIENT_KEYS": "app:sk-app-secret-key"})
        mine = ("Authorization", "Bearer sk-app-secret-key")
        body = chat(PROMPT, model="kimi-k2", user="private-user-name", metadata={"note": PROMPT})
        assert weir.post("/v1/chat/completions", body, [mine, ("Cookie", "session=private-cookie")]).status == 200
        assert weir.post("/v1/chat/completions", body | {"stream": True}, [mine]).status == 200
        assert weir.post("/v1/chat/completions", body, [mine, ("x-sim-fault", "status=500")]).status == 500
        assert weir.post("/v1/chat/completions", b'{"messages":"' + PROMPT.encode(), [mine]).status == 400
        assert weir.post("/v1/chat/completions", body, [("Authorization", "Bearer sk-wrong-secret")]).status == 401
        assert weir.ask("GET", "/v1/models?api_key=private-query", [mine]).status == 200
        weir.process.send(15)
        assert weir.process.wait() == 0
        text = weir.log_text()
        assert "chat/completions" in text
        for private in (PROMPT, "You said:", UPSTREAM_KEY, "sk-app-secret-key", "sk-wrong-secret", "private-cookie",
                        "private-query"):
            assert private not in text, f"{private} is in the log"

    def test_text_is_for_people(self, weir_with):
        weir = weir_with({"WEIR_LOG_FORMAT": "text"})
        request_id = "log-" + mark()[1]
        assert weir.post("/v1/chat/completions", chat(), [("x-request-id", request_id)]).status == 200
        eventually(lambda: request_id in weir.log_text(), "the access line")
        [line] = [line for line in weir.log_text().splitlines() if request_id in line]
        assert "status=200" in line
        assert not line.startswith("{")

    def test_warnings_only_when_only_these_are_wanted(self, weir_with):
        weir = weir_with({"WEIR_LOG_LEVEL": "error"})
        assert weir.post("/v1/chat/completions", chat()).status == 200
        weir.process.send(15)
        assert weir.process.wait() == 0
        assert [line for line in weir.log() if line["level"] in ("trace", "debug", "info", "notice", "warning")] == []

    def test_a_line_break_in_what_a_client_sends_cannot_forge_a_line(self, weir):
        forged = 'x/y\n{"level":"critical","message":"forged"}'
        _, line = ask(weir, chat(model=forged))
        assert line["model"].startswith("x/y")
        assert not [each for each in weir.log() if each.get("message") == "forged"]


def test_a_log_that_nobody_reads_holds_up_neither_requests_nor_the_end(binary, simulator, tmp_path):
    """A pipe takes 64 KiB; its reader stands still, as a log collector that hangs does."""
    environment = QUIET | {"WEIR_UPSTREAM_URL": simulator.url, "PATH": os.environ["PATH"]}
    process = subprocess.Popen([binary, "serve"], cwd=tmp_path, env=environment, stderr=subprocess.PIPE)
    try:
        eventually(lambda: (tmp_path / "ports.json").exists(), "it listens")
        with Wire(json.loads((tmp_path / "ports.json").read_text())["traffic"]) as wire:
            for _ in range(1000):
                assert wire.request("GET", "/v1/echo").status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        assert process.stderr.read().startswith(b"{")
    finally:
        process.kill()
        process.stderr.close()
