"""The first page and the alarms: what is wrong, what needs somebody, how fast, how dear, who is silent."""

import itertools
import re
from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, update

from core.alarm_words import LANGUAGES, WORDS
from core.alarms import ALARMS
from core.outcome import ACCEPTED, Outcome
from core.overall import POLICY
from flow import alarms as flow_alarms
from flow import operate
from flow.hourly import Hours
from handlers.console import charts
from store.tables import hourly_calls
from tests.fakes import LOST, YES
from tests.wire.conftest import peer
from tests.wire.test_tell import answering

__all__ = ["peer"]

DEAR = Outcome(ACCEPTED, provider_id="77", http_status=200, reply=b"{}", price="4.35")


def test_every_alarm_has_its_words():
    assert set(WORDS) == {*ALARMS, "no_watch", "database_away"}
    assert all(set(said) == set(LANGUAGES) and all(map(all, said.values())) for said in WORDS.values())


def test_without_leads_it_says_what_to_do_first(owner):
    page = owner.get("/console/")
    assert "three steps" in page
    assert "Are the sources alive?" in page


def test_it_answers_the_five_questions(owner, gateway, clock):
    gateway.alive()
    for n in range(12):
        gateway.take({"id": str(n), "phone": f"799900000{n:02}"})
        gateway.work()
    gateway.voice.otherwise = LOST
    gateway.take({"id": "lost", "phone": "79990000099"})
    gateway.work()
    flow_alarms.keep(gateway.parts)
    page = owner.get("/console/")
    assert "Calls of unknown outcome" not in page  # it stands under the decisions
    assert re.search(r"Decide <span data-inbox>1<", page)
    assert "half of the leads" in page
    assert "Spent in 24 hours" in page
    assert re.search(r'class="f-green"[^>]*><title>12:00, called: 12</title>', page)
    assert page.count("<tr>") > 1
    clock.forward(61)
    flow_alarms.keep(gateway.parts)
    assert "No worker can ring" in owner.get("/console/")
    assert "flask worker" in owner.get("/console/alarms")


def test_an_alarm_is_taken_by_somebody_or_made_quiet_until_tomorrow(operator, gateway, clock):
    flow_alarms.keep(gateway.parts)
    page = operator.get("/console/alarms")
    assert "No worker can ring" in page
    page = operator.post("/console/alarms/ack", kind="no_worker", subject="")
    assert "the operator takes care of it" in page
    assert operator.send("/console/alarms/ack", kind="no_worker", subject="").status_code == 404
    page = operator.post("/console/alarms/quiet", kind="no_worker", subject="", chip="known")
    assert "until 26 Nov 09:00 · the operator: known" in page
    assert operator.send("/console/alarms/quiet", kind="nonsense", subject="").status_code == 404


def test_every_channel_is_tried_from_the_page(operator, viewer, app, tmp_path, peer):
    page = operator.send("/console/alarms/test")
    assert (page.status_code, "No channel is set up" in page.text) == (200, True)
    well, ill = peer(answering(200)), peer(answering(404))
    file = tmp_path / "alarms.yaml"
    file.write_text(
        "channels:\n"
        f"  good: {{kind: webhook, url: '{well.url}', secret: env:SHOP_TOKEN}}\n"
        f"  bad: {{kind: webhook, url: '{ill.url}', secret: env:SHOP_TOKEN}}\n"
    )
    app.extensions["gateway"].secrets = {"env:SHOP_TOKEN": "whsec_a2tr"}.get
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], alarms_file=file)
    page = operator.send("/console/alarms/test").text
    assert "<b>good</b>: it got out · HTTP 200" in page
    assert "<b>bad</b>: it did not get out · HTTP 404" in page
    assert len(well.requests) == 1
    assert viewer.send("/console/alarms/test").status_code == 403


