"""The admin listener: metrics, health, and who may ask."""

import datetime
import gzip
import json
import shutil
import socket
import subprocess

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families as text_families

from harness.eventually import eventually
from harness.requests import chat
from harness.simulator import mark
from harness.wire import ConnectionEnded, Wire

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def settled(weir, count: int):
    """A scrape that has `count` requests; a request is counted when its exchange is over, just after its reply."""
    eventually(lambda: weir.scrape().sum("weir_requests_total") >= count, f"{count} requests are counted")
    return weir.scrape()


def busy(weir) -> None:
    """A little of everything, so that the scrape has something in each family."""
    assert weir.post("/v1/chat/completions", chat(model="kimi-k2")).status == 200
    assert weir.post("/v1/chat/completions", chat(model="kimi-k2", stream=True)).status == 200
    assert weir.post("/v1/chat/completions", chat(), [("x-sim-fault", "status=503")]).status == 503
    assert weir.post("/v1/chat/completions", b"{").status == 400
    assert weir.ask("GET", "/v1/models").status == 200


class TestMetrics:
    def test_the_text_format_is_the_default(self, weir):
        busy(weir)
        answer = weir.admin("/metrics")
        assert answer.status == 200
        assert answer.get("content-type").startswith("text/plain; version=0.0.4")
        assert answer.get("content-encoding") is None
        families = list(text_families(answer.body.decode()))
        assert len({family.name for family in families}) == len(families)
        assert all(family.documentation and family.type != "unknown" for family in families)

    @pytest.mark.parametrize("accept", [
        OPENMETRICS, "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"])
    def test_openmetrics_by_negotiation(self, weir, accept):
        busy(weir)
        answer = weir.admin("/metrics", headers=[("Accept", accept)])
        assert answer.get("content-type").startswith("application/openmetrics-text; version=1.0.0")
        assert answer.body.endswith(b"# EOF\n")
        families = {family.name: family for family in openmetrics_families(answer.body.decode())}
        assert families["weir_requests"].type == "counter"
        assert families["weir_request_duration_seconds"].type == "histogram"

    @pytest.mark.parametrize("accept", [
        "text/plain", "*/*", "text/html", "application/openmetrics-text;q=0, text/plain"])
    def test_text_for_those_who_do_not_ask_for_openmetrics(self, weir, accept):
        assert weir.admin("/metrics", headers=[("Accept", accept)]).get("content-type").startswith("text/plain")

    @pytest.mark.parametrize("accept", ["", OPENMETRICS])
    def test_gzip_by_negotiation(self, weir, accept):
        headers = [("Accept-Encoding", "gzip")] + ([("Accept", accept)] if accept else [])
        answer = weir.admin("/metrics", headers=headers)
        assert answer.get("content-encoding") == "gzip"
        assert "accept-encoding" in (answer.get("vary") or "").lower()
        text = gzip.decompress(answer.body).decode()
        assert "# TYPE weir_build_info gauge" in text

    @pytest.mark.parametrize("encodings", ["identity", "br", "gzip;q=0", "gzip;q=0, identity"])
    def test_no_gzip_for_those_who_do_not_take_it(self, weir, encodings):
        answer = weir.admin("/metrics", headers=[("Accept-Encoding", encodings)])
        assert answer.get("content-encoding") is None
        assert b"weir_build_info" in answer.body

    def test_promtool_finds_nothing_to_complain_about(self, weir):
        busy(weir)
        promtool = shutil.which("promtool")
        assert promtool, "promtool (Debian package prometheus) is needed"
        scrape = weir.admin("/metrics").body
        checked = subprocess.run([promtool, "check", "metrics"], input=scrape, capture_output=True, timeout=30)
        assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")

    def test_requests_are_counted_by_endpoint_model_and_status(self, weir_with):
        weir = weir_with()
        busy(weir)
        scrape = settled(weir, 5)
        of_kimi = {"model": "moonshotai/kimi-k2", "status": "200"}
        assert scrape.sum("weir_requests_total", endpoint="chat/completions", **of_kimi) == 2
        assert scrape.sum("weir_requests_total", endpoint="chat/completions", status="503") == 1
        assert scrape.sum("weir_requests_total", endpoint="chat/completions", status="400") == 1
        assert scrape.sum("weir_requests_total", endpoint="models", status="200") == 1
        assert scrape.sum("weir_requests_total") == 5
        for sample in scrape.samples("weir_requests_total"):
            assert set(sample.labels) == {"endpoint", "model", "status", "cache", "rollout", "variant"}

    def test_durations_are_observed_once_a_request(self, weir_with):
        weir = weir_with()
        busy(weir)
        scrape = settled(weir, 5)
        assert scrape.sum("weir_request_duration_seconds_count") == 5
        assert scrape.sum("weir_request_duration_seconds_count", stream="true") == 1
        assert 0 < scrape.sum("weir_request_duration_seconds_sum") < 10
        assert scrape.sum("weir_overhead_seconds_count") in (4, 5)  # one was refused before anything was sent
        assert 0 < scrape.sum("weir_overhead_seconds_sum") < scrape.sum("weir_request_duration_seconds_sum")
        assert scrape.sum("weir_upstream_requests_total") == 4
        assert scrape.sum("weir_upstream_duration_seconds_count") == 4
        for sample in scrape.samples("weir_request_duration_seconds_bucket"):
            assert set(sample.labels) == {"endpoint", "model", "variant", "stream", "le"}

    def test_upstream_connections_are_reused(self, weir_with):
        weir = weir_with()
        with weir.wire() as wire:
            for _ in range(20):
                assert wire.request("GET", "/v1/models/count").status == 200
        scrape = settled(weir, 20)
        assert scrape.sum("weir_upstream_connections_total") == 20
        assert scrape.sum("weir_upstream_connections_total", reused="true") == 19

    def test_errors_are_counted_by_their_code(self, weir_with):
        weir = weir_with(upstream=f"http://127.0.0.1:{unused_port()}/api/v1")
        assert weir.post("/v1/chat/completions", chat(model="kimi-k2")).status == 502
        assert weir.post("/v1/chat/completions", b"[]").status == 400
        scrape = settled(weir, 2)
        assert scrape.sum("weir_errors_total", error_type="upstream_unreachable", model="moonshotai/kimi-k2") == 1
        assert scrape.sum("weir_errors_total", error_type="invalid_request") + scrape.sum(
            "weir_errors_total", error_type="invalid_json") == 1
        assert scrape.sum("weir_errors_total") == 2

    def test_requests_in_flight_are_a_gauge(self, weir_with):
        weir = weir_with()
        assert weir.scrape().sum("weir_in_flight_requests") == 0
        with weir.wire() as wire:
            wire.send(b"GET /v1/anything HTTP/1.1\r\nHost: a\r\nx-sim-fault: delay=20000\r\n\r\n")
            eventually(lambda: weir.scrape().sum("weir_in_flight_requests") == 1, "one request in flight")
            assert weir.scrape().sum("weir_open_connections") >= 1
        eventually(lambda: weir.scrape().sum("weir_in_flight_requests") == 0, "none in flight")

    def test_the_process_and_the_build_describe_themselves(self, weir):
        scrape = weir.scrape()
        [build] = scrape.samples("weir_build_info")
        assert build.value == 1
        assert build.labels["version"]
        [resident] = scrape.samples("process_resident_memory_bytes")
        assert resident.value == pytest.approx(weir.process.resident_bytes(), rel=0.5)
        [descriptors] = scrape.samples("process_open_fds")
        assert descriptors.value > 3
        [started] = scrape.samples("process_start_time_seconds")
        assert abs(datetime.datetime.now().timestamp() - started.value) < 3600
        assert scrape.sum("process_cpu_seconds_total") > 0

    def test_models_beyond_a_hundred_are_counted_together(self, weir_with):
        weir = weir_with()
        with weir.wire() as wire:
            for number in range(130):
                body = chat(model=f"some/model-{number}")
                answer = wire.request("POST", "/v1/chat/completions", [("Content-Type", "application/json")],
                                      json.dumps(body).encode())
                assert answer.status == 200
        scrape = settled(weir, 130)
        counted = {}
        for sample in scrape.samples("weir_requests_total"):
            counted[sample.labels["model"]] = counted.get(sample.labels["model"], 0) + sample.value
        assert sum(counted.values()) == 130
        assert len(counted) <= 101
        assert counted["other"] == 30
        assert counted["some/model-0"] == 1

    @pytest.mark.parametrize("hostile", ['quote"in/name', "back\\slash/x", "new\nline/x", "é/ü", "a" * 3000 + "/x"])
    def test_a_hostile_model_name_cannot_break_the_scrape(self, weir_with, hostile):
        weir = weir_with()
        weir.post("/v1/chat/completions", chat(model=hostile))
        settled(weir, 1)
        answer = weir.admin("/metrics")
        families = {family.name: family for family in text_families(answer.body.decode())}
        assert sum(sample.value for sample in families["weir_requests"].samples if sample.name.endswith("_total")) == 1
        promtool = subprocess.run(["promtool", "check", "metrics"], input=answer.body, capture_output=True, timeout=30)
        assert promtool.returncode == 0, promtool.stderr


