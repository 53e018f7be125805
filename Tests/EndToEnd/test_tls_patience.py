"""How long weir waits for an HTTP/1.1 upstream behind TLS, and how far one gets ahead of its client, as without TLS."""

from harness.tls_ways import way  # noqa: F401
from test_upstream_patience import (  # noqa: F401
    SETTINGS, test_a_body_that_is_not_taken_is_a_504, test_a_head_that_does_not_come_is_a_504,
    test_a_reply_that_pauses_or_goes_on_for_too_long_breaks_off, test_an_upstream_does_not_get_far_ahead_of_a_slow_client)