def test_a_lead_that_a_rule_made_wait_counts_for_no_speed(owner, gateway, clock):
    gateway.alive()
    clock.forward(11 * 3600)  # 23:00
    gateway.take({"id": "1", "phone": "79990000001"})
    gateway.work()
    clock.forward(10.5 * 3600)
    gateway.voice.otherwise = YES
    gateway.alive()
    gateway.work()
    page = owner.sign_in("again", "owner").get("/console/")
    assert "No call in 24 hours" in page


def test_thirty_days_stand_beside_the_hours_on_the_overview_and_with_their_price_on_a_source(owner, gateway, clock):
    gateway.alive()
    gateway.voice.otherwise = DEAR
    for n in range(10):
        clock.forward(86_400)
        gateway.alive()
        gateway.take({"id": str(n), "phone": f"799900000{n:02}"})
        gateway.work()
    owner = owner.sign_in("again", "owner")
    before = owner.get("/console/?chart=month")
    assert "flask watch, which has not done it yet" in before
    assert "need a decision" in before
    assert "Sat 5 Dec, called: 1</title>" in before
    assert "Fri 4 Dec, called: 1</title>" not in before
    Hours(gateway.parts).look()
    page = owner.get("/console/?chart=month")
    assert "last 24 hours were counted" not in page
    assert "has not done it yet" not in page
    assert len(re.findall(r'class="f-green"[^>]*><title>\w+ \d+ \w+, called: 1</title>', page)) == 10
    page = owner.get("/console/sources/shop")
    assert "Thirty days" in page
    assert page.count("4.35") == 10
    assert "43.50" in page
    clock.forward(2 * 86_400)
    owner = owner.sign_in("once more", "owner")
    assert "counted 2 days ago: is flask watch running?" in owner.get("/console/?chart=month").replace("\u00a0", " ")


def test_days_are_read_once_for_as_long_as_nobody_counts_anew(owner, gateway, clock):
    asked = []

    def hear(_tx, _cursor, statement, *_):
        asked.extend(["days"] if "hourly.state, sum(" in statement else [])

    def cancelled():
        page = owner.get("/console/?chart=month")
        return len(re.findall(r"on purpose: 1</title>", page))

    gateway.alive()
    lead_id = gateway.take({"id": "1", "phone": "none"})
    gateway.work()
    clock.forward(2 * 86_400)
    owner = owner.sign_in("again", "owner")
    Hours(gateway.parts).look()
    event.listen(gateway.store.engine, "before_cursor_execute", hear)
    assert (cancelled(), cancelled(), asked) == (0, 0, ["days"])
    operate.cancel(gateway.parts, lead_id, "anna", "a test")
    clock.forward(1)
    Hours(gateway.parts).look()
    assert (cancelled(), cancelled(), asked) == (1, 1, ["days", "days"])


def test_hours_that_the_watch_counted_say_what_the_leads_say(owner, gateway, clock):
    gateway.voice.otherwise = DEAR
    for n in range(24):
        gateway.alive()
        gateway.take({"id": str(n), "phone": f"799900000{n:02}" if n % 5 else "none"})
        clock.forward(1 + n % 3)
        gateway.work()
        clock.forward(600)
    figures = re.compile(
        r'class="big">[^<]*|<title>[^<]*|class="num"[^>]*>[^<]*|d="[^"]*"|points="[^"]*"|[\d,]+ of [\d,]+'
    )

    def told():
        return figures.findall(owner.get("/console/"))

    before = told()
    assert len(before) > 30
    Hours(gateway.parts).look()
    assert told() == before
    with gateway.store.write() as tx:  # and they are read from there
        tx.execute(update(hourly_calls).values(waits="[[9000, 12]]", calls='[["Заявка", "accepted", "1000", 1]]'))
    changed = "".join(told())
    assert "9.0" in changed
    assert re.search(r"3,0\d\d", changed)


