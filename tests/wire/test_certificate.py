"""When a certificate ends, by one handshake."""

import time

from wire.certificate import ends_at_ms


def test_the_end_of_a_trusted_certificate_is_known(peer, tls):
    context, authority = tls()
    there = peer(lambda connection: None, tls=context)
    left_s = ends_at_ms(there.url, authority) / 1000 - time.time()
    assert 47 * 3600 < left_s < 49 * 3600  # the test's own are made for two days


def test_nothing_is_known_of_plain_http_a_stranger_or_nobody(peer, tls, refused_port):
    context, _ = tls()
    there = peer(lambda connection: None, tls=context)
    for url in (
        "http://127.0.0.1:1/",
        there.url,
        f"https://127.0.0.1:{refused_port}/",
        "https://no.such.host.invalid/",
    ):
        assert ends_at_ms(url) is None
