"""What of a delivery is kept, and what never is."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.expressions.expression import Path
from core.identity import payload_text, split
from core.proofs.covers import WHOLE, Covers
from core.proofs.proof import Proof
from core.reading.payload import as_it_came, proven
from core.source import Auth, Source, Split
from tests.http_request import delivery

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


def test_the_payload_is_the_body_with_what_the_query_adds():
    piece = one(delivery(body=b"phone=1&name=A", query="name=B&utm=vk"))
    assert fields(piece) == {"phone": "1", "name": "A", "utm": "vk"}


def test_beside_it_stands_what_the_request_says_of_itself():
    request = delivery("PUT", "events/summary", "utm=vk", (("X-Event-Id", "7"), ("X-Name", "Ð\x98")), b"{}")
    assert one(request).payload["_request"] == {
        "method": "PUT",
        "path": "events/summary",
        "query": {"utm": "vk"},
        "headers": {"x-event-id": "7", "x-name": "И"},
    }


@pytest.mark.parametrize(
    ("request_", "spent"),
    [
        (delivery(query="token=s3cret&a=1"), ("query", "token")),
        (delivery(query="token=s3cret&a=1", body=b"b=1"), ("query", "token")),
        (delivery(query="auth%5Btoken%5D=s3cret&a=1", body=b"b=1"), ("query", "auth[token]")),
        (delivery(rest="s3cret/events/summary", body=b"a=1"), ("path", "token")),
        (delivery(headers=(("X-Key", "s3cret"), ("x-key", "s3cret")), body=b"a=1"), ("header", "x-key")),
        (delivery(body=b"token=s3cret&a=1"), ("field", "token")),
        (delivery(body=b"auth%5Btoken%5D=s3cret&auth%5Bdomain%5D=d"), ("field", "auth[token]")),
        (delivery(body=b'{"auth": {"token": "s3cret", "domain": "d"}}'), ("field", "auth.token")),
        (delivery(body=b'[{"token": "s3cret", "a": "1"}, {"token": "s3cret", "a": "2"}]'), ("field", "token")),
        (delivery(headers=(("Authorization", "s3cret"), ("Cookie", "s3cret")), body=b"a=1"), ("query", "token")),
        (delivery(headers=(("Proxy-Authorization", "s3cret"),), body=b"{"), ("query", "token")),
        (delivery(query="token=s3cret", body=b"{"), ("query", "token")),
    ],
)
def test_the_proof_is_never_kept_and_never_counts(request_, spent):
    pieces = leads(request_, proof=Proof(True, covers=WHOLE, spent=(spent,)))
    assert pieces
    assert all("s3cret" not in payload_text(piece) for piece in pieces)
    changed = replace(
        request_,
        query=request_.query.replace("s3cret", "rotated"),
        rest=request_.rest.replace("s3cret", "rotated"),
        body=request_.body.replace(b"s3cret", b"rotated"),
    )
    again = leads(changed, proof=Proof(True, covers=WHOLE, spent=(spent,)))
    assert [piece.digest for piece in again] == [piece.digest for piece in pieces]


def test_what_stands_beside_the_proof_is_kept():
    piece = one(
        delivery(body=b"auth%5Btoken%5D=s&auth%5Bdomain%5D=d"),
        proof=Proof(True, covers=WHOLE, spent=(("field", "auth[token]"),)),
    )
    assert fields(piece) == {"auth": {"domain": "d"}}
    piece = one(delivery(rest="s/events/summary", body=b"a=1"), proof=Proof(True, covers=WHOLE, spent=(("path", ""),)))
    assert piece.payload["_request"]["path"] == "events/summary"


def test_a_body_field_named_like_the_token_in_the_url_is_the_senders_own():
    assert fields(one(delivery(query="token=s", body=b"token=theirs"), proof=TOKEN_IN_QUERY)) == {"token": "theirs"}


def test_secret_paths_are_dropped_wherever_they_stand():
    asked = source(secret=paths("auth.access_token", "webhookURL", "rows.pin", ["list", "0"]))
    body = {
        "auth": {"access_token": "s", "a": "1"},
        "webhookURL": "s",
        "rows": [{"pin": "s", "n": "1"}],
        "list": ["s", "t"],
    }
    piece = one(delivery(body=json.dumps(body).encode(), query="webhookURL=s"), asked)
    assert fields(piece) == {"auth": {"a": "1"}, "rows": [{"n": "1"}], "list": ["t"]}
    assert piece.payload["_request"]["query"] == {}


def test_names_that_are_ours_cannot_be_sent():
    body = b"_entity=leads&_envelope%5Baccount%5D=1&_action=add&_request%5Bmethod%5D=GET&_unreadable=1&a=1"
    piece = one(delivery(body=body, query="_element=1&_entity=2"))
    assert set(piece.payload) == {"a", "_request"}
    assert piece.payload["_request"]["method"] == "POST"


def test_the_stored_text_is_ascii_and_says_the_same():
    piece = one(delivery(body='{"имя": "Иван \U0001f600"}'.encode()))
    assert payload_text(piece).isascii()
    assert json.loads(payload_text(piece)) == piece.payload


def test_nothing_of_a_person_shows_when_a_piece_is_printed():
    assert "79990000001" not in repr(one(delivery(body=b"phone=79990000001")))


@given(
    body=st.one_of(
        st.binary(max_size=80),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["leads", "add", "ids", "rows", "id", "0", "1", "_entity"]), inner, max_size=3
                )
            ),
            max_leaves=12,
        ).map(lambda tree: json.dumps(tree).encode()),
    ),
    query=st.text(alphabet="a0=&[]%_tokenéя\x00", max_size=30),
    place=st.sampled_from(["query", "path", "header", "field"]),
    name=st.sampled_from(["a", "token", "a[b]", "a.b", "", "[", "0"]),
)
def test_no_delivery_raises_and_every_payload_can_be_stored(body, query, place, name):
    splits = tuple(Split(each=Path.compile(each)) for each in ("leads.add", "ids", "rows[].{id: id}", "@", "[]"))
    asked = source(
        splits=splits, secret=paths("id", "leads.0"), volatile=paths("add.id"), event_key=paths("id", "_element")
    )
    for piece in leads(delivery(body=body, query=query), asked, Proof(True, covers=WHOLE, spent=((place, name),))):
        text = payload_text(piece)
        assert text.isascii()
        assert "\\u0000" not in text
        assert json.loads(text)["_request"]["method"] == "POST"
        assert len(piece.digest) == 64


URL_ALONE = Proof(True, covers=Covers(url=True, method=True))
BODY_AND_ID = Proof(True, covers=Covers(body=True, headers=frozenset({"x-id"})))


def test_of_a_signed_url_the_body_is_not_covered():
    piece = one(delivery(query="phone=1", body=b"phone=2&name=A", rest="x"), proof=URL_ALONE)
    assert fields(piece) == {"phone": "1"}
    assert piece.payload["_request"] == {"query": {"phone": "1"}, "headers": {}, "method": "POST", "path": "x"}
    assert piece.payload["_unsigned"]["fields"] == {"phone": "2", "name": "A"}


def test_a_covered_header_stands_where_it_always_does_and_the_rest_apart():
    piece = one(
        delivery(query="utm=vk", headers=(("X-Id", "7"), ("X-Topic", "new")), body=b"phone=1"), proof=BODY_AND_ID
    )
    assert proven(piece.payload) == {"phone": "1", "_request": {"query": {}, "headers": {"x-id": "7"}}}
    whole = as_it_came(piece.payload)
    assert (whole["utm"], whole["_request"]["query"]) == ("vk", {"utm": "vk"})
    assert whole["_request"]["headers"] == {"x-id": "7", "x-topic": "new"}
    assert whole["_request"]["method"] == "POST"


def test_what_is_not_covered_never_stands_in_for_what_is():
    piece = one(delivery(query="phone=9&_request=x", body=b"phone=1"), proof=BODY_AND_ID)
    assert as_it_came(piece.payload)["phone"] == "1"
    assert as_it_came(piece.payload)["_request"]["query"] == {"phone": "9"} | {"_request": "x"}


def test_what_is_not_covered_changes_no_digest():
    pieces = [one(delivery(query=f"n={n}", body=b"phone=1"), proof=BODY_AND_ID) for n in range(2)]
    assert pieces[0].digest == pieces[1].digest


@given(body=st.binary(max_size=60), query=st.text(alphabet="phone=&1[]_", max_size=20), covers=st.builds(Covers))
def test_no_proof_makes_a_payload_that_cannot_be_stored(body, query, covers):
    for piece in leads(delivery(body=body, query=query), proof=Proof(True, covers=covers)):
        assert json.loads(payload_text(piece)) == piece.payload
        assert as_it_came(piece.payload)["_request"]["method"] == "POST"
