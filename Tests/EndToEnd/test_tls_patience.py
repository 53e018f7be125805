"""How long weir waits for an HTTP/1.1 upstream behind TLS, as without TLS."""

import pytest

import test_upstream_patience as patience
from harness.tls_ways import way  # noqa: F401
from harness.ways import Way
from test_upstream_patience import SETTINGS  # noqa: F401

pytestmark = pytest.mark.parametrize("way", ["own"], indirect=True)


def test_a_head_that_does_not_come_is_a_504(way: Way):  # noqa: F811
    patience.test_a_head_that_does_not_come_is_a_504(way)


def test_a_reply_that_pauses_or_goes_on_for_too_long_breaks_off(way: Way):  # noqa: F811
    patience.test_a_reply_that_pauses_or_goes_on_for_too_long_breaks_off(way)


def test_a_body_that_is_not_taken_is_a_504(way: Way):  # noqa: F811
    patience.test_a_body_that_is_not_taken_is_a_504(way)
