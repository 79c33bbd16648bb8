"""Which leads a delivery holds, which came before, and what of it is kept."""

import json
from dataclasses import replace

import pytest

from core.expressions.expression import Path
from core.identity import split
from core.proofs.covers import WHOLE
from core.proofs.proof import Proof
from core.source import Auth, Body, Source, Split
from tests.http_request import delivery, read, with_header

TOKEN_IN_QUERY = Proof(True, covers=WHOLE, spent=(("query", "token"),))
NOTHING_SPENT = Proof(True, covers=WHOLE)


def paths(*texts):
    return tuple(Path.compile(text) for text in texts)


def source(**parts):
    return Source(name="form", auth=Auth(), **parts)


def leads(request, asked=None, proof=NOTHING_SPENT):
    return split(request, asked or source(), proof)


def one(request, asked=None, proof=NOTHING_SPENT):
    (piece,) = leads(request, asked, proof)
    return piece


def fields(piece):
    return {key: value for key, value in piece.payload.items() if not key.startswith("_")}


# --- how many leads


@pytest.mark.parametrize(
    "request_",
    [
        delivery(),
        delivery("GET"),
        delivery(query="token=s"),
        delivery(body=b" \r\n"),
        delivery(body=b"{}"),
        delivery(body=b"[]"),
    ],
)
def test_no_data_at_all_is_a_check_and_no_lead(request_):
    assert leads(request_, proof=TOKEN_IN_QUERY) == ()


def test_data_in_the_query_of_an_empty_body_is_a_lead():
    piece = one(read("getcourse"))
    assert fields(piece)["phone"] == "+79990000006"
    assert piece.payload["_request"]["query"]["order"] == "1234567"


def test_a_top_level_list_is_one_lead_per_object():
    pieces = leads(delivery(body=b'[{"phone": "1"}, {"phone": "2"}]', query="utm=vk"))
    assert [fields(piece) for piece in pieces] == [{"phone": "1", "utm": "vk"}, {"phone": "2", "utm": "vk"}]
    assert all("_envelope" not in piece.payload for piece in pieces)


AMO = source(
    splits=(
        Split(each=Path.compile("leads.add"), entity="leads", action="add"),
        Split(each=Path.compile("leads.status"), entity="leads", action="status"),
        Split(each=Path.compile("contacts.add"), entity="contacts", action="add"),
    ),
    event_key=paths("_envelope.account.id", "_entity", "_action", "id"),
)


def test_amocrm_sends_several_leads_at_once():
    first, second = leads(read("amocrm_leads_add"), AMO)
    assert (first.payload["id"], second.payload["id"]) == ("31926529", "31926530")
    assert (first.payload["_entity"], first.payload["_action"]) == ("leads", "add")
    assert first.event_key == '["10216991", "leads", "add", "31926529"]'


def test_the_envelope_holds_no_element_of_any_lead():
    first, second = leads(read("amocrm_leads_add"), AMO)
    assert first.payload["_envelope"] == {"leads": {"add": []}, "account": {"id": "10216991", "subdomain": "portal"}}
    assert second.payload["_envelope"] == first.payload["_envelope"]


def test_leads_come_in_the_order_in_which_they_stand():
    body = b"contacts[add][0][id]=1&leads[status][0][id]=2&leads[add][0][id]=3&leads[add][1][id]=4"
    pieces = leads(delivery(body=body), AMO)
    assert [piece.payload["id"] for piece in pieces] == ["1", "2", "3", "4"]
    assert [piece.payload["_entity"] for piece in pieces] == ["contacts", "leads", "leads", "leads"]


def test_elements_that_count_from_elsewhere_are_elements_all_the_same():
    pieces = leads(delivery(body=b"leads[add][3][id]=1&leads[add][7][id]=2"), AMO)
    assert [piece.payload["id"] for piece in pieces] == ["1", "2"]


def test_meta_nests_its_leads_two_lists_deep():
    asked = source(
        splits=(Split(each=Path.compile("entry[].changes[]"), entity="page"),), event_key=paths("value.leadgen_id")
    )
    first, second = leads(read("meta_leadgen"), asked)
    assert (first.event_key, second.event_key) == ('["910000000000001"]', '["910000000000002"]')
    entry = {"id": "806684800001111", "time": "1785590400", "changes": []}
    assert first.payload["_envelope"] == {"object": "page", "entry": [entry]}


