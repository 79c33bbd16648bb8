"""The lab: what a change of a source's fields would do, and how it comes into the file and into force."""

import html
import re

import pytest

from config.save import Files
from handlers.console import drafting
from handlers.console.drafting import digest
from tests.fakes import SHOP

WITH_COMMENTS = f"# the owner's own words{SHOP}# the end\n".replace("event_key: id", "event_key: id   # theirs")


@pytest.fixture
def files(app, gateway, tmp_path):
    """The folder of the sources' files; `shop` is in force as its file says."""
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "shop.yaml").write_text(WITH_COMMENTS, encoding="utf-8")
    gateway.put("shop", WITH_COMMENTS)
    app.extensions["source_files"] = Files(folder, tmp_path / "no-policy.yaml")
    gateway.alive()
    return folder


def form_of(page):
    """The lab's form as a browser would send it."""
    part = page[page.index("data-lab") : page.index("</form>", page.index("data-lab"))]
    fields = {}
    for name, value in re.findall(r'<input[^>]*?name="([\w-]+)"[^>]*?value="([^"]*)"', part):
        if not re.search(rf'<input[^>]*type="(?:radio|checkbox)"[^>]*name="{name}"', part):
            fields.setdefault(name, []).append(html.unescape(value))
    for name, value in re.findall(r'<textarea name="([\w-]+)"[^>]*>(.*?)</textarea>', part, re.DOTALL):
        fields[name] = [html.unescape(value)]
    return fields


def changed(page, **fields):
    form = form_of(page)
    return {**form, **{name: [value] if isinstance(value, str) else value for name, value in fields.items()}}


def test_a_field_was_renamed_the_lab_mends_it_in_one_line_and_the_lead_is_called(owner, gateway, files):
    lead_id = gateway.take({"id": "1", "Ваш номер": "8 916 123-45-67"})
    gateway.work()
    page = owner.get("/console/sources/shop/lab")
    assert 'data-reference="Ваш номер"' in page
    assert "8 916 •••-••-67" in page
    form = changed(page, number="phone\nВаш номер")
    shown = owner.send("/console/sources/shop/lab", **form).text
    assert "<b>+1</b>would now be called" in shown
    assert '<span class="plus">+   number: {field: [phone, Ваш номер], region: RU}' in shown
    assert gateway.lead(lead_id).state == "held"
    page = owner.post("/console/sources/shop/save", **form, why="renamed")
    assert "in force on all machines" in page
    assert "1 held lead may fit now" in page
    text = (files / "shop.yaml").read_text(encoding="utf-8")
    before = WITH_COMMENTS.splitlines()
    assert [line for line in text.splitlines() if line not in before] == [
        "  number: {field: [phone, Ваш номер], region: RU}"
    ]
    assert gateway.parts.sources.get("shop").source.mapping.number.fields[1].text == "Ваш номер"
    versions = owner.get("/console/sources/shop")
    assert "renamed" in versions
    assert "the owner" in versions
    owner.post("/console/act", do="remap", lead=f"{lead_id}:{gateway.lead(lead_id).history_n}", next="/console/decide")
    gateway.work()
    assert gateway.lead(lead_id).state == "accepted"


def test_what_the_backtest_says_is_what_recomputing_does(owner, gateway, files):
    ids = [gateway.take({"id": str(n), "tel": f"7999000000{n}"}) for n in range(3)]
    ids.append(gateway.take({"id": "x"}))
    gateway.work()
    form = changed(owner.get("/console/sources/shop/lab"), number="phone\ntel")
    assert "<b>+3</b>would now be called" in owner.send("/console/sources/shop/lab", **form).text
    owner.post("/console/sources/shop/save", **form)
    for one in ids:
        owner.post("/console/act", do="remap", lead=f"{one}:{gateway.lead(one).history_n}", next="/console/decide")
    gateway.work()
    assert [gateway.lead(one).state for one in ids] == ["accepted"] * 3 + ["held"]


def test_leads_that_would_lose_their_call_need_a_tick(owner, gateway, files):
    gateway.take({"id": "1", "phone": "79990000001"})
    gateway.work()
    form = changed(owner.get("/console/sources/shop/lab"), number="other")
    refused = owner.send("/console/sources/shop/save", **form)
    assert refused.status_code == 409
    assert "tick that you saw it" in refused.text
    assert "1 of the last 1 would lose the call" in refused.text
    assert (files / "shop.yaml").read_text(encoding="utf-8") == WITH_COMMENTS
    owner.post("/console/sources/shop/save", **form, understood="yes")


def test_what_is_saved_is_tried_on_more_leads_than_what_is_typed(owner, gateway, files):
    gateway.take({"id": "old", "phone": "79990000001"})
    for n in range(drafting.PREVIEW):
        gateway.take({"id": str(n), "phone": f"79160000{n:03}", "tel": f"79160000{n:03}"})
    form = changed(owner.get("/console/sources/shop/lab"), number="tel")
    typed = owner.send("/console/sources/shop/lab", **form).text
    assert f"<b>{drafting.PREVIEW}</b>as before" in typed
    refused = owner.send("/console/sources/shop/save", **form)
    assert refused.status_code == 409
    assert f"1 of the last {drafting.PREVIEW + 1} would lose the call" in refused.text


