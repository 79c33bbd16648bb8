"""`flask leads list`: who came since yesterday, of this number, by this name, and why nobody was rung."""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from core.outcome import REFUSED, Outcome
from flow import decide
from schemas.leads import ListedLead
from store import people
from store.tables import leads
from tests.fakes import LOST
from tests.flow.test_explained import unable

DAY = 24 * 3600
NAMED = """
preset: generic
auth: {secret: env:SHOP_TOKEN}
event_key: id
mapping:
  number: {field: phone, region: RU}
  person: {field: name}
  script: Заявка
"""
EVIL = "Ёлка\x1b[2J\n=1+1"


@pytest.fixture
def week(gateway):
    """A lead a day: accepted, suppressed (the same number), held, unknown, cancelled; the clock is two minutes on."""
    gateway.alive()
    gateway.put("shop", NAMED)
    gateway.clock.forward(-4 * DAY)
    gateway.take({"id": "1", "phone": "8 999 000-00-01", "name": "Иван Петров"})
    gateway.work()
    gateway.clock.forward(3600)
    gateway.take({"id": "2", "phone": "+7 (999) 000-00-01", "name": "иван петров"})
    gateway.work()
    gateway.clock.forward(DAY - 3600)
    gateway.take({"id": "3", "name": EVIL})
    gateway.work()
    gateway.clock.forward(2 * DAY)
    gateway.voice.outcomes = [LOST]
    gateway.take({"id": "4", "phone": "79990000004", "name": "Anna 79990000004"})
    gateway.work()
    gateway.clock.forward(DAY)
    gateway.take({"id": "5", "phone": "79990000005"})
    gateway.alive()
    gateway.clock.forward(120)
    gateway.alive()
    return gateway


def listed(flask, *words):
    """The rows as objects, by `--json`."""
    code, text = flask("leads", "list", "--json", *words)
    assert code == 0, text
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


@pytest.mark.usefixtures("week")
@pytest.mark.parametrize(
    ("words", "states"),
    [
        ((), ["received", "unknown", "held", "suppressed", "accepted"]),
        (("--since", "yesterday"), ["received", "unknown"]),
        (("--since", "today"), ["received"]),
        (("--since", "2d", "--until", "today"), ["unknown"]),
        (("--since", "21.11.2026", "--until", "2026-11-22"), ["suppressed", "accepted"]),
        (("--until", "21.11 12:30"), ["accepted"]),
        (("--state", "held", "--state", "unknown"), ["unknown", "held"]),
        (("--state", "suppressed", "--reason", "called_recently"), ["suppressed"]),
        (("--reason", "no_answer"), ["unknown"]),
        (("--number", "8 (999) 000 00 01"), ["suppressed", "accepted"]),
        (("--number", "9990000001", "--state", "accepted"), ["accepted"]),
        (("--name", "ПЕТР"), ["suppressed", "accepted"]),
        (("--name", "петров Ив"), ["suppressed", "accepted"]),
        (("--name", "елка"), ["held"]),
        (("--name", "ann"), ["unknown"]),
        (("--source", "shop", "--since", "yesterday", "--name", "anna", "--state", "unknown"), ["unknown"]),
        (("--name", "*"), []),
    ],
)
def test_filters_narrow_it_and_go_together(flask, words, states):
    assert [row["state"] for row in listed(flask, *words)] == states


def test_a_number_may_come_from_the_standard_input(week, app):
    done = app.test_cli_runner().invoke(args=["leads", "list", "--json", "--number", "-"], input="8 999 000-00-01\n")
    assert (done.exit_code, len(done.stdout.splitlines())) == (0, 2)


def test_a_row_has_local_time_name_masked_number_and_why_in_words(week, flask):
    text = flask("leads", "list")[1]
    lines = text.splitlines()
    assert "came, Europe/Moscow" in lines[0]
    assert "2026-11-25 12:00:00" in lines[1]
    assert "7999***0001" in text
    assert "79990000001" not in text
    assert "Иван Петров" in lines[5]
    assert lines[5].endswith("The call was placed")
    assert "was called less than" in lines[4]
    assert "No phone:" in lines[3]
    assert "79990000004" not in text  # not in the name either
    assert "\x1b" not in text
    russian = flask("leads", "list", "--lang", "ru")[1]
    assert "25.11.2026 12:00:00" in russian
    assert "На этот номер звонили 21.11.2026 12:00:00" in russian
    assert "Исход неясен" in russian


