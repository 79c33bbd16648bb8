"""People's data fades by age and at once when they ask; what it was for goes on."""

import json

import pytest
from sqlalchemy import LargeBinary

from core import states
from core.durations import DAY_MS
from core.outcome import REFUSED, Outcome
from flow import decide, erase, operate
from store import do_not_call, epoch, queries
from store.journal import Entry, number_hash
from store.personal import After, columns_of
from store.tables import meta
from tests.fakes import LOST, NO

NAME, NUMBER, NATIONAL = "Аристарх", "79990000001", "9990000001"
ARISTARCH = {"id": "key-9990000001", "name": NAME, "phone": "+7 (999) 000-00-01", "note": "хочу кухню"}
DAY = 24 * 3600
WRITTEN = (NAME, NAME.encode().decode("latin-1"), json.dumps(NAME)[1:-1], NATIONAL, "999) 000-00-01", "кухню")
SHOP = """
preset: generic
auth: {secret: env:SHOP_TOKEN}
event_key: id
mapping:
  number: {field: phone, region: RU}
  person: {field: name}
  script: Заявка
  sms: {template: "Здравствуйте, {{ name }}!"}
"""


def readable(store):
    """Where in the database something of Aristarch's can be read."""
    found = []
    with store.read() as tx:
        for table in meta.sorted_tables:
            for row in tx.execute(table.select()):
                for column, value in row._mapping.items():
                    raw = isinstance(value, bytes | memoryview)
                    text = bytes(value).decode("utf-8", "replace") if raw else str(value)
                    if any(word in text for word in WRITTEN):
                        found.append(f"{table.name}.{column}")
    return found


@pytest.fixture
def shop(gateway):
    gateway.put("shop", SHOP)
    return gateway


def age(gateway, days=91):
    gateway.clock.forward(days * DAY)
    gateway.parts.sources.refresh()


def test_what_is_old_is_erased_and_what_became_of_it_stays(shop):
    shop.voice.otherwise = NO
    lead = shop.take(ARISTARCH)
    shop.work()
    shop.post({**ARISTARCH, "note": "хочу кухню и шкаф"})
    before = shop.story(lead)
    held = {"leads.payload", "leads.number", "deliveries.body", "attempts.number", "history.trace"}
    assert held <= set(readable(shop.store))
    age(shop)
    erase.erase_old(shop.parts)
    assert readable(shop.store) == []
    after = shop.story(lead)
    one = after["lead"]
    assert (one.state, one.reason, one.claims) == ("refused", before["lead"].reason, 1)
    assert (one.payload, one.number, one.person) == ("{}", None, None)
    assert one.number_hash == number_hash(NUMBER, shop.parts.digest_key)
    steps = ["transition", "origin", "target", "who", "why", "at"]
    assert [[h[s] for s in steps] for h in after["history"]] == [[h[s] for s in steps] for h in before["history"]]
    kept = ["n", "round", "outcome", "how", "http_status", "price", "script", "started_at", "ended_at"]
    assert [[a[k] for k in kept] for a in after["attempts"]] == [[a[k] for k in kept] for a in before["attempts"]]
    assert [d["kind"] for d in after["deliveries"]] == ["first", "changed_after_call"]
    rules = json.loads(after["history"][1]["trace"])["rules"]
    assert [r["verdict"] for r in rules] == [r["verdict"] for r in json.loads(before["history"][1]["trace"])["rules"]]


def test_a_column_that_says_it_holds_nobodys_data_holds_nobodys(shop):
    said = Outcome(REFUSED, error=f"{NUMBER} is no number", reply=json.dumps({"said": NAME}).encode(), http_status=200)
    shop.voice.otherwise = said
    shop.take(ARISTARCH)
    shop.work()
    shop.post({**ARISTARCH, "note": "хочу кухню и шкаф"})
    corrected = shop.take({**ARISTARCH, "id": "2", "phone": "8 999 000-00-01 or 9990000001, кухня"})
    shop.post({**ARISTARCH, "id": "2"})
    shop.work()
    shop.post(b'{"phone": "+7 (999) 000-00-01", "name": ', query=f"&name={NAME}")
    operate.cancel(shop.parts, corrected, "boss", "asked by phone")
    found = set(readable(shop.store))
    assert {"attempts.error", "attempts.reply", "history.payload", "leads.person", "leads.sms"} <= found
    assert found <= {f"{table.name}.{name}" for table in meta.sorted_tables for name in columns_of(table)}


