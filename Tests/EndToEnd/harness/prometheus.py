"""A real Prometheus that scrapes one weir, every second unless told otherwise, and the questions one asks it."""

import json
import math
import shutil
import signal
import socket
import urllib.parse
from pathlib import Path

from .eventually import eventually
from .process import Process
from .wire import ask


class Prometheus:
    def __init__(self, folder: Path, admin_port: int, rule_files=(), options=(), interval: str = "1s"):
        executable = shutil.which("prometheus")
        assert executable, "prometheus (Debian package prometheus) is needed"
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        configuration = {
            "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
            "rule_files": [str(path) for path in rule_files],
            "scrape_configs": [{"job_name": "weir", "static_configs": [{"targets": [f"127.0.0.1:{admin_port}"]}]}]}
        # JSON is YAML.
        (folder / "prometheus.yml").write_text(json.dumps(configuration))
        self.process = Process(
            [executable, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
             f"--web.listen-address=127.0.0.1:{self.port}", *options], folder, {}, "prometheus")
        try:
            self.process.await_value(self._ready)
        except BaseException:
            self.process.kill()
            raise

    def _ready(self):
        try:
            return True if ask(self.port, "GET", "/-/ready").status == 200 else None
        except OSError:
            return None

    def get(self, path: str, **parameters):
        """What the HTTP API answers, version 1."""
        reply = ask(self.port, "GET", f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
        told = reply.json()
        assert told["status"] == "success", f"{parameters}: {told.get('error')}"
        return told["data"]

    def query(self, expression: str) -> list:
        """The series of an instant query, those left out that are not a number now."""
        return [each for each in self.get("query", query=expression)["result"]
                if not math.isnan(float(each["value"][1]))]

    def alerts(self, name: str) -> list:
        """The alerts of this name that fire now."""
        return [each for each in self.get("alerts")["alerts"]
                if each["labels"]["alertname"] == name and each["state"] == "firing"]

    def await_scrapes(self, count: int) -> None:
        """Waits for so many further scrapes."""
        def scraped() -> float:
            found = self.query('count_over_time(up{job="weir"}[1h])')
            return float(found[0]["value"][1]) if found else 0
        end = scraped() + count
        eventually(lambda: scraped() >= end, f"{count} more scrapes", 20, step=0.1)

    def stop(self) -> None:
        if self.process.is_alive:
            self.process.send(signal.SIGTERM)
        self.process.wait()
