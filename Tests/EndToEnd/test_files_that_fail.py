"""Files that a restart reads, while they cannot be written: `/health` says so, and all is made up for."""

import json
import time

import pytest

from harness.eventually import eventually
from harness.limits import asks, keyed
from harness.wire import ask

BUDGET = "budgets: [{name: daily, period: day, usd: 10, clients: [app]}]"
FILES = {"WEIR_BUDGET_STATE_FILE": "budgets.json", "WEIR_STATE_FILE": "state.json", "WEIR_AUDIT_LOG": "audit.jsonl"}


@pytest.fixture
def running(binary, simulator, tmp_path):
    weir = keyed(binary, tmp_path, simulator.url, ["app"], BUDGET, FILES)
    yield weir
    weir.stop()


def flip(weir, percent: int) -> None:
    body = json.dumps({"percent": percent}).encode()
    host = f"127.0.0.1:{weir.admin_port}"
    reply = ask(weir.admin_port, "PUT", "/rollouts/kimi", [("Content-Type", "application/json")], body, host=host)
    assert reply.status == 200, reply.body


def health(weir) -> dict:
    return weir.admin("/health").json()


def said(weir, words: str) -> int:
    return sum(words in line["message"] for line in weir.log())


@pytest.mark.parametrize("subject, name", [("budgets", "budgets.json"), ("rollouts", "state.json")])
def test_what_a_restart_would_forget_is_told_and_saved_once_there_is_room(running, subject, name):
    # As good as a full disk: a file is written under this name first.
    (running.folder / f"{name}.new").mkdir()
    assert asks(running, "app", max_tokens=20).status == 200
    flip(running, 25)
    eventually(lambda: subject in health(running), "/health says so")
    assert health(running)["status"] == "degraded" and name in health(running)[subject]
    told = {each.labels["file"]: each.value for each in running.scrape().samples("weir_file_failing")}
    assert told == {"budgets": 0, "rollouts": 0, "audit_log": 0} | {subject: 1}
    time.sleep(2)
    assert said(running, "cannot be saved") + said(running, "will not remember") == 1
    (running.folder / f"{name}.new").rmdir()
    eventually(lambda: health(running)["status"] == "healthy", "it heals by itself")
    assert subject not in health(running)
    assert running.scrape().sum("weir_file_failing") == 0
    eventually(lambda: said(running, "saved again") == 1, "a line says so")
    text = (running.folder / name).read_text()
    assert ('"client":"app"' if subject == "budgets" else '"percent":{"from":0,"to":25}') in text


def test_an_audit_log_that_cannot_be_written_is_told(binary, simulator, tmp_path):
    (tmp_path / "audit.jsonl").mkdir()
    weir = keyed(binary, tmp_path, simulator.url, ["app"], BUDGET, FILES)
    eventually(lambda: "audit.jsonl" in health(weir).get("audit_log", ""), "/health says so")
    assert health(weir)["status"] == "degraded"
    (tmp_path / "audit.jsonl").rmdir()
    eventually(lambda: health(weir)["status"] == "healthy", "it heals by itself")
    weir.stop()
