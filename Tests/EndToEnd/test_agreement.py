"""Three books of the same ten thousand requests: the simulator's, the ledger's and the metrics'. What upstreams reported
is the same in all three; what weir had to estimate is the same in ledger and metrics, and is exactly what was cancelled
or told no usage."""

import math
import random
from collections import Counter, defaultdict

import pytest

from harness.attempts import FALLBACK, KIMI
from harness.eventually import eventually
from harness.flood import Shot, flood
from harness.ledger import FILE, Ledger
from harness.usual_requests import ENDPOINTS, usual

REQUESTS = 10_000
SETTINGS = {
    "WEIR_LEDGER": FILE, "WEIR_CACHE_TTL": "300", "WEIR_RETRIES": "2", "KIMI_FALLBACK_MODEL": FALLBACK,
    "WEIR_LOG_LEVEL": "warning"}
# No budget of earlier retries decides what becomes of a request.
QUICK = "resilience:\n  retry_share: 1\n  retry_floor: 100000\n  retry: {first_delay: 0.01}\n"
MODELS = [KIMI, "openai/gpt-4o", "anthropic/claude-sonnet-4.5"]


def mixed(number: int, chance: random.Random) -> Shot:
    """A little of everything that can become of a request."""
    endpoint = chance.choices(ENDPOINTS, [40, 15, 15, 15, 15])[0]
    stream = endpoint != "embeddings" and chance.random() < 0.5
    kind = chance.choices(["usual", "asked before", "leaves", "silent", "falls back"], [60, 28, 5, 4, 3])[0]
    # What others ask too is answered from the cache, or by the request that is under way.
    text = f"again {chance.randrange(12)}" if kind == "asked before" else f"only once {number}"
    body = usual(endpoint, text=text, stream=stream, model=chance.choice(MODELS))
    headers, leaves_at = [], b""
    if endpoint == "embeddings":
        body["model"] = "openai/text-embedding-3-small"
    elif kind == "leaves" and stream:
        headers = [("x-sim-tokens", "100000"), ("x-sim-gap-ms", "5"), ("x-sim-fault", "delay=0")]
        leaves_at = b"w1 "
    elif kind == "silent":
        headers = [("x-sim-fault", "no-usage")]
    elif kind == "falls back":
        body["model"] = KIMI
        headers = [("x-sim-fault", "status=503[moonshotai/*]")]
    return Shot(f"/v1/{endpoint}", body, headers, leaves_at)


def by_model(ledger: Ledger, where: str) -> dict:
    """Tokens and money of the rows, added up so that no order of adding matters."""
    sums = defaultdict(lambda: {"requests": 0, "input": 0, "output": 0, "costs": []})
    for row in ledger.query(f"SELECT model, input_tokens, output_tokens, cost_usd FROM requests WHERE {where}"):
        sum_of = sums[row["model"]]
        sum_of["requests"] += 1
        sum_of["input"] += row["input_tokens"] or 0
        sum_of["output"] += row["output_tokens"] or 0
        sum_of["costs"].append(row["cost_usd"] or 0)
    return {model: {**each, "costs": math.fsum(each["costs"])} for model, each in sums.items()}


@pytest.fixture
def upstream(simulator_with):
    """A simulator of the test's own, so that its books have nothing else in them; now and then it fails."""
    running = simulator_with()
    assert running.ask("POST", "/_sim/faults", body=b"status=503@3%").status == 200
    return running


def test_ten_thousand_mixed_requests_are_the_same_in_all_books(weir_with, upstream):
    weir = weir_with(upstream=upstream, files={"weir.yaml": QUICK}, arguments=["--config", "weir.yaml"])
    chance = random.Random(20261121)
    hits = flood(weir.port, [mixed(number, chance) for number in range(REQUESTS)])
    assert len(hits) == REQUESTS
    left = sum(hit.left for hit in hits)
    assert left > REQUESTS / 200 and Counter(hit.status for hit in hits)[200] > REQUESTS * 0.98

    ledger = Ledger(weir.folder)
    eventually(lambda: ledger.one("SELECT count(*) FROM requests") == REQUESTS, "every request has its row", 20)
    eventually(lambda: upstream.stats()["open"] == 0, "the upstream has nothing left to do")
    books = upstream.ask("GET", "/_sim/books").json()
    page = weir.scrape()
    assert page.sum("weir_requests_total") == REQUESTS
    # All that was to happen did.
    assert ledger.one("SELECT count(*) FROM requests WHERE cache = 'hit'") > REQUESTS / 20
    assert ledger.one("SELECT count(*) FROM requests WHERE attempts > 1") > REQUESTS / 100
    assert ledger.one("SELECT count(*) FROM requests WHERE fallback_from IS NOT NULL") > REQUESTS / 200

    # What the upstream reported: the same in its own books, to the token.
    reported = by_model(ledger, "usage_state = 'reported'")
    assert set(reported) == {model for model, states in books.items() if "reported" in states}
    for model, sums in reported.items():
        own = books[model]["reported"]
        assert (sums["requests"], sums["input"], sums["output"]) == (
            own["requests"], own["prompt_tokens"], own["completion_tokens"]), model
        assert math.isclose(sums["costs"], own["cost"], rel_tol=1e-9), model

    # What it did not: exactly those that were cancelled or told nothing.
    silent = sum(states.get("silent", {}).get("requests", 0) for states in books.values())
    cancelled = sum(states.get("cancelled", {}).get("requests", 0) for states in books.values())
    assert cancelled == left and silent > REQUESTS / 200
    estimated = ledger.one("SELECT count(*) FROM requests WHERE usage_state = 'estimated'")
    assert estimated == left + silent
    assert ledger.one("SELECT count(*) FROM requests WHERE ending = 'client_left'") == left

    # Metrics and ledger are one.
    everything = by_model(ledger, "1")
    for model, sums in everything.items():
        if model is None:
            continue
        assert page.sum("weir_tokens_total", model=model, type="input") == sums["input"], model
        assert page.sum("weir_tokens_total", model=model, type="output") == sums["output"], model
        assert math.isclose(page.sum("weir_cost_usd_total", model=model), sums["costs"], rel_tol=1e-9), model
    assert page.sum("weir_usage_total", state="reported") == sum(each["requests"] for each in reported.values())
    assert page.sum("weir_usage_total", state="estimated") == estimated
    saved = [row["saved_usd"] for row in ledger.query("SELECT saved_usd FROM requests WHERE saved_usd IS NOT NULL")]
    assert math.isclose(page.sum("weir_cache_saved_usd_total"), math.fsum(saved), rel_tol=1e-9)
    baseline = [row["baseline_usd"] or 0 for row in ledger.query("SELECT baseline_usd FROM requests")]
    assert math.isclose(page.sum("weir_baseline_cost_usd_total"), math.fsum(baseline), rel_tol=1e-9)
    priced = ledger.query("SELECT baseline_usd FROM requests WHERE baseline_usd IS NOT NULL AND cost_usd IS NOT NULL")
    assert math.isclose(page.sum("weir_priced_baseline_cost_usd_total"),
                        math.fsum(row["baseline_usd"] for row in priced), rel_tol=1e-9)
