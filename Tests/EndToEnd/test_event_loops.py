"""How many threads serve requests: `WEIR_EVENT_LOOPS`, and what the machine allows without it."""

import os
import subprocess
from pathlib import Path

import pytest

from harness.usual_requests import usual


def loops(weir) -> int:
    tasks = Path(f"/proc/{weir.process.pid}/task")
    names = [(each / "comm").read_text().strip() for each in tasks.iterdir()]
    return sum(name.startswith("NIO-ELT-") for name in names) - 1  # the admin listener has one of its own


@pytest.mark.parametrize("count", [1, 3])
def test_as_many_as_asked_for_serve(weir_with, count):
    weir = weir_with({"WEIR_EVENT_LOOPS": str(count)})
    assert loops(weir) == count
    assert [weir.post("/v1/chat/completions", usual("chat/completions")).status for _ in range(2 * count)] \
        == [200] * (2 * count)


def test_without_a_word_there_is_one_for_each_processor(weir_with):
    assert loops(weir_with()) == min(len(os.sched_getaffinity(0)), 8)


def test_a_process_that_may_use_one_processor_has_one(weir_with):
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        weir = weir_with()
    finally:
        os.sched_setaffinity(0, allowed)
    assert loops(weir) == 1


@pytest.mark.parametrize("value", ["0", "1025", "many"])
def test_what_is_no_number_of_threads_is_refused_by_name(binary, tmp_path, value):
    said = subprocess.run([str(binary), "check"], cwd=tmp_path, capture_output=True, text=True, timeout=30,
                          env={"PATH": os.environ["PATH"], "WEIR_EVENT_LOOPS": value})
    assert said.returncode != 0
    assert "WEIR_EVENT_LOOPS" in said.stdout + said.stderr
