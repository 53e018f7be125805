"""Several upstreams: which is asked for what, with whose key, by which name, and how long it may take."""

import json
import subprocess

import pytest

from harness.attempts import (CHAT, FALLBACK, KIMI, UNHINDERED, WITH_CIRCUITS, WITH_FALLBACK, asked, calls,
                              configured, content, fail, heal, models_asked)
from harness.faults import check_own_error
from harness.raw_servers import closed_port
from harness.simulator import Simulator, mark
from harness.streams import has_end_marker, text_of
from harness.usual_requests import STREAMING, usual
from harness.weir import UPSTREAM_KEY

MOONSHOT_KEY = "sk-moonshot-test-key"
OTHER_KEY = "sk-other-upstream-key"
CLIENT_KEY = "sk-client-secret-key"
MODERN = "moonshotai/kimi-k2.6"  # what Moonshot calls kimi-k2.6


@pytest.fixture(scope="module")
def openrouter(simulator_command, tmp_path_factory):
    running = Simulator(simulator_command, tmp_path_factory.mktemp("openrouter"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def moonshot(simulator_command, tmp_path_factory):
    running = Simulator(simulator_command, tmp_path_factory.mktemp("moonshot"), ["--key", MOONSHOT_KEY])
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def healthy(openrouter, moonshot, blue, green):
    for each in (openrouter, moonshot, blue, green):
        heal(each)


@pytest.fixture(scope="module")
def both(binary, openrouter, moonshot, tmp_path_factory):
    """One weir with Moonshot direct behind OpenRouter, as the environment sets it up."""
    running = configured(binary, tmp_path_factory.mktemp("both"), openrouter.url, UNHINDERED, WITH_FALLBACK | {
        "MOONSHOT_API_KEY": MOONSHOT_KEY, "MOONSHOT_BASE_URL": moonshot.url})
    yield running
    running.stop()


UPSTREAMS = """
upstreams:
  default:
    headers: {X-House: openrouter}
  blue:
    url: %(blue)s
    api_key_env: BLUE_KEY
    headers: {X-House: blue, X-Tenant: "7"}
    models: {acme/named: blue-calls-it-so/named}
    timeouts: {first_byte: 0.5}
  green:
    url: %(green)s
    pass_client_key: true
  bare:
    url: %(green)s
  gone:
    url: http://127.0.0.1:%(closed)d/v1
    api_key: sk-gone
models:
  catalog:
    - {id: acme/blue-first, upstreams: [blue, default]}
    - {id: acme/default-first, upstreams: [default, blue]}
    - {id: acme/blue-only, upstreams: [blue]}
    - {id: acme/named, upstreams: [blue, default]}
    - {id: acme/green-only, upstreams: [green]}
    - {id: acme/bare-only, upstreams: [bare]}
    - {id: acme/gone-first, upstreams: [gone, blue]}
    - {id: acme/all, upstreams: [gone, blue, default], fallbacks: [acme/blue-only]}
"""


@pytest.fixture(scope="module")
def blue(simulator_command, tmp_path_factory):
    running = Simulator(simulator_command, tmp_path_factory.mktemp("blue"), ["--key", OTHER_KEY])
    yield running
    running.stop()


@pytest.fixture(scope="module")
def green(simulator_command, tmp_path_factory):
    running = Simulator(simulator_command, tmp_path_factory.mktemp("green"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def four(binary, openrouter, blue, green, tmp_path_factory):
    """One weir with upstreams of a file."""
    text = UPSTREAMS % {"blue": blue.url, "green": green.url, "closed": closed_port()}
    running = configured(binary, tmp_path_factory.mktemp("four"), openrouter.url, text + UNHINDERED, {
        "BLUE_KEY": OTHER_KEY})
    running.secrets += [OTHER_KEY, "sk-gone"]
    yield running
    running.stop()


def keys(request) -> list:
    return request.all("authorization") + request.all("x-api-key")


def send(weir, model: str, endpoint: str = CHAT, stream: bool = False, headers=()):
    """The usual request with a client's keys of every kind; returns its reply and mark."""
    marked = mark()
    own = [("Authorization", f"Bearer {CLIENT_KEY}"), ("x-api-key", CLIENT_KEY)]
    body = usual(endpoint, stream=stream, model=model)
    return weir.post(f"/v1/{endpoint}", body, [marked, *own, *headers]), marked


# -- Moonshot direct ------------------------------------------------------------------------------------------

def test_openrouter_is_asked_first(both, openrouter, moonshot):
    reply, marked = send(both, KIMI)
    assert content(reply) and reply.get("x-weir-upstream") == "127.0.0.1" and reply.get("x-weir-attempts") == "1"
    assert models_asked(openrouter, marked) == [KIMI] and calls(moonshot, marked) == []


@pytest.mark.parametrize("endpoint", STREAMING)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_moonshot_answers_for_kimi_when_openrouter_does_not(both, openrouter, moonshot, endpoint, stream):
    fail(openrouter, "status=503")
    reply, marked = send(both, MODERN, endpoint, stream)
    assert reply.status == 200 and reply.is_complete, reply.body
    assert not stream or has_end_marker(endpoint, reply.body)
    assert reply.get("x-weir-upstream") == "moonshot" and reply.get("x-weir-attempts") == "2"
    assert reply.get("x-weir-fallback") is None, "the model is the same"
    there, here = calls(openrouter, marked), calls(moonshot, marked)
    assert len(there) == len(here) == 1
    assert json.loads(here[0].body)["model"] == "kimi-k2.6" == reply.get("x-weir-model")
    sent, expected = here[0].body, there[0].body.replace(MODERN.encode(), b"kimi-k2.6")
    if stream and endpoint in (CHAT, "completions"):
        # Moonshot tells the usage of a stream only where it is asked to.
        assert json.loads(sent) == json.loads(expected) | {"stream_options": {"include_usage": True}}
        assert sent.endswith(expected[1:])
    else:
        assert sent == expected


@pytest.mark.parametrize("endpoint", [CHAT, "messages"])
def test_each_upstream_gets_its_own_key_and_nobody_the_clients(both, openrouter, moonshot, endpoint):
    fail(openrouter, "status=503")
    reply, marked = send(both, MODERN, endpoint)
    assert reply.status == 200
    assert keys(calls(openrouter, marked)[0]) == [f"Bearer {UPSTREAM_KEY}"]
    assert keys(calls(moonshot, marked)[0]) == [f"Bearer {MOONSHOT_KEY}"]
    for each in calls(openrouter, marked) + calls(moonshot, marked):
        assert CLIENT_KEY not in str(each.headers)


def test_every_alias_of_kimi_is_known_to_moonshot(both, openrouter, moonshot):
    fail(openrouter, "status=503")
    for model in ("kimi-k2", KIMI, "moonshotai/kimi-k2-0905", "moonshotai/kimi-k2-thinking", "moonshotai/kimi-k2.5"):
        reply, marked = send(both, model)
        assert content(reply) and reply.get("x-weir-upstream") == "moonshot"
        name = models_asked(moonshot, marked)
        assert len(name) == 1 and "/" not in name[0] and name[0].startswith("kimi-")


def test_another_makers_model_does_not_go_there(both, openrouter, moonshot):
    fail(openrouter, "status=503")
    reply, marked = send(both, "openai/gpt-4o")
    assert reply.status == 503 and calls(moonshot, marked) == []


def test_behind_moonshot_comes_the_fallback_model(both, openrouter, moonshot):
    fail(openrouter, "status=503[moonshotai/*]")
    fail(moonshot, "status=500")
    reply, marked = send(both, MODERN)
    assert content(reply) and reply.get("x-weir-attempts") == "3"
    assert reply.get("x-weir-upstream") == "127.0.0.1" and reply.get("x-weir-model") == FALLBACK
    assert reply.get("x-weir-fallback") == MODERN
    assert models_asked(openrouter, marked) == [MODERN, FALLBACK]
    assert models_asked(moonshot, marked) == ["kimi-k2.6"]


def test_a_mistake_of_the_client_is_not_taken_to_moonshot(both, openrouter, moonshot):
    fail(openrouter, "status=400")
    reply, marked = send(both, MODERN)
    assert reply.status == 400 and calls(moonshot, marked) == []


def test_what_is_no_json_api_stays_with_the_default(both, openrouter, moonshot):
    marked = mark()
    fail(openrouter, "status=503")
    assert both.ask("GET", "/v1/files", [marked]).status == 503
    assert len(calls(openrouter, marked)) == 1 and calls(moonshot, marked) == []


def test_upstreams_are_told_apart_by_metrics_and_health(both, openrouter, moonshot):
    fail(openrouter, "status=503")
    before = both.scrape()
    for _ in range(3):
        assert content(send(both, MODERN)[0])
    after = both.scrape()
    for upstream, status in (("127.0.0.1", "503"), ("moonshot", "200")):
        labels = {"upstream": upstream, "status": status}
        assert after.sum("weir_upstream_requests_total", **labels) \
            - before.sum("weir_upstream_requests_total", **labels) == 3
    health = json.loads(both.admin("/health").body)
    by_name = {each["name"]: each for each in health["upstreams"]}
    assert list(by_name) == ["127.0.0.1", "moonshot"]
    assert by_name["moonshot"]["status"] == "healthy" and by_name["moonshot"]["last_success"]
    assert by_name["127.0.0.1"]["status"] != "healthy" and health["status"] == "degraded"


def test_a_broken_circuit_at_one_upstream_leaves_the_other_alone(weir_with, simulator_with):
    first, second = simulator_with(), simulator_with("--key", MOONSHOT_KEY)
    moonshot = {"MOONSHOT_API_KEY": MOONSHOT_KEY, "MOONSHOT_BASE_URL": second.url}
    weir = weir_with(WITH_CIRCUITS | moonshot, upstream=first)
    fail(first, "status=500")
    for _ in range(5):
        reply, marked = send(weir, MODERN)
        assert content(reply) and reply.get("x-weir-attempts") == "2"
    reply, marked = send(weir, MODERN)
    assert content(reply) and reply.get("x-weir-attempts") == "1" and reply.get("x-weir-upstream") == "moonshot"
    assert calls(first, marked) == [] and len(calls(second, marked)) == 1


# -- upstreams of a file --------------------------------------------------------------------------------------

def test_a_model_is_asked_of_its_upstreams_in_their_order(four, openrouter, blue):
    reply, marked = send(four, "acme/blue-first")
    assert content(reply) and reply.get("x-weir-upstream") == "blue"
    assert models_asked(blue, marked) == ["acme/blue-first"] and calls(openrouter, marked) == []
    reply, marked = send(four, "acme/default-first")
    assert content(reply) and reply.get("x-weir-upstream") == "127.0.0.1" and calls(blue, marked) == []
    fail(blue, "status=500")
    reply, marked = send(four, "acme/blue-first")
    assert content(reply) and reply.get("x-weir-upstream") == "127.0.0.1" and reply.get("x-weir-attempts") == "2"


def test_a_model_that_names_one_upstream_has_no_other(four, openrouter, blue):
    fail(blue, "status=500")
    reply, marked = send(four, "acme/blue-only")
    assert reply.status == 500 and len(calls(blue, marked)) == 1 and calls(openrouter, marked) == []


def test_an_upstream_that_nobody_answers_for_is_passed_by(four, blue):
    before = four.scrape().sum("weir_upstream_requests_total", upstream="gone", status="none")
    reply, marked = send(four, "acme/gone-first")
    assert content(reply) and reply.get("x-weir-upstream") == "blue" and reply.get("x-weir-attempts") == "2"
    assert four.scrape().sum("weir_upstream_requests_total", upstream="gone", status="none") == before + 1


def test_upstreams_come_before_other_models(four, openrouter, blue):
    fail(openrouter, "status=500")
    fail(blue, "status=500[acme/all]")
    reply, marked = send(four, "acme/all")
    assert content(reply) and reply.get("x-weir-attempts") == "4"
    assert reply.get("x-weir-fallback") == "acme/all" and reply.get("x-weir-model") == "acme/blue-only"
    assert models_asked(blue, marked) == ["acme/all", "acme/blue-only"]
    assert models_asked(openrouter, marked) == ["acme/all"]


def test_headers_of_an_upstream_are_its_own(four, openrouter, blue, green):
    fail(blue, "status=500")
    _, marked = send(four, "acme/blue-first", headers=[("X-House", "client"), ("X-Client", "kept")])
    there, here = calls(blue, marked)[0], calls(openrouter, marked)[0]
    assert there.all("x-house") == ["blue"] and there.all("x-tenant") == ["7"] and there.all("x-client") == ["kept"]
    assert here.all("x-house") == ["openrouter"] and here.all("x-tenant") == [] and here.all("x-client") == ["kept"]
    _, marked = send(four, "acme/green-only", headers=[("X-House", "client")])
    assert calls(green, marked)[0].all("x-house") == ["client"]


def test_keys_go_where_they_belong(four, openrouter, blue, green):
    reply, marked = send(four, "acme/blue-only")
    assert content(reply) and keys(calls(blue, marked)[0]) == [f"Bearer {OTHER_KEY}"]
    reply, marked = send(four, "acme/green-only")
    assert content(reply) and f"Bearer {CLIENT_KEY}" in keys(calls(green, marked)[0]), "as the file allows"
    reply, marked = send(four, "acme/bare-only")
    assert reply.status == 401 and keys(calls(green, marked)[0]) == [], "no key of its own, and not the client's"


def test_a_model_is_asked_for_by_the_upstreams_name_for_it(four, openrouter, blue):
    reply, marked = send(four, "acme/named")
    assert content(reply) and models_asked(blue, marked) == ["blue-calls-it-so/named"]
    assert reply.get("x-weir-model") == "blue-calls-it-so/named"
    fail(blue, "status=500")
    reply, marked = send(four, "acme/named")
    assert content(reply) and models_asked(openrouter, marked) == ["acme/named"], "the other knows its own name"
    assert reply.get("x-weir-model") == "acme/named" and reply.get("x-weir-fallback") is None


def test_an_upstream_has_time_outs_of_its_own(four, openrouter, blue):
    fail(blue, "delay=30000")
    reply, marked = send(four, "acme/blue-first")
    assert content(reply) and reply.get("x-weir-upstream") == "127.0.0.1" and reply.get("x-weir-attempts") == "2"
    blue.await_end(marked, "cancelled")
    reply, marked = send(four, "acme/blue-only")
    check_own_error(reply, 504, "upstream_timeout")
    fail(openrouter, "delay=1200")
    assert content(send(four, "acme/default-first")[0]), "the default upstream has more time"


def test_a_stream_comes_from_the_second_upstream_whole(four, openrouter, blue):
    fail(blue, "error-event=0")
    reply, _ = send(four, "acme/blue-first", stream=True)
    assert reply.is_complete and has_end_marker(CHAT, reply.body) and text_of(reply.body) == "You said: hello there"
    assert reply.get("x-weir-upstream") == "127.0.0.1"


def test_the_report_names_every_upstream_and_no_key(four, binary):
    environment = {"BLUE_KEY": OTHER_KEY, "OPENROUTER_API_KEY": UPSTREAM_KEY, "PATH": "/usr/bin"}
    found = subprocess.run([binary, "check", "--config", four.folder / "weir.yaml"], cwd=four.folder, env=environment,
                           capture_output=True, text=True, timeout=30)
    assert found.returncode == 0, found.stdout + found.stderr
    for name in ("blue", "green", "bare", "gone"):
        assert name in found.stdout
    for secret in (OTHER_KEY, UPSTREAM_KEY, "sk-gone"):
        assert secret not in found.stdout + found.stderr


def test_the_usual_request_still_goes_to_the_default(four, openrouter):
    reply, models = asked(four, openrouter, "openai/gpt-4o")
    assert content(reply) and models == ["openai/gpt-4o"] and reply.get("x-weir-upstream") == "127.0.0.1"
