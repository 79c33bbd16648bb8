"""`flask sources`: from a preset to a source in force, on both databases."""

import json
import os
import stat
import subprocess
import sys

import pytest

from app import create_app
from config.settings import ROOT, read
from core.reading.delivery import Delivery
from flow import decide, intake, sweep
from store import leads
from store import versions as sources
from tests import databases

HELD = "Name=Ivan&Telephone=%2B79990000001&tranid=1"
TILDA = "Name=Ivan&Phone=%2B79990000001&tranid=2"
PLACES = {"SOURCES_DIR": "sources", "ACCOUNTS_DIR": "accounts", "SECRETS_FILE": "secrets.env"}


class Desk:
    """A person at a terminal of the machine where the gateway's files lie."""

    def __init__(self, tmp_path, database_url=None):
        self.folder, self.secrets = tmp_path / "sources", tmp_path / "secrets.env"
        self.folder.mkdir()
        self.policy = tmp_path / "policy.yaml"
        self.policy.write_text("defaults: {hours: '00:00-24:00'}\n")
        self.environ = {
            "DATABASE_URL": database_url or "sqlite:////nowhere",
            "VOICE_API_URL": "http://127.0.0.1:9/",
            "VOICE_API_KEY": "key",
            "SECRET_KEY": "s" * 32,
            "DIGEST_KEY": "d" * 32,
            "API_TOKEN": "a" * 32,
            "SOURCES_DIR": str(self.folder),
            "ACCOUNTS_DIR": str(tmp_path / "accounts"),
            "SECRETS_FILE": str(self.secrets),
            "POLICY_FILE": str(self.policy),
            "PUBLIC_URL": "",
            "RUN_DIR": str(tmp_path / "run"),
            "BACKUP_DIR": str(tmp_path / "backups"),
        }
        self.app = create_app(read(self.environ, dotenv=None))
        self.parts = self.app.extensions["gateway"]

    def run(self, *words):
        """(exit code, everything printed)"""
        result = self.app.test_cli_runner().invoke(args=["sources", *words])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    def save(self, name, text):
        (self.folder / f"{name}.yaml").write_text(text)

    def look(self):
        """Two looks take a text; by the third its leads may ring."""
        for _ in range(3):
            self.parts.sources.refresh()
            self.parts.sources.files.look()

    def token(self, name="SHOP_TOKEN"):
        return dict(line.split("=", 1) for line in self.secrets.read_text().splitlines())[name]

    def post(self, query, body, source="shop"):
        headers = (("content-type", "application/x-www-form-urlencoded"),)
        url = f"http://localhost/hooks/{source}?{query}"
        delivery = Delivery("POST", headers, query, "", body.encode(), url)
        return intake.take(self.parts, source, delivery, 1_800_000_000_000)

    def decide(self):
        while decide.decide_due(self.parts, 1):
            continue

    def lead(self, answer):
        with self.parts.store.read() as tx:
            return leads.get(tx, json.loads(answer.body)["leads"][0]["id"])


@pytest.fixture
def desk(tmp_path, database_url, monkeypatch):
    for name in list(os.environ):
        if name.endswith("_TOKEN"):
            monkeypatch.delenv(name)
    made = Desk(tmp_path, database_url)
    yield made
    made.parts.store.dispose()


def test_new_leads_from_nothing_to_an_address_that_rings_without_a_restart(desk):
    code, said = desk.run("new", "tilda", "shop", "--script", "Перезвон: сайт")
    assert code == 0
    token = desk.token()
    assert f"\nhttp://127.0.0.1:8000/hooks/shop?token={token}\n" in said
    assert "Site settings -> Forms -> Webhook" in said
    assert stat.S_IMODE(desk.secrets.stat().st_mode) == 0o600
    assert token not in (desk.folder / "shop.yaml").read_text()
    desk.look()
    answer = desk.post(f"token={token}", TILDA)
    assert answer.status == 200
    desk.decide()
    lead = desk.lead(answer)
    assert (lead.state, lead.number, lead.script) == ("ready", "79990000001", "Перезвон: сайт")
    assert desk.run("check")[0] == 0


