"""What senders of Russia and its neighbours post, from the request to the call, by the presets alone."""

import json
from dataclasses import replace

import pytest

from config.examples import read_request, results_of
from config.load import PRESETS, Loaded, load_text, read_preset
from config.yaml_text import parse
from core.proofs import authentic
from core.source import Example
from flow import intake
from tests.http_request import read

EXAMPLES = PRESETS / "examples"
NOW = 1_785_590_400  # 2026-08-01T13:20:00Z, the clock of the examples
IN_QUERY = ["tilda", "bitrix24-robot", "marquiz", "yandex-forms", "getcourse", "retailcrm", "jivo", "calltouch"]
IN_QUERY += ["roistat", "uis", "flexbe", "creatium", "lpgenerator", "avito", "contact-form-7"]
SECRETS = {
    "vk": "vk-secret-key",
    "carrotquest": "carrot-token",
    "mango": "salt0123456789",
    "botpad": "botpad-key",
    "bitrix24": "apptokenapptokenapptokenapptoken",
}
PRESETS_HERE = [*IN_QUERY, "vk", "carrotquest", "mango", "botpad"]
CRM_IS_ASKED = ["amocrm", "megaplan", "bitrix24"]

SOURCE = """
preset: {preset}
auth: {{secret: env:{name}, handshake: env:CONFIRMATION}}
policy: {{hours: "00:00-24:00", once_per_number: 0}}
mapping: {{script: Заявка с сайта}}
"""
FETCH = 'fetch: {base: "https://crm.example", token: env:CRM}\n'

# What the facts' own requests come to: request file -> (preset, the number of each lead or what it is instead)
REQUESTS = {
    "cis/amocrm_contacts_add": ("amocrm", ["79990000003"]),
    "amocrm_leads_add": ("amocrm", ["no_number", "no_number"]),
    "cis/amocrm_pipeline_status": ("amocrm", ["no_number"]),
    "cis/avito_message": ("avito", ["79990000017"]),
    "bitrix24_oncrmleadadd": ("bitrix24", ["no_number"]),
    "bitrix24_robot_webhook": ("bitrix24-robot", ["79990000002"]),
    "botpad_quiz": ("botpad", ["79990000015"]),
    "cis/calltouch_request": ("calltouch", ["79990000009"]),
    "cis/carrotquest_event": ("carrotquest", ["79990000013"]),
    "cis/cf7_json": ("contact-form-7", ["79990000026"]),
    "cis/creatium_form": ("creatium", ["79990000018"]),
    "cis/creatium_json": ("creatium", ["79990000018"]),
    "cis/flexbe": ("flexbe", ["79990000024"]),
    "getcourse": ("getcourse", ["79990000006"]),
    "cis/jivo_call_event": ("jivo", ["79990000008"]),
    "cis/jivo_offline_message": ("jivo", ["79990000008"]),
    "cis/lpgenerator": ("lpgenerator", ["79990000014"]),
    "cis/marquiz": ("marquiz", ["79990000016"]),
    "cis/megaplan_deal": ("megaplan", ["no_number"]),
    "cis/retailcrm_trigger": ("retailcrm", ["79990000007"]),
    "cis/roistat_lead": ("roistat", ["79990000010"]),
    "cis/tilda": ("tilda", ["79990000001"]),
    "tilda_handshake": ("tilda", ["handshake"]),
    "cis/uis_comagic_notification": ("uis", ["79990000014"]),
    "vk_confirmation": ("vk", ["handshake"]),
    "vk_lead_forms_new": ("vk", ["79990000005"]),
    "cis/yandex_forms_jsonrpc": ("yandex-forms", ["79990000004"]),
}


def secret_of(preset):
    return SECRETS.get(preset, "test-secret")


def secrets(reference):
    by_name = {env_name(preset): secret_of(preset) for preset in [*PRESETS_HERE, *CRM_IS_ASKED]}
    return {**by_name, "CONFIRMATION": "a1b2c3d4"}.get(reference.removeprefix("env:"))


def env_name(preset):
    return preset.upper().replace("-", "_")


def yaml_of(preset):
    return SOURCE.format(preset=preset, name=env_name(preset)) + (FETCH if "fetch" in read_preset(preset).value else "")


