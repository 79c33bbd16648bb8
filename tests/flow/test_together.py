"""Work done together: who leads, who fails, who waits too long."""

import threading

import pytest

from flow.together import BESIDE, Apart, Together
from tests.walk.processes import until


class Away(Exception):
    """Everybody's failure."""


class Kept(Away):
    """Somebody else keeps what one of them needs."""


class Office:
    """Does items together, as it is told; keeps the groups in which it was asked."""

    def __init__(self, most=64) -> None:
        self.seats = Together(Away, most, kept=(Kept,))
        self.groups: list[list[object]] = []
        self.fails = lambda items: None

    def do_all(self, take, patient):
        items = list(take())
        self.groups.append(items)
        self.fails(items)
        return [f"done {item}" for item in items]

    def together(self, *items):
        """All of these behind one who is busy; the result or the failure of each."""
        busy, go_on, told = threading.Event(), threading.Event(), {}

        def stay(take, patient):
            taken = take()
            busy.set()
            assert go_on.wait(60)
            return taken

        def ask(item):
            try:
                told[item] = self.seats.do(item, self.do_all)
            except Exception as why:
                told[item] = why

        threads = [threading.Thread(target=self.seats.do, args=("busy", stay))]
        threads[0].start()
        assert busy.wait(60)
        for n, item in enumerate(items):
            threads.append(threading.Thread(target=ask, args=(item,)))
            threads[-1].start()
            while self.seats.waiting() <= n:
                busy.wait(0.001)
        go_on.set()
        for thread in threads:
            thread.join(60)
        return [told[item] for item in items]


def test_one_alone_is_done_at_once():
    office = Office()
    assert office.seats.do("a", office.do_all) == "done a"
    assert office.groups == [["a"]]


def test_those_who_wait_are_done_in_one_go_and_in_their_order():
    office = Office()
    assert office.together("a", "b", "c") == ["done a", "done b", "done c"]
    assert office.groups == [["a", "b", "c"]]


def test_a_go_takes_no_more_than_its_most_and_the_next_leads_the_rest():
    office = Office(most=2)
    assert office.together(1, 2, 3, 4, 5) == [f"done {n}" for n in range(1, 6)]
    assert office.groups == [[1, 2], [3, 4], [5]]


def test_one_items_fault_is_its_own():
    office = Office()

    def fails(items):
        if "bad" in items:
            raise ValueError("bad")

    office.fails = fails
    told = office.together("a", "bad", "b")
    assert (told[0], str(told[1]), told[2]) == ("done a", "bad", "done b")
    assert office.groups == [["a", "bad", "b"], ["a"], ["bad"], ["b"]]


def test_what_is_everybodys_failure_is_not_tried_one_by_one():
    office = Office()

    def fails(items):
        raise Away

    office.fails = fails
    assert all(isinstance(told, Away) for told in office.together("a", "b"))
    assert office.groups == [["a", "b"]]


def test_what_has_to_be_alone_is_done_after_the_others():
    office = Office()

    def fails(items):
        if "held" in items and len(items) > 1:
            raise Apart({"held"})

    office.fails = fails
    assert office.together("held", "a", "b") == ["done held", "done a", "done b"]
    assert office.groups == [["held", "a", "b"], ["a", "b"], ["held"]]


def test_a_leader_that_stands_still_keeps_others_only_so_long_and_does_not_do_what_has_left():
    office = Office()
    busy, go_on = threading.Event(), threading.Event()

    def frozen(take, patient):
        busy.set()
        assert go_on.wait(60)
        return office.do_all(take, patient)

    leader = threading.Thread(target=office.seats.do, args=("first", frozen))
    leader.start()
    assert busy.wait(60)
    with pytest.raises(TimeoutError):
        office.seats.do("late", office.do_all, 50)
    go_on.set()
    leader.join(60)
    assert office.groups == [["first"]]
    assert office.seats.do("after", office.do_all, 50) == "done after"


def test_many_at_once_are_each_done_once():
    office = Office(most=8)
    told: list[str] = []

    def ask(n):
        told.extend(office.seats.do((n, k), office.do_all) for k in range(50))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(told) == sorted(f"done {(n, k)}" for n in range(12) for k in range(50))
    assert sum(len(group) for group in office.groups) == 600
    assert all(len(group) <= 8 for group in office.groups)


def told_by(office, *items):
    """Seats for which no thread waits, and who was told."""
    told: list[object] = []
    return {item: office.seats.seat(item, lambda item=item: told.append(item)) for item in items}, told


def test_of_those_for_whom_no_thread_waits_one_call_does_all_and_tells_each():
    office, after = Office(), []
    seats, told = told_by(office, "a", "b", "c")
    assert office.seats.lead(office.do_all, lambda: after.append(list(told))) is False
    assert office.groups == [["a", "b", "c"]]
    assert told == ["a", "b", "c"]
    assert after == [["a", "b", "c"]]
    assert [seat.outcome() for seat in seats.values()] == ["done a", "done b", "done c"]


