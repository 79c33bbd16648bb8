"""What `make run` starts beside web and worker: a simulator and its source, or neither where calls are real."""

import pytest
from dotenv import dotenv_values

from cli import demo, demo_source
from config.load import Loaded, load_file
from config.settings import read
from store import versions
from tests.application import SETTINGS

REAL = "https://voice.example.ru/api/lido/send/"


@pytest.fixture
def settings(tmp_path):
    folders = {"SOURCES_DIR": str(tmp_path / "sources"), "SECRETS_FILE": str(tmp_path / "var/secrets.env")}
    return read({**SETTINGS, **folders}, dotenv=None)


@pytest.mark.parametrize(
    ("url", "simulated"),
    [
        ("http://127.0.0.1:8001/api/lido/send/", True),
        ("http://localhost.:8001/", True),
        ("http://127.0.0.1:9001/", False),  # somebody else's, perhaps the mouth of a tunnel
        ("http://voice.example.ru:8001/", False),
        (REAL, False),
    ],
)
def test_the_simulator_is_this_machines_own_port_and_nothing_else(url, simulated):
    assert demo_source.is_simulator(url, 8000) is simulated


def test_the_demo_source_is_whole_and_its_token_private(settings):
    token = demo_source.write(settings)
    loaded = load_file(settings.sources_dir / "demo.yaml")
    assert isinstance(loaded, Loaded), str(loaded)
    assert dotenv_values(settings.secrets_file) == {"DEMO_TOKEN": token}
    assert settings.secrets_file.stat().st_mode & 0o777 == 0o600
    assert demo_source.write(settings) == token


def test_an_owner_with_sources_of_his_own_gets_no_demo(settings):
    settings.sources_dir.mkdir()
    (settings.sources_dir / "shop.yaml").write_text("preset: tilda\n")
    assert demo_source.write(settings) is None
    assert not (settings.sources_dir / "demo.yaml").exists()


def test_with_a_real_provider_the_demo_source_goes_and_no_curl_is_printed(gateway, settings):
    demo_source.write(settings)
    gateway.put("demo", demo_source.DEMO)
    withdrawn = demo_source.withdraw(gateway.parts, settings.sources_dir)
    assert not (settings.sources_dir / "demo.yaml").exists()
    with gateway.store.read() as tx:
        assert versions.standing(tx)["demo"].removed
    said = demo.real_calls(REAL, withdrawn)
    assert said.startswith("REAL CALLS: VOICE_API_URL is voice.example.ru.")
    assert "curl" not in said
    assert "the demo source is gone" in said
    assert demo_source.withdraw(gateway.parts, settings.sources_dir) == ""


def test_a_demo_source_that_its_owner_changed_is_his(gateway, settings):
    demo_source.write(settings)
    path = settings.sources_dir / "demo.yaml"
    path.write_text(path.read_text().replace("script: Demo", "script: Заявка"))
    assert demo_source.withdraw(gateway.parts, settings.sources_dir) == ""
    assert path.exists()


def test_the_demo_key_goes_with_the_demo_address_only(tmp_path):
    dotenv, kept = tmp_path / ".env", tmp_path / "var/run.env"
    own = demo.environment(8000, dotenv, kept, {})
    assert (own["VOICE_API_URL"], own["VOICE_API_KEY"]) == ("http://127.0.0.1:8001/api/lido/send/", "demo-key")
    dotenv.write_text(f"VOICE_API_URL={REAL}\nVOICE_API_LOGIN=me\nVOICE_API_PASSWORD=mine\n")
    assert {"VOICE_API_URL", "VOICE_API_KEY"}.isdisjoint(demo.environment(8000, dotenv, kept, {}))
    assert "demo-key" not in kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600
