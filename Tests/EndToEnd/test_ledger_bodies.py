"""Prompts and replies in the ledger: never unless asked for, bounded, and without what is to be taken out."""

import gzip
import json
import uuid

import pytest

from harness.eventually import eventually
from harness.ledger import FILE, Ledger
from harness.requests import chat
from harness.upstream import ScriptedUpstream, reply

SETTINGS = {"WEIR_LEDGER": FILE}
KEPT = {"WEIR_LEDGER_BODIES": "true"}


def bodies(weir, name: str) -> dict:
    """What the ledger has of one request's prompt and reply."""
    Ledger(weir.folder).row(name)
    [found] = Ledger(weir.folder).query("SELECT * FROM bodies WHERE id = ?", name)
    return found


def ask(weir, name: str, text: str, *headers, target: str = "/v1/chat/completions", **members):
    answer = weir.post(target, chat(text, **members), [("x-request-id", name), *headers])
    assert answer.status == 200
    return answer


class TestWithoutBeingAsked:
    @pytest.mark.parametrize("stream", [False, True])
    def test_no_prompt_and_no_reply_is_on_the_disk(self, weir_with, stream):
        weir = weir_with()
        planted = f"planted-{uuid.uuid4().hex}"
        answer = ask(weir, "plain", planted, stream=stream)
        assert Ledger(weir.folder).row("plain")["status"] == 200
        on_disk = Ledger(weir.folder).bytes()
        assert planted.encode() not in on_disk
        assert planted.encode() not in weir.log_text().encode()
        if not stream:
            assert answer.json()["choices"][0]["message"]["content"].encode() not in on_disk
        assert Ledger(weir.folder).query("SELECT * FROM bodies") == []


class TestKept:
    def test_are_the_prompt_and_the_reply_as_they_were_sent_on(self, weir_with):
        weir = weir_with(KEPT)
        answer = ask(weir, "both", "What is kept?")
        found = bodies(weir, "both")
        assert json.loads(found["prompt"]) == chat("What is kept?")
        assert json.loads(found["reply"]) == answer.json()
        assert (found["prompt_truncated"], found["reply_truncated"]) == (0, 0)

    def test_of_a_stream_are_its_events(self, weir_with):
        weir = weir_with(KEPT)
        answer = ask(weir, "stream", "Tell me.", stream=True)
        assert bodies(weir, "stream")["reply"] == answer.body.decode()

    def test_of_a_hit_are_kept_too(self, weir_with):
        weir = weir_with(KEPT | {"WEIR_CACHE_TTL": "60"})
        first = ask(weir, "first", "Again?")
        assert ask(weir, "second", "Again?").get("x-weir-cache") == "hit"
        assert json.loads(bodies(weir, "second")["reply"]) == first.json()

    def test_are_plain_where_the_upstream_or_the_client_compressed(self, weir_with):
        plain = json.dumps({"id": "gen-1", "choices": [], "usage": {}}).encode()
        coded = reply(gzip.compress(plain), headers=[("Content-Type", "application/json"), ("Content-Encoding", "gzip")])
        with ScriptedUpstream(lambda wire, request: coded) as upstream:
            weir = weir_with(KEPT, upstream=upstream)
            sent = gzip.compress(json.dumps(chat("coded")).encode())
            answer = weir.post("/v1/chat/completions", sent, [("content-encoding", "gzip"), ("x-request-id", "coded"),
                                                              ("accept-encoding", "gzip")])
            assert answer.status == 200
            found = bodies(weir, "coded")
        assert found["reply"].encode() == plain
        assert json.loads(found["prompt"]) == chat("coded")

    @pytest.mark.parametrize("falls", ["to an answer", "to nobody"])
    def test_are_those_of_the_attempt_whose_reply_the_client_got(self, weir_with, falls):
        def answer(wire, request):
            if json.loads(request.body)["model"] == "acme/first":
                return reply(b'{"error":{"code":503,"message":"down"}}', "503 Service Unavailable")
            return reply(b'{"id":"gen-1","choices":[]}') if falls == "to an answer" else wire.reset()

        catalog = "models: {catalog: [{id: acme/first, fallbacks: [acme/second]}, {id: acme/second}]}\n"
        with ScriptedUpstream(answer) as upstream:
            weir = weir_with(KEPT | {"WEIR_CONFIG": "weir.yaml"}, upstream, files={"weir.yaml": catalog})
            answered = weir.post("/v1/chat/completions", chat("Who?", "acme/first"), [("x-request-id", "fell")])
            assert answered.get("x-weir-attempts") == "2"
            found, model = bodies(weir, "fell"), "acme/second" if falls == "to an answer" else "acme/first"
            assert answered.get("x-weir-model") == model and json.loads(found["prompt"]) == chat("Who?", model)
            assert found["reply"] == answered.body.decode()

    def test_are_bounded_and_say_so(self, weir_with):
        weir = weir_with(KEPT | {"WEIR_LEDGER_MAX_BODY_BYTES": "1000"})
        ask(weir, "long", "x" * 50_000)
        found = bodies(weir, "long")
        assert len(found["prompt"]) == 1000 and found["prompt_truncated"] == 1
        assert found["prompt"].startswith('{"model"')

    def test_leave_the_report_and_the_rows_as_they_are(self, weir_with):
        weir = weir_with(KEPT)
        ask(weir, "row", "x")
        bodies(weir, "row")
        assert Ledger(weir.folder).one("SELECT count(*) FROM requests") == 1


