"""The audit log: who is in it, that nothing can be changed in it unseen, and what happens when it cannot be written."""

import hashlib
import json
import os
import signal
import subprocess
import threading

import pytest

from harness.eventually import eventually
from harness.limits import CHAT, of
from harness.requests import chat
from harness.rollouts import put
from harness.weir import Weir

PROMPT = "zebra-prompt-of-the-user"
SETTINGS = {"WEIR_AUDIT_LOG": "audit.log", "WEIR_CLIENT_KEYS": "app:key-app,batch:key-batch",
            "WEIR_RATE_LIMIT_RPM": "2"}


def lines(weir, event=None, name="audit.log") -> list:
    """Those that are in it by now: they are written in batches, and the last may be half there."""
    try:
        written = (weir.folder / name).read_bytes()
    except FileNotFoundError:
        return []
    entries = [json.loads(line) for line in written.splitlines(keepends=True) if line.endswith(b"\n")]
    return [entry for entry in entries if event in (None, entry["event"])]


def awaited(weir, event, count=1) -> list:
    return eventually(lambda: (found := lines(weir, event)) and len(found) >= count and found, f"{count} {event}")


def asks(weir, client="app", **members):
    return weir.post(CHAT, chat(PROMPT, user="ada@example.com", **members), [of(client)]).status


def verify(binary, folder, *files):
    return subprocess.run([binary, "audit", "verify", *files], cwd=folder, capture_output=True, text=True, timeout=60,
                          env={"PATH": os.environ["PATH"]})


def check_chain(path, previous=None, first=None) -> str:
    """As the documentation says that it is done without weir."""
    for line in path.read_bytes().splitlines():
        entry = json.loads(line)
        assert entry["hash"] == hashlib.sha256(line[:line.rindex(b',"hash":"')]).hexdigest()
        assert previous in (None, entry["prev"])
        previous = entry["hash"]
    return previous


