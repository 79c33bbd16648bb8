"""The list of leads, the search, and a lead's page: what they tell, and what nobody may read in them."""

import re

import pytest

from core.numbers.sealed import opened, seal
from core.outcome import REFUSED, Outcome
from handlers.console.told import stations
from tests.fakes import LOST, NO, SHOP

NUMBER = "79161234567"
PHONE = "8 (916) 123-45-67"
WHOLE = re.compile(r"9\D{0,3}1\D{0,3}6\D{0,3}1\D{0,3}2\D{0,3}3\D{0,3}4\D{0,3}5\D{0,3}6\D{0,3}7")


@pytest.fixture
def lead(gateway):
    """A lead that was called, whose number stands in many places of what came."""
    gateway.alive()
    note = f"перезвоните на +7 916 123 45 67, {NUMBER} или 8916-123-4567"
    lead_id = gateway.take({"id": "1", "name": "Иван Грозный", "phone": PHONE, "note": note, NUMBER: "a key too"})
    gateway.work()
    return gateway.lead(lead_id)


def test_a_number_in_any_spelling_finds_its_leads_and_stands_in_no_address(operator, lead):
    for spelled in (PHONE, "+7 916 123 45 67", NUMBER, "9161234567"):
        operator.get("/console/")
        answer = operator.send("/console/leads/find", what=spelled)
        assert answer.status_code == 303
        assert not WHOLE.search(answer.headers["Location"])
        assert "Иван Грозный" in operator.get(answer.headers["Location"])


def test_a_lead_is_found_by_its_number_and_by_a_name(operator, lead):
    operator.get("/console/")
    for said in (str(lead.no), f"№ {lead.no}", f"#{lead.no}"):
        assert operator.send("/console/leads/find", what=said).headers["Location"] == f"/console/leads/{lead.no}"
    for said in ("иван", "ГРОЗ", "Иван Г"):
        found = operator.send("/console/leads/find", what=said)
        assert found.status_code == 200
        assert f"/console/leads/{lead.no}" in found.text
    nobody = operator.send("/console/leads/find", what="100% _ivan")
    assert "Nobody found by" in nobody.text


def test_sealed_numbers_open_under_their_key_only():
    for numbers in ((NUMBER,), (NUMBER, "4916123456789")):
        text = seal(numbers, "k" * 32)
        assert text == seal(numbers, "k" * 32)
        assert opened(text, "k" * 32) == numbers
        assert opened(text, "x" * 32) is None
        assert opened(text[:-2] + "AA", "k" * 32) is None
    for odd in ("", "a", "ж", "AAAA", "=" * 5):
        assert opened(odd, "k" * 32) is None


def test_an_address_that_somebody_made_up_finds_nothing(operator):
    long = "source=" + "x" * 64
    for query in ("who=AAAA", "after=x", "after=1.2.3", "state=gone", "period=2y", long, "source=<script>"):
        operator.get(f"/console/leads?{query}", 404)


def test_filters_stand_in_the_address_and_pages_go_on_behind_a_place(operator, gateway, lead):
    for n in range(60):
        gateway.take({"id": f"more {n}", "name": f"Person {n}"})
    gateway.work()
    page = operator.get("/console/leads?state=held&source=shop")
    assert page.count("Person ") == 50
    assert "Иван" not in page
    older = re.search(r'href="(/console/leads\?[^"]*after=[^"]*)"', page)[1].replace("&amp;", "&")
    page = operator.get(older)
    assert page.count("Person ") == 10
    assert 'href="/console/leads?state=held&amp;source=shop">The newest</a>' in page


def test_one_walks_through_the_list_that_one_came_from(operator, gateway, lead):
    for n in range(3):
        gateway.take({"id": f"held {n}", "name": f"Held {n}"})
        gateway.take({"id": f"called {n}", "phone": f"7999000000{n}"})
    gateway.work()
    page, walked = operator.get("/console/leads?state=held&period=24h"), []
    href = re.search(r'class="whole" href="([^"]*)"', page)[1]
    while href:
        page = operator.get(href.replace("&amp;", "&"))
        walked.append(re.search(r"<h1>(.*?)</h1>", page)[1])
        assert '<a href="/console/leads?state=held&amp;period=24h">Leads</a>' in page
        found = re.search(r'<a href="([^"]*)" aria-label="Next">', page)
        href = found and found[1]
    assert walked == ["Held 2", "Held 1", "Held 0"]
    back = re.search(r'<a href="([^"]*)" aria-label="Previous">', page)[1].replace("&amp;", "&")
    assert "<h1>Held 1</h1>" in operator.get(back)
    sealed = seal((lead.number,), gateway.parts.digest_key)
    page = operator.get(f"/console/leads/{lead.no}?who={sealed}")
    assert 'aria-label="Next"' not in page  # no other lead of this number
    operator.get(f"/console/leads/{lead.no}?who=AAAA", 404)


