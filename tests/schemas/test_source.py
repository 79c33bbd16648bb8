"""The merged text of a source, from strings to frozen values, with every problem at once."""

from decimal import Decimal

import pytest

from config.yaml_text import parse
from core.expressions.expression import Condition, Path, Template
from core.source import Hours, ScriptChoice, Split
from schemas.source import read_source

LEAST = {
    "auth": {"secret": "env:SHOP"},
    "mapping": {"number": {"field": "Phone"}, "script": "Заявка"},
}


def read(**keys):
    return read_source("shop", {**LEAST, **keys})


def wrong_with(**keys):
    """{way down: problem} of LEAST with these top keys instead."""
    source, wrong = read(**keys)
    assert source is None
    return {".".join(way): said for way, said in wrong}


def right_with(**keys):
    source, wrong = read(**keys)
    assert source is not None, wrong
    return source


def test_the_least_a_source_says_takes_every_default():
    source = right_with()
    assert (source.enabled, source.account, source.preset) == (True, "main", "generic")
    assert source.policy.hours == Hours(540, 1200)
    assert source.policy.spend_per_day == Decimal(3000)
    assert source.repeat_window_ms == 600_000


def test_everything_a_source_can_say_becomes_its_value():
    source = right_with(
        enabled="false",
        account="second",
        auth={
            "scheme": "hmac",
            "secret": ["env:A", "env:B"],
            "header": "X-Sig",
            "signed": ["timestamp", ".", "body"],
            "tolerance": "5m",
        },
        body={"format": "json", "charset": "cp1251", "unwrap_json": ["data", "a[b]"], "max": "4MB"},
        handshake={"when": "challenge", "echo": "challenge", "before_proof": "true", "methods": ["GET"]},
        reply={"json": {"result": "ok"}},
        split=[{"each": "leads.add", "entity": "leads", "action": "add"}],
        lead_when="event == 'lead'",
        mapping={
            "number": {"field": ["Phone", {"path": ["order", "Телефон"]}], "region": "RU"},
            "script": {"rules": [{"when": "a == 'b'", "value": " Скрипт и\u0306 "}], "default": "Заявка"},
            "sms": {"template": "Здравствуйте, {{ Name }}!"},
            "person": {"field": "Name"},
            "asked_at": {"field": "created"},
        },
        event_key={"all": ["_envelope.account.id", "id"]},
        repeat_window="2h",
        volatile=["ts"],
        secret="auth.access_token",
        paths=["events/summary"],
        fetch={
            "base": "https://portal.example/rest/1/",
            "token": "env:CRM",
            "headers": {"Authorization": "Bearer {token}"},
            "steps": [
                {"name": "lead", "path": "/{token}/get/{data.FIELDS.ID}", "query": {"with": "contacts"}},
                {"name": "form", "method": "POST", "path": "/v2", "body": {"ids": ["{id}"]}, "when": "_fetched.lead"},
            ],
            "ready_when": "_fetched.form",
            "rate": "7",
        },
        policy={
            "countries": ["RU", "KZ"],
            "number_types": "mobile",
            "never_prefixes": {"add": ["+7 958", "7999"], "remove": "7940"},
            "hours": "20:00-02:00",
            "timezone": "Asia/Almaty",
            "once_per_number": {"window": "12h", "per": "script"},
            "max_age": "0",
            "max_wait": "30d",
            "calls_per_hour": "7",
            "spend_per_day": "99.50",
            "test_when": "Email == 'test@example.com'",
        },
    )
    assert source.auth.secrets == ("env:A", "env:B")
    assert (source.auth.signed, source.auth.tolerance_ms) == (("timestamp", ".", "body"), 300_000)
    assert (source.body.max_bytes, source.body.unwrap_json) == (4_000_000, ("data", "a[b]"))
    assert source.handshakes[0].echo == Path.compile("challenge")
    assert source.handshakes[0].before_proof is True
    assert (source.reply.type, source.reply.json) == ("application/json", {"result": "ok"})
    assert source.splits == (Split(Path.compile("leads.add"), "leads", "add"),)
    assert source.mapping.number.fields[1].steps == ("order", "Телефон")
    assert source.mapping.script.rules[0].value == "Скрипт й"
    assert source.mapping.sms == Template.compile("Здравствуйте, {{ Name }}!")
    assert [path.text for path in source.event_key] == ["_envelope.account.id", "id"]
    assert source.repeat_window_ms == 7_200_000
    assert source.secret == (Path.compile("auth.access_token"),)
    assert source.fetch.base == "https://portal.example/rest/1"
    assert [(step.name, step.method, step.path.text) for step in source.fetch.steps] == [
        ("lead", "GET", "/{token}/get/{data.FIELDS.ID}"),
        ("form", "POST", "/v2"),
    ]
    assert (source.fetch.rate, source.fetch.ready_when.text) == (7, "_fetched.form")
    policy = source.policy
    assert (policy.countries, policy.number_types, policy.hours) == (("RU", "KZ"), ("mobile",), Hours(1200, 120))
    assert policy.never_prefixes[-2:] == ("7958", "7999")
    assert "7840" in policy.never_prefixes
    assert "7940" not in policy.never_prefixes
    assert (policy.once_per_number_ms, policy.once_per_script) == (43_200_000, True)
    assert (policy.max_age_ms, policy.max_wait_ms, policy.calls_per_hour) == (0, 30 * 86_400_000, 7)
    assert policy.spend_per_day == Decimal("99.50")
    assert policy.test_when == Condition.compile("Email == 'test@example.com'")