class TestHealth:
    def test_alive_and_ready(self, weir):
        assert weir.admin("/healthz").status == 200
        assert weir.admin("/readyz").status == 200

    def test_health_tells_of_the_upstreams_seen(self, weir_with):
        weir = weir_with()
        assert weir.post("/v1/chat/completions", chat()).status == 200
        answer = weir.admin("/health")
        assert answer.status == 200
        assert answer.get("content-type").startswith("application/json")
        told = answer.json()
        assert set(told) >= {"status", "uptime_seconds", "upstreams", "timestamp"}
        assert told["status"] == "healthy"
        assert 0 < told["uptime_seconds"] < 60
        now = datetime.datetime.now(datetime.timezone.utc)
        assert abs(datetime.datetime.fromisoformat(told["timestamp"]) - now) < datetime.timedelta(seconds=10)
        [upstream] = told["upstreams"]
        assert set(upstream) >= {"name", "status", "response_time_ms", "last_success", "circuit"}
        assert upstream["name"]
        assert upstream["status"] == "healthy"
        assert upstream["circuit"] == "closed"
        assert 0 < upstream["response_time_ms"] < 5000
        assert abs(datetime.datetime.fromisoformat(upstream["last_success"]) - now) < datetime.timedelta(seconds=10)

    def test_before_the_first_request_nothing_is_known_and_nothing_is_wrong(self, weir_with):
        answer = weir_with().admin("/health")
        assert answer.status == 200
        assert answer.json()["upstreams"][0]["last_success"] is None

    def test_a_probe_asks_the_upstream_once_in_ten_seconds(self, weir_with, simulator_with):
        simulator = simulator_with()
        weir = weir_with(upstream=simulator)
        for _ in range(5):
            answer = weir.admin("/health?probe=1")
            assert (answer.status, answer.json()["status"]) == (200, "healthy")
        assert len(simulator.requests()) == 1
        assert weir.admin("/health").status == 200
        assert len(simulator.requests()) == 1

    def test_health_without_a_probe_asks_nobody(self, weir_with, simulator_with):
        simulator = simulator_with()
        weir = weir_with(upstream=simulator)
        for _ in range(3):
            assert weir.admin("/health").status == 200
        assert simulator.requests() == []

    def test_an_upstream_that_cannot_be_reached_is_unhealthy(self, weir_with):
        weir = weir_with(upstream=f"http://127.0.0.1:{unused_port()}/api/v1")
        answer = weir.admin("/health?probe=1")
        assert answer.status == 503
        told = answer.json()
        assert told["status"] == "unhealthy"
        assert told["upstreams"][0]["status"] == "unhealthy"
        # The process itself serves and is ready: restarting it would mend nothing.
        assert weir.admin("/healthz").status == 200
        assert weir.admin("/readyz").status == 200


