"""The pages about senders say what the presets say, and everything they tell a person to type works."""

import re
import shutil
import subprocess
import threading
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from flask import Flask

from cli import sources
from config import load
from config.examples import results_of
from config.yaml_text import parse
from core.reading.delivery import Delivery
from core.reading.request_text import read
from core.reason import WORDS as REASONS
from docs import generate_senders, sender_facts
from docs.generate_senders import FOLDERS, ROOT, source_of, text_of

PRESETS = load.preset_names()
EXAMPLES = load.PRESETS / "examples"
SPAN = re.compile(r"`([^`]+)`")
# Words of the gateway itself, and of the senders' own settings, which no preset and no example holds.
GATEWAY = {
    *("SECRETS_FILE", "PUBLIC_URL", "--crm", "auth", "allow_ips", "mapping.number.field", "policy.countries", "region"),
    *("once_per_number", "max_age", "event_key", "lead_when", "enabled: false", "?token=", "fetch.base"),
}
SETTINGS_OF_SENDERS = {
    "avito": {'{"url": "<the printed URL>"}', '{"url": "<напечатанный адрес>"}'},
    "bitrix24": {"crm", "abc", "/rest/1"},
    "bitrix24-robot": {"&form=promo"},
    "calltouch": {"92.118.66.0/23"},
    "contact-form-7": {"tel-867"},
    "getcourse": {"&offer=777", "&phone={object.user.phone}"},
    "google-ads": {"dummy_value"},
    "mango": {"/events/summary", "summary"},
    "pipedrive": {"meta.id"},
    "retailcrm": {"{{ order.phone }}", "{{ order.firstName }}", "{{ order.id }}"},
    "slack": {"/call", "/call +7 999 000-00-01 Иван", "message.channels"},
    "uis": {'"utm_source": {{utm_source}}'},
    "zoho": {"${Leads.Phone}", "${Leads.Lead Id}", "POST /crm/v7/actions/watch"},
}
# Their rules look at a field that the owner has to add; botpad's fields are not known well enough for one.
OWNERS_FIELD = {"bitrix24-robot", "botpad", "generic", "getcourse", "make", "n8n", "salesforce", "zoho"}


@pytest.fixture(scope="module")
def pages():
    return generate_senders.pages()


@pytest.mark.parametrize("language", FOLDERS)
def test_every_preset_has_its_page_and_no_page_has_lost_its_preset(language):
    assert sorted(path.stem for path in FOLDERS[language].glob("*.md")) == sorted([*PRESETS, "index"])


