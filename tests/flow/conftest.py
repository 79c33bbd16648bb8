import pytest

from tests.flow.asking import AMO, CONTACT, LINKED
from tests.flow.crm import Crm


@pytest.fixture
def crm():
    opened = Crm({"/api/leads/7": LINKED, "/api/contacts/70": CONTACT})
    yield opened
    opened.close()


@pytest.fixture
def gate(gateway, crm):
    """The gateway with a source `amo` whose CRM is the stand-in."""
    gateway.put("amo", AMO % crm.url)
    return gateway
