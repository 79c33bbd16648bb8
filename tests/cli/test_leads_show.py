"""`flask leads show`: what to look for, what came, and the lines to type next."""

import shlex

import pytest

from core import ways_on
from core.reason_words import TABLE
from core.states import STATES
from store import people
from tests.fakes import LOST, NO

WHY = ("--who", "anna", "--why", "because")


def shown(gateway, flask, lead_id, *words):
    code, text = flask("leads", "show", str(gateway.lead(lead_id).no), *words)
    assert code == 0, text
    return text


def typed(text):
    """The lines to type that it gives."""
    return [line.strip() for line in text.splitlines() if line.startswith("    flask ")]


def test_an_unknown_call_has_the_time_to_look_for_and_three_ways_on(gateway, flask):
    gateway.voice.outcomes = [LOST]
    lead_id = gateway.take({"id": "1", "phone": "79990000001"})
    gateway.work()
    no = gateway.lead(lead_id).no
    text = shown(gateway, flask, lead_id)
    assert "for a call to 7999***0001, script 'Заявка', from 2026-11-25 12:00:00 MSK to 2026-11-25 12:00:" in text
    assert [line.split(" --why")[0] for line in typed(text)] == [
        f"flask leads resolve {no}",
        f"flask leads cancel {no}",
        f"flask leads rearm {no}",
    ]
    assert "It did not ring: call (possible from 2026-11-25 12:10:" in text
    gateway.clock.forward(700)
    assert "possible from" not in shown(gateway, flask, lead_id)
    whole = shown(gateway, flask, lead_id, "--reveal", "--who", "anna")
    assert "for a call to 79990000001" in whole
    with gateway.store.read() as tx:
        [noted] = [row for row in people.page_of_audit(tx, 9) if row["what"] == "number_shown"]
    assert (noted["who"], noted["about"]) == ("anna", f"№ {no}")


def test_without_a_number_it_says_which_fields_came(gateway, flask):
    form = {"id": "1", "Name": "Иван", "Ваш_номер": "8 999 000-00-07", "Телефон": "", "utm": {"source": "ya"}}
    lead_id = gateway.take({**form, "79990000009": "x"})
    gateway.work()
    text = shown(gateway, flask, lead_id)
    assert "came: id, Name, Ваш_номер, Телефон (empty), utm.source, 7999•••••09" in text
    assert "000-00-07" not in text
    assert typed(text)[0] == f"flask sources try shop {gateway.lead(lead_id).no}"
    assert "what to do: Mend the fields" in text
    assert "Ваш_номер = 8 999 000-00-07" in shown(gateway, flask, lead_id, "--reveal")


def test_each_line_to_type_does_what_it_says(gateway, flask):
    gateway.voice.outcomes = [NO, NO]
    refused = [gateway.take({"id": str(n), "phone": f"7999000000{n}"}) for n in (1, 2)]
    gateway.work()
    for lead_id, after in zip(refused, ("ready", "cancelled"), strict=True):
        lines = typed(shown(gateway, flask, lead_id))
        line = lines[0 if after == "ready" else 1]
        assert flask(*shlex.split(line)[1:])[0] == 0
        assert gateway.lead(lead_id).state == after


def test_a_lead_is_named_as_the_pages_write_it(gateway, flask):
    lead = gateway.lead(gateway.take({"id": "1"}))
    for named in (str(lead.no), f"№ {lead.no}", f"#{lead.no}", lead.id):
        assert f"lead {lead.no} (" in flask("leads", "show", named)[1]
    assert flask("leads", "cancel", f"№{lead.no}", *WHY)[0] == 0


def test_a_lead_that_was_rung_is_offered_no_second_ring(gateway, flask):
    lead_id = gateway.take({"id": "1", "phone": "79990000001"})
    gateway.work()
    text = shown(gateway, flask, lead_id)
    assert typed(text) == []
    assert "whether the person picked up is in the provider's panel" in text


def test_the_story_in_russian_has_its_times_and_states(gateway, flask):
    gateway.voice.outcomes = [LOST]
    lead_id = gateway.take({"id": "1", "phone": "79990000001"})
    gateway.work()
    text = shown(gateway, flask, lead_id, "--lang", "ru")
    for said in ("Исход неясен (unknown)", "ищите в кабинете провайдера", "с 25.11.2026 12:00:00 МСК"):
        assert said in text
    assert "Звонок был: закрыть" in text
    assert "Звоним -> Исход неясен" in text
    assert "'есть в кабинете'" in text


@pytest.mark.parametrize("has_call", [True, False])
@pytest.mark.parametrize("state", STATES)
def test_no_way_is_offered_that_the_states_do_not_hold(state, has_call):
    for code in ("", *TABLE):
        for claimed in (True, False):
            ways = ways_on.of(state, code, has_call=has_call, claimed=claimed)
            assert {way.do for way in ways} <= {"cancel", "remap", "rearm", "resolve"}
            assert has_call or not any(way.do == "rearm" for way in ways)
            assert not (claimed and any(way.do == "remap" for way in ways))


@pytest.mark.parametrize("code", TABLE)
def test_a_call_all_the_same_is_offered_for_what_a_rearm_can_set_aside(code):
    """A number on the do-not-call list stays unrung: no button and no command says otherwise."""
    offered = ways_on.ALL_THE_SAME in ways_on.of("suppressed", code, has_call=True, claimed=False)
    assert offered == (code in ("called_recently", "dry_run"))