class TestWhatIsInIt:
    def test_a_refusal_says_who_what_from_where_and_why_and_nothing_else(self, weir_with):
        weir = weir_with()
        assert [asks(weir) for _ in range(3)] == [200, 200, 429]
        [refused] = awaited(weir, "refused")
        assert refused["client"] == "app"
        assert refused["user"] == "sha256:" + hashlib.sha256(b"ada@example.com").hexdigest()[:16]
        assert refused["peer"] == "127.0.0.1"
        assert refused["code"] == "rate_limit_exceeded"
        assert refused["rule"] == "rpm"
        assert refused["status"] == 429
        assert refused["request_id"]
        text = (weir.folder / "audit.log").read_text()
        for secret in (PROMPT, "key-app", "ada@example.com", "sk-or-v1"):
            assert secret not in text

    def test_what_screening_found(self, weir_with):
        weir = weir_with({"WEIR_CONFIG": "weir.yaml", "WEIR_RATE_LIMIT_RPM": None}, files={"weir.yaml": """
screening:
  rules:
    - {name: keys, builtin: secrets, action: block}
    - {name: cards, builtin: card, action: redact}
"""})
        key, card = "AKIAIOSFODNN7EXAMPLE", "4111 1111 1111 1111"
        assert weir.post(CHAT, chat(f"my card is {card}"), [of("app")]).status == 200
        assert weir.post(CHAT, chat(f"my key is {key}"), [of("app")]).status == 403
        [flagged] = awaited(weir, "flagged")
        assert (flagged["client"], flagged["rule"], flagged["action"], flagged["count"]) == ("app", "cards", "redact", 1)
        [refused] = awaited(weir, "refused")
        assert (refused["code"], refused["rule"]) == ("content_blocked", "keys")
        text = (weir.folder / "audit.log").read_text()
        assert key not in text and card not in text

    def test_a_key_that_is_not_known(self, weir_with):
        weir = weir_with()
        assert weir.post(CHAT, chat(PROMPT), [("Authorization", "Bearer guessed-key")]).status == 401
        [refused] = awaited(weir, "refused")
        assert (refused["client"], refused["code"]) == ("anonymous", "unauthorized")
        assert "guessed-key" not in (weir.folder / "audit.log").read_text()

    def test_a_key_is_told_of_once_for_each_address(self, weir_with):
        weir = weir_with({"WEIR_RATE_LIMIT_RPM": None})
        for client in ("app", "batch", "app", "batch", "app"):
            assert asks(weir, client) == 200
        asks(weir, "app", model="made-up")
        uses = awaited(weir, "key_used", 2)
        assert [(use["client"], use["peer"], use["reason"]) for use in uses] == [
            ("app", "127.0.0.1", "new_address"), ("batch", "127.0.0.1", "new_address")]

    def test_changes_of_the_running_proxy(self, weir_with):
        weir = weir_with({"WEIR_CONFIG": "weir.yaml", "FEATURE_KIMI_ENABLED": None, "WEIR_ADMIN_TOKEN": None},
                         files={"weir.yaml": "kimi: {rollout_percentage: 10}\n"})
        assert awaited(weir, "started")[0]["version"]
        [loaded] = awaited(weir, "config_loaded")
        put(weir, 25)
        assert awaited(weir, "rollout_changed")[0]["who"] == "admin 127.0.0.1"
        assert weir.admin("/cache", "DELETE").status == 200
        assert awaited(weir, "cache_flushed")[0]["who"] == "admin 127.0.0.1"

        (weir.folder / "weir.yaml").write_text("kimi: {rollout_percentage: 10, enabled: false}\n")
        [reloaded] = awaited(weir, "config_reloaded")
        assert reloaded["changed"] and "FEATURE_KIMI_ENABLED" in reloaded["changed"]
        assert reloaded["configuration"] != loaded["configuration"]
        assert reloaded["who"] == "file"
        assert awaited(weir, "kill_switch")[0]["state"] == "on"

        (weir.folder / "weir.yaml").write_text("kimi: {rollout_percentage: very-many}\n")
        [failed] = awaited(weir, "config_reload_failed")
        assert failed["places"] and "very-many" not in json.dumps(failed)

    def test_a_request_that_the_admin_listener_refused(self, weir_with):
        weir = weir_with({"WEIR_ADMIN_TOKEN": "admin-token"})
        assert weir.admin("/cache", "DELETE", [("Authorization", "Bearer admin-wrong")]).status == 401
        [refused] = awaited(weir, "admin_refused")
        assert (refused["path"], refused["status"]) == ("/cache", 401)
        assert "admin-wrong" not in (weir.folder / "audit.log").read_text()

    def test_a_budget_that_is_used_up_once_a_day(self, weir_with):
        weir = weir_with({"WEIR_RATE_LIMIT_RPM": None, "WEIR_BUDGET_USD_DAY": "0.0000001"})
        assert [asks(weir, max_tokens=5) for _ in range(3)] == [429] * 3
        [used_up] = awaited(weir, "budget_used_up")
        assert (used_up["client"], used_up["budget"], used_up["enforcement"]) == ("app", "usd_day", "hard")
        assert len(awaited(weir, "refused", 3)) == 3

    def test_bodies_only_where_they_are_asked_for(self, weir_with):
        weir = weir_with({"WEIR_AUDIT_PROMPTS": "true"})
        for _ in range(3):
            asks(weir)
        assert PROMPT in awaited(weir, "refused")[0]["body"]

    def test_a_thousand_equal_refusals_do_not_push_everything_else_out(self, weir_with):
        weir = weir_with({"WEIR_RATE_LIMIT_RPM": "1"})
        for _ in range(200):
            asks(weir)
        asks(weir, "batch")
        asks(weir, "batch")
        assert eventually(lambda: [e for e in lines(weir, "refused") if e["client"] == "batch"], "the other client's")
        # A new minute may begin meanwhile.
        assert 20 <= len([e for e in lines(weir, "refused") if e["client"] == "app"]) <= 60

    def test_nothing_where_nobody_asks_for_it(self, weir_with):
        weir = weir_with({"WEIR_AUDIT_LOG": None})
        for _ in range(3):
            asks(weir)
        assert not (weir.folder / "audit.log").exists()


