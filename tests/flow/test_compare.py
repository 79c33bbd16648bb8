"""What another text of a source would make of leads that are here."""

import json

from structlog.testing import capture_logs

from config.load import load_text
from config.yaml_text import parse
from flow import compare
from store import versions as sources
from tests.fakes import SHOP

NOWHERE = SHOP.replace("field: phone", "field: nowhere")
IVAN = {"id": "1", "phone": "+7 999 000-00-01"}


def loaded(yaml):
    return load_text("shop", parse(yaml.encode(), "shop.yaml"))


def taken(gateway, yaml):
    now = gateway.parts.sources.standing()["shop"]
    return gateway.parts.sources.take("shop", loaded(yaml).text, after=now.n, who="test")


def test_a_mended_mapping_says_how_many_held_leads_may_fit(gateway):
    gateway.put("shop", NOWHERE)
    for n in range(3):
        gateway.take({**IVAN, "id": str(n)})
    gateway.take({"id": "9", "phone": "no number"})
    gateway.work()
    with capture_logs() as lines:
        came = taken(gateway, SHOP)
    assert came.may_fit == 3
    said = next(line["said"] for line in lines if line["event"] == "held_leads_may_fit")
    assert said.startswith("3 held leads may fit now: flask leads bulk remap")
    assert gateway.parts.sources.get("shop").n == came.n


def test_leads_that_a_person_has_to_decide_are_not_counted(gateway):
    gateway.take(IVAN)
    gateway.take({**IVAN, "phone": "+7 999 000-00-02"})
    gateway.work()
    held = [lead for lead in gateway_leads(gateway) if lead.state == "held"]
    assert [json.loads(lead.reasons)[0]["code"] for lead in held] == ["same_id_other_number"]
    assert taken(gateway, SHOP + "policy: {max_age: 11h}\n").may_fit == 0


def test_a_source_switched_on_again_counts_those_it_held(gateway):
    gateway.put("shop", SHOP + "enabled: false\n")
    gateway.take(IVAN)
    gateway.work()
    assert taken(gateway, SHOP).may_fit == 1


def test_only_leads_that_would_become_something_else_are_a_change(gateway):
    gateway.take(IVAN)
    second = gateway.take({"id": "2", "phone": "+7 999 000-00-02", "vk": "1"})
    rules = "script: {rules: [{when: vk, value: VK}], default: Заявка}"
    after = loaded(SHOP.replace("script: Заявка", rules)).source
    changes = compare.against(gateway_leads(gateway), loaded(SHOP).source, after)
    assert [(c.lead.id, c.before.script, c.after.script) for c in changes] == [(second, "Заявка", "VK")]


def gateway_leads(gateway):
    with gateway.store.read() as tx:
        return sources.newest_leads(tx, "shop", 10)
