"""What the policy file says over all sources comes into force as a source does: the same looks, the same doubts."""

import pytest

from core.overall import POLICY, Overall, Totals
from store import versions
from tests.config.test_watch import SHOP, Machine

FIRST = "house: {calls_per_day: '100'}\n"
SECOND = "house: {calls_per_day: '200'}\naccount_trouble: [денег]\n"
THIRD = "house: {calls_per_day: '300'}\n"
BROKEN = "house: {calls_per_day: many}\n"


class WithPolicy(Machine):
    """A machine whose owner writes to the policy file."""

    def save(self, text, name=None):
        self.policy.write_text(text) if name is None else super().save(text, name)

    def restarted(self):
        self.process = self.start()
        return self


@pytest.fixture
def machine(tmp_path, store):
    return WithPolicy(tmp_path / "one", store)


@pytest.fixture
def other(tmp_path, store):
    return WithPolicy(tmp_path / "two", store)


@pytest.fixture
def in_force(store):
    """The version's number and how many calls a day it allows, as the database says; (0, 0) for none."""

    def told():
        with store.read() as tx:
            n = versions.in_force(tx, [POLICY]).get(POLICY)
            found = None if n is None else versions.version(tx, POLICY, n)
        return (0, 0) if found is None else (found.n, int("".join(c for c in found.text if c.isdigit()) or 0))

    return told


def obeyed(machine):
    """What this machine's process works by."""
    return machine.process.in_force.overall


def test_the_totals_come_into_force_at_the_second_look_that_finds_them_the_same(machine, in_force):
    machine.save(FIRST)
    machine.look()
    assert (in_force(), obeyed(machine)) == ((0, 0), Overall())
    machine.look()
    assert (in_force(), obeyed(machine).totals) == ((1, 100), Totals(calls_per_day=100))
    machine.settled(SECOND)
    assert (in_force(), obeyed(machine)) == ((2, 200), Overall(Totals(calls_per_day=200), ("денег",)))


def test_a_typo_and_a_restart_switch_nothing_off(machine, in_force):
    machine.settled(SECOND)
    machine.settled(BROKEN)
    for one in (machine, machine.restarted()):
        one.look(4)
        assert (in_force(), obeyed(one).totals.calls_per_day) == ((1, 200), 200)
        assert obeyed(one).account_trouble == ("денег",)
        assert "policy.yaml:1: house.calls_per_day: expected" in one.process.watcher.broken[POLICY]
    machine.settled(THIRD)
    assert (in_force(), machine.process.watcher.broken) == ((2, 300), {})


def test_a_file_that_went_away_switches_nothing_off_also_over_a_restart(machine, in_force):
    machine.settled(FIRST)
    machine.policy.unlink()
    for one in (machine, machine.restarted()):
        one.look(4)
        assert (in_force(), obeyed(one).totals.calls_per_day) == ((1, 100), 100)
        assert "the file whose text is in force" in one.process.watcher.broken[POLICY]


def test_an_old_copy_put_back_after_the_file_was_away_is_only_named(machine, in_force):
    machine.settled(FIRST)
    machine.settled(SECOND)
    machine.policy.unlink()
    machine.look(3)
    machine.settled(FIRST)
    assert in_force() == (2, 200)
    assert POLICY in machine.process.watcher.differing
    machine.settled(SECOND)
    assert (machine.process.watcher.differing, machine.process.watcher.broken) == ({}, {})


def test_a_checkout_replaces_the_file_and_is_still_a_change(machine, in_force):
    machine.settled(FIRST)
    machine.settled(SECOND)
    machine.policy.unlink()
    machine.look()
    machine.settled(FIRST)
    assert in_force() == (3, 100)


def test_a_file_that_is_still_being_written_is_left_alone(machine, in_force):
    machine.settled(FIRST)
    for end in range(len(THIRD)):
        machine.save(THIRD[:end])
        machine.look()
    assert in_force() == (1, 100)
    machine.settled(THIRD)
    assert in_force() == (2, 300)


def test_an_old_text_found_at_a_start_is_only_named_on_whatever_machine(machine, other, in_force):
    machine.settled(FIRST)
    machine.settled(SECOND)
    other.settled(FIRST)
    machine.save(FIRST)
    machine.restarted().look(4)
    assert in_force() == (2, 200)
    for one in (machine, other):
        assert POLICY in one.process.watcher.differing
        assert obeyed(one).totals.calls_per_day == 200


def test_one_machines_change_counts_for_every_process(machine, other, in_force):
    machine.settled(FIRST)
    other.settled(FIRST)
    neighbour = machine.start()
    neighbour.look(2)
    machine.save(THIRD)
    for _ in range(4):
        for process in (machine.process, neighbour, other.process):
            process.look()
    assert in_force() == (2, 300)
    assert [p.in_force.overall.totals.calls_per_day for p in (machine.process, neighbour, other.process)] == [300] * 3
    assert other.process.watcher.differing.keys() == {POLICY}


def test_the_defaults_alone_make_no_version_of_the_totals(machine, in_force, store):
    machine.settled(FIRST)
    Machine.save(machine, SHOP)
    machine.look(3)
    machine.settled("defaults: {max_wait: 100h}\n" + FIRST)
    assert in_force() == (1, 100)
    with store.read() as tx:
        assert versions.newest(tx, "shop") == 2


def test_where_nobody_wrote_a_policy_file_nothing_comes_into_force(machine, in_force):
    machine.policy.unlink()
    Machine.save(machine, SHOP)
    machine.look(4)
    assert (in_force(), obeyed(machine), machine.process.watcher.broken) == ((0, 0), Overall(), {})
    assert machine.process.in_force.get("shop").n == 1


def test_the_policy_is_no_source(machine, store):
    machine.settled(FIRST)
    in_force = machine.process.in_force
    assert (in_force.get(POLICY), in_force.fresh(POLICY), in_force.names()) == (None, None, [])
    assert in_force.never_was(POLICY)
    with store.write() as tx:
        assert not versions.remove(tx, POLICY, who="anna", why="x", now=1)
        assert versions.sources_standing(tx) == {}


def test_a_text_of_another_release_leaves_what_this_process_knew(machine, store):
    machine.settled(FIRST)
    with store.write() as tx:
        assert versions.put_in_force(tx, POLICY, '{"future": "x"}', after=1, who="test", now=1) == 2
    machine.process.in_force.refresh()
    assert obeyed(machine).totals.calls_per_day == 100
    assert machine.process.in_force.broken.keys() == {POLICY}