def test_an_unknown_name_is_404_only_when_the_versions_could_be_read(tmp_path):
    away = Desk(tmp_path, "postgresql://postgres@127.0.0.1:9/none")
    client = away.app.test_client()
    assert client.post("/hooks/shop").status_code == 503
    (tmp_path / "here").mkdir()
    here = Desk(tmp_path / "here", databases.new_file(tmp_path / "here"))
    assert here.app.test_client().post("/hooks/shop").status_code == 404


def test_new_overwrites_nothing_and_keeps_the_secrets_that_are_there(desk):
    desk.secrets.write_text("SHOP_TOKEN=of-another\nOTHER='x y'")
    assert desk.run("new", "tilda", "shop")[0] == 0
    assert desk.secrets.read_text().startswith("SHOP_TOKEN=of-another\nOTHER='x y'\nSHOP_TOKEN_2=")
    assert "env:SHOP_TOKEN_2" in (desk.folder / "shop.yaml").read_text()
    before = (desk.folder / "shop.yaml").read_text()
    code, said = desk.run("new", "generic", "shop")
    assert (code, "is there already" in said) == (1, True)
    assert (desk.folder / "shop.yaml").read_text() == before


def test_new_says_what_is_wrong_and_writes_nothing(desk):
    assert desk.run("new", "tilde", "shop") == (1, "no preset is called 'tilde'; did you mean tilda?\n")
    assert desk.run("new", "tilda", "My Shop")[0] == 2
    code, said = desk.run("new", "tilda", "shop", "--region", "Russia")
    assert (code, "expected a country in two capital letters" in said) == (1, True)
    assert list(desk.folder.iterdir()) == []
    assert not desk.secrets.exists()


def test_new_works_for_every_preset(desk):
    names = [line.split()[0] for line in desk.run("presets")[1].splitlines() if line and not line.startswith(" ")]
    for preset in [name for name in names if name != "More"]:
        code, said = desk.run(
            "new", preset, f"my-{preset}", "--crm", "https://portal.example", "--sms", "Hi {{ name }}"
        )
        assert code == 0, said
        assert f"/hooks/my-{preset}" in said
    desk.look()
    assert len(desk.parts.sources.names()) == len(list(desk.folder.glob("*.yaml"))) > 20


def test_presets_tells_what_each_needs(desk):
    code, said = desk.run("presets")
    assert code == 0
    assert "tilda              documented  Tilda (forms)" in said
    code, said = desk.run("presets", "tilda")
    assert (code, "a token in the URL's query `token`" in said, "tranid, for 30 days" in said) == (0, True, True)
    assert desk.run("presets", "nobody")[0] == 1


def test_check_finds_every_problem_of_every_file(desk):
    desk.save("shop", "preset: tilda\nauth: {secret: env:SHOP_TOKEN}\nmapping: {scrpt: A, number: {region: ru}}\n")
    desk.save("other", "preset: tilda\nauth: {secret: letmein}\nmapping: {script: A}\n")
    code, said = desk.run("check")
    assert code == 1
    assert "shop.yaml:3: mapping.scrpt: expected a known key, got scrpt; write: script:" in said
    assert "shop.yaml:3: mapping.number.region" in said
    assert "other.yaml:2: auth.secret: expected env:NAME" in said
    assert "letmein" not in said
    assert desk.run("check", "nobody")[0] == 1


def test_check_names_missing_secrets_with_where_they_are_found(desk):
    desk.save("shop", "preset: tilda\nauth: {secret: [env:SHOP_TOKEN, env:SHOP_NEXT]}\nmapping: {script: A}\n")
    code, said = desk.run("check", "shop")
    assert code == 1
    assert "shop.yaml:2: auth.secret: no value of env:SHOP_TOKEN, env:SHOP_NEXT" in said
    assert "Site settings -> Forms -> Webhook" in said
    desk.secrets.write_text("SHOP_NEXT=abc\n")
    code, said = desk.run("check", "shop")
    assert (code, "the others work" in said) == (0, True)
    desk.secrets.chmod(0o644)
    code, said = desk.run("check")
    assert (code, "every user of this machine can read" in said) == (0, True)


