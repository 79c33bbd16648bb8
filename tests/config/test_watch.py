"""The source files become versions by themselves, or do not; on both databases, one look at a time."""

import os
import shutil

import pytest
from structlog.testing import capture_logs

from config.load import PRESETS, from_text
from config.watch import Watcher
from core.overall import POLICY
from flow.in_force import InForce
from store import versions as sources

SHOP = """\
# the shop's form
preset: generic
auth: {secret: env:SHOP_TOKEN}
mapping:
  number: {field: phone, region: RU}   # where the phone stands
  script: Заявка
policy: {max_age: 2h}
"""
SECOND = SHOP.replace("Заявка", "Вторая")
THIRD = SHOP.replace("Заявка", "Третья")
BROKEN = SHOP.replace("region: RU", "region: ru")
HALF = SHOP[: SHOP.index("policy")]


class Process:
    """One process of a machine: reads the versions, then looks at the files, as its thread would."""

    def __init__(self, machine, store):
        self.in_force = InForce(store, from_text)
        places = (machine.folder, machine.policy, self.in_force, machine.presets, machine.policy)
        self.watcher = Watcher(*places, secrets=machine.secrets.get)

    def look(self, times=1):
        for _ in range(times):
            self.in_force.refresh()
            self.watcher.look()


class Machine:
    def __init__(self, path, store):
        self.secrets = {"env:SHOP_TOKEN": "of-the-shop-itself"}
        self.folder, self.policy, self.presets = path / "sources", path / "policy.yaml", path / "presets"
        self.folder.mkdir(parents=True)
        self.policy.write_text("defaults: {countries: [RU]}\n")
        self.presets.mkdir()
        shutil.copy(PRESETS / "generic.yaml", self.presets)
        self.store = store
        self.process = self.start()

    def start(self):
        return Process(self, self.store)

    def save(self, text, name="shop.yaml"):
        (self.folder / name).write_text(text)

    def delete(self, name="shop.yaml"):
        (self.folder / name).unlink()

    def look(self, times=1):
        self.process.look(times)

    def settled(self, text):
        self.save(text)
        self.look(3)


@pytest.fixture
def machine(tmp_path, store):
    return Machine(tmp_path / "one", store)


@pytest.fixture
def other(tmp_path, store):
    return Machine(tmp_path / "two", store)


@pytest.fixture
def in_force(store):
    """The version's number and script of a source, (0, "") for none."""

    def told(name="shop"):
        with store.read() as tx:
            n = sources.in_force(tx, [name]).get(name)
            found = None if n is None else sources.version(tx, name, n)
        return (0, "") if found is None else (found.n, from_text(name, found.text).mapping.script.default)

    return told


def test_a_new_file_is_taken_at_the_second_look_that_finds_it_the_same(machine, in_force):
    machine.save(SHOP)
    machine.look()
    assert in_force() == (0, "")
    machine.look()
    assert in_force() == (1, "Заявка")
    machine.look(3)
    assert in_force() == (1, "Заявка")
    assert machine.process.in_force.get("shop").n == 1


def test_a_changed_file_becomes_the_next_version_and_a_comment_does_not(machine, in_force):
    machine.settled(SHOP)
    machine.settled(SHOP + "# nothing but a comment\n")
    assert in_force() == (1, "Заявка")
    machine.settled(SECOND)
    assert in_force() == (2, "Вторая")


def test_a_file_that_is_still_being_written_is_left_alone(machine, in_force):
    machine.settled(SHOP)
    for end in range(1, len(SECOND)):
        machine.save(SECOND[:end])
        machine.look()
    assert in_force() == (1, "Заявка")
    machine.settled(SECOND)
    assert in_force() == (2, "Вторая")


def test_a_half_that_is_valid_by_itself_is_not_taken_either(machine, in_force):
    machine.settled(SHOP)
    machine.save(HALF)
    machine.look()
    machine.save(SHOP)
    machine.look(3)
    assert in_force() == (1, "Заявка")


