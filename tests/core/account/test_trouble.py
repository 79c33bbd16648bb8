"""An account pauses itself, tries with one call, and grows again."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.account.account_words import means_the_account
from core.account.pause import FIRST_WAIT, LONGEST_WAIT, Ended, pause_of
from core.account.trouble import (
    MOST_IN_FLIGHT,
    REMEMBERED,
    UNGATED_AT,
    InFlight,
    Trouble,
    after,
    failed_with,
    is_calm,
    one_tries,
    paused,
    places,
    resting,
    resumed,
    trying,
    wait_ms,
    waits_for,
)
from core.outcome import ACCEPTED, NOT_SENT, REFUSED, UNKNOWN, Outcome
from voice.mobilgroup import ACCOUNT_TROUBLE

NOW = 1_764_061_200_000
WELL = Trouble()
YES = Outcome(ACCEPTED, http_status=200)
NO = Outcome(REFUSED, error="нет такого скрипта", http_status=200)
LOST = Outcome(UNKNOWN, "no_answer")
UNSENT = Outcome(NOT_SENT, "refused_connection")
PAGE_401 = Outcome(UNKNOWN, "http_status", http_status=401)
OUR_OWN = [
    Outcome(UNKNOWN, "owner_gone"),
    Outcome(UNKNOWN, "store_went_back"),
    Outcome(NOT_SENT, "late"),
    Outcome(NOT_SENT, "journal"),
    Outcome(NOT_SENT, "unproven_commit"),
]
EVERY = [YES, NO, LOST, UNSENT, PAGE_401, *OUR_OWN]


def until_start(found, calls, most, now):
    """Milliseconds until a call may start; 0: now."""
    return 0 if places(found, calls, most, now) else wait_ms(found, now)


PEOPLE = (f"person {n}" for n in itertools.count())


def learnt(trouble, *outcomes, script="Заявка", at=NOW, attempt="one", started_at=NOW, number=None):
    """Each call is of somebody else, where no `number` is named."""
    for outcome in outcomes:
        ended = Ended(attempt, script, started_at, f"lead of {attempt}", number or next(PEOPLE))
        trouble = after(trouble, ended, outcome, at, ACCOUNT_TROUBLE)
    return trouble


def tried(trouble, outcome, script="Заявка", at=None):
    """One call tries when its time has come, and ends so."""
    at = trouble.pause.until if at is None else at
    assert until_start(trouble, InFlight(0, 0), 24, at) == 0
    return learnt(trying(trouble, script, "try", at + 25_000), outcome, script=script, at=at, attempt="try")


# It pauses ----------------------------------------------------------------------------------------------


def test_ten_unknown_in_a_row_pause_the_account_and_nine_do_not():
    nine = learnt(WELL, *[LOST] * 9)
    assert nine.pause is None
    ten = learnt(nine, LOST)
    assert (ten.pause.cause, ten.pause.until) == ("no_answers", NOW + FIRST_WAIT)
    assert learnt(nine, YES).pause is None


def test_ten_unknown_of_the_last_twenty_pause_it():
    mixed = learnt(WELL, *[LOST, YES] * 9)
    assert mixed.pause is None
    assert learnt(mixed, LOST).pause.cause == "no_answers"
    assert learnt(WELL, *[LOST, YES, YES] * 30).pause is None


@pytest.mark.parametrize("status", [401, 403, 404, 405, 407, 429])
@pytest.mark.parametrize("kind", [UNKNOWN, REFUSED])
def test_an_answer_that_refuses_us_as_a_whole_pauses_it_at_once(status, kind):
    found = learnt(WELL, Outcome(kind, "http_status", http_status=status))
    assert found.pause.cause == "provider_status"
    assert str(status) in found.pause.said


@pytest.mark.parametrize("status", [400, 422, 500, 503])
def test_other_statuses_count_like_any_call_of_unknown_fate(status):
    assert learnt(WELL, Outcome(UNKNOWN, "http_status", http_status=status)).pause is None


@pytest.mark.parametrize(
    "said",
    [
        "Недостаточно средств на БАЛАНСЕ",
        "Аккаунт заблокирован",
        "неверный ключ API",
        "Нет доступа",
        "Insufficient funds",
        "Unauthorized",
    ],
)
def test_a_refusal_that_means_the_account_pauses_it_at_once_and_blames_no_script(said):
    found = learnt(WELL, Outcome(REFUSED, error=said, http_status=200))
    assert (found.pause.cause, found.pause.said) == ("account_error", said)
    assert found.scripts == {}


@pytest.mark.parametrize(
    "said",
    [
        "Абонент недоступен",
        "абонент вне зоны доступа сети",
        "номер заблокирован",
        "Абонент заблокирован оператором",
        "Number is blocked",
        "the subscriber is blocked",
        "Телефон недоступен или выключен",
        "подключение абонента приостановлено",
        "не хватает цифр: недостаточно символов в номере",
        "author is unknown",
        "turkey is not supported",
        "",
    ],
)
def test_a_refusal_that_speaks_of_the_person_stops_nobody_else(said):
    found = learnt(WELL, *[Outcome(REFUSED, error=said, http_status=200)] * 4)
    assert (found.pause, pause_of(found.scripts, "Заявка")) == (None, None)


@pytest.mark.parametrize(
    "said",
    ["Счёт заблокирован", "Ваш аккаунт временно заблокирован", "НЕВЕРНЫЙ API-ключ", "ключ не найден", "Access Denied."],
)
def test_phrases_about_the_account_are_found_whatever_stands_around_them(said):
    assert learnt(WELL, Outcome(REFUSED, error=said, http_status=200)).pause.cause == "account_error"


@given(st.text(), st.lists(st.text(max_size=6), max_size=4))
def test_no_text_and_no_phrase_breaks_the_search(said, phrases):
    found = means_the_account(said, phrases)
    assert means_the_account(said.upper().lower(), [*phrases, "\u2014", ""]) in (True, False)
    assert not found or any(any(letter.isalnum() for letter in phrase) for phrase in phrases)


def test_the_words_are_the_owners_to_change():
    said = Outcome(REFUSED, error="Договор расторгнут", http_status=200)
    ended = Ended("one", "Заявка", NOW)
    assert after(WELL, ended, said, NOW, ACCOUNT_TROUBLE).pause is None
    assert after(WELL, ended, said, NOW, ["РАСТОРГНУТ"]).pause.cause == "account_error"


def test_another_number_in_the_answer_pauses_it_at_once():
    found = learnt(WELL, Outcome(UNKNOWN, "odd_reply", http_status=200, number_differs=True))
    assert found.pause.cause == "other_number"


def test_five_calls_in_a_row_that_could_not_be_sent_pause_it():
    assert learnt(WELL, *[UNSENT] * 4, YES, *[UNSENT] * 4).pause is None
    assert learnt(WELL, *[UNSENT] * 5).pause.cause == "provider_unreachable"


@pytest.mark.parametrize("outcome", OUR_OWN)
def test_what_we_lost_ourselves_teaches_nothing(outcome):
    assert learnt(WELL, *[outcome] * 30) == WELL
    nine = learnt(WELL, *[LOST] * 9)
    assert learnt(nine, outcome) == nine


# One call tries -----------------------------------------------------------------------------------------


def test_one_call_tries_after_5_s_doubling_to_5_min():
    found, waits = learnt(WELL, PAGE_401), []
    for _ in range(8):
        waits.append(found.pause.wait // 1000)
        found = tried(found, PAGE_401)
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300]


def test_while_one_call_tries_no_other_starts_until_it_counts_as_dead():
    found = learnt(WELL, PAGE_401)
    due = found.pause.until
    assert until_start(found, InFlight(0, 0), 24, due - 1) == 1
    assert until_start(found, InFlight(20, 8), 24, due) == 0
    found = trying(found, "Заявка", "try", due + 25_000)
    assert until_start(found, InFlight(1, 0), 24, due) == 25_000
    assert until_start(found, InFlight(1, 0), 24, due + 25_000) == 0


def test_only_the_call_that_tries_decides():
    found = trying(learnt(WELL, PAGE_401), "Заявка", "try", NOW + 60_000)
    assert learnt(found, YES, attempt="in flight since before") == found
    assert learnt(found, PAGE_401, attempt="in flight since before") == found
    assert learnt(found, YES, attempt="try").pause is None


@pytest.mark.parametrize("outcome", OUR_OWN)
def test_a_try_that_we_lost_ourselves_makes_the_wait_no_longer(outcome):
    found = tried(learnt(WELL, PAGE_401), outcome)
    assert (found.pause.wait, found.pause.probe) == (FIRST_WAIT, "")


def test_a_refusal_of_one_call_proves_that_the_account_is_well():
    assert tried(learnt(WELL, PAGE_401), NO).pause is None


def test_what_began_before_the_recovery_is_old_news():
    well = tried(learnt(WELL, PAGE_401), YES)
    assert learnt(well, *[LOST, PAGE_401] * 10, started_at=NOW, at=well.since + 1000) == well
    assert learnt(well, PAGE_401, started_at=well.since, at=well.since + 1000).pause is not None


# It grows again -----------------------------------------------------------------------------------------


def test_each_round_of_answers_doubles_the_calls_in_flight():
    found, rounds = tried(learnt(WELL, PAGE_401), YES), [1]
    while found.allowed is not None:
        rounds.append(found.allowed)
        found = learnt(found, *[YES] * found.allowed, started_at=found.since)
    assert rounds == [1, 2, 4, 8, 16, 32]
    assert UNGATED_AT == 64


def test_while_it_grows_each_lost_call_halves_it_and_the_last_pauses_it():
    found = replace(tried(learnt(WELL, PAGE_401), YES), allowed=8)
    for allowed in (4, 2, 1):
        found = learnt(found, LOST, started_at=found.since)
        assert (found.allowed, found.pause) == (allowed, None)
    assert learnt(found, LOST, started_at=found.since).pause.cause == "no_answers"
    assert learnt(found, UNSENT, started_at=found.since).pause.cause == "provider_unreachable"


def test_a_relapse_sooner_than_the_last_rest_doubles_it_and_a_later_one_begins_anew():
    found = learnt(WELL, PAGE_401)
    for _ in range(3):
        found = tried(found, PAGE_401)
    well = tried(found, YES)
    assert well.wait == 40_000
    soon = learnt(well, PAGE_401, started_at=well.since, at=well.since + 39_000)
    later = learnt(well, PAGE_401, started_at=well.since, at=well.since + 41_000)
    assert (soon.pause.wait, later.pause.wait) == (80_000, FIRST_WAIT)


# Places in flight ---------------------------------------------------------------------------------------


def test_a_lost_call_keeps_its_place_until_an_answer_comes():
    three = learnt(WELL, *[LOST] * 3)
    assert until_start(three, InFlight(20, 5), 24, NOW) == 0
    assert until_start(three, InFlight(21, 5), 24, NOW) > 0
    assert until_start(learnt(three, YES), InFlight(21, 5), 24, NOW) == 0


def test_a_worker_with_nothing_in_flight_may_have_one_call_while_all_is_well():
    assert until_start(WELL, InFlight(24, 0), 24, NOW) == 0
    assert until_start(WELL, InFlight(24, 1), 24, NOW) > 0
    assert until_start(learnt(WELL, LOST), InFlight(24, 0), 24, NOW) > 0
    assert until_start(Trouble(allowed=1), InFlight(1, 0), 24, NOW) > 0


def test_an_acceptance_teaches_nothing_only_where_all_is_well():
    assert is_calm(WELL, "Заявка")
    assert is_calm(learnt(WELL, LOST, *[YES] * REMEMBERED), "Заявка")
    for worried in (learnt(WELL, LOST), learnt(WELL, UNSENT), learnt(WELL, NO), learnt(WELL, PAGE_401)):
        assert not is_calm(worried, "Заявка")
    assert is_calm(learnt(WELL, NO), "Другой")


# A script -----------------------------------------------------------------------------------------------


def test_five_refusals_in_a_row_pause_that_script_only():
    found = learnt(learnt(WELL, *[NO] * 5), YES, script="Другой")
    assert found.pause is None
    assert resting(found, NOW) == ("Заявка",)
    assert waits_for(found, "main", "Заявка").code == "script_paused"
    assert waits_for(found, "main", "Другой") is None
    assert learnt(WELL, *[NO] * 4, YES, *[NO] * 4).scripts["Заявка"].pause is None


def test_one_number_refused_however_often_pauses_no_script():
    found = learnt(WELL, *[NO] * 30, number="a stranger's")
    assert pause_of(found.scripts, "Заявка") is None
    found = learnt(found, *[NO] * 3)
    assert pause_of(learnt(found, NO, number="a stranger's").scripts, "Заявка") is None
    assert pause_of(learnt(found, NO).scripts, "Заявка").cause == "script_refused"


def test_a_pause_remembers_whose_call_failed_last():
    found = learnt(WELL, PAGE_401, attempt="a", number="one")
    assert one_tries(found)
    assert failed_with(found, "Заявка", "lead of a", "another")
    assert failed_with(found, "Другой", "b", "one")
    assert not failed_with(found, "Заявка", "lead of b", "two")
    found = learnt(trying(found, "Заявка", "try", NOW), PAGE_401, attempt="try", number="two")
    assert failed_with(found, "Заявка", "lead of try", "two")
    assert not failed_with(found, "Заявка", "lead of a", "one")
    refused = learnt(WELL, *[NO] * 4, *[NO], number=None, attempt="x")
    assert failed_with(refused, "Заявка", "lead of x", "")
    assert not failed_with(refused, "Другой", "lead of x", "")
    assert not one_tries(WELL)
    assert not one_tries(paused(WELL, "anna", "why", NOW))


def test_one_call_tries_a_script_and_an_acceptance_mends_it():
    found, waits = learnt(WELL, *[NO] * 5), []
    for _ in range(3):
        pause = pause_of(found.scripts, "Заявка")
        waits.append(pause.wait // 1000)
        assert resting(found, pause.until) == ()
        found = trying(found, "Заявка", "try", pause.until + 25_000)
        assert resting(found, pause.until) == ("Заявка",)
        found = learnt(found, NO, attempt="try", at=pause.until)
    assert waits == [5, 10, 20]
    assert learnt(found, YES).scripts == {}


def test_a_try_of_a_script_that_proves_nothing_makes_its_wait_no_longer():
    found = trying(learnt(WELL, *[NO] * 5), "Заявка", "try", NOW + 60_000)
    pause = pause_of(learnt(found, LOST, attempt="try", at=NOW + 30_000).scripts, "Заявка")
    assert (pause.probe, pause.wait, pause.until) == ("", FIRST_WAIT, NOW + 30_000 + FIRST_WAIT)


# A person -----------------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from(EVERY), max_size=40))
def test_nothing_but_a_person_ends_a_persons_pause(outcomes):
    found = learnt(paused(WELL, "anna", "hotline is closed", NOW), *outcomes)
    assert (found.pause.who, found.pause.why, found.pause.cause) == ("anna", "hotline is closed", "paused_by_person")
    assert until_start(found, InFlight(0, 0), 24, NOW + 10**9) == 1000
    script = learnt(paused(WELL, "anna", "wrong text", NOW, "Заявка"), *outcomes)
    assert "Заявка" in resting(script, NOW + 10**9)
    assert resumed(script, NOW, "Заявка").scripts == {}


def test_a_persons_resume_ends_any_pause_and_begins_with_one_call():
    for found in (learnt(WELL, PAGE_401), paused(learnt(WELL, *[NO] * 5), "anna", "why", NOW)):
        well = resumed(found, NOW)
        assert (well.pause, well.scripts, well.allowed) == (None, {}, 1)
    kept = resumed(paused(learnt(WELL, *[NO] * 5), "anna", "why", NOW), NOW, "Заявка")
    assert (kept.pause.who, kept.scripts) == ("anna", {})


# Whatever comes -----------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from(EVERY), st.sampled_from(["А", "Б"]), st.integers(0, 400_000)), max_size=120))
def test_whatever_comes_a_pause_of_its_own_always_ends_in_a_try(calls):
    found, now = WELL, NOW
    for n, (outcome, script, later) in enumerate(calls):
        now += later
        wait = until_start(found, InFlight(0, 0), 24, now)
        assert wait <= LONGEST_WAIT
        now += wait
        if script not in resting(found, now):
            found = trying(found, script, str(n), now + 25_000)
            found = after(found, Ended(str(n), script, now), outcome, now)
        assert len(found.recent) <= REMEMBERED
        assert found.doubts < 10 or found.pause
        assert found.allowed is None or found.pause or 1 <= found.allowed < UNGATED_AT


@given(
    slots=st.integers(1, 6),
    per_slot=st.integers(1, 8),
    before=st.integers(0, 60),
    deadline=st.integers(1, 60),
)
def test_a_hang_of_ten_minutes_takes_what_was_in_flight_and_six_tries(slots, per_slot, before, deadline):
    """Every worker claims whatever it may; the provider answers `before` calls, then never again."""
    found, now, flying, burned, n = WELL, 0, [], 0, 0
    started = None
    while started is None or now < started + 600_000:
        moved = True
        while moved:
            moved = False
            for worker in range(slots):
                own = sum(1 for _, _, w in flying if w == worker)
                if own < per_slot and not until_start(found, InFlight(len(flying), own), MOST_IN_FLIGHT, now):
                    n, moved = n + 1, True
                    if found.pause:
                        found = trying(found, "Заявка", str(n), now + (deadline + 5) * 1000)
                    flying.append((now + (deadline * 1000 if n > before else 10), str(n), worker))
        if started is None and n > before:
            started = now
        if flying:
            flying.sort()
            now, attempt, _ = flying.pop(0)
            lost = int(attempt) > before
            burned += lost
            found = after(found, Ended(attempt, "Заявка", now), LOST if lost else YES, now)
        else:
            now += max(1, until_start(found, InFlight(0, 0), MOST_IN_FLIGHT, now))
    assert burned + len(flying) <= 33
