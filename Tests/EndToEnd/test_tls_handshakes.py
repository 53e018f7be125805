"""Handshakes with TLS upstreams: whom weir trusts, by which name, in which versions, and what it says of the rest."""

import os
import re
import ssl
import time

import pytest

from harness.eventually import eventually
from harness.exact_upstream import OK, ExactUpstream
from harness.faults import CHAT, check_own_error
from harness.raw_servers import FullBacklog
from harness.requests import chat
from harness.tls_servers import (ODD, Odd, OpensslServer, Servers, asking_for_a_certificate, authority, knowing,
                                 names_are_to_be_had, never, of_strangers, showing, versions)
from harness.tls_ways import CLIENTS, h1_upstream, trusting
from harness.weir import Weir
from harness.wire import message

TLS = ssl.TLSVersion
UNREACHABLE = ("upstream_unreachable",)
NOT_THERE = ("upstream_unreachable", "upstream_protocol_error")
SETTINGS = {"WEIR_TIMEOUT_CONNECT": "1", "WEIR_TIMEOUT_FIRST_BYTE": "3"}
LOCALHOST = {"the name localhost": "localhost", "only the name in the certificate": "localhost",
             "another name in the certificate": "localhost", "a common name alone": "localhost",
             "a subdomain's name": "localhost", "a wildcard for everything": "localhost"}

TRUSTED = {
    "an address": lambda: showing("IP:127.0.0.1"),
    "several names and addresses": lambda: showing("DNS:a.test,IP:127.0.0.9,DNS:*.b.test,IP:127.0.0.1"),
    "the name localhost": lambda: showing(),
    "only the name in the certificate": lambda: showing("DNS:LOCALHOST"),
    "TLS 1.2 alone": lambda: versions(TLS.TLSv1_2, TLS.TLSv1_2),
    "TLS 1.3 alone": lambda: versions(TLS.TLSv1_3, TLS.TLSv1_3),
    "TLS 1.0 to 1.2": lambda: versions(TLS.TLSv1, TLS.TLSv1_2),
    "a certificate is welcome": lambda: asking_for_a_certificate(ssl.CERT_OPTIONAL),
}
DISTRUSTED = {
    "another address": lambda: showing("IP:127.0.0.2"),
    "only another name": lambda: showing("DNS:localhost"),
    "the address as a name": lambda: showing("DNS:127.0.0.1"),
    "another name in the certificate": lambda: showing("DNS:elsewhere.test,DNS:localhost.test"),
    "a subdomain's name": lambda: showing("DNS:x.localhost"),
    "another name beside the right common name": lambda: showing("DNS:elsewhere.test", "127.0.0.1"),
    "expired": lambda: showing(days=(-30, -1)),
    "not yet valid": lambda: showing(days=(1, 30)),
}
# Common names are read by some clients where there is no alternative name, and a star for the whole of a short name.
EITHER_WAY = {"a wildcard for everything": lambda: showing("DNS:*"),
              "a common name alone": lambda: showing("", "localhost")}
REFUSED = {
    "TLS 1.1 alone": lambda: versions(TLS.TLSv1_1, TLS.TLSv1_1),
    "TLS 1.0 alone": lambda: versions(TLS.TLSv1, TLS.TLSv1),
    "a certificate is needed": lambda: asking_for_a_certificate(ssl.CERT_REQUIRED),
}
STRANGERS = ["signed by itself", "signed by a stranger"]


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    contexts = {name: make() for name, make in (TRUSTED | DISTRUSTED | EITHER_WAY | REFUSED).items()}
    servers = Servers(contexts | of_strangers(tmp_path_factory.mktemp("strangers")), ODD | {"silence": never})
    yield servers
    servers.close()


@pytest.fixture(scope="module", params=list(CLIENTS))
def weir(request, binary, servers, tmp_path_factory):
    """One that has all of them for upstreams."""
    folder = tmp_path_factory.mktemp("handshakes")
    (folder / "weir.yaml").write_text(servers.configuration(LOCALHOST))
    settings = SETTINGS | trusting() | CLIENTS[request.param] | {"WEIR_CONFIG": "weir.yaml"}
    running = Weir(binary, folder, None, settings)
    yield running
    running.stop()


def ask(weir, name: str):
    return weir.post(f"/v1/{CHAT}", chat(model=Servers.model(name)))


