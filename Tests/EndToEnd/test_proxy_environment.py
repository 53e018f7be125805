"""TLS to the upstream, and the forward proxies of the environment on the way there."""

import concurrent.futures
import json
import os
import socket
import subprocess
import threading

import pytest

from harness.certificates import authority, make_certificate
from harness.connect_proxy import ConnectProxy
from harness.eventually import eventually
from harness.h2_upstream import H2Upstream
from harness.requests import chat
from harness.simulator import mark
from harness.tls_ways import trusting
from harness.upstream import ScriptedUpstream, reply
from harness.weir import UPSTREAM_KEY


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def secure(simulator_with, tmp_path):
    """A simulator behind TLS with a certificate of its own making, and the file that certificate is in."""
    anchor = tmp_path / "simulator.pem"
    simulator = simulator_with("--tls", "--tls-cert-out", str(anchor))
    simulator.anchor = str(anchor)
    simulator.authority = f"127.0.0.1:{simulator.port}"
    return simulator


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def refused(weir, code: str = "upstream_unreachable", status: int = 502):
    """Asks once; the answer must be weir's own error with this code."""
    answer = weir.post("/v1/chat/completions", chat(model="kimi-k2"))
    assert answer.status == status, answer
    error = answer.json()["error"]
    assert error["code"] == code
    assert answer.get("x-request-id") in error["message"]
    eventually(lambda: weir.errors_counted(code) == 1, "the error is counted once")
    return error["message"]


class TestTrust:
    def test_a_certificate_of_the_ca_file_is_trusted(self, weir_with, secure):
        weir = weir_with({"WEIR_CA_FILE": secure.anchor}, upstream=secure)
        answer = weir.post("/v1/chat/completions", chat("over tls", model="kimi-k2"))
        assert answer.json()["choices"][0]["message"]["content"] == "You said: over tls"

    def test_a_stream_over_tls(self, weir_with, secure):
        weir = weir_with({"WEIR_CA_FILE": secure.anchor}, upstream=secure)
        answer = weir.post("/v1/chat/completions", chat("over tls", stream=True))
        assert answer.body.rstrip().endswith(b"data: [DONE]")

    def test_an_unknown_certificate_is_not(self, weir_with, certificate):
        with ScriptedUpstream(lambda _wire, _request: reply(), certificate.server()) as upstream:
            message = refused(weir_with(upstream=upstream))
            assert "certificate" in message.lower()
            assert upstream.requests == []  # neither key nor prompt went to whoever that was

    def test_a_certificate_for_another_name_is_not(self, weir_with, tmp_path):
        other = make_certificate(tmp_path, "other", "DNS:other.example")
        with ScriptedUpstream(lambda _wire, _request: reply(), other.server()) as upstream:
            refused(weir_with({"WEIR_CA_FILE": str(other.certificate)}, upstream=upstream))
            assert upstream.requests == []

    def test_a_server_that_speaks_no_tls_is_refused(self, weir_with):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            heard = []

            def answer():
                wire, _ = listener.accept()
                heard.append(wire.recv(65536))
                wire.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                wire.close()

            threading.Thread(target=answer, daemon=True).start()
            weir = weir_with(upstream=f"https://127.0.0.1:{listener.getsockname()[1]}/api/v1")
            got = weir.post("/v1/chat/completions", chat())
            assert got.status == 502
            assert got.json()["error"]["code"] in ("upstream_unreachable", "upstream_protocol_error")
            assert UPSTREAM_KEY.encode() not in heard[0]

    def test_a_ca_file_that_is_not_there_is_a_configuration_problem(self, binary, tmp_path):
        done = subprocess.run([binary, "check"], cwd=tmp_path, capture_output=True, text=True, timeout=20,
                              env={"PATH": os.environ["PATH"], "WEIR_CA_FILE": "missing.pem"})
        assert done.returncode == 78
        assert "WEIR_CA_FILE" in done.stdout + done.stderr