class TestRedaction:
    CONFIG = {"weir.yaml": "ledger:\n  redact: ['sk-[a-z0-9]{8,}', '(?i)launch code \\w+']\n"}

    def start(self, weir_with, **settings):
        return weir_with(KEPT | settings, arguments=["--config", "weir.yaml"], files=self.CONFIG)

    def test_takes_matches_out_before_anything_is_on_the_disk(self, weir_with):
        weir = self.start(weir_with)
        ask(weir, "secret", "my key is sk-0123456789abcdef, Launch Code zebra7 it is")
        found = bodies(weir, "secret")
        assert "my key is [redacted], [redacted] it is" in found["prompt"]
        on_disk = Ledger(weir.folder).bytes()
        assert b"sk-0123456789abcdef" not in on_disk and b"zebra7" not in on_disk

    def test_takes_out_what_lies_across_the_bound(self, weir_with):
        weir = self.start(weir_with, WEIR_LEDGER_MAX_BODY_BYTES="200")
        text = "x" * 120 + " sk-" + "a" * 100
        start = json.dumps(chat(text)).index("sk-")
        assert start < 200 < start + 100, "the secret begins before the bound and ends behind it"
        ask(weir, "across", text)
        found = bodies(weir, "across")
        assert "sk-a" not in found["prompt"] and found["prompt_truncated"] == 1

    def test_that_cannot_be_done_keeps_weir_from_starting(self, binary, tmp_path):
        import subprocess
        (tmp_path / "weir.yaml").write_text("ledger: {redact: ['(']}\n")
        done = subprocess.run([binary, "check", "--config", "weir.yaml"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 78
        assert "ledger.redact[1]" in done.stdout + done.stderr


class TestRetention:
    def test_by_age_takes_rows_and_bodies(self, weir_with):
        weir = weir_with(KEPT)
        ask(weir, "old", "an old prompt")
        bodies(weir, "old")
        weir.stop()
        import sqlite3
        with sqlite3.connect(weir.folder / FILE) as connection:
            for table in ("requests", "attempt_rows", "bodies"):
                connection.execute(f"UPDATE {table} SET time_ms = time_ms - 3 * 86400000")
        later = weir_with(KEPT | {"WEIR_LEDGER": str(weir.folder / FILE), "WEIR_LEDGER_MAX_AGE_DAYS": "2"})
        ledger = Ledger(weir.folder)
        eventually(lambda: ledger.one("SELECT count(*) FROM requests") == 0, "old rows go", 20)
        assert ledger.one("SELECT count(*) FROM bodies") == 0
        ask(later, "new", "stays")
        assert Ledger(weir.folder).row("new")["status"] == 200

    def test_by_size_keeps_the_file_small(self, weir_with):
        weir = weir_with(KEPT)
        for number in range(60):
            ask(weir, f"big-{number}", "y" * 60_000)
        Ledger(weir.folder).row("big-59")
        weir.stop()
        before = (weir.folder / FILE).stat().st_size
        assert before > 2 << 20
        weir_with(KEPT | {"WEIR_LEDGER": str(weir.folder / FILE), "WEIR_LEDGER_MAX_BYTES": "1MiB"})
        eventually(lambda: (weir.folder / FILE).stat().st_size < 2 << 20, "the file shrinks", 30)