class TestTheChain:
    def test_holds_over_rotation_and_restart_and_shows_what_was_changed(self, binary, simulator, tmp_path):
        settings = SETTINGS | {"WEIR_AUDIT_MAX_BYTES": "4096", "WEIR_RATE_LIMIT_RPM": None, "WEIR_AUDIT_KEEP": "50"}
        for _ in range(2):
            weir = Weir(binary, tmp_path, simulator.url, settings)
            for number in range(12):
                weir.post(CHAT, chat("x"), [("Authorization", f"Bearer wrong-{number}")])
            weir.stop()
            (tmp_path / "ports.json").unlink()
        files = sorted(tmp_path.glob("audit.log*"), key=lambda path: int(path.suffix[1:] or 0) if path.suffix != ".log" else 0)
        assert len(files) > 3
        previous = "0" * 64
        for path in reversed(files):
            previous = check_chain(path, previous)
            assert path.stat().st_size <= 4096
        result = verify(binary, tmp_path, *[path.name for path in files])
        assert result.returncode == 0 and previous in result.stdout, result
        # Without names, by the configuration.
        result = subprocess.run([binary, "audit", "verify"], cwd=tmp_path, capture_output=True, text=True, timeout=60,
                                env={"WEIR_AUDIT_LOG": "audit.log", "OPENROUTER_API_KEY": "k"})
        assert result.returncode == 0 and previous in result.stdout, result

        # The lines of start and end stand between; which of them a file begins with is the batches' affair.
        changed, index = next((path, index) for path in files[1:-1]
                              for index, line in enumerate(path.read_text().splitlines()[:-1]) if "anonymous" in line)
        text = changed.read_text().splitlines()
        first_wrong = f"{changed.name}:{index + 1}: "
        text[index] = text[index].replace("anonymous", "somebody_")
        changed.write_text("\n".join(text) + "\n")
        result = verify(binary, tmp_path, *[path.name for path in files])
        assert result.returncode == 1
        assert result.stderr.startswith(first_wrong)
        changed.write_text("\n".join(text[:index] + text[index + 1:]) + "\n")
        assert verify(binary, tmp_path, *[path.name for path in files]).stderr.startswith(first_wrong)
        changed.unlink()
        assert verify(binary, tmp_path, *[path.name for path in files if path.exists()]).returncode == 1

    def test_goes_on_after_a_kill_that_cut_a_line_off(self, binary, simulator, tmp_path):
        weir = Weir(binary, tmp_path, simulator.url, SETTINGS)
        weir.post(CHAT, chat("x"), [("Authorization", "Bearer wrong")])
        awaited(weir, "refused")
        weir.process.send(signal.SIGKILL)
        weir.process.wait()
        log = tmp_path / "audit.log"
        whole = len(log.read_bytes().splitlines())
        log.write_bytes(log.read_bytes() + b'{"seq":9,"time":"2026-11-21T15')
        cut = verify(binary, tmp_path, "audit.log")
        assert cut.returncode == 0 and f"audit.log:{whole + 1}: cut off" in cut.stdout

        (tmp_path / "ports.json").unlink()
        weir = Weir(binary, tmp_path, simulator.url, SETTINGS)
        eventually(lambda: b'"recovered"' in log.read_bytes(), "the line that says so")
        weir.stop()
        result = verify(binary, tmp_path, "audit.log")
        assert result.returncode == 0 and f"audit.log:{whole + 1}: cut off" in result.stdout, result

    @pytest.mark.parametrize("kept", [-1, 30], ids=["all but the last line feed", "the beginning of the first line"])
    def test_goes_on_after_a_loss_of_power(self, binary, simulator, tmp_path, kept):
        Weir(binary, tmp_path, simulator.url, SETTINGS).stop()
        log = tmp_path / "audit.log"
        log.write_bytes(log.read_bytes()[:kept])
        (tmp_path / "ports.json").unlink()
        Weir(binary, tmp_path, simulator.url, SETTINGS).stop()
        result = verify(binary, tmp_path, "audit.log")
        assert result.returncode == 0 and ("cut off" in result.stdout) == (kept > 0), result
        assert b'"stopped"' in log.read_bytes().splitlines()[-1], "it goes on"

    def test_is_written_by_many_at_once_without_a_break(self, binary, weir_with):
        weir = weir_with({"WEIR_RATE_LIMIT_RPM": None})
        threads = [threading.Thread(target=lambda n=n: [
            weir.post(CHAT, chat("x"), [("Authorization", f"Bearer wrong-{n}-{i}")]) for i in range(20)]) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        awaited(weir, "refused", 20)
        assert verify(binary, weir.folder, "audit.log").returncode == 0

    def test_is_not_continued_in_a_file_that_is_something_else(self, weir_with):
        weir = weir_with(files={"audit.log": "precious\n"})
        assert asks(weir) == 200
        eventually(lambda: [line for line in weir.log() if line["message"] == "the audit log cannot be written"], "a line")
        assert (weir.folder / "audit.log").read_text() == "precious\n"


class TestASecondProcess:
    def test_waits_for_the_first_and_goes_on_with_its_chain(self, binary, weir_with, simulator):
        first = weir_with({"WEIR_RATE_LIMIT_RPM": None})
        awaited(first, "config_loaded")
        second = weir_with({"WEIR_RATE_LIMIT_RPM": None, "WEIR_AUDIT_LOG": str(first.folder / "audit.log"),
                            "WEIR_AUDIT_ON_FAILURE": "refuse"})
        assert asks(second) == 200
        first.admin("/cache", "DELETE")
        awaited(first, "cache_flushed")
        assert len(lines(first, "started")) == 1
        first.stop()
        eventually(lambda: len(lines(first, "started")) == 2, "the second one's start")
        second.stop()
        assert [entry["event"] for entry in lines(first)][-1] == "stopped"
        assert verify(binary, first.folder, "audit.log").returncode == 0


class TestADiskThatDoesNotTakeIt:
    def test_is_shouted_about_and_caught_up_with(self, weir_with):
        weir = weir_with({"WEIR_AUDIT_LOG": "missing/audit.log"})
        assert [asks(weir) for _ in range(3)] == [200, 200, 429]
        [line] = eventually(
            lambda: [line for line in weir.log() if line["message"] == "the audit log cannot be written"], "a line")
        assert line["level"] == "error" and "missing/audit.log" in line["reason"]
        (weir.folder / "missing").mkdir()
        eventually(lambda: lines(weir, "refused", "missing/audit.log"), "the refusal that waited")
        eventually(lambda: lines(weir, "started", "missing/audit.log"), "the start")

    def test_refuses_requests_where_that_is_wanted(self, weir_with):
        weir = weir_with({"WEIR_AUDIT_LOG": "missing/audit.log", "WEIR_AUDIT_ON_FAILURE": "refuse",
                          "WEIR_RATE_LIMIT_RPM": None})
        eventually(lambda: [line for line in weir.log() if line["message"] == "the audit log cannot be written"], "a line")
        reply = weir.post(CHAT, chat("x"), [of("app")])
        assert reply.status == 503
        assert reply.json()["error"]["code"] == "overloaded"
        assert "audit log" in reply.json()["error"]["message"] and reply.get("retry-after")
        (weir.folder / "missing").mkdir()
        eventually(lambda: asks(weir) == 200, "requests again")

    @pytest.mark.parametrize("keep", ["1", "3"])
    def test_is_not_filled_beyond_what_is_kept(self, weir_with, keep):
        weir = weir_with({"WEIR_AUDIT_MAX_BYTES": "4096", "WEIR_AUDIT_KEEP": keep, "WEIR_RATE_LIMIT_RPM": None})
        for number in range(40):
            weir.post(CHAT, chat("x"), [("Authorization", f"Bearer wrong-{number}")])
            if number % 15 == 0:
                weir.admin("/cache", "DELETE")
        for number in range(60):
            weir.admin("/cache", "DELETE")
        last = f"audit.log.{keep}"
        eventually(lambda: (weir.folder / last).exists(), last)
        assert not (weir.folder / f"audit.log.{int(keep) + 1}").exists()

    def test_goes_on_in_a_new_file_when_somebody_moved_the_old_one(self, binary, weir_with):
        weir = weir_with({"WEIR_RATE_LIMIT_RPM": None})
        awaited(weir, "config_loaded")
        os.rename(weir.folder / "audit.log", weir.folder / "moved.log")
        weir.admin("/cache", "DELETE")
        awaited(weir, "cache_flushed")
        assert verify(binary, weir.folder, "moved.log", "audit.log").returncode == 0