def test_every_column_that_says_it_holds_a_persons_data_is_emptied(shop):
    """Each is filled by hand, whatever the walk would write there: a column declared anew is held, too."""
    shop.take(ARISTARCH)
    shop.work()
    shop.clock.forward(3600)
    filled = set()
    with shop.store.write() as tx:
        for table in meta.sorted_tables:
            for name, says in columns_of(table).items():
                if says.after is After.WHOLE:
                    continue
                filled.add(f"{table.name}.{name}")
                if name != "number":  # by which the person is found
                    raw = isinstance(table.c[name].type, LargeBinary)
                    text = json.dumps({"written": NUMBER})
                    tx.execute(table.update().values({name: text.encode() if raw else text}))
    assert set(readable(shop.store)) >= filled
    assert erase.erase_person(shop.parts, NUMBER, "anna", "asked").leads == 1
    assert readable(shop.store) == []


def test_nothing_younger_is_touched(shop):
    lead = shop.take(ARISTARCH)
    shop.work()
    age(shop, 89)
    erase.erase_old(shop.parts)
    assert shop.lead(lead).number == NUMBER
    shop.parts.retention_days = 30
    erase.erase_old(shop.parts)
    assert shop.lead(lead).number is None


@pytest.mark.parametrize("state", states.STATES)
def test_only_what_is_over_or_held_is_erased(shop, state):
    lead = shop.take(ARISTARCH)
    with shop.store.write() as tx:
        tx.execute(meta.tables["leads"].update().values(state=state, number=NUMBER))
    age(shop)
    erase.erase_old(shop.parts)
    waits = state in ("received", "ready", "calling")
    assert (shop.lead(lead).erased_at is None) == waits
    assert ("deliveries.body" in readable(shop.store)) == waits


def test_a_call_that_still_keeps_its_number_from_being_rung_stays(shop):
    shop.parts.retention_days = 1
    shop.put("shop", SHOP + "policy: {once_per_number: 3d}\n")
    lead = shop.take(ARISTARCH)
    shop.work()
    age(shop, 2)
    erase.erase_old(shop.parts)
    assert shop.lead(lead).number == NUMBER
    again = shop.take({**ARISTARCH, "id": "2"})
    shop.work()
    assert shop.lead(again).reason == "called_recently"
    age(shop, 2)
    erase.erase_old(shop.parts)
    assert shop.lead(lead).number is None


def test_old_leads_are_erased_batch_by_batch_until_none_is_left(shop):
    for n in range(5):
        shop.take({**ARISTARCH, "id": str(n), "phone": "none"})
    shop.work()
    age(shop)
    goes = 0
    while erase.erase_old(shop.parts, batch=2) and goes < 9:
        goes += 1
    assert goes == 2
    assert readable(shop.store) == []


def test_a_repeat_of_an_erased_lead_is_still_a_repeat_and_brings_nothing_back(shop):
    lead = shop.take(ARISTARCH)
    shop.work()
    shop.clock.forward(3600)
    erase.erase_person(shop.parts, NUMBER, "anna", "asked")
    answer = json.loads(shop.post({**ARISTARCH, "note": "кухня, срочно"}).body)["leads"]
    assert answer == [{"id": lead, "state": "accepted", "duplicate": True}]
    shop.work()
    assert (shop.lead(lead).payload, len(shop.voice.asked)) == ("{}", 1)
    age(shop, 40)  # behind repeat_window: a new event
    assert json.loads(shop.post(ARISTARCH).body)["leads"][0]["id"] != lead


