"""`traceparent`: passed on, or made, and found again in the log and the ledger."""

import re

import pytest

from harness.ledger import FILE, Ledger
from harness.requests import chat
from harness.upstream import ScriptedUpstream, reply

SETTINGS = {"WEIR_TRACING_MAKE": None, "WEIR_LEDGER": FILE}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
VALID = f"00-{TRACE}-00f067aa0ba902b7-01"
INVALID = ["", "garbage", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", VALID.upper(), VALID + "-x"]
MADE = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-01")


@pytest.fixture
def upstream():
    with ScriptedUpstream(lambda wire, request: reply()) as running:
        yield running


def sent(weir, upstream, name: str, headers=()):
    """What the upstream gets of a request: its `traceparent` and `tracestate` lines; and weir's reply."""
    answer = weir.post("/v1/chat/completions", chat(), [("x-request-id", name), *headers])
    assert answer.status == 200
    lines = [(key.lower(), value) for key, value in upstream.requests[-1].headers]
    return ([value for key, value in lines if key == "traceparent"],
            [value for key, value in lines if key == "tracestate"], answer)


class TestTraces:
    def test_a_valid_one_passes_with_its_state_and_is_in_log_and_ledger(self, weir_with, upstream):
        weir = weir_with(upstream=upstream)
        parents, states, answer = sent(weir, upstream, "given", [("traceparent", VALID), ("tracestate", "a=b")])
        assert (parents, states) == ([VALID], ["a=b"])
        assert answer.get("x-weir-edits") is None
        assert weir.access_line("given")["trace_id"] == TRACE
        assert Ledger(weir.folder).row("given")["trace_id"] == TRACE

    def test_one_is_made_where_there_is_none_a_new_one_each_time(self, weir_with, upstream):
        weir = weir_with(upstream=upstream)
        ids = set()
        for name in ("one", "two"):
            [parent], states, answer = sent(weir, upstream, name)
            made = MADE.fullmatch(parent)[1]
            assert states == [] and answer.get("x-weir-edits") is None
            assert weir.access_line(name)["trace_id"] == made == Ledger(weir.folder).row(name)["trace_id"]
            ids.add(made)
        assert len(ids) == 2

    @pytest.mark.parametrize("value", INVALID)
    def test_one_that_is_not_valid_is_begun_anew_and_its_state_goes(self, weir_with, upstream, value):
        weir = weir_with(upstream=upstream)
        headers = [("traceparent", value), ("tracestate", "a=b")]
        [parent], states, answer = sent(weir, upstream, "odd", headers)
        assert MADE.fullmatch(parent) and states == []
        assert answer.get("x-weir-edits") == "traceparent"

    def test_two_of_them_are_none(self, weir_with, upstream):
        weir = weir_with(upstream=upstream)
        [parent], _, _ = sent(weir, upstream, "two", [("traceparent", VALID), ("traceparent", VALID)])
        assert TRACE not in parent

    @pytest.mark.parametrize("headers, expected", [
        ([], []), ([("traceparent", VALID)], [VALID]), ([("traceparent", "garbage")], ["garbage"])])
    def test_switched_off_weir_makes_none_and_changes_none(self, weir_with, upstream, headers, expected):
        weir = weir_with({"WEIR_TRACING_MAKE": "false"}, upstream=upstream)
        assert sent(weir, upstream, "off", headers)[0] == expected