def test_check_runs_the_examples_and_tells_the_longest_wait(desk):
    desk.run("new", "tilda", "shop")
    path = desk.folder / "shop.yaml"
    examples = "examples:\n  - {request: one.http, call: {number: '79990000001', script: Заявка с сайта}}\n"
    path.write_text(path.read_text().replace("policy:\n", "policy:\n  hours: '09:00-20:00'\n", 1) + examples)
    (desk.folder / "examples").mkdir()
    request = "POST /hooks/shop HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
    (desk.folder / "examples/one.http").write_text(request + TILDA)
    code, said = desk.run("check")
    assert code == 0
    assert "longest wait that its own rules can cause: 13 h (hours 09:00-20:00 Europe/Moscow)" in said
    (desk.folder / "examples/one.http").write_text(request + HELD.replace("Telephone", "Comment"))
    code, said = desk.run("check")
    assert (code, "examples: one.http: expected the call" in said) == (1, True)


SIGNED = """
auth: {scheme: hmac, header: X-Sig, secret: env:SHOP}
event_key: _request.headers."x-event-id"
lead_when: _request.headers."x-topic" == 'created'
mapping:
  number: {field: [phone, _request.query.phone]}
  script: {rules: [{when: "_request.method == 'PUT'", value: Второй}], default: Первый}
  sms: {template: "{{ _request.query.text }}"}
"""


def test_check_names_every_expression_that_reads_what_is_not_signed(desk):
    desk.secrets.write_text("SHOP=secret-of-the-shop\n")
    desk.save("shop", SIGNED)
    code, said = desk.run("check", "shop")
    assert code == 1
    told = [line.strip() for line in said.splitlines() if "what the proof covers" in line]
    places = [line.partition(": expected")[0].rpartition("shop.yaml:")[2] for line in told]
    assert places == [
        "6: mapping.number.field.1",
        "3: event_key.all.0",
        "7: mapping.script.rules.0.when",
        "8: mapping.sms.template",
    ]
    assert all("; write: " in line for line in told)
    assert "signed: [url, body]" in told[0]
    assert "lead_when" not in "".join(places)


def test_check_has_nothing_against_the_query_of_a_request_with_a_token(desk):
    desk.secrets.write_text("SHOP=secret-of-the-shop\n")
    desk.save("shop", SIGNED.replace("scheme: hmac, header: X-Sig,", "scheme: token,"))
    assert desk.run("check", "shop")[0] == 0


def test_check_refuses_a_source_that_could_never_ring(desk):
    desk.run("new", "tilda", "shop")
    path = desk.folder / "shop.yaml"
    hours = "policy:\n  hours: '09:00-20:00'\n  max_wait: 12h\n"
    path.write_text(path.read_text().replace("policy:\n", hours, 1))
    code, said = desk.run("check")
    assert (code, "policy.max_wait" in said) == (1, True)


def test_new_writes_the_caps_and_a_dry_run_says_so_wherever_it_is_shown(desk):
    desk.policy.write_text("defaults: {hours: '00:00-24:00', calls_per_day: '40'}\n")
    said = desk.run("new", "generic", "shop", "--dry-run")[1]
    assert "A dry run: nobody is rung" in said
    text = (desk.folder / "shop.yaml").read_text()
    assert '\n  calls_per_hour: "100"' in text
    assert '\n  calls_per_day: "40"' in text
    assert '\n  spend_per_day: "3000"' in text
    assert "\ndry_run: true" in text
    assert "DRY RUN" in desk.run("check", "shop")[1]
    desk.run("apply")
    assert "shop: DRY RUN, rings nobody; version 1" in desk.run("list")[1]
    (desk.folder / "shop.yaml").write_text(text.replace("dry_run: true", "dry_run: false"))
    assert "DRY RUN" not in desk.run("check", "shop")[1]


