"""The commands of the executable besides a plain `weir serve`."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness.eventually import eventually
from harness.metrics import scrape
from harness.process import Process
from harness.requests import chat
from harness.weir import QUIET, UPSTREAM_KEY
from harness.wire import ask

COMMANDS = ["serve", "demo", "simulate", "check", "explain", "doctor"]


@pytest.fixture
def run(binary, tmp_path):
    """`run(*arguments, environment=…, stdin=…)`: the finished process of one command, in an empty folder."""
    def go(*arguments, environment=None, stdin="", seconds=30):
        bare = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return subprocess.run([binary, *arguments], cwd=tmp_path, env=bare | (environment or {}), input=stdin,
                              capture_output=True, text=True, timeout=seconds)
    return go


@pytest.fixture
def started(binary, tmp_path):
    """`started(*arguments, environment=…)`: a running process and its ports; stopped with the test."""
    running = []

    def go(*arguments, environment=None):
        process = Process([binary, *arguments], tmp_path, QUIET | (environment or {}), "weir")
        running.append(process)

        def ports():
            try:
                return json.loads((tmp_path / "ports.json").read_text())
            except (FileNotFoundError, json.JSONDecodeError):
                return None
        return process, process.await_value(ports)

    yield go
    for process in running:
        process.kill()


class TestHelp:
    def test_the_help_names_every_command(self, run):
        done = run("--help")
        assert done.returncode == 0
        for command in COMMANDS:
            assert re.search(rf"^\s+{command}\b", done.stdout, re.MULTILINE), command

    @pytest.mark.parametrize("command", COMMANDS)
    def test_each_command_explains_itself(self, run, command):
        done = run(command, "--help")
        assert done.returncode == 0
        assert "USAGE:" in done.stdout
        assert command in done.stdout
        assert done.stderr == ""

    @pytest.mark.parametrize("command, option", [
        ("serve", "--config"), ("serve", "--env-file"), ("check", "--config"), ("check", "--env-file"),
        ("explain", "--header"), ("simulate", "--listen"), ("simulate", "--faults"), ("simulate", "--tls"),
        ("simulate", "--key")])
    def test_the_options_of_the_interface_are_there(self, run, command, option):
        assert option in run(command, "--help").stdout

    def test_the_version_is_the_one_that_the_metrics_tell(self, run, weir):
        done = run("--version")
        assert done.returncode == 0
        version = re.search(r"\d+\.\d+\.\d+\S*", done.stdout).group()
        assert [sample.labels["version"] for sample in weir.scrape().samples("weir_build_info")] == [version]

    @pytest.mark.parametrize("arguments", [["nonsense"], ["--nonsense"], ["serve", "--nonsense"], ["check", "extra"]])
    def test_wrong_usage_exits_64_and_says_so(self, run, arguments):
        done = run(*arguments)
        assert done.returncode == 64
        assert arguments[-1] in done.stderr


class TestServe:
    def test_serve_is_what_runs_without_a_command(self, started, simulator):
        process, ports = started(environment={"WEIR_UPSTREAM_URL": simulator.url, "OPENROUTER_API_KEY": UPSTREAM_KEY})
        assert ask(ports["traffic"], "GET", "/v1/models").status == 200
        process.send(signal.SIGTERM)
        assert process.wait() == 0

    def test_options_of_serve_work_without_its_name(self, started, simulator, tmp_path):
        (tmp_path / "my.env").write_text(f"OPENROUTER_API_KEY={UPSTREAM_KEY}\nKIMI_MODEL_ID=moonshotai/kimi-k2.5\n")
        _, ports = started("--env-file", "my.env", environment={"WEIR_UPSTREAM_URL": simulator.url})
        answer = ask(ports["traffic"], "POST", "/v1/chat/completions", [("Content-Type", "application/json")],
                     json.dumps(chat(model="kimi-k2")).encode())
        assert answer.get("x-weir-model") == "moonshotai/kimi-k2.5"

    def test_the_process_environment_goes_before_the_env_file(self, started, simulator, tmp_path):
        (tmp_path / ".env").write_text("# comment\nexport KIMI_MODEL_ID='from/the-file'\nOPENROUTER_API_KEY=sk-file\n")
        _, ports = started(environment={"WEIR_UPSTREAM_URL": simulator.url, "KIMI_MODEL_ID": "from/the-environment"})
        answer = ask(ports["traffic"], "POST", "/v1/chat/completions", [("Content-Type", "application/json")],
                     json.dumps(chat(model="kimi-k2")).encode())
        assert (answer.status, answer.get("x-weir-model")) == (200, "from/the-environment")

    def test_a_wrong_configuration_does_not_start(self, run):
        done = run("serve", environment=QUIET | {"WEIR_RETRIES": "many"})
        assert done.returncode == 78
        assert "WEIR_RETRIES" in done.stdout + done.stderr

    def test_an_address_in_use_is_said_and_ends_the_process(self, run, simulator):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            done = run("serve", environment=QUIET | {"WEIR_LISTEN": address, "WEIR_UPSTREAM_URL": simulator.url})
        assert done.returncode not in (0, 64, 78) and done.returncode > 0
        assert address in done.stdout + done.stderr


class TestCheck:
    def test_a_good_configuration_is_printed_with_its_origins_and_no_secret(self, run, tmp_path):
        (tmp_path / ".env").write_text("KIMI_MODEL_ID=moonshotai/kimi-k2.6\n")
        done = run("check", environment={"OPENROUTER_API_KEY": "sk-or-v1-very-secret", "WEIR_MAX_IN_FLIGHT": "77"})
        assert done.returncode == 0, done.stderr
        lines = done.stdout.splitlines()

        def line_of(name):
            return next(line for line in lines if name in line)

        assert "77" in line_of("WEIR_MAX_IN_FLIGHT") and "environment" in line_of("WEIR_MAX_IN_FLIGHT")
        assert "moonshotai/kimi-k2.6" in line_of("KIMI_MODEL_ID") and ".env" in line_of("KIMI_MODEL_ID")
        assert "127.0.0.1:8787" in line_of("WEIR_LISTEN") and "default" in line_of("WEIR_LISTEN")
        assert "OPENROUTER_API_KEY" in done.stdout
        assert "very-secret" not in done.stdout + done.stderr

    def test_every_problem_is_listed_at_once(self, run, tmp_path):
        (tmp_path / "my.env").write_text("WEIR_CACHE_TTL=soon\n")
        done = run("check", "--env-file", "my.env", environment={
            "WEIR_LISTNE": "127.0.0.1:1", "WEIR_RETRIES": "many", "KIMI_ROLLOUT_PERCENTAGE": "150",
            "WEIR_UPSTREAM_URL": "ftp://example.com", "FEATURE_KIMI_ENABLED": "perhaps"})
        assert done.returncode == 78
        told = done.stdout + done.stderr
        for name in ("WEIR_LISTNE", "WEIR_RETRIES", "KIMI_ROLLOUT_PERCENTAGE", "WEIR_UPSTREAM_URL",
                     "FEATURE_KIMI_ENABLED", "WEIR_CACHE_TTL"):
            assert name in told, name
        assert re.search(r"WEIR_LISTEN\b", told), "the nearest known name"
        assert re.search(r"my\.env:1\b", told), "the file and the line"

    def test_a_problem_of_the_yaml_file_has_its_line(self, run, tmp_path):
        (tmp_path / "weir.yaml").write_text("\n# a comment\nno_such_key: 1\n")
        done = run("check", "--config", "weir.yaml")
        assert done.returncode == 78
        told = done.stdout + done.stderr
        assert re.search(r"weir\.yaml:3\b", told)
        assert "no_such_key" in told

    @pytest.mark.parametrize("option", ["--config", "--env-file"])
    def test_a_file_that_is_not_there_is_a_problem(self, run, option):
        done = run("check", option, "missing.file")
        assert done.returncode == 78
        assert "missing.file" in done.stdout + done.stderr

    def test_a_secret_of_the_wrong_shape_is_not_printed(self, run):
        done = run("check", environment={
            "WEIR_CLIENT_KEYS": "no-colon-but-very-secret", "OPENROUTER_API_KEY": "very secret\x01"})
        assert done.returncode == 78
        assert "very-secret" not in done.stdout + done.stderr
        assert "very secret" not in done.stdout + done.stderr


class TestExplain:
    def test_it_tells_what_would_be_sent_and_sends_nothing(self, run, simulator_with):
        simulator = simulator_with()
        done = run("explain", environment={"WEIR_UPSTREAM_URL": simulator.url, "OPENROUTER_API_KEY": UPSTREAM_KEY},
                   stdin=json.dumps(chat("a private prompt", model="kimi-k2:nitro")))
        assert done.returncode == 0, done.stderr
        assert "kimi-k2:nitro" in done.stdout
        assert "moonshotai/kimi-k2:nitro" in done.stdout
        assert UPSTREAM_KEY not in done.stdout + done.stderr
        assert simulator.requests() == []

    def test_headers_count(self, run):
        environment = {"WEIR_CLIENT_KEYS": "billing:sk-billing", "OPENROUTER_API_KEY": UPSTREAM_KEY}
        known = run("explain", "--header", "Authorization: Bearer sk-billing", environment=environment,
                    stdin=json.dumps(chat()))
        assert known.returncode == 0, known.stderr
        assert "billing" in known.stdout
        unknown = run("explain", environment=environment, stdin=json.dumps(chat()))
        assert "unauthorized" in unknown.stdout + unknown.stderr
        assert "sk-billing" not in known.stdout + unknown.stdout

    def test_a_request_that_would_be_refused_says_why(self, run):
        done = run("explain", stdin='{"model": "kimi-k2", "model": "x"}')
        assert "duplicate_key" in done.stdout + done.stderr


class TestDoctor:
    def test_a_healthy_upstream(self, run, simulator):
        done = run("doctor", environment={"WEIR_UPSTREAM_URL": simulator.url, "OPENROUTER_API_KEY": UPSTREAM_KEY})
        assert done.returncode == 0, done.stdout + done.stderr
        told = done.stdout.lower()
        for step in ("key", "credits", "model", "moonshotai/kimi-k2", "completion", "cost", "tokens"):
            assert step in told, step
        assert "You said:" in done.stdout
        assert UPSTREAM_KEY not in done.stdout + done.stderr

    def test_an_invalid_key(self, run, simulator):
        done = run("doctor", environment={"WEIR_UPSTREAM_URL": simulator.url, "OPENROUTER_API_KEY": "sk-invalid-key"})
        assert done.returncode == 1
        told = done.stdout + done.stderr
        assert "401" in told
        assert "OPENROUTER_API_KEY" in told
        assert "sk-invalid-key" not in told

    def test_no_key_at_all(self, run, simulator):
        done = run("doctor", environment={"WEIR_UPSTREAM_URL": simulator.url})
        assert done.returncode == 1
        assert "OPENROUTER_API_KEY" in done.stdout + done.stderr

    def test_an_upstream_that_cannot_be_reached(self, run):
        done = run("doctor", environment={
            "WEIR_UPSTREAM_URL": "http://127.0.0.1:9/api/v1", "OPENROUTER_API_KEY": "sk-or-x"})
        assert done.returncode == 1
        assert "127.0.0.1:9" in done.stdout + done.stderr

    def test_a_model_that_is_not_listed(self, run, simulator):
        done = run("doctor", environment={"WEIR_UPSTREAM_URL": simulator.url, "OPENROUTER_API_KEY": UPSTREAM_KEY,
                                          "KIMI_MODEL_ID": "moonshotai/kimi-k9"})
        assert done.returncode == 1
        assert "moonshotai/kimi-k9" in done.stdout + done.stderr
        assert "KIMI_MODEL_ID" in done.stdout + done.stderr

    def test_an_upstream_that_fails_to_complete(self, run, simulator_with):
        simulator = simulator_with()
        assert simulator.ask("POST", "/_sim/faults", (), b"status=503").status == 200
        done = run("doctor", environment={"WEIR_UPSTREAM_URL": simulator.url, "OPENROUTER_API_KEY": UPSTREAM_KEY})
        assert done.returncode == 1
        assert "503" in done.stdout + done.stderr


class TestDemo:
    def test_it_starts_without_a_key_and_every_command_it_prints_works(self, started):
        process, ports = started("demo")
        printed = process.await_value(
            lambda: process.output() if str(ports["admin"]) in process.output() else None, seconds=5)
        assert f"http://127.0.0.1:{ports['admin']}/" in printed
        commands = re.findall(r"^\s*(curl (?:.*\\\n)*.*)$", printed, re.MULTILINE)
        assert len(commands) == 3
        for command in commands:
            done = subprocess.run(["bash", "-c", command.replace("curl ", "curl -sS --fail-with-body ", 1)],
                                  capture_output=True, timeout=20)
            assert done.returncode == 0, (command, done.stdout, done.stderr)
            assert done.stdout
        process.send(signal.SIGTERM)
        assert process.wait() == 0

    def test_it_sends_itself_traffic_and_moves_a_quarter_of_the_users(self, started):
        _, ports = started("demo")
        eventually(lambda: scrape(ports["admin"]).sum("weir_requests_total", status="200") >= 4, "traffic of its own")
        assert scrape(ports["admin"]).sum("weir_rollout_percent", rollout="kimi") == 25
        assert scrape(ports["admin"]).sum("weir_errors_total") == 0

    def test_it_keeps_still_and_leaves_a_rollout_alone_where_it_is_told_to(self, started):
        _, ports = started("demo", "--no-traffic", environment={"KIMI_ROLLOUT_PERCENTAGE": "0"})
        assert ask(ports["traffic"], "GET", "/v1/models").status == 200
        eventually(lambda: scrape(ports["admin"]).sum("weir_requests_total") == 1, "the one request of this test")
        assert scrape(ports["admin"]).sum("weir_rollout_percent", rollout="kimi") == 0

    def test_it_answers_as_the_simulator_does(self, started):
        _, ports = started("demo")
        answer = ask(ports["traffic"], "POST", "/v1/chat/completions", [("Content-Type", "application/json")],
                     json.dumps(chat("hello demo", model="kimi-k2")).encode())
        assert answer.json()["choices"][0]["message"]["content"] == "You said: hello demo"

    def test_a_real_key_in_the_environment_is_not_used(self, started):
        process, ports = started("demo", environment={"OPENROUTER_API_KEY": "sk-or-v1-real"})
        assert ask(ports["traffic"], "GET", "/v1/models").status == 200
        health = ask(ports["admin"], "GET", "/health", host="localhost").json()
        assert health["upstreams"][0]["status"] == "healthy"
        assert "sk-or-v1-real" not in process.output() + process.errors()

    def test_nothing_of_the_operators_own_weir_is_touched(self, started, simulator_with, tmp_path):
        """Another upstream's key, the shared store, the state of rollouts and budgets, the audit log and the webhook."""
        outside = simulator_with()
        own = {"weir-state.json": tmp_path / "state.json", "audit": tmp_path / "audit.log",
               "budgets": tmp_path / "budgets.json"}
        _, ports = started("demo", "--no-traffic", environment={
            "MOONSHOT_API_KEY": "sk-moonshot-real", "MOONSHOT_BASE_URL": outside.url, "WEIR_WEBHOOK_URL": outside.url,
            "WEIR_REDIS_URL": "redis://127.0.0.1:1", "WEIR_STATE_FILE": str(own["weir-state.json"]),
            "WEIR_AUDIT_LOG": str(own["audit"]), "WEIR_BUDGET_STATE_FILE": str(own["budgets"]),
            "WEIR_BUDGET_USD_DAY": "5"})
        answer = ask(ports["traffic"], "POST", "/v1/chat/completions", [("Content-Type", "application/json")],
                     json.dumps(chat("hello", model="kimi-k2")).encode())
        assert answer.status == 200
        assert ask(ports["admin"], "PUT", "/rollouts/kimi", [("Content-Type", "application/json")],
                   b'{"percent": 50}', host="localhost").status == 200
        health = ask(ports["admin"], "GET", "/health", host="localhost").json()
        assert "shared_state" not in health and len(health["upstreams"]) == 2
        assert outside.ask("GET", "/_sim/requests").json() == []
        assert not [path for path in own.values() if path.exists()]