def test_names_go_on_behind_a_place_too_and_stand_in_no_address(operator, gateway):
    for n in range(70):
        gateway.take({"id": f"n{n}", "name": f"Anna {n:02}"})
    gateway.work()
    operator.get("/console/")
    page = operator.send("/console/leads/find", what="anna").text
    assert page.count(">Anna ") == 50
    before = re.search(r'name="before" value="(\d+)"', page)[1]
    older = operator.send("/console/leads/find", what="anna", before=before).text
    assert older.count(">Anna ") == 20
    assert "The newest" in older
    assert not re.search(r'(href|action)="[^"]*[Aa]nna', page + older)


def test_where_nobody_is_found_among_the_newest_one_may_look_further_back(operator, gateway, monkeypatch):
    monkeypatch.setattr("store.search.LOOKED_THROUGH", 2)
    for name in ("Anna", "Boris", "Vera", "Galya"):
        gateway.take({"id": name, "name": name})
    gateway.work()
    operator.get("/console/")
    page = operator.send("/console/leads/find", what="anna").text
    assert "40,000 leads were looked through" in page
    before = re.search(r'name="before" value="(\d+)"', page)[1]
    older = operator.send("/console/leads/find", what="anna", before=before).text
    assert ">Anna" in older
    assert 'name="before"' not in older


def test_no_role_reads_a_whole_number_in_a_page_before_it_is_shown(as_, lead):
    for role in ("viewer", "operator", "owner"):
        reader = as_(role)
        for path in ("/console/leads", f"/console/leads/{lead.no}", "/console/decide", "/console/"):
            page = reader.get(path)
            assert not WHOLE.search(page), (role, path, WHOLE.search(page))
        assert "•" in reader.get(f"/console/leads/{lead.no}")


def test_a_number_in_the_place_of_a_name_is_hidden_too(operator, gateway):
    gateway.take({"id": "1", "name": f"Иван {PHONE}", "phone": PHONE})
    gateway.take({"id": "2", "name": f"Анна {NUMBER}", "phone": "none"})
    gateway.work()
    lead_id = gateway.lead_ids()[0]
    for path in ("/console/leads", "/console/decide", f"/console/leads/{lead_id}", "/console/sources/shop/lab"):
        page = operator.get(path)
        assert not WHOLE.search(page), (path, WHOLE.search(page))
    found = operator.send("/console/leads/find", what="иван").text
    assert "Иван 8 (916) •••" in found
    assert not WHOLE.search(found)


def test_a_viewer_reads_no_text_that_somebody_typed(viewer, operator, lead):
    assert "перезвоните" in operator.get(f"/console/leads/{lead.no}")
    assert "перезвоните" not in viewer.get(f"/console/leads/{lead.no}")


def test_a_viewer_reads_no_text_of_the_provider_nor_a_script_that_a_visitor_named(viewer, operator, gateway):
    gateway.put("shop", SHOP.replace("script: Заявка", "script: {field: script, allow: [Заявка]}"))
    gateway.alive()
    gateway.voice.outcomes = [Outcome(REFUSED, error="Иванов в чёрном списке", http_status=200, reply=b"{}")]
    refused = gateway.take({"id": "1", "phone": PHONE, "script": "Заявка"})
    gateway.work()
    held = gateway.take({"id": "2", "phone": PHONE, "script": "Перезвоните Петрову"})
    gateway.work()
    assert (gateway.lead(refused).state, gateway.lead(held).state) == ("refused", "held")
    for path in (
        "/console/leads",
        "/console/decide",
        "/console/",
        f"/console/leads/{refused}",
        f"/console/leads/{held}",
    ):
        page = viewer.get(path)
        assert "Иванов" not in page, path
        assert "Петрову" not in page, path
    assert "Иванов в чёрном списке" in operator.get("/console/leads")
    assert "Перезвоните Петрову" in operator.get("/console/leads")


