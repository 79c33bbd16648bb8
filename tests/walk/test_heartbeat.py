"""From outside: our own address knows us, another server does not, and the sign of life says what is wrong."""

from flow import heartbeat
from tests.wire.conftest import peer
from tests.wire.test_tell import answering, head_of

__all__ = ["peer"]


def test_our_address_leads_to_us_or_to_somebody_else(gateway, app, peer):
    ours = app.test_client().get("/healthz").data
    at = peer(answering(200, ours)).url.removesuffix("/api/lido/send/")
    assert heartbeat.outside(gateway.parts, at) == ""
    assert heartbeat.outside(gateway.parts, "") == ""
    for status, body, said in (
        (200, b'{"status": "ok", "instance": "another"}', "another server answers there"),
        (200, b"[]", "another server answers there"),
        (200, b"", "HTTP 200"),
        (502, b"", "HTTP 502"),
        (302, b"", "HTTP 302"),
    ):
        there = peer(answering(status, body)).url.removesuffix("/api/lido/send/")
        assert heartbeat.outside(gateway.parts, there) == said


def test_nobody_at_our_address(gateway):
    assert heartbeat.outside(gateway.parts, "http://127.0.0.1:9") != ""


def test_a_sign_of_life_once_a_minute_and_with_fail_where_work_is_not_proven(gateway, peer):
    there = peer(answering(200, b"OK"))
    beat = heartbeat.Heartbeat(gateway.parts, there.url.removesuffix("/api/lido/send/") + "/ping/0f3a-1b2c")
    for clock, trouble in ((0, ""), (15_000, ""), (59_000, ""), (60_000, "no worker is seen"), (121_000, "")):
        beat.beat(clock, trouble)
    paths = [head_of(request)[0].split()[1] for request in there.requests]
    assert paths == ["/ping/0f3a-1b2c", "/ping/0f3a-1b2c/fail", "/ping/0f3a-1b2c"]
