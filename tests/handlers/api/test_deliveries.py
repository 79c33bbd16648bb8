"""The requests of senders, as the API shows them."""

import hashlib

import pytest

from tests.handlers.problems import problem_of

NOON = "2026-11-25T09:00:00.000Z"
FORM = b'{"id": "A1", "phone": "79990000001", "name": "\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd"}'
NOBODY = "0197b5c0-0000-7000-8000-000000000000"


def test_a_delivery_is_told_without_its_proof(api, gateway):
    gateway.post(FORM, query="utm_source=vk")
    (delivery,) = api.read("/api/deliveries")["deliveries"]
    (lead,) = api.read("/api/leads")["leads"]
    assert delivery == {
        "id": lead["deliveries"][0],
        "source": "shop",
        "received_at": NOON,
        "method": "POST",
        "query": {"utm_source": "vk"},
        "headers": {"content-type": "application/json"},
        "size": len(FORM),
        "digest": hashlib.sha256(FORM).hexdigest(),
        "erased_at": None,
        "problem": None,
        "leads": [{"id": lead["id"], "no": lead["no"], "position": 0, "kind": "first"}],
    }
    assert api.read(f"/api/deliveries/{delivery['id']}") == delivery


def test_its_body_is_handed_out_byte_for_byte_as_a_file(api, gateway):
    raw = b'{"phone": "<script>alert(1)</script>\xff\x00'
    gateway.post(raw)
    (delivery,) = api.read("/api/deliveries")["deliveries"]
    assert delivery["problem"]["code"] == "body_not_json"
    answer = api.get(f"/api/deliveries/{delivery['id']}/body")
    assert answer.data == raw
    assert answer.content_type == "text/plain"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_delivery_of_several_leads_names_each(api, gateway):
    gateway.post([{"id": "1", "phone": "79990000001"}, {"id": "2", "phone": "79990000002"}])
    (delivery,) = api.read("/api/deliveries")["deliveries"]
    assert [lead["position"] for lead in delivery["leads"]] == [0, 1]


def test_deliveries_have_pages_and_filters(api, gateway):
    for n in range(5):
        gateway.post({"id": str(n), "phone": "79990000001"})
        gateway.clock.forward(60)
    everything = api.read("/api/deliveries")["deliveries"]
    assert [d["received_at"] for d in everything] == sorted((d["received_at"] for d in everything), reverse=True)
    first = api.read("/api/deliveries", limit=3)
    rest = api.read("/api/deliveries", limit=3, cursor=first["next"])
    assert first["deliveries"] + rest["deliveries"] == everything
    assert rest["next"] is None
    assert len(api.read("/api/deliveries", since="2026-11-25T09:02:00Z")["deliveries"]) == 3
    assert len(api.read("/api/deliveries", until="2026-11-25T09:02:00Z")["deliveries"]) == 2
    assert api.read("/api/deliveries", source="other")["deliveries"] == []
    assert len(api.read("/api/deliveries", source="shop", limit=200)["deliveries"]) == 5


@pytest.mark.parametrize("query", [{"cursor": "1-2"}, {"limit": "x"}, {"source": "A"}, {"state": "held"}])
def test_a_wrong_filter_is_refused_and_named(api, query):
    assert set(problem_of(api.get("/api/deliveries", **query), 422)["errors"]) == set(query)


@pytest.mark.parametrize("path", [NOBODY, f"{NOBODY}/body", "1", "x"])
def test_no_such_delivery_is_404(api, path):
    problem_of(api.get(f"/api/deliveries/{path}"), 404)