class TestWhoMayAsk:
    @pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil",
                                      "10.0.0.1", "[::2]"])
    @pytest.mark.parametrize("target", ["/metrics", "/health", "/healthz"])
    def test_a_host_that_is_not_loopback_is_misdirected(self, weir, host, target):
        with Wire(weir.admin_port) as wire:
            wire.send(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            answer = wire.read_reply()
        assert answer.status == 421
        assert b"weir_" not in answer.body

    @pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.0.0.2", "[::1]"])
    @pytest.mark.parametrize("port", ["", ":9787"])
    def test_every_loopback_name_is_welcome(self, weir, host, port):
        assert weir.admin("/healthz", host=host + port).status == 200

    @pytest.mark.parametrize("header", [
        ("Sec-Fetch-Site", "cross-site"), ("Origin", "https://evil.example"), ("Origin", "null"),
        ("Origin", "http://127.0.0.1.evil.example")])
    def test_a_foreign_page_cannot_change_the_state(self, weir, header):
        assert weir.admin("/reload", "POST", [header]).status == 403

    def test_reading_is_open_to_a_page_that_follows_a_link(self, weir):
        assert weir.admin("/healthz", headers=[("Sec-Fetch-Site", "cross-site")]).status == 200

    @pytest.mark.parametrize("target", ["/nothing", "/metricsx", "/v1/models", "/health/x"])
    def test_an_unknown_path_is_not_found(self, weir, target):
        assert weir.admin(target).status == 404

    @pytest.mark.parametrize("method, target", [
        ("POST", "/metrics"), ("DELETE", "/healthz"), ("PUT", "/health"), ("POST", "/readyz"), ("GET", "/reload")])
    def test_a_method_that_a_path_does_not_know_is_refused_with_those_it_does(self, weir, method, target):
        answer = weir.admin(target, method)
        assert answer.status == 405
        assert method not in [each.strip() for each in answer.get("allow").split(",")]
        assert ("POST" if target == "/reload" else "GET") in answer.get("allow")

    def test_head_answers_as_get_without_the_body(self, weir):
        answer = weir.admin("/healthz", "HEAD")
        assert (answer.status, answer.body) == (200, b"")

    def test_nothing_on_the_admin_listener_goes_upstream(self, weir, simulator):
        marked = mark()
        weir.admin("/v1/chat/completions", "POST", [marked])
        weir.admin("/models", headers=[marked])
        assert not simulator.saw(marked)

    def test_many_scrapes_over_one_connection(self, weir):
        with Wire(weir.admin_port) as wire:
            for _ in range(50):
                assert wire.request("GET", "/metrics", host="localhost").status == 200

    @pytest.mark.parametrize("target", ["/", "/metrics", "/status"])
    def test_scrapes_whose_replies_nobody_reads_cost_little_memory(self, weir_with, target):
        weir = weir_with()
        asking = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() * 50
        before = weir.process.resident_bytes()
        with Wire(weir.admin_port, receive_buffer=4096, timeout=1) as wire:
            try:
                for _ in range(1000):
                    wire.send(asking)
            except (TimeoutError, ConnectionError):
                pass  # weir let go
            assert weir.process.resident_bytes() < before + 48_000_000

    def test_many_connections_cost_little_memory(self, weir_with):
        """Each sends as much of a head as it may, and no end of it."""
        weir = weir_with()
        begun = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"".join(b"x: %b\r\n" % (b"y" * 4000) for _ in range(250))
        weir.admin("/healthz")
        before, wires = weir.process.resident_bytes(), []
        try:
            for _ in range(300):
                wires.append(Wire(weir.admin_port, timeout=5))
                try:
                    wires[-1].send(begun)
                except ConnectionError:
                    pass  # more than it may
            assert weir.process.resident_bytes() < before + 64_000_000
        finally:
            for wire in wires:
                wire.close()
        assert eventually(lambda: answers(weir), "the places are free again") == 200


def answers(weir):
    try:
        return weir.admin("/healthz").status
    except (ConnectionEnded, OSError):
        return None
