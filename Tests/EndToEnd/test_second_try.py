"""What harness/second_try.py makes of tests that fail, hang or take their process with them: pytest, run by itself."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.eventually import eventually

FOLDER = Path(__file__).resolve().parent
# As deploy/test has them, but for the number of processes.
OPTIONS = ["--reruns", "1", "--max-worker-restart", "0", "--dist", "loadfile", "--no-loadscope-reorder"]
PLUGINS = ["-p", "xdist.plugin", "-p", "pytest_rerunfailures", "-p", "pytest_timeout", "-p", "no:cacheprovider"]
SETTINGS = f"[pytest]\npythonpath = {FOLDER}\ntimeout = 1\ntimeout_method = signal\naddopts = --import-mode=importlib\n"

FLAKY = """
import pathlib, pytest
def fails_at_first(number):
    seen = pathlib.Path(__file__).with_name(f"seen-{number}")
    if not seen.exists():
        seen.touch()
        raise AssertionError(f"the first try of {number}")
@pytest.mark.parametrize("number", range(COUNT))
def test_that_fails_at_first(number):
    fails_at_first(number)
"""
HANGS = "import time\ndef test_that_hangs():\n    time.sleep(600)\n"
DIES = "import os\ndef test_that_takes_its_process_with_it():\n    os._exit(0)\n"
FINE = "def test_that_is_fine():\n    pass\n"


@pytest.fixture(params=[0, 2], ids=["alone", "several processes"])
def processes(request):
    return request.param


def start(folder: Path, processes: int, **files: str) -> subprocess.Popen:
    (folder / "pytest.ini").write_text(SETTINGS)
    (folder / "conftest.py").write_text('pytest_plugins = ["harness.second_try"]\n')
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(text)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "--numprocesses", str(processes), *OPTIONS, *PLUGINS, "-c", "pytest.ini", "."],
        cwd=folder, env=environment | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, text=True, start_new_session=True,
        # A shell has what runs in its background ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def run(folder: Path, processes: int, **files: str) -> tuple:
    """The status that pytest ends with, and what it says."""
    with start(folder, processes, **files) as running:
        try:
            told, _ = running.communicate(timeout=45)
        finally:
            running.kill()
    return running.returncode, told


def test_three_that_fail_at_first_are_told_and_pass(tmp_path, processes):
    status, told = run(tmp_path, processes, flaky=FLAKY.replace("COUNT", "3"), fine=FINE)
    assert status == 0 and "4 passed, 3 rerun" in told, told
    for number in range(3):
        assert f"tried again: test_flaky.py::test_that_fails_at_first[{number}]" in told
        assert f"AssertionError: the first try of {number}" in told


def test_four_that_fail_at_first_fail_the_run(tmp_path, processes):
    status, told = run(tmp_path, processes, flaky=FLAKY.replace("COUNT", "4"), fine=FINE)
    assert status == 1 and "4 tests failed at their first try, at most 3 may" in told, told


def test_one_that_hangs_is_given_up_at_its_second_try_too(tmp_path, processes):
    status, told = run(tmp_path, processes, hangs=HANGS, fine=FINE)
    assert status == 1 and "1 failed, 1 passed, 1 rerun" in told and "Timeout (>1.0s)" in told, told


def test_one_that_takes_its_process_with_it_fails_the_run(tmp_path):
    status, told = run(tmp_path, 2, dies=DIES, fine=FINE)
    assert status == 1 and "crashed while running 'test_dies.py::test_that_takes_its_process_with_it'" in told, told


def test_ctrl_c_ends_it_all(tmp_path, processes):
    """A terminal sends the signal to every process of the group."""
    slow = HANGS.replace("time.sleep", "open('begun', 'w').close(); time.sleep")
    with start(tmp_path, processes, slow="import pytest\npytestmark = pytest.mark.timeout(40)\n" + slow) as running:
        try:
            eventually(lambda: (tmp_path / "begun").exists(), "the test runs", 30)
            os.killpg(running.pid, signal.SIGINT)
            told, _ = running.communicate(timeout=20)
            assert running.returncode == 2 and "KeyboardInterrupt" in told, told
            with pytest.raises(ProcessLookupError):
                os.killpg(running.pid, 0)
        finally:
            running.kill()