class TestWhereTheSystemChoseThePort:
    """With the very environment of the proxy, as a script or a container's health check has it."""

    ENVIRONMENT = QUIET | {"WEIR_UPSTREAM_URL": "http://127.0.0.1:9/v1"}

    def test_the_running_proxy_is_found_by_its_port_file(self, run, started):
        _, ports = started("serve", environment=self.ENVIRONMENT)
        flipped = run("rollout", "kimi", "25", environment=self.ENVIRONMENT)
        assert flipped.returncode == 0, flipped.stderr
        assert scrape(ports["admin"]).sum("weir_rollout_percent", rollout="kimi") == 25
        assert run("health", "--ready", environment=self.ENVIRONMENT).returncode == 0

    @pytest.mark.parametrize("text", ["retries: {", "retry: 1\n", "\0"])
    def test_the_running_proxy_is_found_while_its_files_are_broken(self, run, started, tmp_path, text):
        """A container whose health check failed for that would be replaced by one that does not start."""
        environment = self.ENVIRONMENT | {"WEIR_CONFIG": str(tmp_path / "w.yaml")}
        (tmp_path / "w.yaml").write_text("retries: 1\n")
        _, ports = started("serve", environment=environment)
        (tmp_path / "w.yaml").write_text(text)
        assert run("check", environment=environment).returncode == 78
        assert run("health", environment=environment).returncode == 0
        flipped = run("rollout", "kimi", "25", environment=environment)
        assert flipped.returncode == 0, flipped.stderr
        assert scrape(ports["admin"]).sum("weir_rollout_percent", rollout="kimi") == 25
        for name in ("ki mi", "a/b", "ä?", "%"):
            ended = run("rollout", name, "25", environment=environment)
            assert ended.returncode == 1 and "There is no rollout named" in ended.stderr

    @pytest.mark.parametrize("text", [None, "", "{", '{"traffic":1}', '{"admin":70000}', '{"admin":-1}', '{"admin":"1"}'])
    def test_without_a_port_file_to_read_it_says_that_nothing_answers(self, run, tmp_path, text):
        if text is not None:
            (tmp_path / "ports.json").write_text(text)
        for command in ("rollout", "health"):
            ended = run(command, environment=self.ENVIRONMENT)
            assert ended.returncode == 1 and "no proxy answers at 127.0.0.1:0" in ended.stderr


