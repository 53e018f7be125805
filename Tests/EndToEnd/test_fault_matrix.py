"""Every fault of the simulator, streaming or not, with and without another attempt to make.

Each cell says what the client sees, how many requests went upstream, and which metrics moved. What no
other attempt can mend (`endless-headers`, `bad-gzip`, `early`) is in test_faults.py and test_attempts.py.
"""

import json

import pytest

from harness.attempts import UNHINDERED, configured, scrape_attempts
from harness.eventually import eventually
from harness.fault_cells import (EXTRA, FALLBACK, FAULTS, SAID, Cell, Fault, catalog, cells, run_all, specification,
                                 whole)
from harness.metrics import Scrape
from harness.simulator import Simulator
from harness.streams import text_of
from harness.weir import Weir

@pytest.fixture(scope="module")
def faulty(simulator_command, tmp_path_factory):
    running = Simulator(simulator_command, tmp_path_factory.mktemp("faulty"), ["--faults", specification()])
    yield running
    running.stop()


def start(binary, folder, upstream: str, retries: int) -> Weir:
    return configured(binary, folder, upstream, catalog() + UNHINDERED, {
        "WEIR_RETRIES": str(retries), "WEIR_TIMEOUT_FIRST_BYTE": "1", "WEIR_TIMEOUT_IDLE": "1"})


@pytest.fixture(scope="module")
def weirs(binary, faulty, tmp_path_factory):
    """By the number of their retries: one that tries once, one that tries again."""
    running = {retries: start(binary, tmp_path_factory.mktemp(f"retries{retries}"), faulty.url, retries)
               for retries in (0, EXTRA)}
    yield running
    for each in running.values():
        each.stop()


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("fault", FAULTS, ids=[fault.specification for fault in FAULTS])
def test_a_fault(weirs, faulty, fault: Fault, stream: bool):
    cases = {retries: cells(fault, stream, retries) for retries in weirs}
    before = {retries: scrape_attempts(weir) for retries, weir in weirs.items()}
    run_all(cases, weirs, faulty, fault.is_slow)
    for retries, weir in weirs.items():
        for cell in cases[retries]:
            check_reply(cell)
            check_calls(cell)
        check_all_metrics(cases[retries], weir, before[retries])


def check_all_metrics(cases: list, weir: Weir, before: Scrape) -> None:
    expected = sum(cell.attempts for cell in cases)
    eventually(lambda: moved(before, scrape_attempts(weir), "weir_upstream_requests_total") >= expected,
               f"{expected} upstream requests counted", 3)
    after = scrape_attempts(weir)
    assert moved(before, after, "weir_upstream_requests_total") == expected
    for cell in cases:
        check_metrics(cell, before, after)


def moved(before: Scrape, after: Scrape, name: str, **labels) -> float:
    return after.sum(name, **labels) - before.sum(name, **labels)


def check_reply(cell: Cell) -> None:
    reply = cell.reply
    if cell.is_mended:
        whole(reply)
        text = text_of(reply.body) if cell.stream else reply.json()["choices"][0]["message"]["content"]
        assert text == SAID, cell.name
    else:
        cell.fate.seen(reply)
    assert reply.get("x-weir-attempts") == str(cell.attempts), (cell.name, reply.headers)
    assert reply.get("x-weir-model") == (FALLBACK if cell.falls_back else cell.model), cell.name
    assert reply.get("x-weir-fallback") == (cell.model if cell.falls_back else None), cell.name


def check_calls(cell: Cell) -> None:
    asked = [json.loads(call.body)["model"] for call in cell.calls]
    if cell.fate.extra_calls:
        # One of them may have gone over a connection that was no good any more.
        assert cell.attempts <= len(asked) <= 2 * cell.attempts, cell.name
        return
    assert asked == [cell.model] * (1 + cell.retried) + [FALLBACK] * cell.falls_back, cell.name


def check_metrics(cell: Cell, before: Scrape, after: Scrape) -> None:
    fate, model = cell.fate, cell.model
    retries = after.samples("weir_retries_total", model=model)
    assert moved(before, after, "weir_retries_total", model=model) == cell.retried, cell.name
    assert {sample.labels["reason"] for sample in retries if sample.value} <= set(fate.reasons), cell.name
    fallbacks = after.samples("weir_fallbacks_total", **{"from": model})
    assert moved(before, after, "weir_fallbacks_total", **{"from": model, "to": FALLBACK}) == cell.falls_back, cell.name
    assert {sample.labels["reason"] for sample in fallbacks if sample.value} <= set(fate.reasons), cell.name
    assert moved(before, after, "weir_requests_total", model=FALLBACK if cell.falls_back else model) >= 1, cell.name
    errors = {sample.labels["error_type"] for sample in after.samples("weir_errors_total", model=model) if sample.value}
    if cell.is_mended:
        assert errors == set(), cell.name
    elif fate.error:
        assert errors == {fate.error}, cell.name
