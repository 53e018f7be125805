"""Certificates for TLS servers on 127.0.0.1, made with the openssl command."""

import atexit
import datetime
import functools
import shutil
import ssl
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


@dataclass
class Certificate:
    """A certificate and its key. One that signed itself is its own trust anchor."""

    certificate: Path
    key: Path

    def server(self, protocols=()) -> ssl.SSLContext:
        """What a server needs to show it; `protocols` are offered by ALPN."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        if protocols:
            context.set_alpn_protocols(list(protocols))
        context.sni_callback = remember_name
        return context


def remember_name(tls, name, _context) -> None:
    tls.wanted_name = name


def openssl(*words) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


def make_certificate(folder: Path, name: str = "server", subject: str = "IP:127.0.0.1,DNS:localhost") -> Certificate:
    """Self-signed."""
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    openssl("req", "-x509", *NEW_KEY, "-keyout", made.key, "-out", made.certificate, "-days", "2",
            "-subj", f"/CN=weir test {name}", "-addext", f"subjectAltName={subject}")
    return made


class Authority:
    """Signs certificates; `file` holds its own, for WEIR_CA_FILE."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.made = {}
        self.file, self.key = folder / "authority.pem", folder / "authority.key"
        openssl("req", "-x509", *NEW_KEY, "-keyout", self.key, "-out", self.file, "-days", "30",
                "-subj", "/CN=weir test authority")
        (folder / "index.txt").touch()
        (folder / "ca.cnf").write_text(
            f"[ca]\ndefault_ca=own\n[own]\ndatabase={folder}/index.txt\nnew_certs_dir={folder}\nrand_serial=yes\n"
            f"certificate={self.file}\nprivate_key={self.key}\ndefault_md=sha256\npolicy=any\nunique_subject=no\n"
            "copy_extensions=copy\n[any]\ncommonName=supplied\n")

    def certificate(self, subject: str = "IP:127.0.0.1,DNS:localhost", common_name: str = "weir test server",
                    days: tuple = (-1, 30)) -> Certificate:
        """One for these alternative names (none, when empty), good between these days from now."""
        wanted = (subject, common_name, days)
        if wanted not in self.made:
            self.made[wanted] = self._sign(f"{len(self.made)}", *wanted)
        return self.made[wanted]

    def _sign(self, name: str, subject: str, common_name: str, days: tuple) -> Certificate:
        made = Certificate(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        request = self.folder / f"{name}.csr"
        extension = ["-addext", f"subjectAltName={subject}"] if subject else []
        openssl("req", "-new", *NEW_KEY, "-keyout", made.key, "-out", request, "-subj", f"/CN={common_name}",
                *extension)
        now = datetime.datetime.now(datetime.timezone.utc)
        first, last = ((now + datetime.timedelta(days=day)).strftime("%Y%m%d%H%M%SZ") for day in days)
        openssl("ca", "-batch", "-notext", "-config", self.folder / "ca.cnf", "-in", request, "-out", made.certificate,
                "-startdate", first, "-enddate", last)
        return made


@functools.cache
def authority() -> Authority:
    """One for all tests of a run."""
    folder = tempfile.mkdtemp(prefix="weir-authority-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Authority(Path(folder))
