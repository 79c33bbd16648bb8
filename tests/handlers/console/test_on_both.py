"""Every page opens on both databases, with leads in every state."""

import pytest

from tests import databases
from tests.browser.scene import fill
from tests.handlers.console.test_door import routes


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    if request.param == "sqlite":
        return databases.new_file(tmp_path)
    if databases.postgresql_server() is None:
        pytest.skip("no PostgreSQL")
    return databases.new_schema()


def test_every_page_opens(app, gateway, as_):
    fill(gateway, 26)
    owner = as_("owner")
    pages = [path for name, method, path, role in routes(app) if method == "GET" and role and name != "not_there"]
    assert len(pages) > 15
    for path in pages:
        path = path.replace("/sources/shop", "/sources/tilda-main")
        if path == "/console/leads/1":
            for no in range(1, 27):
                owner.get(f"/console/leads/{no_of(gateway, no)}")
        else:
            owner.get(path)


def no_of(gateway, nth):
    return gateway.lead(gateway.lead_ids()[nth - 1]).no