def test_the_same_person_is_erased_again_and_again_under_the_same_id(shop):
    """Behind its window the id is a new event's; what guards the first is there when the second is erased."""
    shop.parts.retention_days = 1000
    leads = []
    for _ in range(3):
        leads.append(shop.take(ARISTARCH))
        shop.work()
        shop.clock.forward(3600)
        assert erase.erase_person(shop.parts, NUMBER, "anna", "asked").leads == 1
        again = json.loads(shop.post(ARISTARCH).body)["leads"]
        assert again == [{"id": leads[-1], "state": "accepted", "duplicate": True}]
        done = erase.erase_person(shop.parts, NUMBER, "anna", "asked again")
        assert (done.leads, done.deliveries) == (0, 1)  # what the repeat brought along
        assert readable(shop.store) == []
        age(shop, 31)
    assert len(set(leads)) == len(shop.voice.asked) == 3


def test_an_id_that_is_given_to_another_person_after_an_erasure_loses_nobody(shop):
    """Nor does it ring him: an id that came with two numbers waits for a person, as ever."""
    first = shop.take(ARISTARCH)
    shop.work()
    erase.erase_person(shop.parts, NUMBER, "anna", "asked")
    other = {**ARISTARCH, "name": "Иван", "phone": "+7 (999) 000-00-09"}
    second = json.loads(shop.post(other).body)["leads"][0]
    assert (second["state"], second["duplicate"]) == ("held", False)
    assert shop.lead(second["id"]).reason == "same_id_other_number"
    again = json.loads(shop.post(other).body)["leads"][0]
    assert (again["id"], again["duplicate"]) == (second["id"], True)
    same = json.loads(shop.post(ARISTARCH).body)["leads"][0]
    assert (same["id"], same["duplicate"]) == (first, True)
    shop.work()
    assert len(shop.voice.asked) == 1


@pytest.mark.parametrize("second", [ARISTARCH, {**ARISTARCH, "phone": "+7 999 000-00-09"}])
def test_what_repeats_an_erased_lead_that_never_had_a_number_is_found_by_what_it_says(shop, second):
    held = shop.post({**ARISTARCH, "phone": f"{ARISTARCH['phone']} or {ARISTARCH['phone'][:-1]}8"})
    assert erase.erase_person(shop.parts, NUMBER, "anna", "asked").leads == 1
    again = json.loads(shop.post(second).body)["leads"]
    assert again[0]["id"] == json.loads(held.body)["leads"][0]["id"]
    number = "7" + "".join(filter(str.isdigit, second["phone"]))[-10:]
    done = erase.erase_person(shop.parts, number, "anna", "asked again")
    assert (done.leads, done.deliveries) == (0, 1)
    assert readable(shop.store) == []


def test_the_same_id_fades_twice_by_age(shop):
    shop.parts.retention_days = 10
    first = shop.take(ARISTARCH)
    shop.work()
    age(shop, 12)
    erase.erase_old(shop.parts)
    age(shop, 20)
    second = shop.take(ARISTARCH)
    shop.work()
    age(shop, 12)
    erase.erase_old(shop.parts)
    assert first != second
    assert readable(shop.store) == []


def test_a_call_that_a_recovery_has_remembered_is_no_hindrance(shop):
    lead = shop.take(ARISTARCH)
    shop.work()
    shop.clock.forward(3600)
    attempt = shop.story(lead)["attempts"][0]["id"]
    with shop.store.write() as tx:
        epoch.remember(tx, Entry("s", attempt, lead, "shop", "k", "main", "h", "Заявка", 1, 1))
    assert erase.erase_person(shop.parts, NUMBER, "anna", "asked").leads == 1


def spoil(shop, lead, trace="no JSON"):
    """A row as no release of ours writes it."""
    with shop.store.write() as tx:
        table = meta.tables["history"]
        tx.execute(table.update().where(table.c.lead == lead).values(trace=trace))


