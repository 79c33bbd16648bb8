"""A clock that was a day ahead and is right again: calls go on within seconds."""

import dataclasses
from collections import Counter

import pytest
from sqlalchemy import BigInteger, delete, select, update
from structlog.testing import capture_logs

from core.account.pause import FIRST_WAIT, LONGEST_TRY
from core.outcome import NOT_SENT, UNKNOWN, Outcome
from core.overall import POLICY
from flow import operate, people, sweep
from flow.set_back import STEADY_MS, SetBack
from store import epoch, moments, outbox, tables, todo
from store import workers as worker_rows
from store.tables import leads as leads_table
from store.tables import meta, workers
from tests.fakes import LOST, SHOP, YES
from tests.flow.asking import enriched, take, work
from tests.flow.crm import says

DAY_S = 24 * 3600
HOUR_S = 3600
PAGE_401 = Outcome(UNKNOWN, "http_status", http_status=401)
DOWN = Outcome(NOT_SENT, "refused_connection")


def leads(gateway, first, count):
    return [gateway.take({"id": str(n), "phone": f"+7 999 {n:07d}"}) for n in range(first, first + count)]


def until_all_rang(gateway, ids, seconds):
    for _ in range(seconds):
        gateway.work()
        if {gateway.lead(i).state for i in ids} == {"accepted"}:
            return
        gateway.clock.forward(1)
    raise AssertionError([gateway.lead(i).state for i in ids])


def test_with_a_pace_calls_go_on(gateway):
    main = gateway.parts.accounts["main"]
    gateway.parts.accounts["main"] = dataclasses.replace(main, calls_per_s=1.0)
    gateway.clock.forward(DAY_S)
    leads(gateway, 0, 1)
    gateway.work()
    gateway.clock.forward(-DAY_S)
    until_all_rang(gateway, leads(gateway, 1, 3), 10)


@pytest.mark.parametrize("outcome", [PAGE_401, DOWN])
def test_after_a_pause_that_a_wrong_clock_began_calls_go_on(gateway, outcome):
    gateway.clock.forward(DAY_S)
    gateway.voice.otherwise = outcome
    leads(gateway, 0, 5)
    gateway.work()
    gateway.clock.forward(-DAY_S)
    gateway.voice.otherwise = YES
    until_all_rang(gateway, leads(gateway, 10, 1), 10)


def test_a_recovery_that_a_wrong_clock_dated_hides_no_trouble_of_today(gateway):
    gateway.clock.forward(DAY_S)
    gateway.voice.outcomes = [PAGE_401]
    leads(gateway, 0, 1)
    gateway.work()
    gateway.clock.forward(FIRST_WAIT / 1000)
    leads(gateway, 1, 1)
    gateway.work()
    gateway.clock.forward(-DAY_S)
    gateway.voice.outcomes = [PAGE_401]
    first = leads(gateway, 2, 1)
    gateway.work()
    second = leads(gateway, 3, 1)
    gateway.work()
    assert [gateway.lead(i).state for i in (*first, *second)] == ["unknown", "ready"]


def test_a_crm_that_failed_under_a_wrong_clock_is_asked_again(gate, crm):
    gate.clock.forward(DAY_S)
    crm.pages["/api/leads/7"] = says({}, 503)
    lead_id = take(gate)
    enriched(gate)
    gate.clock.forward(-DAY_S)
    crm.pages["/api/leads/7"] = says({"id": 7, "_embedded": {"contacts": [{"id": 70}]}})
    for _ in range(3):
        work(gate)
        gate.clock.forward(1)
    assert gate.lead(lead_id).number == "79990000003"


class Tended:
    """A worker's second: it looks at the clock, and says that it lives."""

    def __init__(self, gateway):
        self._gateway, self._passed = gateway, 0.0
        self._set_back = SetBack(gateway.parts, lambda: int(self._passed * 1000))
        self.may_forget = self._set_back.may_forget
        self.wait(1)

    def wait(self, seconds, *, work=True, step=1):
        for _ in range(0, int(seconds), step):
            self.look()
            if work:
                self._gateway.work()
            self._gateway.clock.forward(step)
            self.pass_by(step)

    def look(self):
        self._set_back.look(todo.look(self._gateway.store, []))
        self._gateway.alive("a worker")

    def pass_by(self, seconds):
        self._passed += seconds