def test_showing_a_number_is_noted(operator, lead, gateway):
    operator.get(f"/console/leads/{lead.no}")
    shown = operator.send(f"/console/leads/{lead.no}/reveal")
    assert "+7 916 123-45-67" in shown.text
    alone = operator.http.post(
        f"/console/leads/{lead.no}/reveal", data={"csrf_token": operator.csrf}, headers={"Accept": "text/plain"}
    )
    assert alone.text == "+7 916 123-45-67"
    from store import people

    with gateway.store.read() as tx:
        rows = [(row["who"], row["what"], row["about"]) for row in people.page_of_audit(tx, 10)]
    assert rows[:2] == [("the operator", "number_shown", f"№ {lead.no}")] * 2
    assert not WHOLE.search(str(rows))


def test_a_lead_tells_its_story_as_stations(operator, lead):
    page = operator.get(f"/console/leads/{lead.no}")
    for told in ("The call was placed", "Delivery", "Fields to call", "Rules", "Attempt 1", "Accepted", "History"):
        assert told in page
    assert "Not on the do-not-call list" in page


def test_each_station_says_how_long_after_the_one_before_it_was(operator, gateway, clock):
    gateway.alive()
    no = gateway.lead(gateway.take({"id": "1", "phone": "79990000001"})).no
    clock.forward(7)
    gateway.alive()
    gateway.work()
    page = operator.get(f"/console/leads/{no}")
    assert 'Fields to call</h2><span class="code">+7.0 s</span>' in re.sub(r"\s*\n\s*", "", page).replace("\u00a0", " ")
    told = stations(1_000, {"mapped_at": 1_400, "ruled_at": None}, [{"n": 1, "started_at": 3_000, "ended_at": 3_250}])
    assert told == {"fields": (400, 400), (1, "sent"): (2_000, 1_600), (1, "ended"): (2_250, 250)}


def test_the_overview_leads_to_those_that_were_called_late(operator, gateway, clock, monkeypatch):
    gateway.alive()
    assert "/leads/late" not in operator.get("/console/")
    slow = [gateway.take({"id": f"{n}", "name": f"Late {n}", "phone": f"7999000000{n}"}) for n in range(3)]
    clock.forward(7)
    gateway.alive()
    gateway.work()
    gateway.take({"id": "9", "name": "Quick", "phone": "79990000009"})
    gateway.work()
    link = re.search(r'href="(/console/leads/late)">longer: 3 of 4<', operator.get("/console/"))
    page = operator.get(link[1])
    assert [f">Late {n}<" in page for n in range(len(slow))] == [True] * 3
    assert ">Quick<" not in page
    monkeypatch.setattr("handlers.console.leads.A_PAGE", 2)
    monkeypatch.setattr("store.search.CALLS_LOOKED_THROUGH", 3)
    seen, address = set(), link[1]
    for _ in range(5):
        page = operator.get(address)
        seen |= set(re.findall(r">(Late \d)<", page))
        older = re.search(r'href="(/console/leads/late\?after=[\d.]+)"', page)
        if older is None:
            break
        address = older[1]
    assert (seen, older) == ({"Late 0", "Late 1", "Late 2"}, None)
    operator.get("/console/leads/late?after=soon", 404)


def test_each_state_is_told_in_a_sentence(operator, gateway):
    gateway.alive()
    gateway.voice.outcomes = [LOST, NO]
    lost = gateway.take({"id": "1", "phone": "79990000001"})
    gateway.work()
    refused = gateway.take({"id": "2", "phone": "79990000002"})
    gateway.work()
    held = gateway.take({"id": "3"})
    gateway.work()
    fresh = gateway.take({"id": "4", "phone": "79990000004"})
    told = {
        lost: "We do not know whether the phone rang",
        refused: "The provider refused the call",
        held: "Waits for your decision",
        fresh: "Has come in",
    }
    for lead_id, sentence in told.items():
        assert sentence in operator.get(f"/console/leads/{lead_id}")


def test_an_erased_lead_still_opens(as_, lead, gateway, clock):
    from flow import erase

    clock.forward(100 * 86_400)
    while erase.erase_old(gateway.parts):
        pass
    assert gateway.lead(lead.id).erased_at is not None
    page = as_("operator", "again").get(f"/console/leads/{lead.no}")
    assert "What came was erased" in page
    assert "Иван" not in page


def test_a_lead_that_is_not_there_is_a_page(operator):
    operator.get("/console/leads/999999", 404)