def test_one_lead_that_cannot_be_erased_stops_no_other_from_fading(shop):
    bad = shop.take({**ARISTARCH, "id": "0", "phone": "none"})
    good = [shop.take({**ARISTARCH, "id": str(n), "phone": "none"}) for n in range(1, 5)]
    shop.work()
    age(shop)
    spoil(shop, bad)
    for batch in (3, 1, 1):
        erase.erase_old(shop.parts, batch=batch)
    assert [shop.lead(one).erased_at is None for one in (bad, *good)] == [True, False, False, False, False]
    assert shop.parts.unerasable == {bad}
    shop.parts.unerasable.clear()  # the next process, of a release that is mended
    spoil(shop, bad, "{}")
    erase.erase_old(shop.parts)
    assert readable(shop.store) == []


def test_where_nothing_can_be_erased_nothing_more_is_tried(shop):
    lead = shop.take(ARISTARCH)
    shop.work()
    age(shop)
    shop.parts.unerasable.update(str(n) for n in range(erase.MOST_PASSED_BY))
    assert erase.erase_old(shop.parts) is False
    assert shop.lead(lead).erased_at is None


def test_of_a_persons_leads_the_one_that_cannot_be_erased_is_named_and_the_others_go(shop):
    bad, other, waits = (shop.take({**ARISTARCH, "id": str(n)}) for n in range(3))
    while decide.decide_due(shop.parts, 1):
        continue
    spoil(shop, bad)
    done = erase.erase_person(shop.parts, NUMBER, "anna", "asked")
    assert (done.leads, done.deliveries, done.left, done.failed) == (2, 2, [], [shop.lead(bad).no])
    assert shop.lead(bad).state == "ready"  # nothing half done
    assert [shop.lead(one).state for one in (other, waits)] == ["cancelled", "cancelled"]
    spoil(shop, bad, "{}")
    assert erase.erase_person(shop.parts, NUMBER, "anna", "asked").leads == 1
    assert readable(shop.store) == []


def test_with_a_short_retention_a_repeat_inside_its_window_is_still_a_repeat(shop):
    shop.parts.retention_days = 2
    lead = shop.take(ARISTARCH)
    shop.work()
    age(shop, 5)
    erase.erase_old(shop.parts)
    assert readable(shop.store) == []
    assert json.loads(shop.post(ARISTARCH).body)["leads"] == [{"id": lead, "state": "accepted", "duplicate": True}]


def test_a_repeat_without_an_event_key_is_known_by_its_content(shop):
    lead = shop.take({"phone": NUMBER, "name": NAME})
    shop.work()
    shop.clock.forward(400)
    with shop.store.write() as tx:  # its call came to light long ago
        tx.execute(meta.tables["attempts"].update().values(deadline_at=0))
    erase.erase_person(shop.parts, NUMBER, "anna", "asked")
    assert json.loads(shop.post({"phone": NUMBER, "name": NAME}).body)["leads"][0] == {
        "id": lead,
        "state": "accepted",
        "duplicate": True,
    }


def test_a_person_is_erased_at_once_with_a_record_that_tells_nothing(shop):
    shop.voice.outcomes = [LOST]
    called = shop.take(ARISTARCH)
    shop.work()
    shop.clock.forward(3600)
    recent = shop.take({**ARISTARCH, "id": "2"})
    shop.work()
    other = shop.take({"id": "3", "name": "Ева", "phone": "79990000003"})
    waits = shop.take({**ARISTARCH, "id": "4"})
    done = erase.erase_person(shop.parts, NUMBER, "anna", "letter of today")
    assert (done.leads, done.deliveries, done.left) == (3, 3, [])
    assert readable(shop.store) == []
    assert [shop.lead(one).state for one in (called, recent, waits)] == ["unknown", "suppressed", "cancelled"]
    assert shop.lead(other).payload != "{}"
    with shop.store.read() as tx:
        (row,) = tx.execute(meta.tables["erasures"].select()).all()
    assert (row.who, row.why, row.leads, row.deliveries) == ("anna", "letter of today", 3, 3)
    assert row.number_hash == number_hash(NUMBER, shop.parts.digest_key)


