"""Operators' /metrics."""

from prometheus_client.parser import text_string_to_metric_families

from flow import alarms
from store import workers as parts
from store.engine import Store
from tests.fakes import LOST, NO, TOKEN
from tests.flow.test_silence import usual


def samples(app):
    """{(name, labels): value} of one scrape."""
    answer = app.test_client().get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    return {
        (sample.name.removeprefix("gateway_"), tuple(sorted(sample.labels.values()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_a_scrape_tells_what_the_database_says(app, gateway):
    gateway.voice.outcomes = [NO, LOST]
    for n in range(3):
        gateway.take({"id": str(n), "phone": f"7999000000{n}"})
    gateway.work()
    gateway.post({}, token="wrong")
    gateway.parts.refusals.flush()
    with gateway.store.write() as tx:
        parts.check_in(tx, "worker-1", "run", 1, gateway.store.now_ms(tx))
    gateway.take({"id": "waits", "phone": "79990000009"})
    gateway.clock.forward(5)
    found = samples(app)
    assert found["leads", ("received", "shop")] == 1
    assert found["leads", ("accepted", "shop")] == 1
    assert found["leads", ("shop", "unknown")] == 1
    assert found["attempts_last_hour", ("", "refused")] == 1
    assert found["attempts_last_hour", ("no_answer", "unknown")] == 1
    assert found["refused_proofs", ("shop", "wrong")] == 1
    assert found["oldest_due_seconds", ("received",)] == 5
    assert found["workers", ()] == 1
    assert found["broken_sources", ()] == 0
    assert found["waiting_for_person", ("unknown",)] == 1
    assert found["worker_seen_age_seconds", ()] == 5
    assert ("silence_ratio", ("shop",)) not in found  # too little is known of it


def test_a_scrape_tells_how_silent_a_source_is(app, gateway):
    usual(gateway)
    gateway.clock.forward(5 * 3600)
    assert 1 < samples(app)["silence_ratio", ("shop",)] < 3


def test_a_scrape_tells_nothing_of_a_person(app, gateway):
    gateway.take({"id": "1", "phone": "79990000001", "name": "Иван"})
    gateway.work()
    text = app.test_client().get("/metrics").text
    assert "gateway_leads" in text
    for secret in ("7999", "Иван", TOKEN):
        assert secret not in text


def test_a_stranger_cannot_make_every_scrape_read_the_database(app, gateway):
    before = samples(app)
    gateway.take({"id": "1", "phone": "79990000001"})
    assert samples(app) == before


def test_a_database_that_is_away_is_503(app):
    app.extensions["gateway"].store = Store("postgresql://postgres@127.0.0.1:9/none")
    assert app.test_client().get("/metrics").status_code == 503


def test_alarms_speed_and_what_happens_by_itself(app, gateway):
    gateway.alive()
    gateway.voice.outcomes = [LOST]
    gateway.take({"id": "1", "phone": "79990000001"})
    gateway.clock.forward(2)
    gateway.work()
    alarms.keep(gateway.parts)
    app.test_client().post(f"/hooks/shop?token={TOKEN}", data=b"x" * 300_000)
    gateway.parts.refusals.flush()
    gateway.clock.forward(7)
    found = samples(app)
    assert found["alarms", ("", "page", "unknown_calls")] == 1
    assert found["stamp_age_seconds", ("watch",)] == 7
    assert found["speed_to_call_seconds", ("0.95",)] == 2
    assert found["refused_unread", ("shop", "too_large")] == 1
