"""Operators' /metrics."""

import dataclasses
from decimal import Decimal
from itertools import pairwise

from prometheus_client.parser import text_string_to_metric_families

from flow import alarms, operate
from handlers import metrics
from store import workers as parts
from store.engine import Store
from tests.fakes import LOST, NO, TOKEN, YES
from tests.flow.test_silence import usual
from tests.pages import first_names


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


def test_every_metric_has_its_line(app):
    told = app.test_client().get("/metrics").text
    names = {line.split()[2] for line in told.splitlines() if line.startswith("# TYPE ")}
    assert names == set(first_names("glossary.md", "name", "counts"))


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
    assert found["speed_to_call_seconds_bucket", ("1.0", "shop")] == 0
    assert found["speed_to_call_seconds_bucket", ("2.0", "shop")] == 1
    assert found["speed_to_call_seconds_sum", ("shop",)] == 2
    assert found["refused_unread", ("shop", "too_large")] == 1


def counted(app):
    """What Prometheus counts on, of one scrape: counters, buckets, sums."""
    names = ("deliveries_total", "spend_total", "speed_to_call_seconds_", "provider_request_seconds_")
    return {key: value for key, value in samples(app).items() if key[0].startswith(names)}


def forget_scrape(app):
    app.extensions.pop("metrics", None)


def test_what_is_counted_of_a_day_only_grows_and_begins_anew_with_the_next(app, gateway):
    priced = [dataclasses.replace(YES, price=Decimal(price)) for price in ("4.35", "0.1", "0.2")]
    gateway.voice.outcomes = [priced[0], NO, LOST, priced[1], priced[2]]
    seen = [counted(app)]
    assert seen[0] == {("deliveries_total", ("shop", "stored")): 0, ("spend_total", ("shop",)): 0}
    for n in range(5):
        gateway.take({"id": str(n), "phone": f"7999000000{n}"})
        gateway.clock.forward(90)
        gateway.work()
        gateway.post({}, token="wrong")
        gateway.parts.refusals.flush()
        forget_scrape(app)
        seen.append(counted(app))
    for before, after in pairwise(seen):
        assert {key: value for key, value in before.items() if after[key] < value} == {}
    assert seen[-1]["deliveries_total", ("shop", "stored")] == 5
    assert seen[-1]["deliveries_total", ("shop", "wrong")] == 5
    assert seen[-1]["spend_total", ("shop",)] == 4.65
    assert seen[-1]["speed_to_call_seconds_bucket", ("60.0", "shop")] == 0
    assert seen[-1]["speed_to_call_seconds_bucket", ("300.0", "shop")] == 5
    assert seen[-1]["provider_request_seconds_count", ("main",)] == 4  # the lost one has no reply
    gateway.clock.forward(24 * 3600)
    forget_scrape(app)
    assert counted(app) == seen[0]


def test_a_process_that_was_just_started_counts_as_the_others_do(app, gateway):
    gateway.take({"id": "1", "phone": "79990000001"})
    gateway.work()
    before = counted(app)
    forget_scrape(app)  # what a process holds
    assert counted(app) == before
    assert before["speed_to_call_seconds_count", ("shop",)] == 1


def test_a_call_that_is_rung_again_is_not_a_first_call_and_its_lead_is_not_taken_out(app, gateway):
    lead = gateway.take({"id": "1", "phone": "79990000001"})
    gateway.voice.outcomes = [NO]
    gateway.work()
    before = counted(app)
    operate.rearm(gateway.parts, lead, "irina", "again")
    gateway.work()
    forget_scrape(app)
    after = counted(app)
    assert after["speed_to_call_seconds_count", ("shop",)] == before["speed_to_call_seconds_count", ("shop",)] == 1
    assert after["provider_request_seconds_count", ("main",)] == 2


def test_reading_takes_a_twentieth_of_the_time_at_most(app, gateway, monkeypatch):
    ticks = iter([100.0, 101.0, 120.9, 121.1, 122.0])  # the first scrape took a second
    monkeypatch.setattr(metrics.time, "monotonic", lambda: next(ticks))
    before = samples(app)
    gateway.take({"id": "1", "phone": "79990000001"})
    assert samples(app) == before
    assert samples(app) != before