def test_a_broken_file_leaves_the_version_in_force_also_over_a_restart(machine, in_force):
    machine.settled(SHOP)
    machine.settled(BROKEN)
    assert in_force() == (1, "Заявка")
    said = machine.process.watcher.broken["shop"]
    assert "shop.yaml:5: mapping.number.region: expected" in said
    machine.process = machine.start()
    machine.look(3)
    assert in_force() == (1, "Заявка")
    assert machine.process.watcher.broken["shop"] == said
    machine.settled(SECOND)
    assert in_force() == (2, "Вторая")
    assert machine.process.watcher.broken == {}


def test_a_broken_file_is_said_once_with_its_place(machine):
    machine.settled(SHOP)
    with capture_logs() as lines:
        machine.settled(BROKEN)
        machine.look(5)
    assert [(line["event"], line["line"], line["key"], line["keeps"]) for line in lines] == [
        ("file_broken", 5, "mapping.number.region", 1)
    ]


def test_what_stands_in_a_broken_file_hurts_no_other_source(machine, in_force):
    machine.save(BROKEN)
    machine.save(SECOND, "other.yaml")
    machine.save(SHOP, "Wrong Name.yaml")
    machine.look(3)
    assert (in_force(), in_force("other")) == ((0, ""), (1, "Вторая"))
    assert set(machine.process.watcher.broken) == {"shop", "Wrong Name.yaml"}


def test_a_vanished_file_and_its_old_copy_put_back_change_nothing(machine, in_force):
    machine.settled(SHOP)
    machine.settled(SECOND)
    machine.delete()
    machine.look(3)
    assert in_force() == (2, "Вторая")
    machine.settled(SHOP)
    assert in_force() == (2, "Вторая")
    assert "shop" in machine.process.watcher.differing


def test_a_folder_that_is_away_changes_nothing(machine, in_force):
    machine.settled(SHOP)
    machine.folder.rename(machine.folder.with_name("away"))
    machine.look(3)
    machine.folder.with_name("away").rename(machine.folder)
    machine.look(3)
    assert in_force() == (1, "Заявка")


def test_a_renamed_file_is_a_new_source_and_the_old_one_stays(machine, in_force):
    machine.settled(SHOP)
    (machine.folder / "shop.yaml").rename(machine.folder / "store.yaml")
    machine.look(3)
    assert (in_force(), in_force("store")) == ((1, "Заявка"), (1, "Заявка"))


def test_an_old_text_is_taken_by_the_process_that_saw_the_file_change_to_it(machine, in_force):
    machine.settled(SHOP)
    machine.settled(SECOND)
    machine.settled(SHOP)
    assert in_force() == (3, "Заявка")


def test_a_checkout_replaces_the_file_and_is_still_a_change(machine, in_force):
    machine.settled(SHOP)
    machine.settled(SECOND)
    machine.delete()
    machine.look()
    machine.settled(SHOP)
    assert in_force() == (3, "Заявка")


def test_an_old_text_found_at_the_start_of_a_process_is_only_named(machine, in_force):
    machine.settled(SHOP)
    machine.settled(SECOND)
    machine.save(SHOP)
    machine.process = machine.start()
    machine.look(4)
    assert in_force() == (2, "Вторая")
    assert "shop" in machine.process.watcher.differing


def test_a_checkout_of_an_older_text_on_one_of_two_machines_is_taken_once_for_both(machine, other, in_force):
    machine.settled(SHOP)
    other.settled(SHOP)
    for one in (machine, other):
        one.settled(SECOND)
    assert in_force() == (2, "Вторая")
    machine.settled(SHOP)
    for _ in range(5):
        other.look()
        machine.look()
    assert in_force() == (3, "Заявка")
    assert other.process.in_force.get("shop").n == 3
    assert set(other.process.watcher.differing) == {"shop"}
    other.settled(SHOP)
    assert other.process.watcher.differing == {}
    assert in_force() == (3, "Заявка")


