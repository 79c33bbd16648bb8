"""Any steps in any order: whatever happens, nobody is rung twice, nothing is lost and nothing stands still."""

import pytest

from tests import databases
from tests.histories import builds, explore, step
from tests.histories.explore import Ground
from tests.histories.stories import JOINED, STORIES

SEEDS = {"sqlite": range(1, 7), "postgresql": range(1, 2)}  # `make faults` plays fresh ones


@pytest.fixture(scope="module", params=SEEDS)
def ground(request, tmp_path_factory):
    if request.param == "postgresql":
        request.getfixturevalue("_schema")  # skips where there is no server
    yield from opened(request.param, tmp_path_factory.mktemp("histories"))


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """The quick one, for controls."""
    yield from opened("sqlite", tmp_path_factory.mktemp("controls"))


def opened(kind, folder):
    url = databases.new_file(folder) if kind == "sqlite" else databases.new_schema() + explore.UNSYNCED
    found = Ground(url, folder)
    yield found
    found.close()


@pytest.mark.parametrize("story", STORIES)
def test_a_story_that_once_broke_a_law_breaks_none(ground, story):
    assert explore.play(STORIES[story][0], ground) is None


@pytest.mark.parametrize("story", [name for name, (_, build) in STORIES.items() if build])
def test_the_story_breaks_a_law_on_the_build_that_it_is_told_of(file, story):
    went, build = STORIES[story]
    with build():
        assert explore.play(went, file) is not None


def test_a_machine_that_joined_is_rung_for_twice_where_nobody_knows_of_it(ground):
    if ground.store.is_sqlite:
        pytest.skip("a SQLite file has one machine")
    with builds.nobody_knows_who_joined():
        assert explore.play(JOINED, ground).law == "rung twice"


def test_histories_of_fixed_seeds_break_no_law(ground):
    found = explore.explore(SEEDS["sqlite" if ground.store.is_sqlite else "postgresql"], ground)
    assert found is None, f"seed {found[0]}: {found[2]}"


def test_a_history_that_breaks_a_law_is_shrunk_to_its_story(file):
    beside = [("forward", 0, 0), ("crash", 0, 0), ("provider_mood", 0, 0)]
    went = STORIES["a backup is put back under running workers"][0]
    with builds.nobody_asks_which_database_it_is():
        found = explore.shortest([*beside, *went, *beside], file, "rung twice")
    assert [name for name, _, _ in found] == ["post", "back_up", "walk", "put_back"]


def test_a_history_is_the_same_each_time_and_of_known_steps():
    assert explore.history(7) == explore.history(7) != explore.history(8)
    assert {name for seed in range(200) for name, _, _ in explore.history(seed)} == set(step.STEPS)
