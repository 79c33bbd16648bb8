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


ODD = ("\x00", "a\x00b", "\ud800", "%_\\[*", "9" * 200, "' OR 1=1 --", "{{ 7*7 }}", "\u202e", "x" * 5000)


def test_no_form_s_text_is_too_odd_for_the_database(app, gateway, as_):
    """Whatever stands in the fields, the answer is a page: done, refused or not there."""
    gateway.alive()
    gateway.take({"id": "1", "phone": "79990000001"})
    owner = as_("owner")
    owner.get("/console/me")
    forms = [path for name, method, path, role in routes(app) if method == "POST" and role]
    fields = (
        "what",
        "why",
        "account",
        "script",
        "kind",
        "subject",
        "name",
        "role",
        "scope",
        "number",
        "source",
        "lead",
    )
    for path in forms:
        if path.endswith(("/logout", "/out", "/disable", "/role")):
            continue
        for odd in ODD:
            given = dict.fromkeys((*fields, "new", "old", "t", "do", "preset", "provider_id", "text"), odd)
            raw = {name: value.encode("utf-8", "surrogatepass") for name, value in given.items()}
            assert owner.send(path, **raw).status_code < 500, (path, odd)
