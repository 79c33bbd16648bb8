"""The OpenAPI of /api: what it says is what happens, whatever a program sends; and its page."""

import re
import threading

import pytest
from hypothesis import strategies
from werkzeug.serving import make_server

from core.outcome import Outcome
from tests.application import API_TOKEN
from tests.fakes import LOST, NO


@pytest.fixture
def a_house_with_leads(gateway):
    """Leads in most states, and a delivery that cannot be read."""
    gateway.voice.outcomes = [NO, LOST, Outcome("accepted", provider_id="1", irregular=True)]
    for n in range(5):
        gateway.take({"id": str(n), "phone": f"7999000000{n}"})
        gateway.work()
    gateway.take({"id": "held", "phone": "x"})
    gateway.take(b"{")
    gateway.work()
    gateway.take({"id": "received", "phone": "79990000009"})
    return gateway


@pytest.fixture
def address(app):
    """The application behind a real socket."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


@pytest.mark.storm
@pytest.mark.usefixtures("a_house_with_leads")
def test_whatever_a_program_sends_is_answered_as_described(api, address):
    """Schemathesis: requests that fit the description and that do not, every method, chains of requests."""
    import schemathesis  # here, for each process of the suite would wait for it
    from schemathesis import engine
    from schemathesis.config import SchemathesisConfig
    from schemathesis.engine import events

    config = SchemathesisConfig.from_dict(
        {
            "headers": {"Authorization": f"Bearer {API_TOKEN}"},
            "generation": {"max-examples": 8, "database": "none", "deterministic": True},
            "phases": {"stateful": {"generation": {"max-examples": 4}}},
        }
    )
    schema = schemathesis.openapi.from_url(f"{address}/api/openapi.json", config=config)
    leads = [one["id"] for one in api.read("/api/leads")["leads"]]
    deliveries = [one["id"] for one in api.read("/api/deliveries")["deliveries"]]

    @schema.hook
    def flatmap_path_parameters(context, path_parameters):
        """Half of the names in paths are there."""
        known = {"lead": leads, "delivery": deliveries, "source": ["shop"]}
        for name, names in known.items():
            if name in (path_parameters or {}):
                there = strategies.sampled_from(names).map(lambda one, name=name: {**path_parameters, name: one})
                return there | strategies.just(path_parameters)
        return strategies.just(path_parameters)

    wrong, tried, reached = [], 0, set()
    for event in engine.from_schema(schema).execute():
        if isinstance(event, events.FatalError):
            raise event.exception
        if isinstance(event, events.NonFatalError):
            wrong.append(str(event.value))
        if isinstance(event, events.ScenarioFinished):
            tried += len(event.recorder.cases)
            if event.recorder.label.startswith("POST /api/leads/{lead}/"):
                reached |= {i.response.status_code for i in event.recorder.interactions.values() if i.response}
            for checks in event.recorder.checks.values():
                wrong += [str(check.failure_info.failure) for check in checks if check.failure_info]
    assert wrong == []
    assert tried > 300
    assert {200, 404, 409, 422} <= reached  # leads that are there were changed, too


def test_the_description_names_every_route_and_asks_for_the_token(api):
    described = api.http.get("/api/openapi.json").json
    assert described["openapi"].startswith("3.1")
    assert described["security"] == [{"token": []}]
    assert described["components"]["securitySchemes"]["token"] == {"type": "http", "scheme": "bearer"}
    routes = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for rule in api.app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and not rule.rule.startswith(("/api/docs", "/api/openapi.json"))
    }
    assert set(described["paths"]) == routes
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                assert operation["summary"], f"{method} {path}"
                error = operation["responses"]["default"]["$ref"].rsplit("/", 1)[1]
                assert list(described["components"]["responses"][error]["content"]) == ["application/problem+json"]


def test_its_page_works_without_any_other_host(api):
    page = api.http.get("/api/docs")
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "https://" not in page.text
    assert "<script>" not in page.text
    files = re.findall(r'(?:src|href)="(/api/docs/[^"]+)"', page.text)
    assert len(files) == 3
    for file in files:
        answer = api.http.get(file)
        assert answer.status_code == 200, file
        assert answer.content_type.split(";")[0] in ("text/javascript", "text/css")