STEADY_S = STEADY_MS // 1000
WITHIN_S = STEADY_S + 3


def test_a_lead_that_came_while_the_clock_was_ahead_rings_once_it_is_right_again(gateway):
    worker = Tended(gateway)
    gateway.clock.forward(DAY_S)
    worker.wait(1)
    lead_id = gateway.take({"id": "1", "phone": "+7 999 000-00-01"})
    gateway.clock.forward(-DAY_S)
    worker.wait(STEADY_S - 1)
    assert gateway.lead(lead_id).state == "received"  # it may be this clock that is wrong, for a moment
    worker.wait(4)
    assert gateway.lead(lead_id).state == "accepted"


def test_so_does_one_that_came_while_no_worker_ran(gateway):
    gateway.clock.forward(10 * 365 * DAY_S)
    lead_id = gateway.take({"id": "1", "phone": "+7 999 000-00-01"})
    gateway.clock.forward(-10 * 365 * DAY_S)
    Tended(gateway).wait(WITHIN_S)
    assert gateway.lead(lead_id).state == "accepted"


def test_what_the_wrong_clock_put_off_to_the_morning_rings_while_the_hours_are_open(gateway):
    gateway.put("shop", SHOP + 'policy: {hours: "09:00-20:00"}\n')
    worker = Tended(gateway)
    gateway.clock.forward(DAY_S + 12 * HOUR_S)  # midnight
    lead_id = gateway.take({"id": "1", "phone": "+7 999 000-00-01"})
    worker.wait(1)
    assert gateway.lead(lead_id).reason == "quiet_hours"
    gateway.clock.forward(-DAY_S - 12 * HOUR_S)
    worker.wait(WITHIN_S)
    assert gateway.lead(lead_id).state == "accepted"


def test_so_does_it_where_every_worker_starts_anew_before_it_has_been_right_for_10_s(gateway):
    gateway.put("shop", SHOP + 'policy: {hours: "09:00-20:00"}\n')
    worker = Tended(gateway)
    gateway.clock.forward(DAY_S + 12 * HOUR_S)
    lead_id = gateway.take({"id": "1", "phone": "+7 999 000-00-01"})
    worker.wait(1)
    gateway.clock.forward(-DAY_S - 12 * HOUR_S)
    worker.wait(2)
    for _ in range(2):
        worker = Tended(gateway)
    worker.wait(WITHIN_S)
    assert gateway.lead(lead_id).state == "accepted"
    assert todo.look(gateway.store, []).newest <= gateway.clock() * 1000


def test_so_does_it_where_the_database_was_put_back_meanwhile_and_knows_of_no_later_moment(gateway):
    gateway.put("shop", SHOP + 'policy: {hours: "09:00-20:00"}\n')
    worker = Tended(gateway)
    gateway.clock.forward(DAY_S + 12 * HOUR_S)
    worker.wait(1)
    with gateway.store.write() as tx:
        tx.execute(delete(workers))
    lead_id = gateway.take({"id": "1", "phone": "+7 999 000-00-01"})
    gateway.work()
    assert gateway.lead(lead_id).reason == "quiet_hours"
    gateway.clock.forward(-DAY_S - 12 * HOUR_S)
    worker.wait(WITHIN_S)
    assert gateway.lead(lead_id).state == "accepted"


def test_so_does_it_where_a_database_is_put_back_that_forgets_it_and_every_worker_starts_anew(gateway):
    worker = Tended(gateway)
    gateway.clock.forward(DAY_S)
    lead_id = gateway.take({"id": "1", "phone": "+7 999 000-00-01"})
    worker.wait(1, work=False)
    gateway.clock.forward(-DAY_S)
    worker.wait(2, work=False)
    with gateway.store.write() as tx:  # as the backup has it, that was made before the clock was right
        tx.execute(update(tables.epoch).values(set_back_from=0))
        tx.execute(update(leads_table).where(leads_table.c.id == lead_id).values(state="ready"))
    worker.wait(1, work=False)
    Tended(gateway).wait(WITHIN_S)
    assert gateway.lead(lead_id).state == "accepted"


