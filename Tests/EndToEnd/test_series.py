"""How many series `/metrics` can have, and the metrics of OpenTelemetry's conventions."""

import uuid

import pytest

from harness.eventually import eventually
from harness.metrics import openmetrics
from harness.requests import chat, function


def samples(weir) -> list:
    return [sample for family in weir.scrape().families.values() for sample in family.samples]


def counted(weir, count: int):
    """A scrape that has so many requests."""
    eventually(lambda: weir.scrape().sum("weir_requests_total") >= count, f"{count} requests are counted")
    return weir.scrape()


class TestTheBound:
    def test_is_told_at_start_and_in_the_status(self, weir_with):
        weir = weir_with()
        [line] = eventually(lambda: [line for line in weir.log() if "series_bound" in line], "the line with the bound")
        assert weir.admin("/status").json()["series_bound"] == int(line["series_bound"]) > len(samples(weir))

    @pytest.mark.parametrize("genai", ["false", "true"])
    def test_holds_against_clients_that_make_names_up(self, weir_with, genai):
        weir = weir_with({"WEIR_METRICS_GENAI": genai})
        bound = weir.admin("/status").json()["series_bound"]
        for number in range(150):
            odd = f"evil/{uuid.uuid4().hex}-\"\\\n{number}"
            body = chat(model=odd, user=odd, stream=number % 2 == 0, tools=[function(f"tool_{uuid.uuid4().hex}")])
            weir.post("/v1/chat/completions", body, [("x-weir-user", uuid.uuid4().hex)])
        scrape = counted(weir, 150)
        assert len(samples(weir)) <= bound
        models = {sample.labels["model"] for sample in scrape.samples("weir_requests_total")}
        assert "other" in models and len(models) <= 102


class TestGenAI:
    def test_metrics_are_off_by_default(self, weir_with):
        weir = weir_with()
        assert weir.post("/v1/chat/completions", chat()).status == 200
        assert not [name for name in counted(weir, 1).families if name.startswith("gen_ai")]

    def test_have_the_conventions_names_labels_and_buckets(self, weir_with):
        weir = weir_with({"WEIR_METRICS_GENAI": "true"})
        reply = weir.post("/v1/chat/completions", chat(model="kimi-k2"))
        assert reply.status == 200
        assert weir.post("/v1/chat/completions", chat(model="kimi-k2", stream=True)).status == 200
        scrape = counted(weir, 2)
        labels = {"gen_ai_operation_name": "chat", "gen_ai_provider_name": "moonshot_ai",
                  "gen_ai_request_model": "moonshotai/kimi-k2", "server_address": "127.0.0.1"}
        usage = reply.json()["usage"]
        assert scrape.sum("gen_ai_client_token_usage_count", gen_ai_token_type="input", **labels) == 2
        assert scrape.sum("gen_ai_client_token_usage_sum", gen_ai_token_type="input", **labels) \
            == 2 * usage["prompt_tokens"]
        assert scrape.sum("gen_ai_client_token_usage_sum", gen_ai_token_type="output", **labels) > 0
        assert scrape.sum("gen_ai_client_operation_duration_seconds_count", **labels) == 2
        assert scrape.sum("gen_ai_client_operation_time_to_first_chunk_seconds_count", **labels) == 1
        assert scrape.sum("gen_ai_client_operation_time_per_output_chunk_seconds_count", **labels) == 1
        bounds = [sample.labels["le"] for sample in
                  scrape.samples("gen_ai_client_token_usage_bucket", gen_ai_token_type="input")]
        assert [float(bound) for bound in bounds[:14]] == [4.0 ** power for power in range(14)]
        bounds = [sample.labels["le"] for sample in scrape.samples("gen_ai_client_operation_duration_seconds_bucket")]
        assert float(bounds[0]) == 0.01 and float(bounds[13]) == 81.92
        assert openmetrics(weir.admin_port)

    def test_name_other_operations_and_errors(self, weir_with):
        weir = weir_with({"WEIR_METRICS_GENAI": "true"})
        body = {"model": "openai/text-embedding-3-small", "input": "x"}
        assert weir.post("/v1/embeddings", body).status == 200
        assert weir.post("/v1/chat/completions", chat(), [("x-sim-fault", "status=503")]).status == 503
        assert weir.post("/v1/chat/completions", b"{").status == 400
        scrape = counted(weir, 3)
        name = "gen_ai_client_operation_duration_seconds_count"
        assert scrape.sum(name, gen_ai_operation_name="embeddings", gen_ai_provider_name="openai", error_type="") == 1
        assert scrape.sum(name, gen_ai_operation_name="chat", error_type="upstream_503") == 1
        assert scrape.sum(name) == 2, "what was never sent is no operation"