def test_whole_numbers_are_shown_on_request_and_that_is_noted(week, flask):
    text = flask("leads", "list", "--reveal", "--who", "anna", "--number", "9990000001")[1]
    assert "79990000001" in text
    with week.store.read() as tx:
        [noted] = [row for row in people.page_of_audit(tx, 10) if row["what"] == "number_shown"]
    nos = [week.lead(lead_id).no for lead_id in week.lead_ids()]
    assert (noted["who"], noted["about"], noted["place"]) == ("anna", f"№ {nos[1]}, {nos[0]}", "command")


def test_json_has_the_apis_names_and_why(week, flask):
    [row] = listed(flask, "--state", "unknown")
    assert set(row) == set(ListedLead().fields) - {"event_key"} | {"why"}
    assert row["call"] == {"number": "7999***0004", "script": "Заявка", "sms": None}
    assert row["received_at"] == "2026-11-24T09:00:00.000Z"
    assert row["why"].startswith("The call was sent and no answer came in time")
    assert row["why"] == row["reasons"][0]["text"]
    assert listed(flask, "--state", "unknown", "--reveal")[0]["call"]["number"] == "79990000004"


def test_who_ended_a_lead_and_why_stands_in_its_row(week, flask):
    no = str(week.lead(week.lead_ids()[2]).no)
    assert flask("leads", "cancel", no, "--who", "anna", "--why", "a joke; ring +7 999 000-00-07")[0] == 0
    [row] = listed(flask, "--state", "cancelled")
    assert row["why"] == "anna: a joke; ring +7 999 •••-••-07"


def test_pages_go_on_behind_a_lead_whatever_came_since(week, flask):
    for states in ((), ("--state", "accepted", "--state", "held", "--state", "suppressed")):
        all_of_them = [row["no"] for row in listed(flask, *states)]
        seen, before = [], ()
        while True:
            code, text = flask("leads", "list", "--json", "--limit", "2", *states, *before)
            assert code == 0
            lines = text.splitlines()
            seen += [json.loads(line)["no"] for line in lines if line.startswith("{")]
            more = next((line for line in lines if line.startswith("more: --before ")), None)
            if more is None:
                break
            before = tuple(more.removeprefix("more: ").split())
            week.take({"id": f"new {len(seen)}"})
        assert seen == all_of_them
    code, text = flask("leads", "list", "--before", "999999")
    assert (code, "no lead has the number 999999" in text) == (1, True)


@pytest.mark.usefixtures("week")
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--since", "банан"), 2, "'банан' is no time; expected yesterday, today, 7d"),
        (("--since", "today", "--until", "yesterday"), 2, "nothing lies between"),
        (("--since", ""), 2, "'' is no time"),
        (("--state", "gone"), 2, "'gone' is no state; expected one of received"),
        (("--reason", "no_numbr"), 2, "'no_numbr' is no reason; expected one like no_number"),
        (("--number", "Ivan"), 2, "nickname"),
        (("--number", " "), 2, "it is empty"),
        (("--name", ""), 2, "it is empty"),
        (("--source", ""), 2, "it is empty"),
        (("--source", "shp"), 1, "there is no source 'shp'; there is: shop"),
        (("--since", "31.12.2099"), 0, "That time is still to come"),
        (("--name", "nobody"), 0, "no lead fits: a name. Leave one of these out"),
    ],
)
def test_what_cannot_be_meant_is_said_with_what_to_do(flask, words, code, said):
    found, text = flask("leads", "list", *words)
    assert (found, said in " ".join(text.split())) == (code, True), text


