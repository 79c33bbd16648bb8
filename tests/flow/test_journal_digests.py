"""The dispatch journal tells nobody's number or event key, and is understood also where it did."""

import json

from tests.fakes import SHOP
from tests.flow.test_recover import keep, path, rung, sqlite, went_back, work  # noqa: F401

BY_PHONE = SHOP.replace("event_key: id", "event_key: phone")
PERSON = {"phone": "79990000001", "name": "Иван"}


def lines(gateway):
    return [file.read_text() for file in gateway.parts.journal.directory.glob("journal-*")]


def forgotten_event(gateway, path, tmp_path, before=lambda: None):  # noqa: F811
    """The database forgets lead and call, and the event comes again; its lead."""
    gateway.put("shop", BY_PHONE + "policy: {once_per_number: 0}\n")
    keep(gateway, path, tmp_path / "copy.db")
    gateway.take(PERSON)
    gateway.work()
    before()
    went_back(gateway, path, tmp_path / "copy.db")
    work(gateway)
    again = gateway.take(PERSON)
    gateway.work()
    return gateway.lead(again)


def test_neither_number_nor_key_stands_in_it_and_the_event_is_known_again(sqlite, path, tmp_path):  # noqa: F811
    lead = forgotten_event(sqlite, path, tmp_path)
    assert (lead.state, lead.reason, len(rung(sqlite))) == ("held", "may_have_rung", 1)
    assert not any("9990000001" in text for text in lines(sqlite))


def test_a_line_of_before_with_its_key_in_clear_is_understood(sqlite, path, tmp_path):  # noqa: F811
    def as_before():
        (file,) = sqlite.parts.journal.directory.glob("journal-*")
        line = json.loads(file.read_text()) | {"event_key": json.dumps(["79990000001"])}
        file.write_text(json.dumps(line) + "\n")

    lead = forgotten_event(sqlite, path, tmp_path, as_before)
    assert (lead.state, lead.reason, len(rung(sqlite))) == ("held", "may_have_rung", 1)
