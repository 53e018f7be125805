"""A running `weir serve`."""

import json
import signal
from pathlib import Path

from .eventually import eventually
from .metrics import Scrape, scrape
from .process import Process
from .wire import Reply, Wire, ask

UPSTREAM_KEY = "sk-or-v1-test-upstream"

# What no test wants unless it says so: retries, fallbacks and cached replies would hide what the upstream saw.
QUIET = {"WEIR_LISTEN": "127.0.0.1:0", "WEIR_ADMIN_LISTEN": "127.0.0.1:0", "WEIR_PORT_FILE": "ports.json",
         "WEIR_LEDGER": "off", "WEIR_RETRIES": "0", "WEIR_CACHE_TTL": "0", "WEIR_CIRCUIT_BREAKER": "false",
         "KIMI_FALLBACK_MODEL": "off", "WEIR_PRICING_REFRESH": "0", "WEIR_TRACING_MAKE": "false"}

CRASH_MARKS = ("Fatal error", "Crash:", "Segmentation fault", "AddressSanitizer", "Illegal instruction")


class Weir:
    def __init__(self, binary: Path, folder: Path, upstream: str, environment: dict, arguments=()):
        key = {"OPENROUTER_API_KEY": UPSTREAM_KEY}
        settings = QUIET | key | {"WEIR_UPSTREAM_URL": upstream} | environment
        settings = {name: value for name, value in settings.items() if value is not None}
        self.secrets = [value for name, value in settings.items() if name.endswith("_API_KEY")]
        for pair in settings.get("WEIR_CLIENT_KEYS", "").split(","):
            self.secrets += pair.split(":", 1)[1:]
        self.folder = folder
        self.process = Process([binary, "serve", *arguments], folder, settings, "weir")
        self.expected_exit = 0
        try:
            ports = self.process.await_value(self._ports)
        except BaseException:
            self.process.kill()
            raise
        self.port, self.admin_port = ports["traffic"], ports["admin"]

    def _ports(self):
        try:
            return json.loads((self.folder / "ports.json").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def wire(self, **options) -> Wire:
        return Wire(self.port, **options)

    def ask(self, method: str, target: str, headers=(), body: bytes = b"", **options) -> Reply:
        return ask(self.port, method, target, headers, body, **options)

    def post(self, target: str, value, headers=(), **options) -> Reply:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self.ask("POST", target, [("Content-Type", "application/json"), *headers], body, **options)

    def admin(self, target: str, method: str = "GET", headers=(), host: str = "") -> Reply:
        return ask(self.admin_port, method, target, headers, host=host or f"127.0.0.1:{self.admin_port}")

    def scrape(self) -> Scrape:
        return scrape(self.admin_port)

    def errors_counted(self, code: str) -> float:
        return self.scrape().sum("weir_errors_total", error_type=code)

    def log_text(self) -> str:
        return self.process.output() + self.process.errors()

    def log(self) -> list:
        """Its lines by now; they are written in batches, and the last may be half there."""
        return [json.loads(line) for line in self.log_text().splitlines(keepends=True)
                if line.endswith("\n") and line.strip()]

    def access_line(self, request_id: str) -> dict:
        """The one access line of a request; it is written when the exchange is settled."""
        def find():
            return [line for line in self.log() if request_id in json.dumps(line) and "status" in line]
        return eventually(find, f"an access line for {request_id}")[0]

    def stop(self) -> None:
        """SIGTERM; fails unless the process ends cleanly with nothing secret in its log."""
        if self.process.is_alive and self.expected_exit == 0:
            self.process.send(signal.SIGTERM)
        status = self.process.wait(45)
        self.check_log()
        assert status == self.expected_exit, self.process.story()

    def check_log(self) -> None:
        text = self.log_text()
        for secret in self.secrets:
            assert secret not in text, f"a secret is in the log: {secret}"
        for mark in CRASH_MARKS:
            assert mark not in text, self.process.story()