@pytest.mark.parametrize("later", [0, 1, 2, 4, 8, 11, 15])
def test_workers_that_see_it_one_after_the_other_look_again_once_each_and_no_more(gateway, later):
    first, second = both = Tended(gateway), Tended(gateway)

    def seconds(count, *looking):
        for _ in range(count):
            for one in looking:
                one.look()
            gateway.clock.forward(1)
            for one in both:
                one.pass_by(1)

    gateway.clock.forward(DAY_S)
    seconds(1, *both)
    gateway.clock.forward(-DAY_S)
    with capture_logs() as lines:
        seconds(later, first)
        seconds(60, first, second)
    said = Counter(line["event"] for line in lines)
    assert 1 <= said["looked_again_after_set_back"] <= said["clock_set_back"] <= 2
    assert todo.look(gateway.store, []).newest <= gateway.clock() * 1000


def test_where_a_clock_ahead_has_dated_everybody_nobody_is_hidden_who_is_missed(gateway):
    now = gateway.clock.ms()
    with gateway.store.write() as tx:
        tx.execute(delete(workers))
        worker_rows.check_in(tx, "A", "run A", now + 3_600_000, now + 3_600_000)
        moments.bring_near(tx, now)
        epoch.suspect(tx, "another database", now)
        alive_at = tx.execute(select(tables.epoch.c.alive_at)).scalar_one()
        worker_rows.miss(tx, {"run A": now - 3_000, "run M": now - 3_000}, alive_at, now)
        missed = set(tx.execute(select(workers.c.run).where(workers.c.seen_at >= alive_at)).scalars())
    assert missed == {"run A", "run M"}


def test_a_clock_that_is_behind_for_a_moment_lets_nothing_go(gateway):
    """A machine that has just started has a clock of yesterday noon; it is night."""
    gateway.put("shop", SHOP + 'policy: {hours: "09:00-20:00"}\n')
    gateway.clock.forward(12 * HOUR_S)
    Tended(gateway)
    lead_id = gateway.take({"id": "1", "phone": "+7 999 000-00-01"})
    gateway.work()
    gateway.clock.forward(-12 * HOUR_S)
    started = Tended(gateway)
    started.wait(STEADY_S - 2)
    gateway.clock.forward(12 * HOUR_S)
    started.wait(WITHIN_S)
    assert gateway.lead(lead_id).state == "ready"
    assert gateway.voice.asked == []


def test_what_is_put_off_by_a_rule_stays_so(gateway):
    gateway.put("shop", SHOP + 'policy: {hours: "13:00-20:00"}\n')
    worker = Tended(gateway)
    lead_id = gateway.take({"id": "1", "phone": "+7 999 000-00-01"})
    gateway.work()
    before = gateway.lead(lead_id)
    gateway.clock.forward(DAY_S)
    worker.wait(1, work=False)
    gateway.clock.forward(-DAY_S)
    worker.wait(WITHIN_S)
    after = gateway.lead(lead_id)
    assert (after.state, after.due_at, after.history_n) == ("ready", before.due_at, before.history_n)


def test_a_call_whose_worker_died_while_the_clock_was_ahead_is_given_up_and_may_be_rearmed_soon(gateway):
    worker = Tended(gateway)
    gateway.clock.forward(DAY_S)
    worker.wait(1)
    lead_id = gateway.take({"id": "1", "phone": "+7 999 000-00-01"})
    gateway.claim("who died")
    gateway.clock.forward(-DAY_S)
    worker.wait(WITHIN_S)
    gateway.clock.forward((LONGEST_TRY + 2 * sweep.GRACE_MS) / 1000)
    sweep.settle_lost(gateway.parts)
    assert gateway.lead(lead_id).state == "unknown"
    gateway.clock.forward(operate.SETTLING_MS / 1000)
    operate.rearm(gateway.parts, lead_id, "anna", "looked")


