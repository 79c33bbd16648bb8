"""A secret that cannot be read proves nothing about a sender: 503, until it is known who is right."""

import pytest
from structlog.testing import capture_logs

from config.secrets import Secrets
from core.proofs.authentic import weakness
from flow.weak import WeakProofs
from tests.fakes import SHOP, TOKEN

IVAN = {"id": "1", "phone": "9990000001"}


class FilesBeside:
    """What a process that watches the files would say."""

    def __init__(self, *names):
        self.broken, self.differing, self._names = {}, {}, names

    def has_file(self, name):
        return name in self._names


def test_a_source_none_of_whose_secrets_has_a_value_answers_503(gateway):
    gateway.parts.secrets = {}.get
    assert gateway.post(IVAN).status == 503
    gateway.parts.secrets = {"env:SHOP_TOKEN": TOKEN}.get
    assert gateway.post(IVAN, token="wrong").status == 401
    assert gateway.post(IVAN).status == 200


def test_a_wrong_proof_is_no_answer_while_a_second_secret_cannot_be_read(gateway):
    gateway.put("shop", SHOP.replace("env:SHOP_TOKEN", "[env:SHOP_TOKEN, env:SHOP_NEXT]"))
    assert gateway.post(IVAN, token="the-next-one").status == 401  # nobody has written it yet
    gateway.parts.secrets_problem = lambda: "secrets.env cannot be read"
    assert gateway.post(IVAN, token="the-next-one").status == 503
    assert gateway.post(IVAN).status == 200


def test_a_name_that_has_a_file_and_no_version_yet_answers_503(gateway):
    assert gateway.post(IVAN, source="form").status == 404
    gateway.parts.sources.files = FilesBeside("form")
    assert gateway.post(IVAN, source="form").status == 503


def test_a_secrets_file_that_cannot_be_read_is_named(tmp_path):
    secrets = Secrets(tmp_path / "secrets.env", {})
    assert secrets.problem() == ""
    secrets.path.write_bytes(b"A=\xff\n")
    assert secrets.problem() == f"{secrets.path} cannot be read: it is no UTF-8 text"
    secrets.path.unlink()
    secrets.path.mkdir()
    assert secrets.problem().startswith(f"{secrets.path} cannot be read: ")


@pytest.mark.parametrize(
    ("auth", "value", "said"),
    [
        ("{secret: env:SHOP_TOKEN}", "fifteen-letters", "shorter than 16"),
        ("{secret: env:SHOP_TOKEN}", "sixteen-letters-", ""),
        ("{scheme: none}", "", "whoever knows the address"),
    ],
)
def test_what_a_stranger_could_guess_is_said_once(gateway, auth, value, said):
    gateway.parts.secrets = {"env:SHOP_TOKEN": value}.get
    gateway.put("shop", SHOP.replace("{secret: env:SHOP_TOKEN}", auth))
    found = weakness(gateway.parts.sources.get("shop").source, gateway.parts.secrets)
    assert said in found if said else found == ""
    assert "fifteen" not in found
    eyes = WeakProofs(gateway.parts)
    with capture_logs() as logs:
        eyes.look()
        eyes.look()
    assert len([line for line in logs if line["event"] == "weak_proof"]) == (1 if said else 0)