class TestForwardProxy:
    @pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
    def test_tls_upstreams_are_reached_through_it(self, weir_with, secure, name):
        with ConnectProxy() as proxy:
            weir = weir_with({name: proxy.url, "WEIR_CA_FILE": secure.anchor}, upstream=secure)
            for _ in range(3):
                assert weir.post("/v1/chat/completions", chat()).status == 200
            assert proxy.targets and set(proxy.targets) == {secure.authority}
            assert UPSTREAM_KEY not in str(proxy.heads)

    @pytest.mark.parametrize("exceptions", ["127.0.0.1", "example.com, 127.0.0.1", "*"])
    def test_no_proxy_names_the_exceptions(self, weir_with, secure, exceptions):
        with ConnectProxy() as proxy:
            weir = weir_with({"HTTPS_PROXY": proxy.url, "NO_PROXY": exceptions, "WEIR_CA_FILE": secure.anchor},
                             upstream=secure)
            assert weir.post("/v1/chat/completions", chat()).status == 200
            assert proxy.targets == []

    def test_an_exception_for_somebody_else_does_not_count(self, weir_with, secure):
        with ConnectProxy() as proxy:
            weir = weir_with({"HTTPS_PROXY": proxy.url, "NO_PROXY": "example.com,127.0.0.11",
                              "WEIR_CA_FILE": secure.anchor}, upstream=secure)
            assert weir.post("/v1/chat/completions", chat()).status == 200
            assert proxy.targets == [secure.authority]

    def test_a_plain_upstream_is_reached_directly(self, weir_with, simulator):
        with ConnectProxy(refuse="403 Forbidden") as proxy:
            weir = weir_with({"HTTPS_PROXY": proxy.url})
            assert weir.post("/v1/chat/completions", chat()).status == 200
            assert proxy.targets == []

    def test_credentials_of_the_proxy_go_to_it_and_nowhere_else(self, weir_with, secure):
        with ConnectProxy() as proxy:
            url = proxy.url.replace("http://", "http://proxyuser:proxypass@")
            weir = weir_with({"HTTPS_PROXY": url, "WEIR_CA_FILE": secure.anchor}, upstream=secure)
            weir.secrets.append("proxypass")
            assert weir.post("/v1/chat/completions", chat()).status == 200
            assert proxy.heads[0].get("proxy-authorization") == "Basic cHJveHl1c2VyOnByb3h5cGFzcw=="

    def test_the_certificate_is_checked_through_the_proxy_too(self, weir_with, secure):
        with ConnectProxy() as proxy:
            refused(weir_with({"HTTPS_PROXY": proxy.url}, upstream=secure))
            assert proxy.targets == [secure.authority]

    def test_http_1_1_is_spoken_through_it_also_where_http_2_is_offered(self, weir_with):
        """libcurl's HTTP/2 is not safe against upstreams that reset streams."""
        spoken = []

        def answer(wire, request):
            spoken.append(wire.socket.selected_alpn_protocol())
            return reply()

        with ScriptedUpstream(answer, tls=authority().certificate().server(["h2", "http/1.1"])) as upstream, \
                ConnectProxy() as proxy:
            weir = weir_with(trusting() | {"https_proxy": proxy.url}, upstream=upstream)
            assert weir.post("/v1/chat/completions", chat(model="kimi-k2")).status == 200
            assert spoken == ["http/1.1"]

    def test_a_proxy_that_refuses_makes_the_upstream_unreachable(self, weir_with, secure):
        with ConnectProxy(refuse="403 Forbidden") as proxy:
            weir = weir_with({"HTTPS_PROXY": proxy.url, "WEIR_CA_FILE": secure.anchor}, upstream=secure)
            refused(weir)
            assert proxy.targets == [secure.authority]

    def test_a_proxy_that_is_not_there_makes_the_upstream_unreachable(self, weir_with, secure):
        refused(weir_with({"HTTPS_PROXY": f"http://127.0.0.1:{unused_port()}", "WEIR_CA_FILE": secure.anchor},
                          upstream=secure))