def test_check_counts_refused_proofs(desk):
    desk.run("new", "tilda", "shop")
    desk.look()
    assert desk.post("token=wrong", TILDA).status == 401
    desk.parts.refusals.flush()
    code, said = desk.run("check")
    assert (code, "requests refused in the last 24 hours: 1 (wrong)" in said) == (0, True)


def test_two_live_secrets_during_a_rotation(desk):
    desk.save("shop", "preset: tilda\nauth: {secret: [env:SHOP_OLD, env:SHOP_NEW]}\nmapping: {script: A}\n")
    desk.secrets.write_text("SHOP_OLD=old\n")
    desk.look()
    assert [desk.post(f"token={one}", TILDA).status for one in ("old", "new")] == [200, 401]
    desk.secrets.write_text("SHOP_OLD=old\nSHOP_NEW=new\n")
    assert [desk.post(f"token={one}", TILDA).status for one in ("old", "new")] == [200, 200]


def test_apply_takes_every_valid_file_and_says_what_it_refused(desk):
    desk.run("new", "tilda", "shop")
    desk.save("bad", "preset: tilda\n")
    code, said = desk.run("apply")
    assert code == 1
    assert "shop: version 1 is in force" in said
    assert "bad: refused" in said
    assert "bad.yaml:1: auth.secret" in said
    assert desk.run("apply", "shop") == (0, "shop: version 1 stays in force\n")
    assert desk.run("apply", "nobody")[0] == 1


def test_apply_says_which_held_leads_may_fit(desk):
    desk.run("new", "tilda", "shop")
    path = desk.folder / "shop.yaml"
    text = path.read_text() + "mapping: {script: A, number: {field: Nothing}}\n"
    path.write_text(text.replace("mapping:\n  script", "# \n#  script"))
    desk.look()
    held = desk.post(f"token={desk.token()}", TILDA)
    desk.decide()
    assert desk.lead(held).state == "held"
    path.write_text(text.replace("field: Nothing", "field: Phone").replace("mapping:\n  script", "# \n#  script"))
    code, said = desk.run("apply")
    assert (code, "shop: 1 held lead may fit now: flask leads bulk remap" in said) == (0, True)


def test_apply_takes_no_text_whose_secrets_have_no_value(desk):
    desk.run("new", "tilda", "shop")
    desk.run("apply")
    path = desk.folder / "shop.yaml"
    whole = path.read_text()
    path.write_text(whole.replace("env:SHOP_TOKEN", "env:SHOP_TOKN"))
    code, said = desk.run("apply")
    assert (code, "shop: refused" in said, "env:SHOP_TOKN" in said) == (1, True, True)
    said = desk.run("check", "shop")[1]
    assert "no value of env:SHOP_TOKN" in said
    assert "this text is not taken until one appears" in said
    with desk.parts.store.read() as tx:
        assert sources.in_force(tx, ["shop"]) == {"shop": 1}


def test_weak_proofs_are_said_by_check_and_list(desk):
    desk.secrets.write_text("SHOP=short\n")
    desk.save("shop", "auth: {secret: env:SHOP}\nmapping: {script: A, number: {field: phone}}\n")
    desk.run("apply")
    assert "WEAK: env:SHOP: shorter than 16" in desk.run("check", "shop")[1]
    assert "WEAK: env:SHOP: shorter than 16" in desk.run("list")[1]
    desk.save("shop", "auth: {scheme: none}\nmapping: {script: A, number: {field: phone}}\n")
    assert "WEAK: auth: none" in desk.run("check", "shop")[1]