def test_what_is_signed_or_answered_is_taken_to_the_letter():
    auth = {"scheme": "hmac", "secret": "env:A", "header": "X", "signed": ["id", ".", "timestamp", ".", "body", "\n"]}
    source = right_with(auth={**auth, "prefix": "v1 "}, reply={"body": "ok\n"})
    assert source.auth.signed == ("id", ".", "timestamp", ".", "body", "\n")
    assert (source.auth.prefix, source.reply.body) == ("v1 ", "ok\n")


@pytest.mark.parametrize(
    ("auth", "write"),
    [
        ({"timestamp_header": "X-Time"}, "[timestamp, body]"),
        ({"options": {"parts": {"signature": "v1"}}, "signed": ["body"]}, "[timestamp, body]"),
        ({"id_header": "X-Id", "signed": [".", "body"]}, '[id, ".", body]'),
        ({"signed": ["timestamp"], "timestamp_header": "X-Time"}, "[timestamp, body]"),
    ],
)
def test_what_nobody_signs_is_refused_with_the_line_to_write(auth, write):
    wrong = wrong_with(auth={"scheme": "hmac", "secret": "env:A", "header": "X", **auth})
    assert wrong["auth.signed"].write == write


def test_an_event_key_without_a_window_is_remembered_for_thirty_days():
    assert right_with(event_key="id").repeat_window_ms == 30 * 86_400_000


@pytest.mark.parametrize(
    ("script", "choice"),
    [
        ("Заявка", ScriptChoice("Заявка")),
        ({"default": "Заявка"}, ScriptChoice("Заявка")),
        (
            {"field": "voice", "allow": ["A", "B"], "default": "C"},
            ScriptChoice("C", (), (Path.compile("voice"),), ("A", "B")),
        ),
    ],
)
def test_a_script_is_a_name_or_a_choice(script, choice):
    assert right_with(mapping={**LEAST["mapping"], "script": script}).mapping.script == choice