def test_a_call_does_one_go_and_says_whether_more_wait():
    office = Office(most=2)
    _, told = told_by(office, 1, 2, 3)
    assert office.seats.lead(office.do_all, lambda: None) is True
    assert told == [1, 2]
    assert office.seats.lead(office.do_all, lambda: None) is False
    assert office.groups == [[1, 2], [3]]


def test_a_thread_that_leads_does_also_those_who_come_meanwhile_and_have_none():
    office = Office()
    told: list[object] = []

    def stays(take, patient):
        if office.groups:
            return office.do_all(take, patient)
        items = office.do_all(take, patient)
        office.seats.seat("later", lambda: told.append("later"))
        assert office.seats.lead(office.do_all, lambda: None) is False
        return items

    assert office.seats.do("first", stays) == "done first"
    assert office.groups == [["first"], ["later"]]
    assert told == ["later"]


def test_who_has_waited_too_long_is_told_so_and_is_not_told_again():
    office = Office()
    seats, told = told_by(office, "a", "b")
    office.seats.leave(seats["a"])
    assert told == ["a"]
    with pytest.raises(TimeoutError):
        seats["a"].outcome()
    office.seats.lead(office.do_all, lambda: None)
    office.seats.leave(seats["b"])
    assert office.groups == [["b"]]
    assert told == ["a", "b"]


def test_who_leaves_while_it_is_done_is_told_once():
    office = Office()
    seats, told = told_by(office, "a", "b")

    def slow(take, patient):
        items = take()
        office.seats.leave(seats["a"])
        return [f"done {item}" for item in items]

    office.seats.lead(slow, lambda: None)
    assert told == ["a", "b"]
    with pytest.raises(TimeoutError):
        seats["a"].outcome()
    assert seats["b"].outcome() == "done b"


class Neighbour:
    """Keeps what some items need, until it lets go; who is patient waits for it."""

    def __init__(self, office, *items):
        self.office, self.items = office, items
        self.let_go, self.waited_for = threading.Event(), threading.Semaphore(0)

    def do_all(self, take, patient):
        items = list(take())
        if not self.let_go.is_set() and set(items) & set(self.items):
            if not patient:
                raise Kept
            self.waited_for.release()
            assert self.let_go.wait(60)
        return self.office.do_all(lambda: items, patient)


def test_what_needs_what_somebody_keeps_is_waited_for_beside_the_others():
    office = Office()
    neighbour = Neighbour(office, "kept")
    seats, told = told_by(office, "a", "kept", "b")
    office.seats.lead(neighbour.do_all, lambda: None)
    assert told == ["a", "b"]
    assert office.seats.do("after", neighbour.do_all) == "done after"
    assert neighbour.waited_for.acquire(timeout=60)
    neighbour.let_go.set()
    until(lambda: "kept" in told)
    assert seats["kept"].outcome() == "done kept"


def test_who_leads_and_is_kept_waiting_hands_the_lead_on():
    office = Office()
    neighbour, told = Neighbour(office, "kept"), []
    thread = threading.Thread(target=lambda: told.append(office.seats.do("kept", neighbour.do_all, 60_000)))
    thread.start()
    assert neighbour.waited_for.acquire(timeout=60)
    assert office.seats.do("after", neighbour.do_all) == "done after"
    neighbour.let_go.set()
    thread.join(60)
    assert told == ["done kept"]


def test_who_is_kept_waiting_for_too_long_is_told_so():
    office = Office()
    neighbour = Neighbour(office, "kept")
    with pytest.raises(TimeoutError):
        office.seats.do("kept", neighbour.do_all, 50)
    neighbour.let_go.set()
    until(lambda: office.groups == [["kept"]])


def test_where_everything_is_kept_a_few_wait_by_themselves_and_the_rest_together():
    """Neither a thread each nor a turn each, one after the other."""
    office = Office()
    items = [f"kept {n}" for n in range(BESIDE + 6)]
    neighbour = Neighbour(office, *items)
    seats, told = told_by(office, *items)
    leader = threading.Thread(target=office.seats.lead, args=(neighbour.do_all, lambda: None))
    before = threading.active_count()
    leader.start()
    for _ in range(BESIDE + 1):
        assert neighbour.waited_for.acquire(timeout=60)
    assert threading.active_count() - before < len(items)
    neighbour.let_go.set()
    leader.join(60)
    until(lambda: len(told) == len(items))
    assert sorted(office.groups, key=len)[-1] == items[BESIDE:]
    assert [seats[item].outcome() for item in items] == [f"done {item}" for item in items]
