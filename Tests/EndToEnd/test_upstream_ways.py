"""Which upstreams in clear text are reached through a proxy, and what that proxy and the upstream see."""

import pytest

from harness.exact_upstream import OK, ExactUpstream


@pytest.fixture
def proxy():
    """Answers whatever it is asked for itself."""
    with ExactUpstream() as running:
        yield running


@pytest.fixture
def upstream():
    with ExactUpstream() as running:
        yield running


def ask(weir) -> None:
    for _ in range(2):
        assert weir.ask("GET", "/v1/files?a=b", [("X-A", "1")]).body == OK


@pytest.mark.parametrize("name", ["http_proxy", "all_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_asked_for_the_whole_url(weir_with, proxy, upstream, name):
    weir = weir_with({name: f"http://127.0.0.1:{proxy.port}"}, upstream=upstream)
    ask(weir)
    assert upstream.connections == 0
    assert [asked.target for asked in proxy.asked] == [f"http://127.0.0.1:{upstream.port}/api/v1/files?a=b"] * 2
    assert [asked.get("host") for asked in proxy.asked] == [f"127.0.0.1:{upstream.port}"] * 2


@pytest.mark.parametrize("environment", [
    {"HTTP_PROXY": "http://127.0.0.1:{proxy}"}, {"https_proxy": "http://127.0.0.1:{proxy}"},
    {"HTTPS_PROXY": "http://127.0.0.1:{proxy}"}, {"http_proxy": ""}, {"no_proxy": "example.com"},
    {"http_proxy": "http://127.0.0.1:{proxy}", "no_proxy": "127.0.0.1"},
    {"http_proxy": "http://127.0.0.1:{proxy}", "NO_PROXY": "example.com,127.0.0.1"},
    {"ALL_PROXY": "http://127.0.0.1:{proxy}", "NO_PROXY": "*"}],
    ids=lambda environment: ",".join(f"{name}={value}" for name, value in environment.items()))
def test_otherwise_an_upstream_in_clear_text_is_asked_itself(weir_with, proxy, upstream, environment):
    weir = weir_with({name: value.format(proxy=proxy.port) for name, value in environment.items()}, upstream=upstream)
    ask(weir)
    assert proxy.connections == 0
    assert [asked.target for asked in upstream.asked] == ["/api/v1/files?a=b"] * 2


def test_a_proxy_that_is_not_there_makes_the_upstream_unreachable(weir_with, upstream):
    weir = weir_with({"http_proxy": "http://127.0.0.1:9"}, upstream=upstream)
    reply = weir.ask("GET", "/v1/files")
    assert reply.status == 502 and reply.json()["error"]["code"] == "upstream_unreachable"
    assert upstream.connections == 0


def test_the_proxys_name_and_password_go_to_it_alone(weir_with, proxy, upstream):
    weir = weir_with({"http_proxy": f"http://proxyuser:proxypass@127.0.0.1:{proxy.port}"}, upstream=upstream)
    weir.secrets.append("proxypass")
    ask(weir)
    assert {asked.get("proxy-authorization") for asked in proxy.asked} == {"Basic cHJveHl1c2VyOnByb3h5cGFzcw=="}


def test_a_weir_that_reaches_two_upstreams_does_not_mix_their_connections(weir_with, proxy, upstream):
    """Two upstreams of one weir, both without a proxy: each gets its own requests, over its own connection."""
    text = (f"upstreams:\n  first: {{url: \"{upstream.url}\"}}\n  second: {{url: \"{proxy.url}\"}}\n"
            "models:\n  catalog:\n    - {id: acme/one, upstreams: [first]}\n"
            "    - {id: acme/two, upstreams: [second]}\n")
    settings = {"WEIR_CONFIG": "weir.yaml", "WEIR_UPSTREAM_URL": None}
    weir = weir_with(settings, files={"weir.yaml": text}, upstream=upstream)
    with weir.wire() as wire:
        for model in ["acme/one", "acme/two"] * 5:
            body = b'{"model":"%b","messages":[{"role":"user","content":"hi"}]}' % model.encode()
            assert wire.request("POST", "/v1/chat/completions", [("Content-Type", "application/json")], body).body == OK
    assert [b"acme/one" in asked.body for asked in upstream.asked] == [True] * 5
    assert [b"acme/two" in asked.body for asked in proxy.asked] == [True] * 5
    assert (upstream.connections, proxy.connections) == (1, 1)
