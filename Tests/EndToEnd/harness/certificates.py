"""Certificates for TLS servers on 127.0.0.1, made with the openssl command."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Certificate:
    """Self-signed, so that the certificate is its own trust anchor."""

    certificate: Path
    key: Path

    def server(self, protocols=()) -> ssl.SSLContext:
        """What a server needs to show it; `protocols` are offered by ALPN."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        if protocols:
            context.set_alpn_protocols(list(protocols))
        return context


def make_certificate(folder: Path, name: str = "server", subject: str = "IP:127.0.0.1,DNS:localhost") -> Certificate:
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", made.key, "-out", made.certificate, "-days", "2", "-subj", f"/CN=weir test {name}",
         "-addext", f"subjectAltName={subject}"],
        check=True, capture_output=True)
    return made
