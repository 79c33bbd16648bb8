"""Rows of attacks against servers of their own on this machine. Each row asks twice: the product, which has to hold,
and a build with a hole (`holes.py`), where the same question has to find it."""

import pytest

from tests import databases
from tests.faults.database import SQLITE
from tests.faults.world import World


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/security" in str(item.path):
            item.add_marker(pytest.mark.security)


@pytest.fixture
def database_url(tmp_path):
    """What is asked here does not depend on the database; what does is asked on both elsewhere."""
    return databases.new_file(tmp_path)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """The product: web with two processes, worker, provider; for the questions of one file."""
    with World(SQLITE, tmp_path_factory.mktemp("house")) as world:
        world.web()
        world.worker()
        yield world


@pytest.fixture
def holed(tmp_path):
    """`with holed("inflates") as world`: the same house, its web a build with these holes."""

    def make(*holes, worker=False):
        return Holed(tmp_path / "-".join(holes), holes, worker)

    return make


class Holed:
    def __init__(self, folder, holes, worker):
        self._world, self._holes, self._worker = World(SQLITE, folder), holes, worker

    def __enter__(self):
        self._world.__enter__()
        self._world.web(**build(*self._holes))
        if self._worker:
            self._world.worker()
        return self._world

    def __exit__(self, *why):
        self._world.__exit__(*why)


def build(*holes):
    """What `World.web` has to be told for a build with these holes."""
    return {"entry": "gunicorn", "application": f"tests.security.holes:web({', '.join(map(repr, holes))})"}