def check_refused(weir, servers, name: str, codes: tuple, status: int = 502) -> str:
    upstream = servers[name]
    for _ in range(2):
        reply = ask(weir, name)
        check_own_error(reply, status, *codes)
    if isinstance(upstream, Odd):
        assert all(b"Bearer" not in heard for heard in upstream.heard)
    else:
        assert upstream.asked == [], "neither key nor prompt went to whoever that is"
    return reply.json()["error"]["message"]


@pytest.mark.parametrize("name", TRUSTED)
def test_an_upstream_that_shows_who_it_is_is_asked(weir, servers, name):
    before = servers[name].connections
    for _ in range(3):
        reply = ask(weir, name)
        assert reply.status == 200 and reply.body == OK, reply.body
    assert servers[name].connections - before <= min(3, os.cpu_count()), "at most one for each event loop"


@pytest.mark.parametrize("name", [*DISTRUSTED, *STRANGERS])
def test_a_certificate_that_proves_nothing_is_not_trusted(weir, servers, name):
    assert "certificate" in check_refused(weir, servers, name, UNREACHABLE).lower()


@pytest.mark.parametrize("name", EITHER_WAY)
def test_what_clients_may_see_differently(weir, servers, name):
    reply = ask(weir, name)
    if reply.status == 200:
        assert reply.body == OK
    else:
        check_own_error(reply, 502, *UNREACHABLE)


@pytest.mark.parametrize("name", REFUSED)
def test_a_handshake_that_fails_makes_the_upstream_unreachable(weir, servers, name):
    check_refused(weir, servers, name, NOT_THERE)


@pytest.mark.parametrize("name", ODD)
def test_what_speaks_no_tls_is_unreachable(weir, servers, name):
    began = time.monotonic()
    reply = ask(weir, name)
    if name == "half a record":
        check_own_error(reply, reply.status, "upstream_timeout", *NOT_THERE)
    else:
        check_refused(weir, servers, name, NOT_THERE)
        assert not re.search(rb"failed \([^a-z]*\)", reply.body), f"no words say why: {reply.body}"
    assert time.monotonic() - began < 10


def test_a_handshake_that_is_never_answered_takes_the_connect_time_out(weir, servers):
    began = time.monotonic()
    check_own_error(ask(weir, "silence"), 504, "upstream_timeout")
    assert 0.9 <= time.monotonic() - began < 8


def test_a_client_that_leaves_within_the_handshake_takes_it_along(weir, servers):
    before = len(servers["silence"].heard)
    files = weir.process.open_files()
    body = b'{"model":"acme/silence","messages":[{"role":"user","content":"hi"}]}'
    for at in range(5):
        with weir.wire() as wire:
            wire.send(message("POST", f"/v1/{CHAT}", [("Content-Type", "application/json")], body))
            eventually(lambda: len(servers["silence"].heard) > before + at, "the handshake has begun")
    eventually(lambda: weir.scrape().sum("weir_in_flight_requests") == 0, "the requests are given up", 3)
    eventually(lambda: weir.process.open_files() < files + 5, "the descriptors are given back", 5)
    assert ask(weir, "an address").body == OK


# -- by names --------------------------------------------------------------------------------------------------