@pytest.mark.parametrize(
    ("keys", "way", "write"),
    [
        ({"enabled": "NO"}, "enabled", "false"),
        ({"enabled": "True"}, "enabled", "true"),
        ({"enbled": "true"}, "enbled", "enabled:"),
        ({"auth": {"secret": "env:A", "shceme": "token"}}, "auth.shceme", "scheme:"),
        ({"auth": {"secret": "env:A", "scheme": "tokn"}}, "auth.scheme", "token"),
        ({"auth": {"secret": "env:A", "options": {"x": "y"}}}, "auth.options.x", ""),
        ({"auth": {"secret": "env:A", "allow_ips": ["1.2.3"]}}, "auth.allow_ips.0", ""),
        ({"body": {"max": "5MB"}}, "body.max", ""),
        ({"handshake": {"reply": {"body": "ok"}}}, "handshake.when", ""),
        ({"handshake": {"when": "a", "scheme": "metta"}}, "handshake.scheme", "meta"),
        (
            {"handshake": {"when": "a", "reply": {"json": {"x": {"path": "a["}}}}},
            "handshake.reply.json.x.path",
            '{path: ["a["]}',
        ),
        ({"secret": ["a[0].b"]}, "secret.0", ""),
        ({"event_key": ["a", "b"]}, "event_key", "{all: [id, event]}"),
        ({"repeat_window": "30"}, "repeat_window", "30s"),
        ({"repeat_window": "0"}, "repeat_window", ""),
        ({"repeat_window": "9999d"}, "repeat_window", ""),
        ({"fetch": {"base": "https://a.example/?x=1"}}, "fetch.base", ""),
        ({"fetch": {"base": "ftp://a.example"}}, "fetch.base", ""),
        ({"fetch": {"base": "https://u:p@a.example"}}, "fetch.base", ""),
        ({"account": ["x"]}, "account", ""),
        ({"policy": {"countries": ["ru"]}}, "policy.countries.0", "RU"),
        ({"policy": {"countries": ["UK"]}}, "policy.countries.0", "GB"),
        ({"policy": {"countries": []}}, "policy.countries", ""),
        ({"policy": {"number_types": ["mobil"]}}, "policy.number_types.0", "mobile"),
        ({"policy": {"never_prefixes": {"remove": ["79"]}}}, "policy.never_prefixes.remove", "7940"),
        ({"policy": {"never_prefixes": {"ad": ["79"]}}}, "policy.never_prefixes.ad", "add:"),
        ({"policy": {"never_prefixes": {"add": ["+7 940 x"]}}}, "policy.never_prefixes.add.0", ""),
        ({"policy": {"hours": "9-20"}}, "policy.hours", ""),
        ({"policy": {"hours": "09:00-09:00"}}, "policy.hours", '"00:00-24:00"'),
        ({"policy": {"hours": "09:00-25:00"}}, "policy.hours", ""),
        ({"policy": {"timezone": "Moscow"}}, "policy.timezone", ""),
        ({"policy": {"timezone": "../etc/passwd"}}, "policy.timezone", ""),
        ({"policy": {"once_per_number": {"window": "24h", "per": "scirpt"}}}, "policy.once_per_number.per", "script"),
        ({"policy": {"max_age": "12"}}, "policy.max_age", "12s"),
        ({"policy": {"max_age": "1.5h"}}, "policy.max_age", ""),
        ({"policy": {"max_age": "１2h"}}, "policy.max_age", ""),
        ({"policy": {"calls_per_hour": "-1"}}, "policy.calls_per_hour", ""),
        ({"policy": {"calls_per_hour": "٣"}}, "policy.calls_per_hour", ""),
        ({"policy": {"spend_per_day": "3,5"}}, "policy.spend_per_day", "3.5"),
        ({"policy": {"spend_per_day": "1e9"}}, "policy.spend_per_day", ""),
        ({"policy": {"hours": "09:00-10:00", "max_wait": "12h"}}, "policy.max_wait", ""),
        ({"policy": {"test_when": "Email = 'x'"}}, "policy.test_when", "\"Email == 'x'\""),
        ({"examples": [{"request": "../x.http", "state": "held"}]}, "examples.0.request", ""),
        ({"examples": [{"request": "x.http"}]}, "examples.0", ""),
        ({"examples": [{"request": "x.http", "call": {"number": "+7"}}]}, "examples.0.call.number", ""),
    ],
)
def test_a_wrong_value_is_named_with_what_to_write(keys, way, write):
    said = wrong_with(**keys)
    assert list(said) == [way]
    assert said[way].write == write


@pytest.mark.parametrize(
    ("mapping", "way", "write"),
    [
        ({"number": "Phone"}, "mapping.number", '{field: "Phone"}'),
        ({"number": {"field": "order.Телефон"}}, "mapping.number.field", "{path: [order, Телефон]}"),
        (
            {"number": {"path": ["order", "Номер телефона", "0"], "region": "RU"}},
            "mapping.number",
            "{field: {path: [order, Номер телефона, 0]}, region: RU}",
        ),
        ({"number": {"like": "tel-*"}}, "mapping.number", '{field: {like: "tel-*"}}'),
        ({"person": {"path": ["a", 'it\'s: "b"']}}, "mapping.person", "{field: {path: [a, 'it''s: \"b\"']}}"),
        ({"asked_at": {"path": ["a.b"]}}, "mapping.asked_at", '{field: {path: ["a.b"]}}'),
        (
            {"script": {"path": ["a", "b"], "allow": ["VK"], "default": "VK"}},
            "mapping.script",
            "{field: {path: [a, b]}, allow: [VK], default: VK}",
        ),
        ({"number": {"field": []}}, "mapping.number.field", ""),
        ({"sms": "Привет"}, "mapping.sms", '{template: "Привет"}'),
        (
            {"sms": {"template": "{{ 'a' * 5 }}"}},
            "mapping.sms.template",
            "\"Здравствуйте, {{ Name | default('друг') }}!\"",
        ),
        ({"script": {"field": "s", "default": "A"}}, "mapping.script.allow", "[Заявка, Перезвон]"),
        (
            {"script": {"field": "s", "allow": ["A"], "rules": [{"when": "a", "value": "b"}]}},
            "mapping.script.rules",
            "",
        ),
        ({"script": {"rules": []}}, "mapping.script", "default: Заявка с сайта"),
        ({"script": " "}, "mapping.script", ""),
        (
            {"script": {"rules": [{"when": "utm == vk", "value": "x"}]}},
            "mapping.script.rules.0.when",
            "\"utm == 'vk'\"",
        ),
        (
            {"script": {"rules": [{"when": "Имя == 'x'", "value": "x"}]}},
            "mapping.script.rules.0.when",
            "'\"Имя\" == ''x'''",
        ),
    ],
)
def test_a_wrong_mapping_is_named_with_what_to_write(mapping, way, write):
    said = wrong_with(mapping={**LEAST["mapping"], **mapping})
    assert list(said) == [way]
    assert said[way].write == write


