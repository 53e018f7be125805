"""The shipped alerts fire on a fault and are taken back after it: a real Prometheus, a real weir under steady load.

All times of the rules are divided by FACTOR (harness/hurried_rules.py); expressions and thresholds are the shipped ones.
"""

import signal
import threading
from pathlib import Path

import pytest

from harness.eventually import eventually
from harness.hurried_rules import hurried, write_hurried
from harness.prometheus import Prometheus
from harness.simulator import Simulator
from harness.usual_requests import usual
from harness.weir import Weir

RULES = sorted((Path(__file__).resolve().parents[2] / "dashboards/prometheus").glob("*.rules.yml"))
# Five minutes become three seconds, an hour 36.
FACTOR = 100
# What an alert may take on a loaded machine; it usually takes a tenth of it.
PATIENCE = 60

pytestmark = pytest.mark.timeout(240)

SETTINGS = {"WEIR_CIRCUIT_BREAKER": "true", "WEIR_CONFIG": "weir.yaml", "WEIR_ENV_FILE": "weir.env",
            "WEIR_CLIENT_KEYS": "app:key-of-app-0000,small:key-of-small-00",
            # A folder, and so never a ledger.
            "WEIR_LEDGER": "."}
# The circuit's own half minute is shortened as the rules are.
CONFIGURATION = "resilience: {circuit: {open_time: 0.3}}\n"


class Load:
    """An application that asks all the time, twenty times a second at most, whatever it is answered."""

    def __init__(self, weir: Weir):
        self.weir, self.over = weir, threading.Event()
        self.thread = threading.Thread(target=self._ask, daemon=True)
        self.thread.start()

    def _ask(self) -> None:
        key = [("Authorization", "Bearer key-of-app-0000")]
        while not self.over.wait(0.05):
            self.weir.post("/v1/chat/completions", usual("chat/completions"), key)

    def stop(self) -> None:
        self.over.set()
        self.thread.join(30)


class Watched:
    """A simulator, a weir before it, load on both, and a Prometheus with the hurried rules."""

    def __init__(self, binary, simulator_command, folder):
        self.running = []
        try:
            for name in ("simulator", "weir", "prometheus"):
                (folder / name).mkdir()
            self.simulator = self._keep(Simulator(simulator_command, folder / "simulator"))
            (folder / "weir/weir.yaml").write_text(CONFIGURATION)
            (folder / "weir/weir.env").write_text("")
            self.weir = self._keep(Weir(binary, folder / "weir", self.simulator.url, SETTINGS))
            self.load = self._keep(Load(self.weir))
            rules = write_hurried(RULES, folder, FACTOR)
            self.prometheus = self._keep(
                Prometheus(folder / "prometheus", self.weir.admin_port, rules, interval="200ms"))
        except BaseException:
            self.stop()
            raise

    def _keep(self, part):
        self.running.append(part)
        return part

    def stop(self) -> None:
        while self.running:
            self.running.pop().stop()

    def configure(self, **settings) -> None:
        """Writes the env file, and tells weir to read it."""
        (self.weir.folder / "weir.env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        self.weir.admin("/reload", "POST")

    def await_alert(self, name: str) -> dict:
        return eventually(lambda: self.prometheus.alerts(name), f"{name} fires", PATIENCE, step=0.1)[0]

    def await_quiet(self, name: str) -> None:
        eventually(lambda: not self.prometheus.alerts(name), f"{name} is resolved", PATIENCE, step=0.1)


@pytest.fixture(scope="module")
def watched(binary, simulator_command, tmp_path_factory):
    running = Watched(binary, simulator_command, tmp_path_factory.mktemp("alerts"))
    yield running
    running.stop()


def check_texts(alert: dict) -> None:
    """The annotations have their values."""
    for text in alert["annotations"].values():
        assert not any(mark in text for mark in ("{{", "<no value>", "<error")), text


def test_an_upstream_that_fails_is_alerted_until_it_answers_again(watched):
    eventually(lambda: watched.prometheus.query("job:weir_requests:increase1h > 20"), "there is traffic", PATIENCE)
    eventually(lambda: watched.prometheus.query("job:weir_errors:ratio_rate5m == 0"), "there is no error", PATIENCE)
    names = {"WeirErrorsBurnFast": "page", "WeirAvailabilityBurnFast": "page", "WeirCircuitOpen": "ticket"}
    assert [name for name in names if watched.prometheus.alerts(name)] == []
    watched.simulator.ask("POST", "/_sim/faults", body=b"status=503")
    for name, severity in names.items():
        alert = watched.await_alert(name)
        assert alert["labels"]["severity"] == severity and alert["labels"]["job"] == "weir"
        check_texts(alert)
    watched.simulator.ask("DELETE", "/_sim/faults")
    for name in names:
        watched.await_quiet(name)


def test_a_used_up_budget_is_alerted_until_it_is_raised(watched):
    def ask() -> int:
        return watched.weir.post("/v1/chat/completions", usual("chat/completions", model="openai/gpt-4-turbo"),
                                 [("Authorization", "Bearer key-of-small-00")]).status

    watched.configure(WEIR_BUDGET_USD_DAY="0.05")
    eventually(lambda: ask() == 429, "the budget is used up", PATIENCE)
    check_texts(watched.await_alert("WeirBudgetRefuses"))
    watched.configure(WEIR_BUDGET_USD_DAY="100")
    assert ask() == 200
    watched.await_quiet("WeirBudgetRefuses")


def test_a_configuration_that_is_not_taken_is_alerted(watched):
    watched.configure(KIMI_ROLLOUT_PERCENTAGE="lots")
    check_texts(watched.await_alert("WeirReloadFailed"))
    watched.configure(KIMI_ROLLOUT_PERCENTAGE="5")
    watched.await_quiet("WeirReloadFailed")


def test_a_ledger_that_could_not_be_used_from_the_start_is_alerted(watched):
    assert watched.weir.scrape().sum("weir_ledger_write_failures_total") == 0, "it is not tried to be written"
    check_texts(watched.await_alert("WeirLedgerFailing"))


def test_a_weir_that_stands_still_is_alerted_until_it_goes_on(watched):
    watched.weir.process.send(signal.SIGSTOP)
    try:
        check_texts(watched.await_alert("WeirDown"))
    finally:
        watched.weir.process.send(signal.SIGCONT)
    watched.await_quiet("WeirDown")


def test_hurrying_changes_times_alone():
    rule = {"alert": "A", "expr": "rate(a_5m[5m]) > 5 unless a offset 1h", "for": "2m", "labels": {"severity": "page"}}
    made = hurried({"groups": [{"name": "g", "interval": "1m", "rules": [rule]}]}, 100)
    with pytest.raises(AssertionError):
        hurried({"groups": [{"name": "g", "rules": [rule | {"for": "soon"}]}]}, 100)
    [group] = made["groups"]
    assert group["interval"] == "600ms"
    assert group["rules"] == [rule | {"for": "1200ms", "expr": "rate(a_5m[3000ms]) > 5 unless a offset 36000ms"}]