def test_nobody_works_is_said_beside_the_leads_and_never_among_them(gateway, app):
    gateway.take({"id": "1"})
    done = app.test_cli_runner().invoke(args=["leads", "list"])
    assert "no worker is running" in done.stderr
    assert "no worker" not in done.stdout
    gateway.alive()
    assert app.test_cli_runner().invoke(args=["leads", "list"]).stderr == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "no dispatch journal can be written: nobody is rung; make room on its disk or mend RUN_DIR: "),
        (["--lang", "ru"], "Журнал звонков не пишется: никому не звоним"),
    ],
)
def test_where_no_machine_can_write_its_journal_it_is_said_with_the_reason(gateway, app, words, said):
    def head():
        return app.test_cli_runner().invoke(args=["leads", "list", *words]).stderr

    gateway.take({"id": "1"})
    gateway.alive("two")
    unable(gateway, "one")
    assert head() == ""  # the other one rings
    for _ in range(3):
        gateway.clock.forward(15)
        unable(gateway, "one")
    (line,) = head().splitlines()
    assert line.startswith(f"! {said}")
    assert line.endswith(": No space left on device")
    gateway.clock.forward(60)
    (line,) = head().splitlines()
    assert "flask worker" in line
    gateway.alive("one")
    assert head() == ""


@pytest.mark.parametrize(
    ("words", "ahead", "past"),
    [
        ([], "one call tries at 2026-11-25 12:00:05", "; the next lead that is due tries"),
        (["--lang", "ru"], "один звонок попробует в 25.11.2026 12:00:05", "; попробует следующий лид, которому пора"),
    ],
)
def test_a_try_whose_moment_is_past_is_the_next_lead_s(gateway, app, words, ahead, past):
    def head():
        gateway.alive()
        (line,) = app.test_cli_runner().invoke(args=["leads", "list", *words]).stderr.splitlines()
        return line

    gateway.alive()
    gateway.voice.outcomes = [Outcome(REFUSED, error="x", http_status=401)]
    gateway.take({"id": "1", "phone": "+79990000001"})
    gateway.work()
    assert ahead in head()
    gateway.clock.forward(7200)
    assert head().endswith(past)
    gateway.take({"id": "2", "phone": "+79990000002"})
    while decide.decide_due(gateway.parts):
        continue
    gateway.claim()  # it tries, and its worker dies
    assert past not in head()
    gateway.clock.forward(7200)
    assert head().endswith(past)


def test_a_terminal_that_lacks_a_sign_gets_another_one_for_it(gateway, app):
    gateway.put("shop", NAMED)
    gateway.take({"id": "1", "name": "王小明"})
    gateway.work()
    done = app.test_cli_runner(charset="koi8-r").invoke(args=["leads", "list", "--lang", "ru"])
    assert (done.exit_code, done.exception) == (0, None)
    assert "Придержан" in done.stdout_bytes.decode("koi8-r")


def test_the_hour_that_a_night_has_twice_says_which_one_it_is(gateway, flask, app):
    app.config["ZONE"] = ZoneInfo("Europe/Berlin")
    gateway.alive()
    for at in ("00:30", "01:30", "02:30"):
        gateway.clock.at = datetime.fromisoformat(f"2026-10-25T{at}:00+00:00").timestamp()
        gateway.take({"id": at})
    text = flask("leads", "list", "--since", "2026-10-25 02:30")[1]
    for told in ("2026-10-25 03:30:00  ", "2026-10-25 02:30:00 CET ", "2026-10-25 02:30:00 CEST "):
        assert told in text
    assert "since 2026-10-25 02:30:00 CEST" in text
    assert len(listed(flask, "--until", "2026-10-25 02:30")) == 1


def test_half_a_sign_in_a_reason_stops_no_answer(gateway, flask, tmp_path):
    lead_id = gateway.take({"id": "1"})
    said = r'[{"code": "provider_refused", "params": {"said": "no \ud83d money"}}]'
    with gateway.store.write() as tx:
        tx.execute(update(leads).where(leads.c.id == lead_id).values(reasons=said, reason="provider_refused"))
    for words in (["list"], ["list", "--json"], ["export", "--out", str(tmp_path / "a.csv")], ["export", "--excel"]):
        code, text = flask("leads", *words)
        assert code == 0, text
        assert "money" in text or "in /" in text
    assert "no ? money" in (tmp_path / "a.csv").read_text()


@pytest.mark.usefixtures("week")
def test_bytes_that_are_no_text_are_no_traceback(flask):
    odd = "\udcff"
    for words in (["list", "--source", odd], ["list", "--name", odd], ["list", "--number", odd], ["show", odd]):
        code, text = flask("leads", *words)
        assert (code in (0, 1, 2), "Traceback" in text) == (True, False)
    assert flask("leads", "cancel", odd, "--why", odd, "--who", odd)[0] == 1
