"""The ways to an upstream behind TLS that speaks HTTP/1.1, each with a weir and an upstream of its own.

`own` is weir's client. `libcurl` is taken where the environment names a proxy for `https:`; here one that `no_proxy`
then excepts the upstream from.
"""

import pytest

from .certificates import authority
from .exact_upstream import ExactUpstream
from .ways import HASTY, Way
from .weir import Weir

LIBCURL = {"https_proxy": "http://127.0.0.1:9", "no_proxy": "127.0.0.1,localhost,::1"}
CLIENTS = {"own": {}, "libcurl": LIBCURL}


def trusting() -> dict:
    """What makes weir trust the tests' authority."""
    return {"WEIR_CA_FILE": str(authority().file)}


def h1_upstream(**options) -> ExactUpstream:
    """One that agrees on `http/1.1` by ALPN."""
    return ExactUpstream(tls=authority().certificate().server(["http/1.1"]), **options)


@pytest.fixture(scope="module", params=list(CLIENTS))
def way(request, binary, tmp_path_factory):
    settings = HASTY | trusting() | getattr(request.module, "SETTINGS", {}) | CLIENTS[request.param]
    with h1_upstream() as upstream:
        weir = Weir(binary, tmp_path_factory.mktemp(request.param), upstream.url, settings)
        yield Way(request.param, weir, upstream)
        weir.stop()