def test_a_source_tells_how_much_usually_comes_and_what_should_have_come(owner, gateway, clock):
    gateway.alive()
    for n in range(5 * 24):
        gateway.take({"id": str(n), "phone": f"79990000{n:03}"})
        clock.forward(3600)
    for path in ("/console/", "/console/sources", "/console/sources/shop"):
        page = owner.sign_in(f"reader of {len(path)}", "viewer").get(path)
        assert "usually 1 an hour now" in page
        assert "should have come" not in page
    clock.forward(4 * 3600)
    for path in ("/console/", "/console/sources", "/console/sources/shop"):
        page = owner.sign_in(f"later {len(path)}", "viewer").get(path)
        assert re.search(r"[45] should have come", page)


def test_a_new_source_says_which_day_of_learning_it_is(owner, gateway, clock):
    gateway.alive()
    assert "is learnt" not in owner.get("/console/sources/shop")  # nothing came yet
    for n, day in enumerate((1, 1, 2, 3)):  # it began at noon: that day is no whole one
        gateway.take({"id": str(n), "phone": f"7999000000{n}"})
        page = owner.sign_in(f"after {n} days", "viewer").get("/console/sources/shop")
        assert f"how often leads come is learnt: day {day} of 3" in page
        clock.forward(86_400)
    page = owner.sign_in("in the end", "viewer").get("/console/sources/shop")
    assert "is learnt from 30 leads on; so far" in page


@given(st.lists(st.lists(st.integers(0, 500), min_size=3, max_size=3), min_size=1, max_size=30))
def test_bars_stay_in_their_box_and_lie_on_one_another(columns):
    named = [[(f"kind {n}", count) for n, count in enumerate(column)] for column in columns]
    top = charts.scale(max(sum(column) for column in columns))
    bars = charts.stacks(named, top)
    assert sum(bar.count for bar in bars) == sum(map(sum, columns))
    for bar in bars:
        assert 0 <= bar.x <= bar.x + bar.width <= 100.01
        assert -0.01 <= bar.y <= bar.y + bar.height <= 100.02
    for nth in range(len(columns)):
        mine = [bar for bar in bars if bar.nth == nth]
        for lower, upper in itertools.pairwise(mine):
            assert abs(upper.y + upper.height - lower.y) < 0.05


def test_an_axis_ends_at_a_round_number():
    assert [charts.scale(n) for n in (0, 1, 2, 3, 7, 11, 26, 46, 300, 301)] == [2, 2, 2, 4, 8, 20, 30, 50, 300, 400]


@given(st.lists(st.integers(0, 50), min_size=1), st.integers(1, 100))
def test_a_part_of_what_is_counted_is_that_of_the_values_themselves(values, part):
    counts = Counter(values)
    assert charts.part_of(counts, part) == sorted(values)[(len(values) * part + 99) // 100 - 1]


def test_an_hour_without_enough_calls_is_a_gap():
    assert charts.lines([1, None, 2, 2], 4) == ["66.67,50.0 100.0,50.0"]
    assert charts.dots([1, None, 2, 2], 4) == "M0.0 75.0h0M66.67 50.0h0M100.0 50.0h0"


def test_the_first_page_says_what_is_spent_by_the_end_of_the_hours_and_when_the_cap_is_reached(owner, gateway, clock):
    gateway.voice.otherwise = DEAR
    gateway.put(POLICY, 'house: {spend_per_day: "200"}\n')
    for n in range(12):
        gateway.take({"id": str(n), "phone": f"799900000{n:02}"})
        gateway.work()
    page = owner.get("/console/")
    # 12 calls of 4.35 each in the last hour; noon, and the hours end at 20:00: eight more hours of it make 469.80.
    assert re.search(r"By 20:00 at this pace</dt><dd>≈ \D*200", page)
    assert "At this pace the cap is reached at 14:" in page
    gateway.put(POLICY, 'house: {spend_per_day: "2000"}\n')
    page = owner.get("/console/")
    assert re.search(r"By 20:00 at this pace</dt><dd>≈ \D*470\b", page)
    assert "the cap is reached" not in page
    clock.forward(3600 + 60)
    assert "at this pace</dt>" not in owner.get("/console/")
