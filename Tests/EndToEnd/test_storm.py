"""Whatever clients and upstreams do to each other's connections, nobody gets a byte of another's reply, nobody waits for
ever, each request has its row, and nothing is left behind."""

import asyncio

import pytest

from harness.eventually import eventually
from harness.large_streams import WAYS
from harness.ledger import FILE, Ledger
from harness.storm_clients import USERS, Storm
from harness.storm_upstreams import StormUpstream
from harness.tls_ways import CLIENTS, trusting

pytestmark = pytest.mark.begins_first

SECONDS, CONNECTIONS = 8, 40
SETTINGS = {
    "WEIR_LEDGER": FILE, "WEIR_CACHE_TTL": "3", "WEIR_RETRIES": "2", "KIMI_FALLBACK_MODEL": "openai/gpt-4o",
    "KIMI_ROLLOUT_PERCENTAGE": "50", "WEIR_TIMEOUT_TOTAL": "8", "WEIR_CIRCUIT_BREAKER": "false", "WEIR_LOG_LEVEL": "warning"}
# No budget of earlier retries decides what becomes of a request; a lost place in a bound shows at the end.
EACH = 3
FILES = {"weir.yaml": f"""
resilience: {{retry_share: 1, retry_floor: 100000, retry: {{first_delay: 0.01}}}}
limits: {{concurrency: [{{name: each, maximum: {EACH}, per: [user]}}]}}
"""}
KEPT = ["weir_in_flight_requests", "weir_open_connections", "weir_buffered_bytes", "weir_coalescing_bytes",
        "weir_ledger_queue_rows"]


# Bytes behind a reply libcurl takes for the next one: see the README's limits.
POISON = ["surplus", "more than announced"]


@pytest.mark.parametrize("way, client", [*[(way, "own") for way in WAYS], ("tls", "libcurl")])
def test_in_a_storm_everybody_gets_their_own_and_nothing_is_left_behind(weir_with, way, client):
    with StormUpstream(way, seed=20261122, without=POISON if client == "libcurl" else []) as upstream:
        weir = weir_with(SETTINGS | trusting() | CLIENTS[client], upstream, files=FILES,
                         arguments=["--config", "weir.yaml"])
        storm = Storm(weir.port, seed=1)
        asyncio.run(storm.run(SECONDS, CONNECTIONS))
        assert not storm.foreign and not storm.hung and not upstream.mixed and not upstream.broken
        assert storm.statuses[200] > 100 and len(upstream.did) > 10, "it was a storm"

        def left() -> dict:
            page = weir.scrape()
            return {name: page.sum(name) for name in KEPT if page.sum(name)}
        eventually(lambda: not left(), "nothing is held", 15)
        ledger, total = Ledger(weir.folder), weir.scrape().sum("weir_requests_total")
        eventually(lambda: ledger.one("SELECT count(*) FROM requests") == total, "each request has its row")
        assert weir.process.open_files() < 60
        upstream.is_over = True
        assert asyncio.run(storm.after(EACH)) == {200: EACH * USERS}, "no place is lost"