def test_so_may_one_that_nobody_answered_for(gateway):
    worker = Tended(gateway)
    gateway.clock.forward(DAY_S)
    gateway.voice.outcomes = [LOST]
    lead_id = gateway.take({"id": "1", "phone": "+7 999 000-00-01"})
    worker.wait(1)
    gateway.clock.forward(-DAY_S)
    worker.wait(WITHIN_S)
    gateway.clock.forward((LONGEST_TRY + operate.SETTLING_MS) / 1000)
    operate.rearm(gateway.parts, lead_id, "anna", "looked")


@pytest.mark.parametrize("cap", ["calls_per_hour", "calls_per_day", "spend_per_day"])
def test_calls_that_were_dated_years_ahead_fill_no_cap_for_years(gateway, cap):
    limit = "10" if cap == "spend_per_day" else "1"
    gateway.put("shop", SHOP + f'policy: {{once_per_number: "0", {cap}: "{limit}"}}\n')
    worker = Tended(gateway)
    gateway.clock.forward(3 * 365 * DAY_S)
    leads(gateway, 0, 1)
    worker.wait(1)
    gateway.clock.forward(-3 * 365 * DAY_S)
    later = leads(gateway, 1, 2)
    worker.wait(WITHIN_S)
    assert sorted(gateway.lead(i).state for i in later) == ["accepted", "ready"]  # and holds today


def test_nor_a_numbers_own(gateway):
    gateway.put(POLICY, 'house: {calls_per_number_per_day: "1"}\n')
    gateway.put("shop", SHOP + 'policy: {once_per_number: "0"}\n')
    worker = Tended(gateway)
    gateway.clock.forward(3 * 365 * DAY_S)
    gateway.take({"id": "1", "phone": "+7 999 000-00-01"})
    worker.wait(1)
    gateway.clock.forward(-3 * 365 * DAY_S)
    later = [gateway.take({"id": n, "phone": "+7 999 000-00-01"}) for n in ("2", "3")]
    worker.wait(WITHIN_S)
    assert [gateway.lead(i).state for i in later] == ["ready", "accepted"]


def test_whom_was_called_an_hour_ago_is_known_of_a_lead_that_came_tomorrow(gateway):
    worker = Tended(gateway)
    gateway.take({"id": "1", "phone": "+7 999 000-00-01"})
    worker.wait(1)
    gateway.clock.forward(HOUR_S + 2 * DAY_S)
    again = gateway.take({"id": "2", "phone": "+7 999 000-00-01"})
    gateway.clock.forward(-2 * DAY_S)
    worker.wait(WITHIN_S)
    assert (gateway.lead(again).state, gateway.lead(again).reason) == ("suppressed", "called_recently")


def test_a_message_to_people_is_sent_today(gateway):
    worker = Tended(gateway)
    with gateway.store.write() as tx:
        tomorrow = gateway.store.now_ms(tx) + DAY_S * 1000
        outbox.put(tx, "telegram", "raised", "t", "title", "body", tomorrow)
        epoch.suspect(tx, "another", tomorrow)
    gateway.clock.forward(DAY_S)
    worker.wait(1, work=False)
    gateway.clock.forward(-DAY_S)
    worker.wait(WITHIN_S, work=False)
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        assert list(outbox.waiting(tx, now)) == ["telegram"]
        assert epoch.suspect_since(tx) <= now
    assert todo.look(gateway.store, []).newest <= now