class TestHTTP2:
    def test_concurrent_requests_share_few_connections(self, weir_with, certificate):
        # An event loop has connections of its own, and there is one loop a core.
        loops = os.cpu_count()
        count = max(20, 10 * loops)
        with H2Upstream(certificate.server(["h2", "http/1.1"]), together=count) as upstream:
            weir = weir_with({"WEIR_CA_FILE": str(certificate.certificate)}, upstream=upstream)

            def one(number):
                return weir.ask("POST", f"/v1/files/{number}", [("Content-Type", "text/plain")], b"x" * number)

            with concurrent.futures.ThreadPoolExecutor(count) as pool:
                answers = list(pool.map(one, range(1, count + 1)))
            assert [answer.status for answer in answers] == [200] * count
            assert [answer.json() for answer in answers] == [
                {"path": f"/api/v1/files/{number}", "bytes": number} for number in range(1, count + 1)]
            assert upstream.protocols == ["h2"] * upstream.connections
            assert upstream.connections <= loops
            assert upstream.largest > 1

    def test_a_request_over_http2_is_the_same_request(self, weir_with, certificate):
        with H2Upstream(certificate.server(["h2"])) as upstream:
            weir = weir_with({"WEIR_CA_FILE": str(certificate.certificate)}, upstream=upstream)
            body = json.dumps(chat("x" * 300_000, model="kimi-k2")).encode()  # more than one flow-control window
            marked = mark()
            answer = weir.post("/v1/chat/completions", body, [
                marked, ("Connection", "keep-alive, x-hop"), ("X-Hop", "1"), ("X-Twice", "a"), ("X-Twice", "b")])
            assert answer.status == 200
            assert answer.get("x-upstream-stream")
            assert answer.get("transfer-encoding") is None and answer.get("content-length")
            [(_, headers, received)] = upstream.requests
        assert received == body.replace(b'"kimi-k2"', b'"moonshotai/kimi-k2"')
        names = [name for name, _ in headers]
        assert (":method", "POST") in headers
        assert (":path", "/api/v1/chat/completions") in headers
        assert (":scheme", "https") in headers
        assert ("authorization", f"Bearer {UPSTREAM_KEY}") in headers
        assert marked in headers
        assert [value for name, value in headers if name == "x-twice"] == ["a", "b"]
        assert not {"connection", "x-hop", "keep-alive", "transfer-encoding", "host", "expect"} & set(names)

    @pytest.mark.parametrize("model", ["kimi-k2", "moonshotai/kimi-k2"])
    def test_a_stream_that_is_refused_before_its_body_left_is_sent_again_whole(self, weir_with, certificate, model):
        with H2Upstream(certificate.server(["h2"]), refuses=True) as upstream:
            weir = weir_with({"WEIR_CA_FILE": str(certificate.certificate)}, upstream=upstream)
            body = json.dumps(chat("x" * 1_000_000, model=model)).encode()
            with weir.wire() as wire:
                assert wire.request("GET", "/v1/other").status == 200
                assert wire.request("POST", "/v1/chat/completions", [("Content-Type", "application/json")],
                                    body).status == 200
            assert not upstream.refuses
            assert upstream.requests[-1][2] == body.replace(b'"kimi-k2"', b'"moonshotai/kimi-k2"')

    def test_a_second_request_reuses_the_connection(self, weir_with, certificate):
        with H2Upstream(certificate.server(["h2"])) as upstream:
            weir = weir_with({"WEIR_CA_FILE": str(certificate.certificate)}, upstream=upstream)
            with weir.wire() as wire:
                for _ in range(10):
                    assert wire.request("GET", "/v1/models").status == 200
            assert upstream.connections == 1
            eventually(lambda: weir.scrape().sum("weir_upstream_connections_total", reused="true") == 9,
                       "nine requests on a connection that was there")
