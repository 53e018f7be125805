"""Every command and program in README and guides is run as it is written, against a `weir demo`; every piece of a
configuration file is one that `weir check` accepts.

A block that cannot be run here has `<!-- not run: WHY -->` on the line before it. A block of kind `text` right after a
block of commands is what these print: each of its lines must be found in the output, in order; `…` stands for anything.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.process import Process
from harness.weir import QUIET

REPOSITORY = Path(__file__).resolve().parent.parent.parent
GUIDES = REPOSITORY / "Sources/weir/Documentation.docc"
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / ".github").glob("*.md")), REPOSITORY / "dashboards/README.md",
         *sorted(GUIDES.glob("*.md"))]
RUN = ("sh", "python", "yaml", "js", "swift")

pytestmark = pytest.mark.skipif(not GUIDES.is_dir(), reason="the sources are not beside the tests")


@dataclass
class Block:
    page: str
    line: int
    kind: str
    text: str
    excuse: str
    prints: str

    def __str__(self):
        return f"{self.page}:{self.line}"


def blocks() -> list:
    found = []
    for page in PAGES:
        lines = page.read_text().splitlines()
        number = 0
        while number < len(lines):
            opening = re.match(r"( *)```(\w+)$", lines[number])
            if not opening:
                number += 1
                continue
            indent, kind = len(opening.group(1)), opening.group(2)
            end = next(each for each in range(number + 1, len(lines)) if lines[each].strip() == "```")
            text = "\n".join(line[indent:] for line in lines[number + 1:end]) + "\n"
            excuse = re.search(r"<!-- not run: (.+) -->", lines[number - 1]) if number else None
            block = Block(page.name, number + 1, kind, text, excuse.group(1) if excuse else "", "")
            if kind == "text" and found and not "".join(lines[found[-1][1] + 1:number]).strip():
                found[-1][0].prints = text
            elif kind in RUN:
                found.append((block, end))
            number = end + 1
    return [block for block, _ in found]


BLOCKS = blocks()


class Demo:
    """A running demo, and a folder with `weir` on the PATH in which commands find it by the variables they read."""

    def __init__(self, binary: Path, folder: Path):
        self.folder = folder
        (folder / "bin").mkdir()
        (folder / "bin/weir").symlink_to(binary)
        (folder / "request.json").write_text(
            json.dumps({"model": "kimi-k2", "messages": [{"role": "user", "content": "Hello"}]}))
        (folder / "old-key.txt").write_text("a-key-that-exists-already\n")
        own = {name: value for name, value in QUIET.items() if name != "WEIR_LEDGER"}
        self.process = Process([binary, "demo"], folder, own, "weir")
        self.ports = self.process.await_value(self._ports)
        upstream = re.search(r"upstream=(\S+)", self.process.await_value(
            lambda: self.process.errors() if "upstream=" in self.process.errors() else None)).group(1)
        self.environment = {
            "PATH": f"{folder}/bin:{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(folder),
            "WEIR_ADMIN_LISTEN": f"127.0.0.1:{self.ports['admin']}", "WEIR_UPSTREAM_URL": upstream,
            "OPENROUTER_API_KEY": "sk-demo", "KIMI_ROLLOUT_PERCENTAGE": "25"}

    def _ports(self):
        try:
            return json.loads((self.folder / "ports.json").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None

    def run(self, block: Block) -> subprocess.CompletedProcess:
        text = block.text.replace("127.0.0.1:8787", f"127.0.0.1:{self.ports['traffic']}")
        text = text.replace("127.0.0.1:9787", f"127.0.0.1:{self.ports['admin']}")
        return subprocess.run(self._command(block.kind, text), cwd=self.folder, env=self.environment,
                              capture_output=True, text=True, timeout=120)

    def _command(self, kind: str, text: str) -> list:
        if kind == "sh":
            return ["bash", "-euo", "pipefail", "-c", text.replace("curl ", "curl --fail-with-body -sS ")]
        if kind == "js":
            return ["node", "--input-type=module", "-e", text]
        if kind == "swift":
            (self.folder / "example.swift").write_text(text)
            return ["sh", "-c", "swiftc example.swift -o example && exec ./example"]
        return [sys.executable, "-c", text]


@pytest.fixture(scope="module")
def demo(binary, tmp_path_factory):
    running = Demo(binary, tmp_path_factory.mktemp("documentation"))
    yield running
    running.process.kill()


def test_there_are_blocks():
    assert len(BLOCKS) > 10
    assert {block.page for block in BLOCKS} > {"README.md", "Runbook.md", "Troubleshooting.md"}


COMMANDS = [each for each in BLOCKS if each.kind != "yaml"]
CONFIGURATIONS = [each for each in BLOCKS if each.kind == "yaml"]


@pytest.mark.parametrize("block", [each for each in CONFIGURATIONS if not each.excuse], ids=str)
def test_a_piece_of_a_configuration_is_valid(binary, tmp_path, block):
    (tmp_path / "weir.yaml").write_text(block.text)
    environment = {"PATH": os.environ["PATH"], "OPENROUTER_API_KEY": "sk-or-v1-documentation",
                   "MOONSHOT_API_KEY": "sk-documentation", "LOCAL_KEY": "sk-documentation"}
    if not re.search(r"^clients:", block.text, re.MULTILINE):
        environment["WEIR_CLIENT_KEYS"] = "web:key-of-web-0000,batch:key-of-batch-00,app:key-of-app-0000"
    done = subprocess.run([binary, "check", "--config", "weir.yaml"], cwd=tmp_path, env=environment,
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr


# What runs a block, where that is none of what deploy/test installs.
RUNNERS = {"js": "node", "swift": "swiftc"}


@pytest.mark.timeout(150)
@pytest.mark.parametrize("block", [each for each in COMMANDS if not each.excuse], ids=str)
def test_a_block_does_what_it_says(demo, block):
    if (runner := RUNNERS.get(block.kind)) and not shutil.which(runner):
        pytest.skip(f"no {runner} on this machine")
    done = demo.run(block)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip() or ">" in block.text, "it printed nothing"
    rest = done.stdout + done.stderr
    for line in block.prints.splitlines():
        pattern = ".*".join(re.escape(part.strip()) for part in line.split("…"))
        found = re.search(pattern, rest)
        assert found, f"{line!r} is not in what it printed:\n{rest}"
        rest = rest[found.end():]


@pytest.mark.parametrize("block", [each for each in COMMANDS if each.excuse], ids=str)
def test_a_block_that_is_not_run_is_good_shell_all_the_same(block):
    if block.kind == "sh":
        done = subprocess.run(["bash", "-n", "-c", block.text], capture_output=True, text=True)
    else:
        done = subprocess.run([sys.executable, "-c", f"compile({block.text!r}, 'block', 'exec')"],
                              capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_alert_has_its_place_in_the_runbook():
    rules = (REPOSITORY / "dashboards/prometheus/weir-alerts.rules.yml").read_text()
    alerts = {re.sub("Burn(Fast|Slow)$", "", name) for name in re.findall(r'alert: "(\w+)"', rules)}
    assert len(alerts) > 10
    runbook = (GUIDES / "Runbook.md").read_text()
    assert [name for name in sorted(alerts) if f"`{name}`" not in runbook] == []


def test_every_variable_that_the_readme_names_is_one_of_the_reference():
    names = r"\b(?:WEIR|KIMI|FEATURE|OPENROUTER|MOONSHOT)_[A-Z0-9_]+\b"
    named = set(re.findall(names, (REPOSITORY / "README.md").read_text()))
    assert len(named) > 25
    # The path of the executable under test is no setting.
    assert named - {"WEIR_BIN"} <= set(re.findall(names, (GUIDES / "Reference.md").read_text()))


def test_every_metric_has_its_row_in_the_reference():
    sources = [each for target in ("WeirProxy", "WeirMetrics")
               for each in (REPOSITORY / "Sources" / target).rglob("*.swift")]
    # Names within the literals of a line; a literal of several lines holds no metric.
    literals = [literal for each in sources for literal in re.findall(r'"(?:[^"\\\n]|\\.)*"', each.read_text())]
    names = {name for literal in literals for name in re.findall(r"\bweir_[a-z_]+", literal)}
    assert len(names) > 40
    assert names <= set(re.findall(r"\bweir_[a-z_]+", (GUIDES / "Reference.md").read_text()))


def raw_values(path: str) -> set:
    """The wire names of an enumeration whose cases may spell theirs out."""
    text = (REPOSITORY / path).read_text()
    return {written or name for name, written in re.findall(r'^  case (\w+)(?: = "(\w+)")?$', text, re.MULTILINE)}


def test_every_error_code_has_its_cause_and_cure():
    codes = raw_values("Sources/WeirPolicy/ErrorCode.swift")
    assert len(codes) > 15
    headings = set(re.findall(r"^### (\w+)$", (GUIDES / "Troubleshooting.md").read_text(), re.MULTILINE))
    assert codes <= headings, codes - headings


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_repository_lead_somewhere(page):
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", text):
        assert (page.parent / target).exists(), target
    for name in re.findall(r"<doc:(\w+)>", text):
        assert (GUIDES / f"{name}.md").exists(), name
