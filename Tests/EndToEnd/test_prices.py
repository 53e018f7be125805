"""Prices: what requests cost where no upstream says, by the price lists that upstreams publish, and what is saved."""

import json
import threading

import pytest

from harness.eventually import eventually
from harness.ledger import FILE, Ledger
from harness.requests import chat
from harness.upstream import ScriptedUpstream, reply

pytestmark = pytest.mark.begins_first

SETTINGS = {"WEIR_PRICING_REFRESH": "1", "WEIR_LEDGER": FILE}
LAST = "weir_price_last_refresh_timestamp_seconds"


def listed(**prices) -> bytes:
    """A model list with `acme/NAME` at US dollars a token for prompt and completion."""
    return json.dumps({"data": [
        {"id": f"acme/{name}", "pricing": {"prompt": str(prompt), "completion": str(completion)}}
        for name, (prompt, completion) in prices.items()]}).encode()


class PricedUpstream(ScriptedUpstream):
    """Answers chat requests with 1,000 tokens in and 100 out, without a cost, and model lists as told."""

    def __init__(self):
        self.list = reply(listed(one=(0.001, 0.002)))
        self.usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
        super().__init__(self._answer_request)

    def _answer_request(self, wire, request):
        if request.target.split("?")[0].endswith("/models"):
            answer = self.list(request) if callable(self.list) else self.list
            return answer
        body = {"id": "gen-1", "object": "chat.completion", "model": "m", "usage": self.usage,
                "choices": [{"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": "stop"}]}
        return reply(json.dumps(body).encode())

    @property
    def asked(self) -> list:
        """The requests for model lists so far."""
        return [request for request in self.requests if "/models" in request.target]


@pytest.fixture
def upstream():
    with PricedUpstream() as running:
        yield running


def refreshed(weir, result: str = "success", count: int = 1) -> None:
    """Waits for so many further looks at the upstream's prices."""
    def looks() -> float:
        return weir.scrape().sum("weir_price_refreshes_total", result=result)
    end = looks() + count
    eventually(lambda: looks() >= end, f"{count} more {result}", 20)


def row(weir, name: str, model: str = "acme/one") -> dict:
    assert weir.post("/v1/chat/completions", chat(model=model), [("x-request-id", name)]).status == 200
    return Ledger(weir.folder).row(name)


class TestPublishedPrices:
    def test_price_models_that_weir_never_heard_of(self, weir_with, upstream):
        weir = weir_with(upstream=upstream)
        refreshed(weir)
        found = row(weir, "one")
        assert found["cost_usd"] == pytest.approx(1000 * 0.001 + 100 * 0.002)
        assert (found["cost_source"], found["catalog_cost_usd"]) == ("catalog", found["cost_usd"])
        assert weir.scrape().sum("weir_cost_usd_total", model="acme/one") == pytest.approx(found["cost_usd"])

    def test_are_read_again_and_again(self, weir_with, upstream):
        weir = weir_with(upstream=upstream)
        refreshed(weir)
        upstream.list = reply(listed(one=(0.003, 0)))
        refreshed(weir, count=2)
        assert row(weir, "later")["cost_usd"] == pytest.approx(3)

    def test_stand_behind_the_upstreams_own_figure_and_both_are_kept(self, weir_with, upstream):
        upstream.usage["cost"] = 0.5
        weir = weir_with(upstream=upstream)
        refreshed(weir)
        found = row(weir, "own")
        assert (found["cost_usd"], found["cost_source"]) == (0.5, "upstream")
        assert found["catalog_cost_usd"] == pytest.approx(1.2)

    def test_stand_behind_the_configurations(self, weir_with, upstream):
        text = "models:\n  catalog:\n    - {id: acme/one, prices: {input: 7, output: 0}}\n"
        weir = weir_with(upstream=upstream, arguments=["--config", "weir.yaml"], files={"weir.yaml": text})
        refreshed(weir)
        assert row(weir, "mine")["cost_usd"] == pytest.approx(0.007)

    def test_go_before_those_that_ship_with_weir(self, weir_with, upstream):
        upstream.list = reply(listed(one=(0, 0)).replace(b"acme/one", b"openai/gpt-4-turbo").replace(b'"0"', b'"0.01"'))
        weir = weir_with(upstream=upstream)
        refreshed(weir)
        assert row(weir, "turbo", "openai/gpt-4-turbo")["cost_usd"] == pytest.approx(11)

    def test_keep_the_baseline_current(self, weir_with, upstream):
        upstream.list = reply(listed(one=(0.001, 0.002)).replace(b"acme/one", b"openai/gpt-4o"))
        weir = weir_with(upstream=upstream, arguments=["--config", "weir.yaml"],
                         files={"weir.yaml": "pricing: {baseline: gpt-4o}\n"})
        refreshed(weir)
        assert row(weir, "compared")["baseline_usd"] == pytest.approx(1.2)

    def test_are_followed_over_pages_on_the_same_server(self, weir_with, upstream):
        pages = {"": (listed(one=(0.001, 0)), "https://elsewhere.example/api/v1/models?offset=1"),
                 "offset=1": (listed(two=(0.002, 0)), None)}

        def page(request):
            body, link = pages[request.target.partition("?")[2]]
            return reply(json.dumps(json.loads(body) | {"links": {"next": link}}).encode())

        upstream.list = page
        weir = weir_with(upstream=upstream)
        refreshed(weir)
        assert row(weir, "second", "acme/two")["cost_usd"] == pytest.approx(2)

    def test_are_asked_for_with_the_operators_key(self, weir_with, upstream):
        weir = weir_with({"OPENROUTER_API_KEY": "sk-or-v1-prices"}, upstream=upstream)
        refreshed(weir)
        assert upstream.asked[0].get("authorization") == "Bearer sk-or-v1-prices"


