"""The shared store over TLS (`rediss://`): a real Redis with certificates, trusted and not."""

import subprocess

import pytest

from harness.certificates import authority, make_certificate
from harness.eventually import eventually
from harness.fleet_cache import Fleet, ask, stored
from harness.redis import Redis, free_port
from harness.requests import chat
from harness.rollouts import put
from harness.simulator import mark

PASSWORD = "the-stores-own-secret"
LIMITS = "limits:\n  rates: [{name: few, requests_per_minute: 1, burst: 3, models: [moonshotai/*]}]"


class SecureRedis(Redis):
    """Listens for TLS as well; `url` is the one for TLS."""

    def __init__(self, folder, certificate, host: str = "localhost", **named):
        self.name, self.secure_port = host, free_port()
        super().__init__(
            folder, "--tls-port", str(self.secure_port), "--tls-cert-file", str(certificate.certificate),
            "--tls-key-file", str(certificate.key), "--tls-auth-clients", "no", "--tls-ca-cert-file",
            str(certificate.certificate), **named)

    @property
    def url(self) -> str:
        login = f":{self.password}@" if self.password else ""
        return f"rediss://{login}{self.name}:{self.secure_port}"


@pytest.fixture
def secure(tmp_path):
    """`secure(certificate, …)`: a store of the test's own."""
    running = []

    def start(certificate, **named) -> SecureRedis:
        folder = tmp_path / f"redis-{len(running)}"
        folder.mkdir()
        running.append(SecureRedis(folder, certificate, **named))
        return running[-1]

    yield start
    for each in running:
        each.stop()


@pytest.fixture
def fleet_over(binary, simulator, tmp_path):
    running = []

    def start(redis, count: int, text: str = "") -> Fleet:
        (tmp_path / "fleet").mkdir()
        running.append(Fleet(binary, tmp_path / "fleet", simulator.url, redis, count,
                             {"WEIR_CA_FILE": str(authority().file)}, text))
        return running[-1]

    yield start
    for each in running:
        each.stop()


def shared(weir) -> dict:
    return weir.admin("/health").json()["shared_state"]


def await_reason(weir, reason: str) -> None:
    eventually(lambda: not shared(weir)["up"] and reason in shared(weir)["reason"], f"away: {reason}", 15)


@pytest.mark.parametrize("host, password", [("localhost", ""), ("127.0.0.1", PASSWORD)])
def test_sidecars_share_over_tls_all_that_they_share_without(secure, fleet_over, host, password):
    redis = secure(authority().certificate(), host=host, password=password)
    fleet = fleet_over(redis, 2, LIMITS)
    # What one was answered the other has: a reply of many records, and a small one.
    for size in (10, 600_000):
        body = chat(mark()[1] + "x" * size, model="openai/gpt-4o")
        first = stored(fleet[0], body)
        again = ask(fleet[1], body)
        assert again.get("x-weir-cache") == "hit" and again.body == first.body
    # Limits hold for both together.
    statuses = [ask(fleet[number % 2], chat(mark()[1], model="moonshotai/kimi-k2")).status for number in range(5)]
    assert statuses.count(200) == 3 and statuses.count(429) == 2, statuses
    # A flip on one reaches the other.
    put(fleet[0], 30)
    eventually(lambda: fleet[1].admin("/rollouts/kimi").json()["percent"] == 30, "30 % on the other", 5)


def test_a_store_that_comes_back_is_used_again(secure, fleet_over):
    redis = secure(authority().certificate(), password=PASSWORD)
    fleet = fleet_over(redis, 1)
    redis.kill()
    await_reason(fleet[0], "")
    assert ask(fleet[0], chat(mark()[1])).status == 200
    redis.start()
    eventually(lambda: shared(fleet[0])["up"], "the store is used", 15)


@pytest.mark.parametrize("fault, reason", [
    ("stranger", "not trusted"), ("name", "not trusted"), ("expired", "not trusted"), ("plain", "over TLS")])
def test_a_store_that_cannot_be_trusted_gets_nothing(secure, weir_with, binary, tmp_path, fault, reason):
    certificate = {
        "stranger": lambda: make_certificate(tmp_path), "name": lambda: authority().certificate("DNS:elsewhere.example"),
        "expired": lambda: authority().certificate(days=(-9, -2))}.get(fault, authority().certificate)()
    redis = secure(certificate, password=PASSWORD)
    url = f"rediss://:{PASSWORD}@localhost:{redis.port}" if fault == "plain" else redis.url
    environment = {"WEIR_REDIS_URL": url, "WEIR_CA_FILE": str(authority().file)}
    weir = weir_with(environment)
    await_reason(weir, reason)
    assert weir.post("/v1/chat/completions", chat("hello")).status == 200
    done = subprocess.run([binary, "doctor"], capture_output=True, text=True, timeout=30, cwd=tmp_path,
                          env=environment | {"WEIR_UPSTREAM_URL": "http://127.0.0.1:1/v1", "OPENROUTER_API_KEY": "sk"})
    assert "redis       FAILED" in done.stdout and reason in done.stdout, done.stdout
    assert PASSWORD not in done.stdout + done.stderr
    # The password is told to nobody who is not trusted, however often weir tries.
    with redis.connect() as connection:
        connection.ask("CONFIG", "RESETSTAT")
        before = redis.process.output().count("Error accepting")
        if fault != "plain":
            eventually(lambda: redis.process.output().count("Error accepting") > before + 2, "weir tries again", 20)
        assert "cmdstat_auth" not in connection.ask("INFO", "commandstats")


def test_authorities_that_are_replaced_are_read_again(secure, weir_with, tmp_path):
    own = make_certificate(tmp_path)
    redis = secure(own)
    bundle = tmp_path / "trusted.pem"
    bundle.write_text(authority().file.read_text())
    weir = weir_with({"WEIR_REDIS_URL": redis.url, "WEIR_CA_FILE": str(bundle)})
    await_reason(weir, "not trusted")
    bundle.write_text(own.certificate.read_text())
    eventually(lambda: shared(weir)["up"], "the store is trusted now", 20)


def test_a_store_that_wants_tls_is_not_used_without(secure, weir_with):
    redis = secure(authority().certificate())
    weir = weir_with({"WEIR_REDIS_URL": redis.url.replace("rediss", "redis")})
    await_reason(weir, "")
    assert weir.post("/v1/chat/completions", chat("hello")).status == 200