def test_processes_of_one_machine_take_a_change_once(machine, in_force):
    machine.settled(SHOP)
    processes = [machine.process, machine.start(), machine.start()]
    for process in processes:
        process.look(2)
    for text, expected in ((SECOND, (2, "Вторая")), (SHOP, (3, "Заявка")), (SECOND, (4, "Вторая"))):
        machine.save(text)
        for _ in range(4):
            for process in processes:
                process.look()
        assert in_force() == expected


def test_a_process_that_slept_does_not_take_back_what_others_have_moved_on_from(machine, other, in_force):
    machine.settled(SHOP)
    other.settled(SECOND)
    slow = machine.start()
    slow.look(2)
    machine.save(SECOND)
    slow.look()  # the first look at the change; then it sleeps
    machine.look(3)
    other.settled(THIRD)
    assert in_force() == (3, "Третья")
    slow.look(5)
    assert in_force() == (3, "Третья")


def test_a_version_that_came_between_the_two_looks_makes_them_begin_anew(machine, in_force, store):
    machine.settled(SHOP)
    machine.save(THIRD)
    machine.look()
    Machine(machine.folder.parent.parent / "three", store).settled(SECOND)
    assert in_force() == (2, "Вторая")
    machine.look()
    assert in_force() == (2, "Вторая")
    machine.look(2)
    assert in_force() == (3, "Третья")


def test_a_text_that_was_never_in_force_is_taken_also_when_it_lay_there_before(machine, in_force):
    machine.settled(SHOP)
    machine.save(SECOND)
    machine.process = machine.start()
    machine.look(2)
    assert in_force() == (2, "Вторая")


def remove(store, name="shop"):
    with store.write() as tx:
        assert sources.remove(tx, name, who="anna", why="closed", now=1)


def test_a_removed_sources_file_is_only_named(machine, in_force, store):
    machine.settled(SHOP)
    remove(store)
    machine.look(4)
    machine.process = machine.start()
    machine.look(4)
    machine.policy.write_text("defaults: {max_wait: 100h}\n")
    machine.look(4)
    assert in_force() == (0, "")
    assert "removed" in machine.process.watcher.differing["shop"]
    machine.settled(SECOND)
    assert in_force() == (2, "Вторая")


def test_a_policy_file_changes_every_source_that_stands_on_it(machine, in_force, store):
    machine.settled(SHOP)
    machine.policy.write_text("defaults: {hours: '10:00-11:00'}\n")
    machine.look(3)
    assert in_force()[0] == 2
    assert machine.process.in_force.get("shop").source.policy.hours.start == 600
    machine.policy.write_text("defaults: {countries: [RU]}\n")
    machine.look(3)
    assert in_force()[0] == 3


def test_a_broken_policy_file_leaves_every_source_as_it_is(machine, in_force):
    machine.settled(SHOP)
    machine.policy.write_text("defaults: {hours: never}\n")
    machine.settled(SECOND)
    assert in_force() == (1, "Заявка")
    assert "policy.yaml:1: defaults.hours" in machine.process.watcher.broken[POLICY]
    machine.policy.write_text("defaults: {countries: [RU]}\n")
    machine.look(3)
    assert in_force() == (2, "Вторая")
    assert machine.process.watcher.broken == {}


def test_without_a_policy_file_the_built_in_rules_hold_until_there_is_one(machine, in_force):
    machine.policy.unlink()
    machine.settled(SHOP)
    assert in_force() == (1, "Заявка")
    assert machine.process.watcher.broken == {}
    machine.policy.write_text("defaults: {hours: '10:00-11:00'}\n")
    machine.look(3)
    assert machine.process.in_force.get("shop").source.policy.hours.start == 600