def source_of(preset, more=""):
    loaded = load_text(preset, parse((yaml_of(preset) + more).encode(), "test.yaml"))
    assert isinstance(loaded, Loaded), str(loaded)
    return loaded.source


def examples_of(preset):
    """(the example's text, its request as a delivery) of the preset's own file."""
    text = read_preset(preset)
    return [(one, read_request((EXAMPLES / one["request"]).read_bytes())) for one in text.value["examples"]]


def rung(example):
    """The numbers that an example says are rung."""
    calls = example.get("calls", [example["call"]] if "call" in example else [])
    return [call["number"] for call in calls if call]


def take(gateway, preset, request):
    """The answer of a source of this preset, which is put into force when it is first asked."""
    if gateway.parts.sources.get(preset) is None:
        gateway.put(preset, yaml_of(preset))
    return intake.take(gateway.parts, preset, request, gateway.clock.ms())


def first_call(preset):
    return next(request for example, request in examples_of(preset) if rung(example))


@pytest.mark.parametrize("name", REQUESTS)
def test_a_preset_finds_every_number_in_what_its_sender_posts(name):
    preset, expected = REQUESTS[name]
    secret = {"bitrix24": secret_of("bitrix24"), "vk": "vk-secret-key", "botpad": "botpad-key"}
    example = Example("x.http", state="held", secret=secret.get(preset, ""))
    request = read(name)
    if preset == "carrotquest":
        example = replace(example, secret="carrot-token")
    results = results_of(source_of(preset), example, request)
    assert [r.call["number"] if r.call else (r.reasons or (r.state,))[0] for r in results] == expected


@pytest.fixture
def here(gateway, clock):
    """A gateway at the examples' moment."""
    clock.at = float(NOW)
    gateway.parts.secrets = secrets
    yield gateway
    gateway.parts.refusals.flush()  # before the database goes


def test_every_example_rings_whom_it_names_and_its_repeat_nobody(here):
    expected = []
    for repeat in range(2):
        for preset in PRESETS_HERE:
            for example, request in examples_of(preset):
                answer = take(here, preset, request)
                assert answer.status == 200, example
                expected += [] if repeat else rung(example)
        here.work()
        assert sorted(call.number for call in here.voice.asked) == sorted(expected)


@pytest.mark.parametrize(
    ("preset", "said"),
    [
        ("vk", b"ok"),
        ("jivo", {"result": "ok"}),
        ("botpad", {"result": "ok"}),
        ("roistat", {"status": "ok", "order_id": "90"}),
        ("yandex-forms", {"jsonrpc": "2.0", "result": "ok", "id": "1234567890"}),
    ],
)
def test_a_sender_hears_what_it_wants_to_hear(here, preset, said):
    answer = take(here, preset, first_call(preset))
    assert (json.loads(answer.body) if isinstance(said, dict) else answer.body) == said


def test_a_confirmation_and_a_check_are_answered_and_make_no_lead(here):
    vk = take(here, "vk", read("vk_confirmation"))
    assert (vk.status, vk.body) == (200, b"a1b2c3d4")
    check = read("tilda_handshake")
    tilda = take(here, "tilda", replace(check, query="token=test-secret"))
    assert (tilda.status, tilda.body) == (200, b"ok")
    here.work()
    assert here.voice.asked == []


def test_a_call_that_comes_once_for_each_phase_rings_once_and_not_while_it_goes_on(here):
    ended = next(r for e, r in examples_of("calltouch") if e["request"] == "calltouch_call.http")
    going_on = replace(ended, body=ended.body.replace(b"calllost", b"callconnected"))
    for request, calls in [(going_on, 0), (ended, 1), (going_on, 1), (ended, 1)]:
        assert take(here, "calltouch", request).status == 200
        here.work()
        assert len(here.voice.asked) == calls


def test_a_phone_that_comes_later_in_a_chat_rings(here):
    without, with_phone = (
        next(r for e, r in examples_of("jivo") if e["request"] == f"jivo_chat_{name}.http")
        for name in ("no_phone", "updated")
    )
    with_phone = replace(with_phone, body=with_phone.body.replace(b"4399", b"4400"))
    for request in (without, with_phone, with_phone):
        take(here, "jivo", request)
        here.work()
    assert [call.number for call in here.voice.asked] == ["79990000052"]