TOLD = "when something happened, as it was told then"
OWN = "where it is read, the span that it may lie ahead bounds it"
PERSONS = "a person named it, or waits no longer than for a link's half hour"
WAITED_FOR = "store.moments"
MOMENTS = {
    TOLD: {
        *("alarm_messages.at", "alarm_messages.ended_at", "alarms.since", "alarms.raised_at", "alarms.cleared_at"),
        *("alarms.told_at", "alarms.acked_at", "audit.at", "deliveries.received_at", "deliveries.erased_at"),
        *("do_not_call.since", "do_not_call.removed_at", "epoch.lost_at", "epoch.opened_at"),
        *("epoch.leapt_to", "epoch.suspect_newest"),
        *("erased_keys.first_at", "erasures.at", "event_keys.first_at", "forgotten_calls.at", "history.at"),
        *(
            "hourly.hour",
            "hourly_calls.hour",
            "in_force.removed_at",
            "leads.asked_at",
            "leads.erased_at",
            "leads.received_at",
            "reached_caps.since",
        ),
        *("attempts.ended_at", "refused_proofs.hour", "stamps.at", "tokens.made_at", "tokens.revoked_at"),
        *("users.added_at", "users.seen_at", "versions.since", "workers.started_at", "accounts.since"),
    },
    OWN: {"accounts.next_at", "attempts.started_at", "login_failures.at", "reached_caps.until", "sources.ask_at"},
    PERSONS: {"alarm_quiets.until_at", "sign_in_links.until"},
    WAITED_FOR: {
        *(
            "alarm_messages.due_at",
            "alarms.calm_since",
            "attempts.deadline_at",
            "epoch.alive_at",
            "epoch.set_back_from",
            "epoch.suspect_since",
        ),
        *("leads.due_at", "workers.seen_at"),
    },
}


def test_of_every_moment_it_is_said_what_a_clock_that_was_ahead_does_to_it():
    moments_of = {
        f"{table.name}.{column.name}"
        for table in meta.sorted_tables
        for column in table.c
        if isinstance(column.type, BigInteger) and column.name not in ("id", "no", "n", "user_id", "claims")
    }
    assert moments_of == set().union(*MOMENTS.values())
    assert sum(map(len, MOMENTS.values())) == len(moments_of)


def test_a_wrong_password_of_tomorrow_keeps_nobody_out(gateway):
    people.first_owner(gateway.parts, "anna", "a long password 1")
    gateway.clock.forward(DAY_S)
    for _ in range(6):
        people.log_in(gateway.parts, "anna", "wrong", "198.51.100.1")
    assert people.log_in(gateway.parts, "anna", "a long password 1", "198.51.100.1").wait_ms
    gateway.clock.forward(-DAY_S)
    assert people.log_in(gateway.parts, "anna", "a long password 1", "198.51.100.1").name == "anna"


def test_while_the_clock_may_be_ahead_nothing_is_erased_for_its_age(gateway):
    worker = Tended(gateway)
    assert worker.may_forget()
    gateway.clock.forward(200 * DAY_S)
    worker.wait(2)
    assert not worker.may_forget()
    gateway.clock.forward(-200 * DAY_S)
    worker.wait(2)
    assert worker.may_forget()


def test_nor_by_a_worker_that_starts_then(gateway):
    Tended(gateway)
    gateway.clock.forward(200 * DAY_S)
    assert not Tended(gateway).may_forget()


def test_nor_by_one_that_starts_when_others_have_looked_already(gateway):
    worker = Tended(gateway)
    gateway.clock.forward(200 * DAY_S)
    worker.wait(2)
    started = Tended(gateway)
    assert not started.may_forget()
    gateway.clock.forward(-200 * DAY_S)
    started.wait(WITHIN_S)
    assert started.may_forget()
    assert Tended(gateway).may_forget()


def test_nor_by_one_that_starts_after_a_database_was_put_back_that_forgets_it(gateway):
    worker = Tended(gateway)
    gateway.clock.forward(200 * DAY_S)
    worker.wait(2)
    with gateway.store.write() as tx:
        tx.execute(update(tables.epoch).values(leapt_to=0))
    worker.wait(1)
    assert not Tended(gateway).may_forget()


def test_a_house_that_was_off_for_a_week_erases_after_an_hour(gateway):
    Tended(gateway)
    gateway.clock.forward(7 * DAY_S)
    started = Tended(gateway)
    assert not started.may_forget()
    started.wait(HOUR_S - 5, work=False, step=5)
    assert not started.may_forget()
    started.wait(10, work=False, step=5)
    assert started.may_forget()
