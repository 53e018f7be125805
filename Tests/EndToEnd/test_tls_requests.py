"""Requests to an HTTP/1.1 upstream behind TLS: what it gets, uploads, and how long weir waits.

The tests with a `way` are those of upstreams in clear text.
"""

import pytest

import test_upstream_patience as patience
from harness.certificates import authority
from harness.exact_upstream import OK, ExactUpstream
from harness.tls_ways import CLIENTS, trusting, way  # noqa: F401
from harness.ways import HASTY, Way
from test_upstream_requests import (  # noqa: F401
    own_address, test_a_chunked_upload_stays_chunked, test_a_get_is_its_line_its_host_and_its_own_fields,
    test_a_request_without_a_body_announces_none, test_a_sized_upload_keeps_its_length,
    test_an_edited_body_has_its_new_length, test_an_empty_body_is_announced_as_by_the_client,
    test_every_method_goes_on, test_expect_ends_at_weir, test_many_fields_arrive_in_their_order,
    test_nothing_is_added_that_is_not_documented, test_requests_one_behind_the_other_do_not_mix,
    test_the_target_is_sent_letter_for_letter, test_values_stay_as_they_are)
from test_upstream_uploads import (  # noqa: F401
    test_a_client_that_leaves_while_it_uploads_ends_the_upstreams_connection,
    test_a_refusal_before_the_body_was_read_that_is_read_afterwards,
    test_a_reply_before_the_body_was_read_that_is_read_afterwards, test_a_reply_to_a_body_that_is_never_read,
    test_an_early_head_while_the_body_is_on_its_way,
    test_an_upstream_that_closes_in_the_middle_of_a_body_fails_the_attempt,
    test_an_upstream_that_reads_slowly_gets_the_whole_body,
    test_an_upload_that_comes_in_small_parts_goes_on_in_them)


def test_an_upstream_does_not_get_far_ahead_of_a_slow_client(way: Way):  # noqa: F811
    patience.test_an_upstream_does_not_get_far_ahead_of_a_slow_client(way, "chunked")


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("listens, written, expected", [
    (("{own}", 443), "{own}", "{own}"), (("{own}", 443), "{own}:443", "{own}"),
    (("::1", 0), "[::1]:{port}", "[::1]:{port}"), (("127.0.0.1", 0), "localhost:{port}", "localhost:{port}")])
def test_the_host_is_the_authority_of_the_upstreams_url(weir_with, client, listens, written, expected):
    """The port goes with it unless it is 443."""
    own = own_address()
    tls = authority().certificate(f"IP:{own},IP:::1,DNS:localhost").server(["http/1.1"])
    try:
        upstream = ExactUpstream((listens[0].format(own=own), listens[1]), tls)
    except OSError as error:
        pytest.skip(f"cannot listen there: {error}")
    with upstream:
        values = {"own": own, "port": upstream.port}
        environment = HASTY | trusting() | CLIENTS[client]
        if "no_proxy" in environment:
            environment |= {"no_proxy": f"{environment['no_proxy']},{own}"}
        weir = weir_with(environment, upstream=f"https://{written.format(**values)}/api/v1")
        assert weir.ask("GET", "/v1/files").body == OK
        assert [asked.all("host") for asked in upstream.asked] == [[expected.format(**values)]]
