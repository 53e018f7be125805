"""A real nginx, in front of weir or behind it."""

import json
import shutil
import socket
import subprocess
from pathlib import Path

from .eventually import eventually

PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")

CONFIG = """daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 512; }}
http {{
  log_format seen escape=json '{{"target":"$request_uri","method":"$request_method","status":"$status",'
                              '"upstream":"$upstream_status"}}';
  access_log {folder}/access.log seen;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  client_header_timeout 1s; client_body_timeout 1s; keepalive_timeout 2s; proxy_read_timeout 10s;
  client_max_body_size 1m;
  upstream next {{ server 127.0.0.1:{next}; keepalive 4; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://next; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
      proxy_request_buffering {buffering}; proxy_next_upstream off;
    }}
  }}
}}
"""


class Nginx:
    """Passes everything on to `next_port`, over connections that it keeps; `buffering` is of requests' bodies."""

    def __init__(self, folder: Path, next_port: int, buffering: bool = True):
        with socket.create_server(("127.0.0.1", 0)) as found:
            self.port = found.getsockname()[1]
        self.folder = folder
        (folder / "nginx.conf").write_text(CONFIG.format(
            folder=folder, port=self.port, next=next_port, buffering="on" if buffering else "off"))
        self.process = subprocess.Popen(
            [PROGRAM, "-p", folder, "-e", folder / "error.log", "-c", folder / "nginx.conf"], stderr=subprocess.PIPE)
        eventually(self._listens, f"nginx listens ({self._complaint()})", 10)

    def _complaint(self) -> str:
        return "" if self.process.poll() is None else self.process.stderr.read().decode()

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def lines(self) -> list:
        """What nginx says that it handled, oldest first."""
        path = self.folder / "access.log"
        return [json.loads(line) for line in path.read_text("latin-1").splitlines()] if path.exists() else []

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
        self.process.stderr.close()
