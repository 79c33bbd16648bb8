"""A source made in the console: what is written, what is shown once, and what is refused without a trace."""

import re
import stat

import pytest

from config.save import Files
from config.secrets import Secrets, values_of
from store import people, versions
from tests.fakes import YES

WISH = {"preset": "tilda", "name": "spring-sale", "script": "Заявка", "region": "ru"}


@pytest.fixture
def places(app, gateway, tmp_path):
    """The folder of the sources' files and the file of secrets."""
    folder, secrets = tmp_path / "sources", tmp_path / "secrets.env"
    folder.mkdir()
    app.extensions["source_files"] = Files(folder, tmp_path / "no-policy.yaml", secrets)
    gateway.parts.secrets = Secrets(secrets, {})
    return folder, secrets


def address_in(page):
    return re.search(r"<code>(http[^<]*)</code>", page)[1].replace("&amp;", "&")


def test_it_is_in_force_at_once_and_its_address_rings(app, owner, gateway, places):
    folder, secrets = places
    assert "/console/sources/new" in owner.get("/console/sources")
    assert "Tilda" in owner.get("/console/sources/new")
    page = owner.send("/console/sources/new", **WISH)
    assert page.status_code == 200
    (token,) = values_of(secrets).values()
    assert address_in(page.text).endswith(f"/hooks/spring-sale?token={token}") or token in address_in(page.text)
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    text = (folder / "spring-sale.yaml").read_text(encoding="utf-8")
    assert token not in text
    assert "env:SPRING_SALE_TOKEN" in text
    gateway.alive()
    gateway.voice.otherwise = YES
    path = address_in(page.text).partition("/hooks/")[2]
    answer = app.test_client().post(f"/hooks/{path}", data={"Phone": "+79990000001", "tranid": "1:2", "formid": "3"})
    assert answer.status_code == 200, answer.text
    gateway.work()
    assert [call.number for call in gateway.voice.asked] == ["79990000001"]
    with gateway.store.read() as tx:
        (version,) = versions.history(tx, "spring-sale", 5)
        done = [(row["who"], row["what"], row["about"]) for row in people.page_of_audit(tx, 5)]
    assert version["who"] == "the owner"
    assert ("the owner", "source_made", "spring-sale") in done
    assert token not in owner.get("/console/sources/spring-sale")


def test_the_address_of_one_that_lacks_its_crm_has_its_token_too(owner, places):
    page = owner.send("/console/sources/new", **{**WISH, "preset": "megaplan"})
    assert "not in force yet" in page.text
    (token,) = values_of(places[1]).values()
    assert address_in(page.text).endswith(f"/hooks/spring-sale?token={token}")
    assert page.text.count(token) == 2  # to read, and for the button that copies it


def test_a_dry_run_is_what_the_form_proposes(owner, gateway, places):
    page = owner.get("/console/sources/new")
    assert re.search(r'name="dry_run" value="yes" checked', page)
    owner.send("/console/sources/new", **WISH, dry_run="yes")
    assert "Dry run, nobody is called: spring-sale" in owner.get("/console/")
    assert "\ndry_run: true" in (places[0] / "spring-sale.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "Весна"}, "small Latin letters"),
        ({"name": "../escape"}, "small Latin letters"),
        ({"name": "new"}, "small Latin letters"),
        ({"name": ""}, "small Latin letters"),
        ({"preset": "nobody"}, "Choose what sends"),
        ({"region": "XX"}, "no source"),
        ({"sms": "{{ Name"}, "no source"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_no_trace(owner, places, changed, said):
    folder, secrets = places
    owner.get("/console/sources/new")
    answer = owner.send("/console/sources/new", **{**WISH, **changed})
    assert answer.status_code == 409
    assert said in answer.text
    assert list(folder.iterdir()) == []
    assert not secrets.exists()


def test_a_file_that_is_there_is_never_written_over(owner, places):
    folder, secrets = places
    (folder / "spring-sale.yaml").write_text("# mine\n")
    owner.get("/console/sources/new")
    answer = owner.send("/console/sources/new", **WISH)
    assert answer.status_code == 409
    assert "choose another name" in answer.text
    assert 'value="spring-sale"' in answer.text
    assert (folder / "spring-sale.yaml").read_text() == "# mine\n"
    assert not secrets.exists()


def test_where_files_are_not_written_it_says_so(app, owner, places, tmp_path):
    app.extensions["source_files"] = Files(places[0], tmp_path / "no-policy.yaml", places[1], may_save=False)
    assert "flask sources new" in owner.get("/console/sources/new")
    assert owner.send("/console/sources/new", **WISH).status_code == 409
    assert list(places[0].iterdir()) == []


def test_what_stands_in_the_form_is_shown_and_never_run(owner, places):
    vector = '"><script>alert(1)</script>'
    owner.get("/console/sources/new")
    page = owner.send("/console/sources/new", **{**WISH, "name": vector, "script": vector, "sms": vector}).text
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;") >= 2


def test_values_of_the_form_stay_values_of_the_file(owner, gateway, places):
    sly = 'a"\nenabled: false\nx: {{'
    owner.get("/console/sources/new")
    owner.send("/console/sources/new", **{**WISH, "script": 'Акция "# весна" \\ {x: y}', "name": "sly"})
    known = gateway.parts.sources.get("sly")
    assert known.source.mapping.script.default == 'Акция "# весна" \\ {x: y}'
    owner.send("/console/sources/new", **{**WISH, "script": sly, "name": "slyer"})
    assert gateway.parts.sources.get("slyer").source.enabled