def test_a_person_who_was_just_called_and_erased_is_not_called_again_so_soon(shop):
    shop.take(ARISTARCH)
    shop.work()
    shop.clock.forward(3600)
    erase.erase_person(shop.parts, NUMBER, "anna", "asked")
    again = shop.take({**ARISTARCH, "id": "2"})
    shop.work()
    assert (shop.lead(again).reason, len(shop.voice.asked)) == ("called_recently", 1)
    shop.clock.forward(DAY)
    third = shop.take({**ARISTARCH, "id": "3"})
    shop.work()
    assert shop.lead(third).state == "accepted"


def test_leads_that_only_mention_the_number_are_found(shop):
    held = shop.take({"id": "1", "name": NAME, "tel": "8 999 000-00-01"})  # in a field that is not mapped
    unreadable = shop.post(b'{"phone": "+7 (999) 000-00-01", "name": ')
    corrected = shop.take({**ARISTARCH, "id": "2"})
    shop.post({"id": "2", "name": "", "phone": ""})
    shop.work()
    assert unreadable.status == 200
    erase.erase_person(shop.parts, NUMBER, "anna", "asked")
    assert readable(shop.store) == []
    assert shop.lead(held).state == "cancelled"
    assert shop.lead(corrected).erased_at is not None


def test_a_call_that_may_still_come_to_light_is_left_and_told(shop):
    lead = shop.take(ARISTARCH)
    decide.decide_due(shop.parts, 1)
    shop.claim()
    done = erase.erase_person(shop.parts, NUMBER, "anna", "asked")
    assert (done.leads, done.left) == (0, [shop.lead(lead).no])
    assert shop.lead(lead).state == "calling"


def test_the_do_not_call_list_outlives_both(shop):
    with shop.store.write() as tx:
        do_not_call.add(tx, {NUMBER: "asked"}, "anna", 1)
    shop.take(ARISTARCH)
    shop.work()
    erase.erase_person(shop.parts, NUMBER, "anna", "asked")
    age(shop, 400)
    erase.erase_old(shop.parts)
    assert set(readable(shop.store)) == {"do_not_call.number"}


@pytest.mark.parametrize("change", ["remap", "rearm"])
def test_an_erased_lead_cannot_be_called_again(shop, change):
    lead = shop.take({"id": "1", "name": NAME})
    shop.work()
    age(shop)
    erase.erase_old(shop.parts)
    with pytest.raises(operate.Refused, match="erased"):
        getattr(operate, change)(shop.parts, lead, "anna", "try")


def test_a_delivery_of_several_people_fades_with_the_last_of_them(shop):
    shop.post([ARISTARCH, {"id": "2", "name": "Ева", "phone": "79990000002"}])
    with shop.store.write() as tx:
        table = meta.tables["leads"]
        tx.execute(table.update().values(state="accepted"))
        tx.execute(table.update().where(table.c.event_key == '["2"]').values(state="ready"))
    age(shop)
    erase.erase_old(shop.parts)
    assert readable(shop.store) == ["deliveries.body"]
    with shop.store.write() as tx:
        tx.execute(table.update().values(state="accepted"))
    erase.erase_old(shop.parts)
    assert readable(shop.store) == []


def test_digests_that_guard_nothing_any_more_go(shop):
    shop.take(ARISTARCH)
    shop.work()
    shop.clock.forward(3600)
    erase.erase_person(shop.parts, NUMBER, "anna", "asked")
    counted = ("erased_keys", "forgotten_calls")
    assert [count(shop.store, name) for name in counted] == [1, 1]
    age(shop, 2 * 90)
    erase.erase_old(shop.parts)
    assert [count(shop.store, name) for name in counted] == [0, 0]


def count(store, name):
    with store.read() as tx:
        return len(tx.execute(meta.tables[name].select()).all())


def test_the_api_tells_that_a_lead_was_erased(shop):
    lead = shop.take(ARISTARCH)
    shop.work()
    age(shop)
    erase.erase_old(shop.parts)
    with shop.store.read() as tx:
        assert queries.whole(tx, lead, 0)["erased_at"] == int(shop.clock() * 1000)
    assert DAY_MS == DAY * 1000