def test_an_older_file_is_taken_at_a_persons_word(desk):
    desk.secrets.write_text("SHOP_TOKEN=of-the-shop-itself\n")
    for script in ("A", "B"):
        desk.save("shop", f"preset: tilda\nauth: {{secret: env:SHOP_TOKEN}}\nmapping: {{script: {script}}}\n")
        desk.run("apply", "--who", "anna", "--why", "as agreed")
    desk.save("shop", "preset: tilda\nauth: {secret: env:SHOP_TOKEN}\nmapping: {script: A}\n")
    assert "differs from version 2" in desk.run("check")[1]
    assert desk.run("apply", "shop")[1] == "shop: version 3 is in force\n"
    with desk.parts.store.read() as tx:
        assert sources.in_force(tx, ["shop"]) == {"shop": 3}


def test_remove_ends_a_source_and_its_waiting_leads_are_held(desk):
    desk.run("new", "tilda", "shop")
    desk.policy.write_text("defaults: {hours: '00:00-00:01', timezone: Europe/Moscow, max_age: 0}\n")
    desk.look()
    waiting = desk.post(f"token={desk.token()}", TILDA)
    desk.decide()
    assert desk.lead(waiting).state == "ready"
    assert desk.run("remove", "shop")[0] == 2
    code, said = desk.run("remove", "shop", "--why", "the shop is closed", "--who", "anna")
    assert code == 0
    assert "the worker will hold 1 waiting lead" in said
    assert "its file is still there" in said
    desk.parts.sources.refresh()
    sweep.redo_next(desk.parts, "shop")
    assert (desk.lead(waiting).state, desk.lead(waiting).reason) == ("held", "source_off")
    assert desk.post("token=x", TILDA).status == 503
    desk.look()
    assert desk.parts.sources.names() == []
    assert desk.run("remove", "shop", "--why", "again")[0] == 1
    assert "shop: no longer in force; version" in desk.run("list")[1]
    assert "it had been removed" in desk.run("apply")[1]


def test_list_tells_versions_leads_and_files(desk):
    assert "no sources yet" in desk.run("list")[1]
    desk.run("new", "tilda", "shop")
    assert "a file only, never in force" in desk.run("list")[1]
    desk.look()
    desk.post(f"token={desk.token()}", TILDA)
    said = desk.run("list")[1]
    assert "shop: switched on; version 1 since 20" in said
    assert said.endswith("1 received\n")


def request_file(tmp_path, body, query=""):
    path = tmp_path / "request.http"
    head = f"POST /hooks/shop{query} HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
    path.write_bytes((head + body).encode())
    return str(path)


def test_try_tells_a_request_step_by_step_and_stores_nothing(desk, tmp_path):
    desk.run("new", "tilda", "shop")
    code, said = desk.run("try", "shop", request_file(tmp_path, TILDA))
    assert code == 0
    for part in ("(not in force)", "proof: right", '"tranid": "2"', 'event key: ["2"]', '"read": "79990000001"'):
        assert part in said
    assert "rule once_per_number: allow" in said
    assert "call: 79990000001, script 'Заявка с сайта'" in said
    desk.run("apply")
    assert "no leads" in desk.run("list")[1]


def test_try_exits_1_for_a_lead_that_would_be_held_and_for_a_wrong_proof(desk, tmp_path):
    desk.run("new", "tilda", "shop")
    code, said = desk.run("try", "shop", request_file(tmp_path, "Name=Ivan&tranid=1"))
    assert (code, "-> held" in said, "No phone" in said) == (1, True, True)
    code, said = desk.run("try", "shop", request_file(tmp_path, TILDA, "?token=wrong"))
    assert (code, "proof: refused (wrong)" in said, "call: 79990000001" in said) == (1, True, True)
    assert desk.run("try", "shop", request_file(tmp_path, "test=test"))[1].endswith("answered 200 'ok'\n")
    assert desk.run("try", "shop")[0] == 2
    assert desk.run("try", "nobody", request_file(tmp_path, TILDA))[0] == 1
    assert desk.run("try", "shop", "77")[0] == 1


