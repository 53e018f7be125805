"""Fixtures of the end-to-end tests: the executable, a simulated OpenRouter, weir between them, real clients.

`WEIR_BIN` names the executable. `SIM_COMMAND` may name another simulator than `weir simulate`, and
`HYPOTHESIS_PROFILE=explore` makes the property tests draw new examples instead of the same ones each run.
"""

import os
import shlex
import tempfile
from pathlib import Path

import anthropic
import hypothesis
import hypothesis.configuration
import openai
import pytest

from harness.simulator import Simulator
from harness.weir import Weir

pytest_plugins = ["harness.second_try"]

hypothesis.settings.register_profile(
    "repeatable", deadline=None, derandomize=True, database=None, max_examples=60,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large])
hypothesis.settings.register_profile(
    "explore", deadline=None, database=None, max_examples=1000, print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large])
# Its caches do not belong into the work tree.
hypothesis.configuration.set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "weir-hypothesis")
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def pytest_collection_modifyitems(items):
    """Long files first: the last one that a process begins is then a short one, and none waits long for another."""
    items.sort(key=lambda item: item.get_closest_marker("begins_first") is None)


# The clients read these; a developer's proxy, key or base URL must not decide what a test does.
for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
    os.environ.pop(name, None)
    os.environ.pop(name.lower(), None)
for name in [name for name in os.environ if name.startswith(("OPENAI_", "ANTHROPIC_", "OPENROUTER_"))]:
    del os.environ[name]


@pytest.fixture(scope="session")
def binary() -> Path:
    """The executable under test."""
    named = os.environ.get("WEIR_BIN")
    assert named, "WEIR_BIN must name the weir executable (deploy/test e2e sets it)"
    path = Path(named).resolve()
    assert os.access(path, os.X_OK), f"WEIR_BIN={named} is not an executable file"
    return path


@pytest.fixture(scope="session")
def simulator_command(request) -> list:
    """What starts a simulator; its arguments follow."""
    if named := os.environ.get("SIM_COMMAND"):
        return shlex.split(named)
    return [request.getfixturevalue("binary"), "simulate"]


@pytest.fixture(scope="session")
def simulator(simulator_command, tmp_path_factory):
    """One simulated OpenRouter for all tests; a test finds its own requests by `mark()`."""
    running = Simulator(simulator_command, tmp_path_factory.mktemp("simulator"))
    yield running
    running.stop()


@pytest.fixture
def simulator_with(simulator_command, tmp_path_factory):
    """`simulator_with(*arguments)`: a simulator of the test's own, for example with `--key` or `--faults`."""
    running = []

    def start(*arguments) -> Simulator:
        running.append(Simulator(simulator_command, tmp_path_factory.mktemp("simulator"), arguments))
        return running[-1]

    yield start
    for each in running:
        each.stop()


@pytest.fixture(scope="session")
def weir(binary, simulator, tmp_path_factory):
    """One weir for all tests that need nothing set: no retries, no cache, no ledger, the simulator upstream."""
    running = Weir(binary, tmp_path_factory.mktemp("weir"), simulator.url, {})
    yield running
    running.stop()


@pytest.fixture
def weir_with(request, binary, tmp_path_factory):
    """`weir_with(environment, upstream=…, arguments=…, files=…)`: a weir of the test's own.

    `upstream` is a URL or anything that has a `url` (default: the shared simulator); a variable set to None
    is left out; a module's `SETTINGS` hold for all of its tests; `files` (name to text) are written into its working
    directory first. When the test is over
    each is stopped by SIGTERM and must end with its `expected_exit`, no secret and no crash in its log.
    """
    running = []

    def start(environment=None, upstream=None, arguments=(), files=None) -> Weir:
        if upstream is None:
            upstream = request.getfixturevalue("simulator")
        folder = tmp_path_factory.mktemp("weir")
        for name, text in (files or {}).items():
            (folder / name).write_text(text)
        url = upstream if isinstance(upstream, str) else upstream.url
        settings = getattr(request.module, "SETTINGS", {}) | (environment or {})
        running.append(Weir(binary, folder, url, settings, arguments))
        return running[-1]

    yield start
    failures = []
    for each in running:
        try:
            each.stop()
        except AssertionError as failure:
            failures.append(failure)
    if failures:
        raise failures[0]


@pytest.fixture
def openai_client(weir):
    """The real `openai` client through the shared weir, without retries of its own."""
    with openai.OpenAI(base_url=weir.url, api_key="sk-client", max_retries=0, timeout=20) as client:
        yield client


@pytest.fixture
def anthropic_client(weir):
    """The real `anthropic` client through the shared weir, without retries of its own."""
    base = weir.url.removesuffix("/v1")
    with anthropic.Anthropic(base_url=base, api_key="sk-ant-client", max_retries=0, timeout=20) as client:
        yield client