def test_a_file_that_changed_meanwhile_is_not_written_over(owner, gateway, files):
    form = changed(owner.get("/console/sources/shop/lab"), default="Другой сценарий")
    theirs = WITH_COMMENTS.replace("script: Заявка", "script: Акция")
    (files / "shop.yaml").write_text(theirs, encoding="utf-8")
    refused = owner.send("/console/sources/shop/save", **form)
    assert refused.status_code == 409
    assert "The file changed while this page was open" in refused.text
    assert (files / "shop.yaml").read_text(encoding="utf-8") == theirs
    again = changed(refused.text)
    assert again["digest"] == [digest(theirs)]


def test_a_failing_example_is_not_saved(owner, gateway, files):
    (files / "one.http").write_text('POST /\nContent-Type: application/json\n\n{"id": "1", "phone": "79990000001"}')
    example = "examples:\n  - {request: one.http, call: {number: '79990000001', script: Заявка}}\n"
    text = WITH_COMMENTS + example
    (files / "shop.yaml").write_text(text, encoding="utf-8")
    form = changed(owner.get("/console/sources/shop/lab"), default="Другой")
    refused = owner.send("/console/sources/shop/save", **form)
    assert refused.status_code == 409
    assert "comes out otherwise" in refused.text
    assert (files / "shop.yaml").read_text(encoding="utf-8") == text


def test_an_expression_that_does_not_parse_is_said_with_what_to_write(owner, gateway, files):
    form = changed(owner.get("/console/sources/shop/lab"), number="a ||")
    page = owner.send("/console/sources/shop/lab", **form).text
    assert "expected is" in page
    form = changed(owner.get("/console/sources/shop/lab"), when=["utm_source == vk"], value=["Сценарий ВК"])
    assert "utm_source == &#39;vk&#39;" in owner.send("/console/sources/shop/lab", **form).text


def test_the_leads_beside_it_are_one_click_away_however_many_came_since(owner, gateway, files, monkeypatch):
    monkeypatch.setattr(drafting, "PREVIEW", 3)
    numbers = [gateway.lead(gateway.take({"id": str(n), "phone": f"7999000000{n}"})).no for n in range(6)]
    around = {}
    for no in numbers:
        page = owner.get(f"/console/sources/shop/lab?lead={no}")
        around[no] = re.findall(r'lab\?lead=(\d+)" aria-label="(Newer|Older)', page)
    for older, no, newer in zip(["", *numbers], numbers, [*numbers[1:], ""], strict=False):
        assert around[no] == [(str(at), what) for at, what in ((newer, "Newer"), (older, "Older")) if at]


def test_the_whole_text_may_be_changed_too(owner, gateway, files):
    text = WITH_COMMENTS.replace("script: Заявка", "script: Акция")
    given = {"mode": "text", "text": text, "digest": digest(WITH_COMMENTS)}
    owner.get("/console/sources/shop/lab")
    owner.post("/console/sources/shop/save", **given)
    assert (files / "shop.yaml").read_text(encoding="utf-8") == text
    wrong = owner.send("/console/sources/shop/save", mode="text", text="preset: nothing", digest=digest(text))
    assert wrong.status_code == 409
    assert "one of" in wrong.text


def test_where_saving_is_off_there_is_a_download_and_no_save(app, owner, gateway, files, tmp_path):
    app.extensions["source_files"] = Files(files, tmp_path / "no-policy.yaml", may_save=False)
    page = owner.get("/console/sources/shop/lab")
    assert "Saving is off here" in page
    assert "/console/sources/shop/save" not in page
    form = changed(page, default="Акция")
    assert owner.send("/console/sources/shop/save", **form).status_code == 409
    taken = owner.send("/console/sources/shop/lab", **form, download="yes")
    assert "script: Акция" in taken.text
    assert (files / "shop.yaml").read_text(encoding="utf-8") == WITH_COMMENTS


def test_an_operator_looks_and_does_not_save(operator, gateway, files):
    page = operator.get("/console/sources/shop/lab")
    assert "/console/sources/shop/save" not in page
    assert operator.send("/console/sources/shop/save", **changed(page, default="Акция")).status_code == 403


def test_a_write_that_fails_leaves_the_file_whole(files, tmp_path):
    there = Files(files, tmp_path / "no-policy.yaml")
    with pytest.raises(UnicodeEncodeError):
        there.write("shop", "half \ud800", WITH_COMMENTS)
    assert sorted(path.name for path in files.iterdir()) == ["shop.yaml"]
    assert (files / "shop.yaml").read_text(encoding="utf-8") == WITH_COMMENTS


def test_no_token_stands_in_a_source_s_page(operator, gateway, files):
    page = operator.get("/console/sources/shop")
    assert "token=•••" in page
    assert "test-token" not in page
    assert "test-token" not in operator.get("/console/sources")


def test_refused_proofs_stand_on_the_page_by_hour_and_cause(operator, gateway, files):
    for _ in range(3):
        gateway.post({"id": "1"}, token="wrong")
    gateway.parts.refusals.flush()
    page = operator.get("/console/sources/shop")
    assert "Requests without a right proof" in page
    assert '<td class="num">3</td>' in page
