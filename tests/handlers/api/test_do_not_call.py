"""/api/do-not-call."""

from flow import decide

IVAN = {"id": "1", "name": "Иван", "phone": "+7 (999) 000-00-01"}
STOP = {"number": "8 999 000-00-01", "why": "asked us to stop"}


def delete(api, value):
    return api.http.delete("/api/do-not-call", json=value, headers=api.headers)


def test_a_number_is_added_found_and_removed(api, gateway):
    lead = gateway.take(IVAN)
    decide.decide_due(gateway.parts, 1)
    added = api.post("/api/do-not-call", STOP, **{"X-Operator": "anna"})
    assert added.status_code == 200
    entry = {"number": "79990000001", "since": "2026-11-25T09:00:00.000Z", "who": "anna", "why": "asked us to stop"}
    assert added.json == {**entry, "new": True, "suppressed": 1}
    assert api.read(f"/api/leads/{lead}")["reason"] == "do_not_call"
    again = api.post("/api/do-not-call", {**STOP, "why": "again"})
    assert again.json == {**entry, "new": False, "suppressed": 0}
    assert api.read("/api/do-not-call") == {"do_not_call": [entry], "next": None}
    assert delete(api, {"number": "+79990000001", "why": "came back"}).status_code == 204
    assert delete(api, {"number": "+79990000001", "why": "came back"}).status_code == 404
    assert api.read("/api/do-not-call") == {"do_not_call": [], "next": None}


def test_the_list_has_pages(api):
    for n in range(5):
        assert api.post("/api/do-not-call", {"number": f"7999000000{n}", "why": "w"}).status_code == 200
    first = api.read("/api/do-not-call", limit=3)
    second = api.read("/api/do-not-call", limit=3, cursor=first["next"])
    found = [entry["number"] for entry in first["do_not_call"] + second["do_not_call"]]
    assert found == [f"7999000000{n}" for n in (4, 3, 2, 1, 0)]
    assert second["next"] is None
    assert "7999" not in first["next"]


def test_what_is_no_number_is_refused_without_repeating_it(api):
    refused = api.post("/api/do-not-call", {"number": "Ivan", "why": "w"})
    assert refused.status_code == 409
    assert "Ivan" not in refused.text
    assert api.post("/api/do-not-call", {"number": "79990000001"}).status_code == 422
    assert api.http.get("/api/do-not-call").status_code == 401
