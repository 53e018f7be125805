"""Exemplars: from a bucket of a histogram to the request that fell into it, by way of a real Prometheus."""

import time

import pytest

from harness.eventually import eventually
from harness.metrics import openmetrics
from harness.prometheus import Prometheus
from harness.requests import chat

DURATION = "weir_request_duration_seconds"
FIRST_TOKEN = "weir_time_to_first_token_seconds"


def exemplars(weir, family: str) -> dict:
    """The exemplars of a family's buckets by request id."""
    samples = [sample for found in openmetrics(weir.admin_port) if found.name == family for sample in found.samples]
    return {sample.exemplar.labels["request_id"]: sample.exemplar for sample in samples if sample.exemplar}


class TestExemplars:
    def test_name_the_request_with_its_value_and_time(self, weir_with):
        weir = weir_with()
        before = time.time()
        headers = [("x-request-id", "slow-one"), ("x-sim-fault", "delay=200")]
        assert weir.post("/v1/chat/completions", chat(), headers).status == 200
        found = eventually(lambda: exemplars(weir, DURATION), "an exemplar")["slow-one"]
        assert 0.2 <= found.value < 60
        assert before - 1 <= float(found.timestamp) <= time.time() + 1

    def test_are_there_for_first_tokens(self, weir_with):
        weir = weir_with()
        assert weir.post("/v1/chat/completions", chat(stream=True), [("x-request-id", "streamed")]).status == 200
        assert set(eventually(lambda: exemplars(weir, FIRST_TOKEN), "an exemplar")) == {"streamed"}

    def test_are_no_part_of_the_plain_text_format(self, weir_with):
        weir = weir_with()
        assert weir.post("/v1/chat/completions", chat(), [("x-request-id", "not-in-text")]).status == 200
        eventually(lambda: exemplars(weir, DURATION), "an exemplar")
        assert b"not-in-text" not in weir.admin("/metrics").body

    def test_are_left_out_where_the_id_is_longer_than_openmetrics_allows(self, weir_with):
        weir = weir_with()
        assert weir.post("/v1/chat/completions", chat(), [("x-request-id", "x" * 119)]).status == 200
        eventually(lambda: weir.scrape().sum("weir_requests_total") >= 1, "the request is counted")
        assert exemplars(weir, DURATION) == {}


@pytest.fixture
def prometheus(weir_with, tmp_path_factory):
    weir = weir_with()
    found = Prometheus(tmp_path_factory.mktemp("prometheus"), weir.admin_port,
                       options=["--enable-feature=exemplar-storage"])
    yield weir, found
    found.stop()


class TestPrometheus:
    def test_stores_them_and_gives_them_with_the_series(self, prometheus):
        weir, prometheus = prometheus
        for number in range(3):
            assert weir.post("/v1/chat/completions", chat(), [("x-request-id", f"asked-{number}")]).status == 200

        def found():
            series = prometheus.get("query_exemplars", query=f"{DURATION}_bucket", start=time.time() - 300,
                                    end=time.time() + 60)
            return [each for one in series for each in one["exemplars"]]

        stored = eventually(found, "Prometheus has an exemplar", 30, step=0.2)
        assert {each["labels"]["request_id"] for each in stored} <= {f"asked-{number}" for number in range(3)}
        assert all(float(each["value"]) > 0 for each in stored)
