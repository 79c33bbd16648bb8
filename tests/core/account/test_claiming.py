"""Which of the due leads ring at one moment."""

from types import SimpleNamespace

from core.account.caps import Room
from core.account.claiming import Wanted, choose, made, to_look_at
from core.account.pause import Ended
from core.account.trouble import AccountNow, Trouble, after
from core.move import Move
from core.outcome import REFUSED, UNKNOWN, Outcome
from core.ports import Account
from core.states import CALLING, HELD, READY, RECEIVED

NOW = 1_764_061_200_000
ACCOUNT = Account("main", voice=None, calls_per_s=0)  # type: ignore[arg-type]
NOTHING: dict[str, Room] = {}
PAGE_401 = Outcome(UNKNOWN, "http_status", http_status=401)
PAUSED = after(Trouble(), Ended("a0", "Заявка", NOW, "lead", "number"), PAGE_401, NOW)


def wanted(lead, number, script="Заявка"):
    return Wanted(lead, f"attempt of {lead}", "shop", script, number)


def chosen(trouble, *leads, at=NOW + 5_000, slots=1):
    return choose(leads, NOTHING, AccountNow(0, trouble), ACCOUNT, slots, at).taken


def test_the_call_that_tries_is_of_another_lead_and_number_where_one_is_due():
    failed, same_person, other = wanted("lead", "number"), wanted("again", "number"), wanted("other", "another")
    assert chosen(PAUSED, failed, same_person, other) == ("other",)
    assert chosen(PAUSED, same_person, failed) == ("again",)
    assert chosen(PAUSED, failed) == ("lead",)
    assert chosen(Trouble(), failed, other) == ("lead",)


def test_so_is_the_call_that_tries_a_script():
    trouble = Trouble()
    for n in range(5):
        ended = Ended(f"a{n}", "Заявка", NOW, f"lead {n}", f"number {n}")
        trouble = after(trouble, ended, Outcome(REFUSED, error="нет такого сценария"), NOW)
    failed, other = wanted("rearmed", "number 4"), wanted("new", "number 9")
    assert chosen(trouble, failed, other, slots=8) == ("new",)
    assert chosen(trouble, failed, wanted("else", "number 9", "Другой"), slots=8) == ("else", "rearmed")


def test_only_where_one_call_tries_more_leads_are_looked_at_than_may_ring():
    assert to_look_at(AccountNow(0, Trouble()), 1) == 1
    assert to_look_at(AccountNow(0, PAUSED), 1) == 8
    assert to_look_at(AccountNow(0, PAUSED), 0) == 0


def test_who_is_taken_is_claimed_once_who_lacks_room_waits_without_a_word_and_the_others_move():
    def waits(lead, state=READY):
        return SimpleNamespace(lead=SimpleNamespace(id=lead, state=state, claims=2))

    rings, mapped, held = Move("claim", CALLING), Move("map", READY), Move("hold", HELD)
    there = [waits("d"), waits("c"), waits("b", RECEIVED), waits("a")]
    moves = {"a": rings, "b": mapped, "c": held, "d": rings}
    found = made(there, moves, taken={"a", "b"}, counted={"a": 4})
    assert [(lead.id, [move.target for move in each]) for lead, each in found] == [
        ("a", [CALLING]),
        ("b", [READY, CALLING]),
        ("c", [HELD]),
    ]
    assert [each[-1].trace.get("attempt") for _, each in found] == [5, 1, None]
    assert found[0][1][-1].columns["claims"] == 3
