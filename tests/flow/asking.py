"""A source `amo` whose leads are ids, what its CRM says, and how a test lets the worker ask."""

import json

from flow import enrich
from tests.flow.crm import says

AMO = """
preset: generic
auth: {secret: env:SHOP_TOKEN}
event_key: id
fetch:
  base: "%s/api"
  token: env:SHOP_CRM
  headers: {Authorization: "Bearer {token}"}
  rate: 50
  steps:
    - {name: lead, path: "/leads/{id}", query: {with: contacts}}
    - {name: contact, path: "/contacts/{_fetched.lead._embedded.contacts[0].id}"}
mapping:
  number: {field: "_fetched.contact.phones[0]", region: RU}
  script: Заявка
  person: {field: _fetched.contact.name}
"""
LINKED = says({"id": 7, "_embedded": {"contacts": [{"id": 70}]}})
ALONE = says({"id": 7, "_embedded": {"contacts": []}})
CONTACT = says({"id": 70, "name": "Иван", "phones": ["+7 999 000-00-03"]})


def take(gate, **more):
    return gate.take({"id": 7, **more}, source="amo")


def enriched(gate):
    """Ask until nobody waits for a question now; how many were asked for."""
    n = 0
    while enrich.enrich_next(gate.parts):
        n += 1
        assert n < 500
    return n


def work(gate):
    enriched(gate)
    gate.work()


def codes(lead):
    return [reason["code"] for reason in json.loads(lead.reasons)]
