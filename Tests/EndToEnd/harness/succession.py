"""Weirs that take over from each other on the same two ports, and clients that notice nothing."""

import contextlib
import json
import socket
import threading
import time
from pathlib import Path

import httpx
import pytest

from .eventually import eventually
from .usual_requests import usual
from .weir import Weir
from .wire import Wire, message

JSON = ("Content-Type", "application/json")


def free_ports(count: int) -> list:
    """Ports that were free a moment ago."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


class Succession:
    """One weir after another, each of which takes over from the one before; state files are shared."""

    def __init__(self, binary: Path, folder: Path, upstream: str, environment=None):
        self.binary, self.folder, self.upstream = binary, folder, upstream
        traffic, admin = free_ports(2)
        state = {"WEIR_STATE_FILE": str(folder / "state.json"), "WEIR_BUDGET_STATE_FILE": str(folder / "budgets.json")}
        self.environment = {"WEIR_LISTEN": f"127.0.0.1:{traffic}", "WEIR_ADMIN_LISTEN": f"127.0.0.1:{admin}",
                            **state, **(environment or {})}
        self.all = []

    def begin(self, arguments=("--take-over",), environment=None) -> Weir:
        """A new process; returns once it listens."""
        folder = self.folder / f"weir-{len(self.all)}"
        folder.mkdir()
        self.all.append(Weir(self.binary, folder, self.upstream, self.environment | (environment or {}), arguments))
        return self.all[-1]

    @property
    def newest(self) -> Weir:
        return self.all[-1]

    def stop(self) -> None:
        """Waits for the old ones, which end by themselves: a signal would end them at once."""
        failures = []
        for each in self.all[:-1]:
            each.process.wait(40)
        for each in self.all:
            try:
                each.stop()
            except AssertionError as failure:
                failures.append(failure)
        if failures:
            raise failures[0]


@pytest.fixture
def succession(binary, simulator, tmp_path):
    """`succession(environment)`: weirs on two ports of their own that take over from each other."""
    running = []

    def make(environment=None) -> Succession:
        running.append(Succession(binary, tmp_path, simulator.url, environment))
        return running[-1]

    yield make
    for each in running:
        each.stop()


@contextlib.contextmanager
def slow_stream(port: int):
    """A stream that has begun and takes seconds."""
    with Wire(port) as streaming:
        body = json.dumps(usual("chat/completions", stream=True)).encode()
        streaming.send(message("POST", "/v1/chat/completions", [JSON, ("x-sim-fault", "gap=300")], body))
        streaming.pending += streaming.more()
        yield streaming


def has_ended(weir) -> bool:
    return not weir.process.is_alive


def drains(weir) -> None:
    """Waits until a process has begun to drain."""
    eventually(lambda: any(entry["message"] == "draining" for entry in weir.log()), "the old process drains")


def ends_served_out(weir) -> None:
    """Waits until a process has ended by itself, with nothing cut."""
    eventually(lambda: has_ended(weir), "the old process has served out", 10)
    assert weir.process.wait() == 0


class SteadyLoad:
    """Clients that send one request after the other until they are told to stop; any failure is kept.

    Of each kind there are some: real clients that keep their connection, real clients that open one for each request,
    and readers of streams.
    """

    def __init__(self, port: int, each: int = 2, headers=None):
        self.url = f"http://127.0.0.1:{port}/v1/chat/completions"
        self.headers = headers or {}
        self.failures, self.served, self.lock = [], 0, threading.Lock()
        self.ending = threading.Event()
        kinds = [self._keep_alive, self._fresh, self._streams]
        self.threads = [threading.Thread(target=kind) for kind in kinds for _ in range(each)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join()

    def _repeat(self, ask) -> None:
        while not self.ending.is_set():
            try:
                problem = ask()
            except httpx.HTTPError as error:
                problem = repr(error)
            with self.lock:
                self.served += 1
                if problem:
                    self.failures.append((time.monotonic(), ask.__name__, problem))

    def _keep_alive(self) -> None:
        with httpx.Client(timeout=20, headers=self.headers) as client:
            def kept():
                return self._plain(client)
            self._repeat(kept)

    def _fresh(self) -> None:
        def fresh():
            with httpx.Client(timeout=20, headers=self.headers) as client:
                return self._plain(client)
        self._repeat(fresh)

    def _plain(self, client: httpx.Client):
        reply = client.post(self.url, json=usual("chat/completions"))
        return None if reply.status_code == 200 and reply.json()["choices"] else f"{reply.status_code} {reply.text}"

    def _streams(self) -> None:
        with httpx.Client(timeout=20, headers=self.headers) as client:
            def stream():
                with client.stream("POST", self.url, json=usual("chat/completions", stream=True)) as reply:
                    lines = [line for line in reply.iter_lines() if line.startswith("data: ")]
                if reply.status_code != 200 or lines[-1] != "data: [DONE]":
                    return f"{reply.status_code} {lines[-1:]}"
                return None if all(json.loads(line[6:]) for line in lines[:-1]) else "an empty event"
            self._repeat(stream)