def test_a_list_of_ids_is_one_lead_per_id():
    asked = source(splits=(Split(each=Path.compile("ids")),), event_key=paths("_envelope.module", "_element"))
    pieces = leads(delivery(body=b'{"module": "Leads", "ids": ["7", "7", "8"], "n": ["7"]}'), asked)
    assert [piece.event_key for piece in pieces] == ['["Leads", "7"]', '["Leads", "7"]', '["Leads", "8"]']
    assert pieces[0].payload["_envelope"] == {"module": "Leads", "n": ["7"]}


def test_of_elements_that_an_expression_made_the_envelope_keeps_plain_values_only():
    asked = source(splits=(Split(each=Path.compile("rows[].{id: id, phone: deep.phone}")),))
    body = b'{"account": "1", "rows": [{"id": "1", "deep": {"phone": "5"}}, {"id": "2"}]}'
    pieces = leads(delivery(body=body), asked)
    assert [fields(piece) for piece in pieces] == [{"id": "1", "phone": "5"}, {"id": "2", "phone": None}]
    assert pieces[0].payload["_envelope"] == {"account": "1"}


SALESFORCE = source(
    splits=(Split(each=Path.compile("Envelope.Body.notifications.Notification"), entity="Lead"),),
    event_key=paths("Id"),
    body=Body(format="xml"),
)


def test_one_notification_of_salesforce_is_one_lead_and_two_are_two():
    request = read("salesforce_outbound_message")
    two = leads(request, SALESFORCE)
    head, _, rest = request.body.partition(b"<Notification>")
    single = replace(request, body=head + b"<Notification>" + rest.partition(b"<Notification>")[2])
    assert [piece.event_key for piece in two] == ['["04l000000000001AAA"]', '["04l000000000002AAA"]']
    assert [piece.event_key for piece in leads(single, SALESFORCE)] == ['["04l000000000002AAA"]']
    assert "Reyes" not in json.dumps(two[1].payload)


def test_where_no_split_finds_a_lead_the_whole_delivery_is_one():
    piece = one(delivery(body=b"task[add][0][id]=1"), AMO)
    assert piece.payload["task"] == {"add": [{"id": "1"}]}
    assert "_entity" not in piece.payload


# --- the event key


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"id": "7"}, '["7"]'),
        ({"id": 7001000000001234567}, '["7001000000001234567"]'),
        ({"id": " 7 "}, '["7"]'),
        ({"id": "0"}, '["0"]'),
        ({"id": "Ж\u0000"}, '["\\u0416\\ufffd"]'),
        ({"id": ""}, None),
        ({"id": "  "}, None),
        ({"id": None}, None),
        ({"id": []}, None),
        ({"id": {"a": "1"}}, None),
        ({"id": ["1"]}, None),
        ({"id": False}, None),
        ({"id": True}, None),
        ({"id": "{object.id}"}, None),
        ({"id": "order-{object.id}"}, None),
        ({"id": "{{ order.id }}"}, None),
        ({"id": "${Leads.Lead Id}"}, None),
        ({"id": "[your-id]"}, None),
        ({"id": "%id%"}, None),
        ({"id": "undefined"}, None),
        ({"id": "NULL"}, None),
        ({}, None),
    ],
)
def test_a_key_counts_only_with_something_in_it(body, key):
    assert one(delivery(body=json.dumps({"a": "1", **body}).encode()), source(event_key=paths("id"))).event_key == key


def test_of_several_parts_each_has_to_be_there():
    asked = source(event_key=paths("a.id", "b"))
    assert one(delivery(body=b'{"a": {"id": "1"}, "b": "2"}'), asked).event_key == '["1", "2"]'
    assert one(delivery(body=b'{"a": {"id": "1"}, "b": ""}'), asked).event_key is None


def test_parts_cannot_run_into_one_another():
    asked = source(event_key=paths("a", "b"))
    keys = {one(delivery(body=body), asked).event_key for body in (b"a=1&b=2,3", b"a=1,2&b=3", b'a=1", "2&b=3')}
    assert len(keys) == 3