class TestSimulate:
    @pytest.mark.parametrize("faults", [
        "nonsense=1", "status", "status=abc", "delay=-1", "stall=3@x%", "cut=1;;bogus=2"])
    def test_wrong_faults_exit_64(self, simulator_command, faults):
        done = subprocess.run([*simulator_command, "--listen", "127.0.0.1:0", "--faults", faults],
                              capture_output=True, text=True, timeout=10)
        assert done.returncode == 64
        assert done.stderr

    @pytest.mark.parametrize("address", ["nowhere", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:-1", "127.0.0.1:http"])
    def test_a_wrong_address_exits_64(self, simulator_command, address):
        done = subprocess.run([*simulator_command, "--listen", address], capture_output=True, text=True, timeout=10)
        assert done.returncode == 64
        assert address in done.stderr

    def test_a_certificate_without_tls_is_refused(self, simulator_command, tmp_path):
        done = subprocess.run([*simulator_command, "--listen", "127.0.0.1:0", "--tls-cert-out", tmp_path / "cert.pem"],
                              capture_output=True, text=True, timeout=10)
        assert done.returncode == 64 and "--tls-cert-out needs --tls" in done.stderr

    def test_faults_of_the_command_line_apply(self, simulator_with):
        simulator = simulator_with("--faults", "status=429#2;retry-after=3")
        answers = [simulator.post("/v1/chat/completions", chat()) for _ in range(3)]
        assert [answer.status for answer in answers] == [429, 429, 200]
        assert answers[0].get("retry-after") == "3"

    def test_only_the_key_it_was_given(self, simulator_with):
        simulator = simulator_with("--key", "sk-only")
        body = json.dumps(chat()).encode()
        for key, status in (("sk-x", 401), ("sk-only", 200), ("sk-only2", 401)):
            headers = [("Content-Type", "application/json"), ("Authorization", f"Bearer {key}")]
            assert simulator.ask("POST", "/v1/chat/completions", headers, body).status == status


# -- what a person sees who mistypes, or whose disk is full ---------------------------------------------------------

@pytest.mark.parametrize("arguments", [
    ("health", "--admin", "nonsense"), ("rollout", "kimi", "--admin", "nonsense"),
    ("simulate", "--listen", "nonsense")])
def test_a_wrong_address_is_told_in_plain_words(run, arguments):
    ended = run(*arguments)
    assert ended.returncode == 64 and "ValueProblem" not in ended.stderr
    assert '"nonsense" is not an address; write HOST:PORT' in ended.stderr


@pytest.mark.parametrize("arguments", [("key", "new", "web"), ("key", "hash"), ("check",), ("explain",)])
def test_an_output_that_cannot_be_written_is_no_success(binary, tmp_path, arguments):
    with open("/dev/full", "wb") as full:
        ended = subprocess.run([binary, *arguments], cwd=tmp_path, env={"PATH": os.environ["PATH"]}, stdout=full,
                               input=b'{"model":"kimi-k2","messages":[]}'.replace(b" ", b""), stderr=subprocess.PIPE,
                               timeout=30)
    assert ended.returncode == 74
    assert b"standard output cannot be written: No space left on device" in ended.stderr


# -- what the doctor makes of an upstream that is none -------------------------------------------------------------

@contextmanager
def answering(status: int, body: bytes):
    """The URL of a server with one answer to everything."""
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


def examined(run, status: int, body: bytes):
    with answering(status, body) as url:
        return run("doctor", environment={"WEIR_UPSTREAM_URL": url, "OPENROUTER_API_KEY": UPSTREAM_KEY})


def test_the_doctor_knows_a_website_from_an_api(run):
    done = examined(run, 200, b"<html>Welcome</html>")
    assert done.returncode == 1 and "valid" not in done.stdout and "try again later" not in done.stdout
    assert done.stdout.count("what to do: check that WEIR_UPSTREAM_URL is the API's base URL") == 2


@pytest.mark.parametrize("amount", ["1e20", "-1e300", "9.3e12"])
def test_the_doctor_takes_any_amount(run, amount):
    body = f'{{"data":{{"total_credits":{amount},"total_usage":0,"limit_remaining":{amount}}}}}'
    done = examined(run, 200, body.encode())
    assert done.returncode == 1 and "credits     " in done.stdout and "completion  FAILED" in done.stdout


def test_the_doctor_lets_no_upstream_steer_the_terminal(run):
    done = examined(run, 401, b'{"error":{"message":"No \\u001b[31mauth\\u0007 \\u009b1m"}}')
    assert "answered 401: No ?[31mauth? ?1m" in done.stdout