def test_nothing_of_a_visitor_but_his_lead_is_kept(here):
    cart = next(r for e, r in examples_of("tilda") if e["request"] == "tilda_cart.http")
    answer = take(here, "tilda", cart)
    payload = json.loads(here.lead(json.loads(answer.body)["leads"][0]["id"]).payload)
    assert payload["payment"]["orderid"] == "1500"
    assert "COOKIES" not in payload
    assert "test-secret" not in json.dumps(payload)


def forged(preset, request):
    """The request as a stranger could send it: (what he did, request)."""
    if preset in IN_QUERY or preset in ("amocrm", "megaplan"):
        kept = "&".join(pair for pair in request.query.split("&") if not pair.startswith("token="))
        yield "stripped", replace(request, query=kept)
        yield "empty", replace(request, query=f"{kept}&token=")
        yield "wrong", replace(request, query=f"{kept}&token=test-secre")
        yield "given twice", replace(request, query=f"{request.query}&token=other")
        yield "elsewhere", replace(request, query=kept, headers=(*request.headers, ("token", "test-secret")))
        return
    secret = secret_of(preset).encode()
    if preset == "botpad":
        yield "signed for another body", replace(request, body=request.body.replace(b"79990000015", b"79990000016"))
        yield "stripped", replace(request, body=request.body.partition(b"&")[2])
        yield (
            "another signature",
            replace(request, body=b"secret=" + b"0" * 32 + b"&" + request.body.partition(b"&")[2]),
        )
        yield "given twice", replace(request, body=request.body + b"&json=%7B%7D")
    elif preset == "mango":
        sign = next(part for part in request.body.split(b"&") if part.startswith(b"sign="))
        yield "signed for another body", replace(request, body=request.body.replace(b"79990000023", b"79990000024"))
        yield "stripped", replace(request, body=request.body.replace(b"&" + sign, b""))
        yield "another signature", replace(request, body=request.body.replace(sign, b"sign=" + b"0" * 64))
        yield "another key", replace(request, body=request.body.replace(b"vpbx_api_key=i", b"vpbx_api_key=j"))
        yield "given twice", replace(request, body=request.body + b"&json=%7B%7D")
    else:
        yield "wrong", replace(request, body=request.body.replace(secret, secret[:-1] + b"x"))
        yield "shorter", replace(request, body=request.body.replace(secret, secret[:-1]))
        yield "empty", replace(request, body=request.body.replace(secret, b""))
        yield "elsewhere", replace(request, body=request.body.replace(secret, b""), query=f"token={secret.decode()}")


@pytest.mark.parametrize("preset", [*PRESETS_HERE, *CRM_IS_ASKED])
def test_what_does_not_prove_itself_is_refused(preset):
    source = source_of(preset)
    request = examples_of(preset)[0][1]
    assert authentic.check(request, source, secrets, NOW * 1000).ok
    for done, other in forged(preset, request):
        assert not authentic.check(other, source, secrets, NOW * 1000).ok, done
    assert not authentic.check(request, source, lambda reference: None, NOW * 1000).ok


def test_a_forger_makes_no_lead_and_learns_nothing(here):
    answers = {take(here, preset, other) for preset in PRESETS_HERE for _, other in forged(preset, first_call(preset))}
    assert [answer.status for answer in answers] == [401]
    with here.store.read() as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM leads").scalar() == 0


@pytest.mark.parametrize(
    ("auth", "header", "field"),
    [("in: header, name: X-Api-Key", "test-secret", ""), ("in: field, name: api_key", "", "&api_key=test-secret")],
)
def test_tildas_api_key_may_stand_where_its_owner_put_it(auth, header, field):
    text = f"preset: tilda\nauth: {{{auth}, secret: env:TILDA}}\nmapping: {{script: Заявка}}"
    loaded = load_text("tilda", parse(text.encode(), "tilda.yaml"))
    assert isinstance(loaded, Loaded), str(loaded)
    check = read("tilda_handshake")
    check = replace(check, headers=(*check.headers, ("x-api-key", header)), body=check.body + field.encode())
    (result,) = results_of(loaded.source, Example("x.http", state="handshake", secret="test-secret"), check)
    assert result.state == "handshake"