def test_a_key_longer_than_an_index_takes_is_told_by_its_digest():
    asked = source(event_key=paths("id"))
    long, longer = (one(delivery(body=b"id=" + b"a" * n), asked).event_key for n in (5000, 5001))
    assert long != longer
    assert len(long) < 100


def test_an_expression_that_fails_is_no_key():
    assert one(delivery(body=b"id=1"), source(event_key=paths("sort_by(id, &a)"))).event_key is None


def test_a_key_may_stand_in_a_header_even_of_a_body_that_cannot_be_read():
    asked = source(event_key=paths('_request.headers."webhook-id"'))
    assert one(read("standard_webhooks"), asked).event_key == '["msg_2KWPBgLlAfxdpx2AI54p0001"]'
    assert one(replace(read("standard_webhooks"), body=b"{"), asked).event_key == '["msg_2KWPBgLlAfxdpx2AI54p0001"]'


# --- the digest


def test_the_digest_sees_what_is_said_and_not_how():
    first = one(delivery(body=b'{"a": "1", "b": {"c": 2, "d": null}}', query="x=1&y=2"))
    other_way = delivery("PUT", "", "y=2&x=1", (("X-Try", "2"),), b'{"b": {"d": null, "c": 2},\n "a": "1"}')
    assert one(other_way).digest == first.digest


@pytest.mark.parametrize(
    "request_",
    [
        delivery(body=b"a=2", query="x=1"),
        delivery(body=b"a=1", query="x=2"),
        delivery(body=b"a=1"),
        delivery(body=b"a=1&x=1"),
        delivery(body=b"", query="a=1&x=1"),
    ],
)
def test_the_digest_differs_where_anything_said_does(request_):
    assert one(request_).digest != one(delivery(body=b"a=1", query="x=1")).digest


def test_a_multipart_boundary_is_nothing_said():
    def multipart(boundary):
        lines = f"--{boundary}\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--{boundary}--\r\n"
        return delivery(headers=(("Content-Type", f"multipart/form-data; boundary={boundary}"),), body=lines.encode())

    assert one(multipart("xxx")).payload["a"] == "1"
    assert one(multipart("xxx")).digest == one(multipart("yyy")).digest


def test_volatile_paths_are_kept_but_do_not_count():
    asked = source(volatile=paths("ts", "meta.attempt"))
    first, again, other = (
        one(
            delivery(body=json.dumps({"id": "1", "ts": ts, "meta": {"attempt": n, "x": x}}).encode(), query=f"ts={ts}"),
            asked,
        )
        for ts, n, x in (("1", "1", "1"), ("2", "2", "1"), ("1", "1", "2"))
    )
    assert first.digest == again.digest != other.digest
    assert again.payload["meta"] == {"attempt": "2", "x": "1"}


def test_the_digest_of_a_lead_does_not_see_its_neighbours():
    def batch(*ids):
        return leads(delivery(body="&".join(f"leads[add][{n}][id]={i}" for n, i in enumerate(ids)).encode()), AMO)

    assert batch("1", "2")[0].digest == batch("1", "3", "4")[0].digest == batch("1")[0].digest


# --- bodies that cannot be read


def test_a_body_that_cannot_be_read_is_one_lead_that_says_so():
    piece = one(delivery(body=b'{"phone": ', query="utm=vk&token=s"), proof=TOKEN_IN_QUERY)
    assert piece.problem == "body_not_json"
    assert fields(piece) == {"utm": "vk"}
    assert piece.payload["_unreadable"] == "body_not_json"


def test_two_bodies_that_cannot_be_read_are_the_same_only_byte_for_byte():
    first, same, other = (one(delivery(body=body)).digest for body in (b"{1", b"{1", b"{2"))
    assert first == same != other


def test_a_retry_is_the_same_lead_whatever_its_headers_say():
    request = read("vk_lead_forms_new")
    asked = source(event_key=paths("event_id"))
    again = one(with_header(request, "x-retry-counter", "1"), asked)
    assert (again.event_key, again.digest) == (one(request, asked).event_key, one(request, asked).digest)