@pytest.mark.skipif(not names_are_to_be_had(), reason="needs root and mount namespaces")
class TestNames:
    # One that listens answers at `127.0.0.1`; nobody listens at the port of `127.0.0.2`.
    HOSTS = {"api.weir.test": ["127.0.0.1"], "deep.api.weir.test": ["127.0.0.1"], "weir.test": ["127.0.0.1"],
             "first-refuses.weir.test": ["127.0.0.2", "127.0.0.1"], "all-refuse.weir.test": ["127.0.0.2", "127.0.0.3"],
             "second-refuses.weir.test": ["127.0.0.1", "127.0.0.2"]}

    @pytest.fixture
    def upstream(self):
        with ExactUpstream(tls=authority().certificate("DNS:*.weir.test").server(["http/1.1"])) as running:
            yield running

    @pytest.fixture(params=list(CLIENTS))
    def asked_by_name(self, request, binary, upstream, tmp_path):
        def asked_by_name(name: str):
            exception = {"no_proxy": "*"} if "no_proxy" in CLIENTS[request.param] else {}
            weir = Weir(knowing(binary, tmp_path, self.HOSTS), tmp_path, upstream.url.replace("127.0.0.1", name),
                        SETTINGS | trusting() | CLIENTS[request.param] | exception)
            try:
                return weir.ask("GET", "/v1/files")
            finally:
                weir.stop()
        return asked_by_name

    @pytest.mark.parametrize("name", ["api.weir.test", "first-refuses.weir.test", "second-refuses.weir.test"])
    def test_a_wildcard_stands_for_one_label_and_the_name_is_told(self, asked_by_name, upstream, name):
        assert asked_by_name(name).body == OK
        assert upstream.secure[max(upstream.secure)].server_name == name
        assert upstream.asked[-1].get("host") == f"{name}:{upstream.port}"

    @pytest.mark.parametrize("name", ["deep.api.weir.test", "weir.test"])
    def test_a_wildcard_stands_for_no_more_and_no_less(self, asked_by_name, upstream, name):
        before = len(upstream.asked)
        check_own_error(asked_by_name(name), 502, *UNREACHABLE)
        assert len(upstream.asked) == before

    def test_a_name_whose_addresses_all_refuse_is_unreachable(self, asked_by_name):
        check_own_error(asked_by_name("all-refuse.weir.test"), 502, *UNREACHABLE)


def test_an_address_is_not_told_as_a_name(weir, servers):
    ask(weir, "an address"), ask(weir, "the name localhost")
    assert {each.server_name for each in servers["an address"].secure.values()} == {None}
    assert {each.server_name for each in servers["the name localhost"].secure.values()} == {"localhost"}


# -- within a connection -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("order", [b"k\n", b"K\n"], ids=["theirs", "both"])
def test_keys_may_change_within_a_reply(weir_with, client, order):
    with OpensslServer(authority().certificate(), "-tls1_3") as server:
        weir = weir_with(trusting() | CLIENTS[client], upstream=server)
        with weir.wire() as wire:
            for number in range(3):
                wire.send(message("GET", f"/v1/files/{number}"))
                server.await_output(b"/files/%d " % number)
                for part in [order, b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", order, OK[:5], order, OK[5:]]:
                    server.write(part)
                    time.sleep(0.03)  # s_server takes an order only where it is alone in a read
                reply = wire.read_reply()
                assert reply.status == 200 and reply.body == OK and reply.is_complete


@pytest.mark.parametrize("client", CLIENTS)
def test_a_renegotiation_does_no_harm(weir_with, client):
    """TLS 1.2 has it, HTTP/2 forbids it, and a client may refuse it."""
    with OpensslServer(authority().certificate(), "-tls1_2") as server:
        weir = weir_with(SETTINGS | trusting() | CLIENTS[client], upstream=server)
        with weir.wire() as wire:
            wire.send(message("GET", "/v1/files"))
            server.await_output(b"/files ")
            for part in [b"r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n" + OK]:
                server.write(part)
                time.sleep(0.1)
            reply = wire.read_reply()
        if reply.status == 200:
            assert reply.body == OK and reply.is_complete
        else:
            check_own_error(reply, reply.status, "upstream_timeout", *NOT_THERE)
        assert weir.ask("GET", "/nowhere").status == 404


@pytest.mark.parametrize("client", CLIENTS)
def test_connecting_hangs(weir_with, client):
    with FullBacklog() as nowhere:
        weir = weir_with(SETTINGS | CLIENTS[client], upstream=nowhere.url.replace("http:", "https:"))
        began = time.monotonic()
        check_own_error(weir.ask("GET", "/v1/files"), 504, "upstream_timeout")
        assert 0.9 <= time.monotonic() - began < 8


@pytest.mark.parametrize("client", CLIENTS)
def test_an_upstream_that_is_up_again_is_reached_again(weir_with, client):
    with h1_upstream() as upstream:
        port = upstream.port
        weir = weir_with(trusting() | CLIENTS[client], upstream=upstream)
        assert weir.ask("GET", "/v1/files").body == OK
        upstream.close()
        for each in upstream.secure.values():
            each.shutdown_rudely()
        eventually(lambda: weir.ask("GET", "/v1/files").status == 502, "it is gone")
    with h1_upstream(address=("127.0.0.1", port)):
        assert weir.ask("GET", "/v1/files").body == OK
