"""A list of ids, and beside it what is said of each: Zoho's notifications."""

import pytest

from core.expressions.expression import Path
from core.identity import split
from core.proofs.authentic import Proof
from core.proofs.covers import WHOLE
from core.source import Source, Split
from tests.http_request import delivery

LEADS = Split(each=Path.compile("ids"), beside=Path.compile("values"), by="of")


def pieces_of(body, one=LEADS):
    return split(delivery(body=body), Source(name="s", splits=(one,)), Proof(True, covers=WHOLE))


def test_what_belongs_to_an_id_goes_to_its_lead_and_to_no_other():
    body = (
        b'{"module": "Leads", "ids": ["7", "8", "9"], "values": [{"of": "9", "phone": "1"}, {"of": "7", "phone": "2"}]}'
    )
    pieces = pieces_of(body)
    assert [piece.payload.get("phone") for piece in pieces] == ["2", None, "1"]
    assert [piece.payload["_element"] for piece in pieces] == ["7", "8", "9"]
    assert all(piece.payload["_envelope"] == {"module": "Leads"} for piece in pieces)


def test_what_is_said_of_an_id_counts_in_its_digest_only():
    first, second = (pieces_of(b'{"ids": ["7", "8"], "values": [{"of": "7", "phone": "%d"}]}' % n) for n in (1, 2))
    assert first[0].digest != second[0].digest
    assert first[1].digest == second[1].digest


@pytest.mark.parametrize("beside", [b"null", b'"x"', b"{}", b"[]", b"[null, 1, {}]", b'[{"of": {"a": 1}}]'])
def test_ids_with_nothing_of_use_beside_them_are_leads_all_the_same(beside):
    pieces = pieces_of(b'{"ids": ["7", "8"], "values": ' + beside + b"}")
    assert [piece.payload["_element"] for piece in pieces] == ["7", "8"]


def test_ids_that_are_objects_themselves_have_nothing_beside_them():
    (piece,) = pieces_of(b'{"ids": [{"phone": "1"}], "values": [{"of": "7", "phone": "2"}]}')
    assert piece.payload["phone"] == "1"
    assert piece.payload["_envelope"] == {"ids": []}