def test_the_pages_are_what_the_generator_makes(pages):
    stale = [str(path.relative_to(ROOT)) for path, text in pages.items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run: python -m docs.generate_senders"


@pytest.mark.parametrize("preset", PRESETS)
def test_the_texts_were_read_again_since_the_preset_changed(preset):
    asked = f"read docs/sender_texts/{preset}.yaml against its preset, then: python -m docs.generate_senders --looked"
    assert text_of(preset).get("looked") == sender_facts.looked_at(preset), f"{asked} {preset}"


@pytest.mark.parametrize("preset", PRESETS)
def test_both_languages_say_the_same_things(preset):
    text = text_of(preset)
    for part in ("steps", "cannot"):
        assert len(text["en"][part]) == len(text["ru"][part])
    assert ("tests" in text["ru"]) <= ("tests" in text["en"])
    said = [line for part in ("steps", "know", "cannot") for line in text["ru"][part]]
    assert [line for line in said if not re.search("[а-я]", line)] == []


@pytest.mark.parametrize("preset", PRESETS)
def test_every_name_in_a_text_is_one_of_the_preset_its_examples_or_the_gateway(preset):
    text, source = text_of(preset), source_of(preset)
    known = "\n".join(
        [
            (load.PRESETS / f"{preset}.yaml").read_text(encoding="utf-8").replace('\\"', '"'),
            *(_words_of(file.read_bytes()) for file in EXAMPLES.glob(f"{preset}[_.]*")),
            text.get("rule", ""),
            text.get("number", ""),
            text.get("also", ""),
        ]
    )
    secrets = set(sender_facts.secret_names(source).values())
    names = GATEWAY | secrets | set(REASONS) | SETTINGS_OF_SENDERS.get(preset, set())
    unknown = [
        span
        for span in SPAN.findall("\n".join(_lines(text["en"]) + _lines(text["ru"])))
        if span not in names and span not in known and not _is_auth(span, preset)
    ]
    assert unknown == []


def _lines(text):
    return [line for value in text.values() for line in ([value] if isinstance(value, str) else value)]


def _words_of(raw):
    """The example as it stands and as it is read, so that `a[b]` and its percent signs both count."""
    told = [raw.decode("utf-8", "replace")]
    if raw.split(b" ", 1)[0].isupper():
        delivery = read(raw)
        told += [f"{name}={value}" for name, value in delivery.query_pairs]
        told.append(str(delivery.tree(source_of("generic").body).value))
    return "\n".join(told)


def _is_auth(span, preset):
    """`auth: {...}` in a text: laid over the preset, it is a valid source."""
    if not span.startswith("auth:"):
        return False
    parsed = parse(f"preset: {preset}\n{span[:-1]}, secret: env:X}}\nmapping: {{script: A}}\n".encode(), "span")
    return isinstance(load.load_text("my", parsed), load.Loaded)


def _yaml(page):
    return re.search(r"```yaml\n(.*?)```", page, re.DOTALL)[1]


@pytest.mark.parametrize("language", FOLDERS)
@pytest.mark.parametrize("preset", PRESETS)
def test_the_yaml_of_a_page_is_a_whole_source(preset, language, pages):
    yaml = _yaml(pages[FOLDERS[language] / f"{preset}.md"])
    loaded = load.load_text(f"my-{preset}", parse(yaml.encode(), "page"))
    assert isinstance(loaded, load.Loaded), str(loaded)


@pytest.mark.parametrize("preset", [name for name in PRESETS if name not in OWNERS_FIELD])
def test_the_other_script_of_a_page_is_chosen_for_a_lead_of_an_example(preset, pages):
    yaml = re.sub(r"  number: .*\n|lead_when: .*\n", "", _yaml(pages[FOLDERS["en"] / f"{preset}.md"]))
    source = load.load_text(f"my-{preset}", parse(yaml.encode(), "page")).source
    scripts = {
        result.call["script"]
        for example in source_of(preset).examples
        for result in results_of(source, example, read((EXAMPLES / example.request).read_bytes()), EXAMPLES)
        if result.call
    }
    assert "Second script" in scripts


@pytest.mark.parametrize("preset", PRESETS)
def test_the_first_command_of_a_page_writes_a_source_with_the_secrets_that_the_page_names(
    preset, pages, tmp_path, monkeypatch
):
    for name, file in {"SOURCES_DIR": "sources", "SECRETS_FILE": "secrets.env"}.items():
        monkeypatch.setenv(name, str(tmp_path / file))
    words = re.search(r"`flask sources (new .+?)`", pages[FOLDERS["ru"] / f"{preset}.md"])[1].split()
    done = Flask(__name__).test_cli_runner().invoke(sources.command, words)
    assert done.exit_code == 0, done.output
    written = (tmp_path / f"sources/my-{preset}.yaml").read_text(encoding="utf-8")
    named = set(sender_facts.secret_names(source_of(preset)).values())
    assert set(re.findall(r"env:([A-Z0-9_]+)", written)) == named


def test_every_link_and_file_on_a_page_is_there(pages):
    missing = []
    for path, text in pages.items():
        links = [path.parent / link for link in re.findall(r"\]\(([^)]+)\)", text)]
        files = [ROOT / file for file in re.findall(r"config/presets/[\w./-]+", text)]
        files += [EXAMPLES / file for file in re.findall(r"`([\w-]+\.(?:http|json))`", text)]
        missing += [f"{path.name}: {file}" for file in links + files if not file.exists()]
    assert missing == []


@pytest.fixture(scope="module")
def door():
    """A server that keeps the one request it was sent last."""

    class Door(BaseHTTPRequestHandler):
        def _take(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path, _, query = self.path.partition("?")
            rest = path.strip("/").partition("/")[2].partition("/")[2]
            headers = tuple((name.lower(), value) for name, value in self.headers.items())
            url = f"http://127.0.0.1{self.path}"
            self.server.taken = Delivery(self.command, headers, query, rest, body, url)
            self.send_response(200)
            self.end_headers()

        do_GET = do_POST = do_PUT = _take

        def log_message(self, *_):
            """Says nothing among the tests."""

    server = HTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(timeout=60)


@pytest.mark.skipif(not all(map(shutil.which, ("sh", "curl", "openssl"))), reason="no sh, curl and openssl")
@pytest.mark.parametrize("preset", PRESETS)
def test_the_curl_of_a_page_is_taken_and_makes_what_the_example_says(preset, door, pages):
    source, file = source_of(preset), text_of(preset)["try"]
    shell = re.search(r"```sh\n(.*?)```", pages[FOLDERS["en"] / f"{preset}.md"], re.DOTALL)
    own = "own-secret_1"
    if shell is None:
        assert source.auth.scheme in {"hubspot", "monday", "standard_webhooks", "wpforms"}  # time in their signatures
        return
    lines = [line for line in shell[1].splitlines() if not line.startswith(("URL=", "SECRET="))]
    url = re.search(r"URL='http://127.0.0.1:8000(.*?)'", shell[1])[1].replace("...", own)
    begin = f"set -e\nURL='http://127.0.0.1:{door.server_port}{url}'\nSECRET='{own}'\n"
    done = subprocess.run(
        ["sh", "-c", begin + "\n".join(lines)], cwd=ROOT, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    example = next(one for one in source.examples if one.request == file)
    at = datetime.now(UTC).isoformat()
    alone = re.search(r"it is taken while `\w+` is `(.+?)`", pages[FOLDERS["en"] / f"{preset}.md"])
    sent = results_of(source, replace(example, at=at, secret=alone[1] if alone else own), door.taken, EXAMPLES)
    assert sent[0].state != "refused", sent
    assert sent == results_of(source, example, read((EXAMPLES / file).read_bytes()), EXAMPLES)
