"""What weir tells systemd, and what it takes from it (sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3))."""

import json
import os
import signal
import socket
import subprocess
import time
import uuid

import pytest

from harness.eventually import eventually
from harness.service_manager import NotifySocket, passing_sockets, placed_from_three
from harness.usual_requests import usual
from harness.weir import QUIET, UPSTREAM_KEY
from harness.wire import Wire

CHAT = "/v1/chat/completions"


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    kind = {"path": tmp_path / "notify"} if request.param == "path" else {"abstract": f"weir-{uuid.uuid4().hex}"}
    listening = NotifySocket(**kind)
    yield listening
    listening.close()


def test_start_reload_and_end_are_told(weir_with, manager):
    weir = weir_with({"NOTIFY_SOCKET": manager.address, "WEIR_DRAIN_SECONDS": "7"})
    assert str(weir.port) in manager.await_state(READY="1")["STATUS"]
    before = time.clock_gettime(time.CLOCK_MONOTONIC)
    weir.process.send(signal.SIGHUP)
    reloading = manager.await_state(RELOADING="1")
    assert before <= int(reloading["MONOTONIC_USEC"]) / 1e6 <= time.clock_gettime(time.CLOCK_MONOTONIC)
    manager.await_state(READY="1")
    weir.process.send(signal.SIGTERM)
    stopping = manager.await_state(STOPPING="1")
    assert int(stopping["EXTEND_TIMEOUT_USEC"]) >= 7_000_000, "the manager waits for the drain"
    assert weir.process.wait() == 0


def test_a_sign_of_life_comes_twice_as_often_as_it_is_due(weir_with, manager):
    weir = weir_with({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "400000"})
    for _ in range(5):
        manager.await_state(WATCHDOG="1")
    times = [when for when, state in manager.told if "WATCHDOG" in state]
    assert len(times) == 5 and weir.process.is_alive


def test_the_watchdog_of_another_process_is_not_ours(weir_with, manager):
    weir_with({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"})
    manager.await_state(READY="1")
    with pytest.raises(AssertionError):
        manager.await_state(0.5, WATCHDOG="1")


@pytest.mark.parametrize("address", ["", "/no/such/socket", "@", "x" * 300, "@" + "y" * 300])
def test_a_manager_that_does_not_listen_keeps_nothing_from_working(weir_with, address):
    weir = weir_with({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "nonsense"})
    assert weir.post(CHAT, usual("chat/completions")).status == 200


def test_sockets_that_listen_already_are_used(binary, simulator, tmp_path):
    """A connection that came before the process did waits in the manager's queue and is served."""
    with socket.create_server(("127.0.0.1", 0)) as traffic, socket.create_server(("127.0.0.1", 0)) as admin:
        port = traffic.getsockname()[1]
        early = Wire(port)
        environment = {**QUIET, "WEIR_LISTEN": f"127.0.0.1:{port}", "WEIR_UPSTREAM_URL": simulator.url,
                       "WEIR_ADMIN_LISTEN": f"127.0.0.1:{admin.getsockname()[1]}", "OPENROUTER_API_KEY": UPSTREAM_KEY,
                       "PATH": os.environ["PATH"]}
        command = [*passing_sockets(binary, "traffic:admin"), "serve"]
        child = subprocess.Popen(
            command, env=environment, cwd=tmp_path, stderr=subprocess.DEVNULL, pass_fds=(3, 4),
            preexec_fn=lambda: placed_from_three([traffic, admin]))
        try:
            assert early.request("GET", "/v1/echo").status == 200
            early.close()
            ports = json.loads(eventually(
                lambda: (tmp_path / "ports.json").exists() and (tmp_path / "ports.json").read_text(), "the port file"))
            assert ports == {"traffic": port, "admin": admin.getsockname()[1]}
        finally:
            child.send_signal(signal.SIGTERM)
            assert child.wait(20) == 0
        # The manager still has it, so the next process finds what came meanwhile.
        Wire(port).close()


# -- weir health ----------------------------------------------------------------------------------------------

def asked(weir, *arguments, environment=None):
    return subprocess.run(
        [weir.process.child.args[0], "health", *arguments], cwd=weir.folder, capture_output=True, text=True, timeout=20,
        env={"PATH": os.environ["PATH"], "HTTP_PROXY": "http://127.0.0.1:9", **(environment or {})})


def test_health_says_whether_it_serves(weir_with):
    weir = weir_with()
    address = f"127.0.0.1:{weir.admin_port}"
    alive = asked(weir, environment={"WEIR_ADMIN_LISTEN": f"0.0.0.0:{weir.admin_port}", "WEIR_INSECURE": "true"})
    assert alive.returncode == 0 and alive.stdout == "ok\n", alive.stderr
    ready = asked(weir, "--ready", "--admin", address)
    assert ready.returncode == 0 and json.loads(ready.stdout)["ready"] is True
    weir.stop()
    gone = asked(weir, "--admin", address)
    assert gone.returncode == 1 and "no proxy answers" in gone.stderr


def test_health_says_no_while_it_drains(weir_with):
    weir = weir_with()
    with Wire(weir.port) as held:
        body = json.dumps(usual("chat/completions")).encode()
        held.send(b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                  b"x-sim-fault: delay=1500\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        eventually(lambda: weir.scrape().sum("weir_in_flight_requests") == 1, "it is in flight")
        weir.process.send(signal.SIGTERM)
        address = ["--admin", f"127.0.0.1:{weir.admin_port}"]
        eventually(lambda: asked(weir, "--ready", *address).returncode == 1, "it is not ready", 5)
        assert asked(weir, *address).returncode == 0, "it still serves what it has"
        assert held.read_reply("POST").status == 200
    assert weir.process.wait() == 0


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1", ":x"])
def test_health_refuses_what_is_no_address(weir, address):
    assert asked(weir, "--admin", address).returncode == 64