class TestBadLists:
    @pytest.mark.parametrize("price", ["-1", "nan", "1e999", "two", "5"])
    def test_a_price_that_cannot_be_is_counted_and_leaves_the_cost_unknown(self, weir_with, upstream, price):
        upstream.list = reply(listed(one=(price, price), two=(0.001, 0)))
        weir = weir_with(upstream=upstream)
        refreshed(weir)
        assert row(weir, "odd")["cost_usd"] is None
        assert weir.scrape().sum("weir_price_entries_ignored_total") >= 1

    @pytest.mark.parametrize("broken", [
        reply(b"oops", "500 Internal Server Error"), reply(b"not json"), reply(b"[]"), reply(b"{}", "401 Unauthorized"),
        reply(b"\x1f\x8b", headers=[("Content-Encoding", "gzip")]), b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
    ], ids=["500", "no JSON", "no list", "401", "coded", "cut"])
    def test_a_failure_keeps_the_last_prices_and_is_told_once(self, weir_with, upstream, broken):
        weir = weir_with(upstream=upstream)
        refreshed(weir)
        before = weir.scrape().sum(LAST)
        assert before > 0

        def cut(_):
            return broken

        upstream.list = cut
        if broken.endswith(b"{"):
            upstream.answer = lambda wire, request: wire.send(broken) or wire.close() if "/models" in request.target \
                else upstream._answer_request(wire, request)
        refreshed(weir, "failure", 2)
        assert row(weir, "kept")["cost_usd"] == pytest.approx(1.2)
        told = eventually(
            lambda: [line for line in weir.log() if line["message"].startswith("prices not read")], "a warning")
        assert len(told) == 1 and told[0]["level"] == "warning"

    def test_a_list_without_prices_changes_nothing_and_is_no_failure(self, weir_with, upstream):
        upstream.list = reply(b'{"object":"list","data":[{"id":"acme/one","object":"model"}]}')
        weir = weir_with(upstream=upstream)
        refreshed(weir, "none")
        assert row(weir, "plain")["cost_usd"] is None
        assert not [line for line in weir.log() if line["level"] == "warning" and "prices" in line["message"]]
        assert weir.scrape().samples(LAST) == []


class TestAsking:
    def test_off_asks_nobody(self, weir_with, upstream):
        weir = weir_with({"WEIR_PRICING_REFRESH": "off"}, upstream=upstream)
        with PricedUpstream() as elsewhere:
            # By the time that another weir has asked twice, this one would have asked too.
            refreshed(weir_with(upstream=elsewhere), count=2)
        assert upstream.asked == []
        assert weir.scrape().sum("weir_price_refreshes_total") == 0

    def test_a_reload_switches_it_on(self, weir_with, upstream):
        weir = weir_with({"WEIR_PRICING_REFRESH": None}, upstream=upstream, arguments=["--config", "weir.yaml"],
                         files={"weir.yaml": "pricing: {refresh: 0}\n"})
        assert weir.scrape().sum("weir_price_refreshes_total") == 0
        (weir.folder / "weir.yaml").write_text("pricing: {refresh: 1}\n")
        assert weir.admin("/reload", "POST").status == 200
        refreshed(weir)
        assert row(weir, "on")["cost_usd"] == pytest.approx(1.2)

    def test_a_list_that_never_comes_holds_up_neither_start_nor_requests_nor_end(self, weir_with, upstream):
        hangs = threading.Event()

        def hang(_):
            hangs.wait(30)

        upstream.list = hang
        weir = weir_with(upstream=upstream)
        eventually(lambda: upstream.asked, "weir asks for prices", 20)
        assert weir.admin("/readyz").status == 200
        assert row(weir, "meanwhile")["cost_usd"] is None
        weir.stop()
        hangs.set()


def test_with_a_providers_key_of_ones_own_its_bill_counts(upstream, weir_with):
    upstream.usage |= {"cost": 0.01, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.2}}
    yaml = "budgets: [{period: day, usd: 1}]\n"
    weir = weir_with(upstream=upstream, files={"weir.yaml": yaml}, arguments=["--config", "weir.yaml"])
    refreshed(weir)
    told = row(weir, "fee-and-bill")
    assert (told["cost_usd"], told["cost_source"]) == (pytest.approx(0.21), "upstream")
    scrape = weir.scrape()
    assert scrape.sum("weir_cost_usd_total") == pytest.approx(0.21)
    assert scrape.sum("weir_budget_remaining_usd") == pytest.approx(0.79)