def test_a_policy_file_that_goes_away_takes_no_rule_with_it(machine, in_force):
    machine.policy.write_text("defaults: {calls_per_day: 7}\n")
    machine.settled(SHOP)
    machine.policy.unlink()
    machine.settled(SECOND)
    assert in_force() == (1, "Заявка")
    assert "policy.yaml: expected the file whose text is in force" in machine.process.watcher.broken[POLICY]
    assert machine.process.in_force.get("shop").source.policy.calls_per_day == 7
    machine.policy.write_text("defaults: {calls_per_day: 7}\n")
    machine.look(3)
    assert in_force() == (2, "Вторая")
    assert machine.process.watcher.broken == {}


def test_a_changed_preset_changes_the_sources_over_it(machine, in_force):
    machine.settled(SHOP)
    preset = machine.presets / "generic.yaml"
    preset.write_text(preset.read_text().replace("  name: token", "  name: key"))
    machine.look(3)
    assert in_force()[0] == 2
    assert machine.process.in_force.get("shop").source.auth.name == "key"


def test_a_change_that_keeps_size_and_time_of_the_file_is_seen_where_its_identity_changed(machine, in_force):
    machine.settled(SHOP)
    path = machine.folder / "shop.yaml"
    before = path.stat()
    draft = path.with_name(".draft")
    draft.write_text(SECOND)
    os.utime(draft, ns=(before.st_atime_ns, before.st_mtime_ns))
    draft.replace(path)
    machine.look(3)
    assert in_force() == (2, "Вторая")


def test_a_version_none_of_whose_secrets_has_a_value_waits_for_one(machine):
    machine.save(SHOP)
    machine.process.look(2)
    assert machine.process.in_force.get("shop").n == 1
    machine.save(SHOP.replace("env:SHOP_TOKEN", "env:SHOP_TOKN"))
    with capture_logs() as logs:
        machine.process.look(5)
    assert machine.process.in_force.get("shop").n == 1
    assert "env:SHOP_TOKN" in machine.process.watcher.differing["shop"]
    assert [line["event"] for line in logs].count("file_waits_for_secret") == 1
    machine.secrets["env:SHOP_TOKN"] = "it-appears-in-the-end"
    machine.process.look(2)
    assert machine.process.in_force.get("shop").n == 2
    assert machine.process.watcher.differing == {}


def test_one_of_several_secrets_is_enough(machine):
    machine.save(SHOP.replace("env:SHOP_TOKEN", "[env:SHOP_TOKEN, env:SHOP_NEXT]"))
    machine.process.look(2)
    assert machine.process.in_force.get("shop").n == 1


def unsettled(process):
    return set(process.watcher.unsettled(process.in_force.standing()))


def test_a_file_has_had_its_say_once_two_looks_found_the_same(machine):
    machine.save(SHOP)
    assert unsettled(machine.process) == set()  # nobody looks
    machine.look()
    assert unsettled(machine.process) == {"shop", POLICY}
    machine.look(2)
    assert unsettled(machine.process) == set()
    again = machine.start()
    again.look()
    assert unsettled(again) == {"shop", POLICY}
    again.look()
    assert unsettled(again) == set()


def test_where_an_older_database_was_put_back_the_files_have_their_say_anew(machine, store):
    """From the moment in which this process has read what stands there, until the file's text is in force again."""
    machine.settled(SHOP)
    machine.settled(SECOND)
    with store.write() as tx:
        tx.execute(sources.versions.delete().where(sources.versions.c.name == "shop", sources.versions.c.n == 2))
        tx.execute(sources.stands.update().where(sources.stands.c.name == "shop").values(n=1))
    process = machine.process
    process.in_force.refresh()
    assert unsettled(process) == {"shop"}
    machine.look(4)
    assert unsettled(process) == set()
    assert [one["n"] for one in history(store)] == [2, 1]


def history(store):
    with store.read() as tx:
        return sources.history(tx, "shop", 10)


@pytest.mark.parametrize("text", [BROKEN, SHOP.replace("SHOP_TOKEN", "NOWHERE")])
def test_a_file_that_says_nothing_that_could_be_taken_keeps_nobody_waiting(machine, text):
    machine.settled(SHOP)
    machine.save(text)
    machine.look(3)
    assert unsettled(machine.process) == set()