def test_the_line_to_write_is_one_that_loads():
    number = {"path": ["order", "fields", "Номер: телефона", "1", "on", "a, b", "x #y"], "region": "RU"}
    line = wrong_with(mapping={**LEAST["mapping"], "number": number})["mapping.number"].write
    text = parse(f"mapping: {{number: {line}, script: x}}\nauth: {{secret: env:A}}".encode(), "shop.yaml")
    source, wrong = read_source("shop", text.value)
    assert source is not None, wrong
    assert source.mapping.number.fields[0].steps == tuple(number["path"])


@pytest.mark.parametrize("secret", ["hunter2", "env:", "env:A B", "env:1A", ["env:A", "hunter2"], {"value": "hunter2"}])
def test_a_secret_that_is_written_out_is_refused_and_not_repeated(secret):
    for keys in (
        {"auth": {"secret": secret}},
        {"auth": {"secret": "env:A", "handshake": secret}},
        {"fetch": {"base": "https://a.example", "token": secret}},
    ):
        said = wrong_with(**keys)
        assert said
        assert "hunter2" not in repr(said)


def test_all_problems_come_at_once():
    assert set(wrong_with(enabled="x", policy={"hours": "x", "max_age": "x"}, event_key=[], foo="1")) == {
        "enabled", "policy.hours", "policy.max_age", "event_key", "foo",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ({"mapping": LEAST["mapping"]}, "auth.secret"),
        ({"auth": {"scheme": "basic", "secret": "env:A"}, "mapping": LEAST["mapping"]}, "auth.user"),
        ({"auth": {"scheme": "hmac", "secret": "env:A"}, "mapping": LEAST["mapping"]}, "auth.header"),
        ({"auth": LEAST["auth"], "mapping": {"number": {"field": "a"}}}, "mapping.script"),
        ({"auth": LEAST["auth"], "mapping": {"script": "a"}}, "mapping.number"),
        ({**LEAST, "fetch": {"required": "true"}}, "fetch.base"),
        ({**LEAST, "handshake": [{"when": "a", "scheme": "vk"}]}, "auth.handshake"),
    ],
)
def test_what_is_missing_is_named_with_what_to_write(text, way):
    source, wrong = read_source("shop", text)
    assert source is None
    assert [".".join(keys) for keys, _ in wrong] == [way]
    assert wrong[0][1].write


@pytest.mark.parametrize("pattern", ["tel-*", ["order", "fields", "*телефон*"]])
def test_a_field_may_be_told_by_a_pattern_of_its_name(pattern):
    source = right_with(mapping={"number": {"field": ["Phone", {"like": pattern}]}, "script": "Заявка"})
    assert source.mapping.number.fields[1].patterns == ((pattern,) if isinstance(pattern, str) else tuple(pattern))


@pytest.mark.parametrize("pattern", ["", [], [[]], {"a": "b"}])
def test_a_pattern_that_is_none_is_refused(pattern):
    assert "mapping.number.field" in wrong_with(mapping={"number": {"field": {"like": pattern}}, "script": "Заявка"})


def test_a_number_may_stand_in_a_text_alone():
    source = right_with(mapping={"number": {"in_text": "message"}, "script": "Заявка"})
    assert [path.text for path in source.mapping.number.in_text] == ["message"]


def test_what_is_dropped_is_never_told_by_a_pattern():
    assert "secret.0" in wrong_with(secret=[{"like": "*"}])


def test_no_proof_at_all_has_to_be_written_out():
    assert right_with(auth={"scheme": "none"}).auth.scheme == "none"


def test_a_preset_needs_neither_a_secret_nor_a_script():
    source, wrong = read_source("tilda", {"mapping": {"number": {"field": "Phone"}}}, whole=False)
    assert source is not None
    assert wrong == []
