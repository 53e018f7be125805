"""Dashboards and rules: every query is asked of a real Prometheus that scraped a real weir under load."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.mixed_load import SETTINGS, round_of_load
from harness.prometheus import Prometheus
from harness.redis import Redis
from harness.simulator import Simulator
from harness.weir import Weir

DASHBOARDS = Path(__file__).resolve().parents[2] / "dashboards"
RULES = sorted((DASHBOARDS / "prometheus").glob("*.rules.yml"))

# Metrics of the interface that weir does not have yet, each with the feature that brings it. Panels and rules that need
# one are skipped until then; one that is there in fact must leave this list.
AWAITED = {}
OF_PROMETHEUS = {"up"}

METRIC = re.compile(r"\b((?:weir|process)_[a-z0-9_]+|up)\b(?=[{\[ )]|$)")


def metrics_of(expression: str) -> set:
    """The families that an expression asks for; a histogram's series go by the family's name."""
    names = METRIC.findall(re.sub(r"job(_model)?:[a-z0-9_:]+", "", expression))
    return {re.sub(r"_(bucket|count|sum)$", "", name) for name in names}


@dataclass
class Panel:
    board: str
    title: str
    expression: str
    kind: str

    @property
    def name(self) -> str:
        return f"{self.board}: {self.title}"


def panels() -> list:
    found = []
    for path in sorted((DASHBOARDS / "grafana").glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            found += [Panel(path.stem, f"{panel['title']} {target['refId']}", target["expr"], panel["type"])
                      for target in panel.get("targets", [])]
    return found


def variables() -> list:
    found = []
    for path in sorted((DASHBOARDS / "grafana").glob("*.json")):
        for variable in json.loads(path.read_text())["templating"]["list"]:
            if variable["type"] == "query":
                found.append((f"{path.stem}: {variable['name']}", variable["definition"]))
    return found


def filled_in(expression: str) -> str:
    """What Grafana sends for a panel that shows everything of the last five minutes."""
    for name, value in (("$__rate_interval", "1m"), ("$__range", "5m"), ("$job", ".*"), ("$instance", ".*"),
                        ("$model", ".*"), ("$rollout", ".*")):
        expression = expression.replace(name, value)
    assert "$" not in expression, expression
    return expression


PANELS = panels()


@pytest.fixture(scope="module")
def scraped(binary, simulator_command, tmp_path_factory):
    """A Prometheus with two rounds of load, and the names of the families that it saw."""
    simulator = Simulator(simulator_command, tmp_path_factory.mktemp("simulator"))
    redis = Redis(tmp_path_factory.mktemp("redis"))
    weir = prometheus = None
    try:
        weir = Weir(binary, tmp_path_factory.mktemp("weir"), simulator.url, SETTINGS | {"WEIR_REDIS_URL": redis.url})
        prometheus = Prometheus(tmp_path_factory.mktemp("prometheus"), weir.admin_port, RULES)
        for number in range(2):
            round_of_load(weir, number)
            prometheus.await_scrapes(3)
        prometheus.seen = {re.sub(r"_(bucket|count|sum)$", "", name)
                           for name in prometheus.get("label/__name__/values")}
        yield prometheus
    finally:
        if prometheus:
            prometheus.stop()
        if weir:
            weir.stop()
        redis.stop()
        simulator.stop()


def skip_what_is_awaited(expression: str, seen: set) -> None:
    if missing := sorted(metrics_of(expression) & set(AWAITED) - seen):
        pytest.skip(f"{', '.join(missing)}: comes with {', '.join(sorted({AWAITED[name] for name in missing}))}")


class TestAgainstAScrape:
    @pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.name)
    def test_every_panel_has_data(self, scraped, panel):
        skip_what_is_awaited(panel.expression, scraped.seen)
        assert scraped.query(filled_in(panel.expression)), panel.expression

    @pytest.mark.parametrize("name, definition", variables())
    def test_every_variable_has_values(self, scraped, name, definition):
        selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", definition).groups()
        assert scraped.query(f"count by ({label}) ({filled_in(selector)})")

    def test_every_rule_is_evaluated_without_error(self, scraped):
        groups = scraped.get("rules")["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        assert len(rules) > 40
        assert [rule["name"] for rule in rules if rule["health"] == "err"] == []

    @pytest.mark.parametrize("name", ["weir_errors", "weir_unavailable", "weir_slow_first_token", "weir_bad_tool_calls"])
    def test_every_objective_has_a_ratio(self, scraped, name):
        groups = scraped.get("rules")["groups"]
        [rule] = [rule for group in groups for rule in group["rules"] if rule["name"] == f"job:{name}:ratio_rate5m"]
        skip_what_is_awaited(rule["query"], scraped.seen)
        [series] = scraped.query(rule["query"])
        assert series["metric"] == {"job": "weir"}
        assert 0 <= float(series["value"][1]) <= 1

    def test_what_was_awaited_is_taken_off_the_list_when_it_is_there(self, scraped):
        assert sorted(set(AWAITED) & scraped.seen) == []


class TestTheFiles:
    def test_are_what_their_source_makes(self):
        made = subprocess.run([sys.executable, "-B", str(DASHBOARDS / "source" / "make.py"), "--check"],
                              capture_output=True, text=True, timeout=30)
        assert made.returncode == 0, made.stderr

    def test_name_only_metrics_that_exist_or_are_awaited(self, scraped):
        text = "\n".join(panel.expression for panel in PANELS)
        for path in RULES:
            text += "\n" + "\n".join(json.loads(line.split("expr:", 1)[1])
                                     for line in path.read_text().splitlines() if "expr:" in line)
        named = metrics_of(text)
        assert len(named) > 25
        assert sorted(named - scraped.seen - set(AWAITED) - OF_PROMETHEUS) == []

    @pytest.mark.parametrize("chosen", ["$rollout", "$model"])
    def test_divide_nothing_by_what_another_choice_narrows(self, chosen):
        """Cost has no label of its rollout: over the requests of one rollout it would be what all of them cost."""
        for panel in PANELS:
            selectors = re.findall(r"\{[^}]*\}", panel.expression)
            assert len({chosen in selector for selector in selectors}) == 1, panel.expression

    def test_show_no_number_of_a_busier_time_as_that_of_now(self):
        """A share of nothing is no number; the last one that was any may be hours old."""
        for path in sorted((DASHBOARDS / "grafana").glob("*.json")):
            for panel in json.loads(path.read_text())["panels"]:
                if panel["type"] == "stat":
                    assert panel["options"]["reduceOptions"]["calcs"] == ["last"], panel["title"]
                    [mapping] = panel["fieldConfig"]["defaults"]["mappings"]
                    assert mapping["options"]["match"] == "null+nan", panel["title"]

    def test_have_panels_that_do_not_overlap_and_ids_of_their_own(self):
        for path in sorted((DASHBOARDS / "grafana").glob("*.json")):
            board = json.loads(path.read_text())
            assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
            taken = set()
            for panel in board["panels"]:
                place = panel["gridPos"]
                cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                         for y in range(place["y"], place["y"] + place["h"])}
                assert place["x"] + place["w"] <= 24 and not cells & taken, (path.name, panel["title"])
                taken |= cells

    @pytest.mark.parametrize("command", [
        ["check", "rules", *[path.name for path in RULES]], ["check", "config", "prometheus.example.yml"],
        ["test", "rules", "weir.test.yml"], ["test", "rules", "weir-days.test.yml"]], ids=" ".join)
    def test_are_accepted_by_promtool(self, command):
        checked = subprocess.run(["promtool", *command], cwd=DASHBOARDS / "prometheus", capture_output=True, text=True,
                                 timeout=50)
        assert checked.returncode == 0, checked.stdout + checked.stderr