def test_try_walks_a_stored_lead_through_the_file_as_it_stands(desk):
    desk.run("new", "tilda", "shop")
    desk.look()
    lead = desk.lead(desk.post(f"token={desk.token()}", TILDA))
    path = desk.folder / "shop.yaml"
    path.write_text(path.read_text().replace("Заявка с сайта", "Новый"))
    code, said = desk.run("try", "shop", str(lead.no))
    assert (code, "differs from version 1" in said, "script 'Новый'" in said) == (0, True, True)


def test_try_against_shows_what_the_file_would_change_before_it_is_in_force(desk):
    desk.run("new", "tilda", "shop")
    desk.look()
    for body in (TILDA, HELD.replace("Telephone", "Mobil"), "Name=A&Phone=%2B79990000003&utm_source=vk&tranid=4"):
        desk.post(f"token={desk.token()}", body)
    desk.decide()
    path = desk.folder / "shop.yaml"
    script = "script: {rules: [{when: \"utm_source == 'vk'\", value: VK}], default: Заявка с сайта}"
    rules = f"mapping: {{number: {{field: [Phone, Mobil]}}, {script}}}\n"
    path.write_text(path.read_text().replace("mapping:\n  script", "# \n#  script") + rules)
    code, said = desk.run("try", "shop", "--against", "10")
    assert code == 0
    assert "script 'Заявка с сайта' -> 'VK'" in said
    assert "held (No phone" in said
    assert "-> a call to 7" in said
    assert "79990000001" not in said
    assert said.endswith("2 of the last 3 leads would be mapped differently; nothing was saved\n")
    assert desk.parts.sources.get("shop").n == 1


def test_a_fresh_clone_needs_no_settings_for_presets_new_and_check(tmp_path):
    files = {name: str(tmp_path / place) for name, place in PLACES.items()}
    environ = {"PATH": os.environ["PATH"], "PUBLIC_URL": "https://leads.example/", **files}

    def flask(*words):
        told = subprocess.run(
            [sys.executable, "-m", "flask", "sources", *words], env=environ, cwd=ROOT, capture_output=True, text=True
        )
        return told.returncode, told.stdout + told.stderr

    assert flask("presets", "generic")[0] == 0
    code, said = flask("new", "generic", "shop")
    assert (code, "https://leads.example/hooks/shop?token=" in said) == (0, True), said
    code, said = flask("check")
    assert (code, "shop: ok" in said) == (0, True), said
    if not (ROOT / "var/run.env").exists() and not (ROOT / ".env").exists():
        assert "no database is set" in said
    with (tmp_path / "sources/shop.yaml").open("a") as file:
        file.write("account: flats\n")
    code, said = flask("check")
    assert (code, "there is no voice account 'flats'; there is main" in said) == (1, True), said
    code, said = flask("apply")
    assert (code, "Traceback" in said) == (1, False) or (ROOT / "var/run.env").exists()


AMOCRM = "preset: amocrm\nauth: {secret: env:SHOP_TOKEN}\nmapping: {script: Заявка с сайта}\n"
EXAMPLES = ROOT / "config/presets/examples"


@pytest.mark.parametrize(
    ("example", "came"),
    [
        ("amocrm_contact.http", [("ready", "79990000003")]),
        ("amocrm_unsorted.http", [("ready", "79990000032")]),
        ("amocrm_pipeline.http", [("held", None)]),
    ],
)
def test_amocrm_without_its_crm_rings_contacts_and_unsorted_and_says_what_it_cannot(desk, example, came):
    desk.secrets.write_text("SHOP_TOKEN=test-secret\n")
    desk.save("shop", AMOCRM)
    desk.look()
    code, said = desk.run("check", "shop")
    assert code == 0, said
    assert "no `fetch` is written" in said
    assert "never brings a phone" in said
    answer = desk.post("token=test-secret", (EXAMPLES / example).read_bytes().partition(b"\r\n\r\n")[2].decode())
    desk.decide()
    lead = desk.lead(answer)
    assert [(lead.state, lead.number)] == came
    if lead.state == "held":
        assert lead.reason == "no_number"
