"""Mobilgroup's dialect on real sockets: what is sent byte for byte, and what each reply proves."""

import json
import time
from decimal import Decimal
from email.utils import formatdate

import pytest

from core.account.wanted import WantedAccount
from core.outcome import ACCEPTED, NOT_SENT, REFUSED, UNKNOWN
from core.ports import Call, Start
from voice import PROVIDERS
from voice.provider import account_of
from wire.clocks import CLOCKS

NUMBER = "79990000001"
CALL = Call(NUMBER, "Заявка с сайта", "Здравствуйте!")
OK = {"result": "ok", "id": "1234", "number": NUMBER, "price": "4.35"}


def reply(said, status=200):
    body = said if isinstance(said, bytes) else json.dumps(said, ensure_ascii=False).encode()
    return b"HTTP/1.1 %d Whatever\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


def voice(url, *, total_timeout_ms=60_000, proxy="", **auth):
    wanted = WantedAccount(
        "main", "mobilgroup", url, auth, connect_timeout_ms=60_000, total_timeout_ms=total_timeout_ms, proxy=proxy
    )
    return account_of(PROVIDERS["mobilgroup"], wanted).voice


def place(provider, call=CALL, **auth):
    return voice(provider.url, **(auth or {"key": "the-key"})).place(call, CLOCKS.start())


# What is sent -----------------------------------------------------------------------------------------


def test_the_request_byte_for_byte(peer):
    provider = peer(reply(OK))
    place(provider)
    body = '{"number": "79990000001", "script": "Заявка с сайта", "sms": "Здравствуйте!"}'.encode()
    assert provider.requests == [
        b"POST /api/lido/send/ HTTP/1.1\r\n"
        b"Host: 127.0.0.1:%d\r\n"
        b"User-Agent: lead-to-call\r\n"
        b"Content-Type: application/json\r\n"
        b"Accept: application/json\r\n"
        b"Authorization: the-key\r\n"
        b"Content-Length: %d\r\n"
        b"Accept-Encoding: identity\r\n"
        b"Connection: close\r\n"
        b"\r\n" % (provider.port, len(body)) + body
    ]


def sent_by(provider):
    head, _, body = provider.requests[0].partition(b"\r\n\r\n")
    return head, json.loads(body)


def test_a_call_without_a_text_of_its_own_leaves_sms_out(peer):
    provider = peer(reply(OK))
    place(provider, Call(NUMBER, "script"))
    assert sent_by(provider)[1] == {"number": NUMBER, "script": "script"}


@pytest.mark.parametrize(
    ("auth", "in_header", "in_body"),
    [
        ({"key": "the-key"}, True, None),
        ({"key_in_body": "the-key"}, False, {"apiKey": "the-key"}),
        ({"login": "me", "password": "пароль"}, False, {"login": "me", "password": "пароль"}),
    ],
)
def test_who_is_asking_is_said_once_in_one_of_three_ways(auth, in_header, in_body, peer):
    provider = peer(reply(OK))
    place(provider, **auth)
    head, body = sent_by(provider)
    assert (b"\r\nAuthorization: the-key\r\n" in head + b"\r\n", body.get("security")) == (in_header, in_body)
    assert in_header or b"Authorization" not in head


@pytest.mark.parametrize("key", ["s3cret\r\nX: y", "s3cretключ", " s3cret"])
def test_a_key_that_cannot_stand_in_a_header_makes_no_voice_and_is_not_shown(key):
    with pytest.raises(ValueError, match="stands in a header") as refused:
        voice("http://127.0.0.1/", key=key)
    assert "s3cret" not in str(refused.value)


def test_secrets_are_in_no_repr():
    wanted = WantedAccount(
        "main", "mobilgroup", "http://127.0.0.1/", {"key": "s3cret"}, proxy="http://u:s3cret@127.0.0.1"
    )
    account = account_of(PROVIDERS["mobilgroup"], wanted)
    post = vars(account.voice)["_post"]
    assert "s3cret" not in repr(wanted) + repr(account) + repr(account.voice) + repr(post) + repr(post._route)


@pytest.mark.parametrize(
    "call",
    [
        Call("+79990000001", "s"),
        Call("7999", "s"),
        Call(NUMBER, " "),
        Call(NUMBER, "s", ""),
        Call(NUMBER, "s", "\ud83d"),
    ],
)
def test_a_call_that_breaks_the_form_is_a_bug_that_sends_nothing_and_shows_nothing(call, peer):
    provider = peer(reply(OK))
    with pytest.raises(ValueError, match="cannot be asked") as refused:
        place(provider, call)
    assert provider.accepted == 0
    assert call.number not in str(refused.value)


# What a reply proves ----------------------------------------------------------------------------------

TOLERABLE = {
    "as in the description": OK,
    "result in capitals with blanks": {**OK, "result": " OK "},
    "a field we do not know": {**OK, "balance": {"left": 3.5}},
    "id as a number": {**OK, "id": 1234},
    "price as a number": reply(b'{"result":"ok","id":"1234","number":"79990000001","price":4.35}'),
    "price with a decimal comma": {**OK, "price": "4,35"},
    "price with a plus": {**OK, "price": "+4.35"},
    "number as a number": {**OK, "number": int(NUMBER)},
    "number with a plus": {**OK, "number": "+" + NUMBER},
    "number spaced": {**OK, "number": "+7 (999) 000-00-01"},
    "a BOM before it": reply(b"\xef\xbb\xbf" + json.dumps(OK).encode()),
    "blanks around it": reply(b"\r\n " + json.dumps(OK).encode() + b"\n"),
    "ended by the close alone": b"HTTP/1.0 200 OK\r\n\r\n" + json.dumps(OK).encode(),
}
IRREGULAR = {
    "no id": {k: v for k, v in OK.items() if k != "id"},
    "an empty id": {**OK, "id": " "},
    "a list as id": {**OK, "id": [1]},
    "no number": {k: v for k, v in OK.items() if k != "number"},
    "a masked number": {**OK, "number": "7999***0001"},
    "price null": {**OK, "price": None},
    "price in words": {**OK, "price": "4.35 руб."},
    "a negative price": {**OK, "price": "-4.35"},
    "nothing but ok": {"result": "ok"},
}
REFUSALS = {
    "as in the description": ({"result": "error", "error_code": "Недостаточно средств"}, "Недостаточно средств"),
    "a number": ({"result": "error", "error_code": 17}, "17"),
    "an object": ({"result": "error", "error_code": {"code": 17, "text": "нет"}}, '{"code": "17", "text": "нет"}'),
    "nothing": ({"result": "Error"}, None),
    "several lines": ({"result": "error", "error_code": "a\r\n\x1b[31mb\u0000"}, "a [31mb"),
    "in cp1251": (reply('{"result":"error","error_code":"Неверный ключ"}'.encode("cp1251")), "Неверный ключ"),
}
SENSELESS = {
    "HTML": b"<html>OK</html>",
    "empty": b"",
    "a bare OK": b"OK",
    "a JSON text": b'"ok"',
    "a list": b'[{"result":"ok"}]',
    "null": b"null",
    "cut within": json.dumps(OK).encode()[:-1],
    "two objects": json.dumps(OK).encode() * 2,
    "a key twice": b'{"result":"error","result":"ok"}',
    "no result": b'{"id":"1"}',
    "result true": b'{"result":true}',
    "another result": b'{"result":"queued"}',
    "NaN": b'{"result":"ok","price":NaN}',
    "nested too deep": b'{"result":"ok","x":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "UTF-16": json.dumps(OK).encode("utf-16"),
}


def as_reply(said):
    return said if isinstance(said, bytes) and said.startswith(b"HTTP") else reply(said)


@pytest.mark.parametrize("said", TOLERABLE.values(), ids=TOLERABLE)
def test_a_plausible_ok_is_accepted_with_id_and_price(said, peer):
    outcome = place(peer(as_reply(said)))
    assert (outcome.kind, outcome.provider_id, outcome.price, outcome.irregular) == (
        ACCEPTED,
        "1234",
        Decimal("4.35"),
        False,
    )
    assert outcome.reply.strip().endswith(b"}")


@pytest.mark.parametrize("said", IRREGULAR.values(), ids=IRREGULAR)
def test_an_ok_with_something_missing_or_odd_is_accepted_and_marked(said, peer):
    outcome = place(peer(reply(said)))
    assert (outcome.kind, outcome.irregular, outcome.number_differs) == (ACCEPTED, True, False)


@pytest.mark.parametrize("status", [200, 400, 401, 402, 422, 429])
def test_an_error_under_200_or_4xx_is_refused(status, peer):
    outcome = place(peer(reply({"result": "error", "error_code": "нет"}, status)))
    assert (outcome.kind, outcome.http_status, outcome.error) == (REFUSED, status, "нет")


@pytest.mark.parametrize(("said", "error"), REFUSALS.values(), ids=REFUSALS)
def test_an_error_code_of_any_type_is_kept_as_one_line_of_text(said, error, peer):
    outcome = place(peer(as_reply(said)))
    assert (outcome.kind, outcome.error) == (REFUSED, error)


@pytest.mark.parametrize("said", SENSELESS.values(), ids=SENSELESS)
def test_a_200_that_says_nothing_we_know_is_unknown_and_kept(said, peer):
    outcome = place(peer(reply(said)))
    assert (outcome.kind, outcome.how, outcome.http_status, outcome.reply) == (UNKNOWN, "odd_reply", 200, said[:4096])


@pytest.mark.parametrize("said", [OK, b"", b"<html>", {"result": "error"}], ids=["ok", "empty", "html", "error"])
@pytest.mark.parametrize("status", [301, 302, 307, 308, 500, 502, 503, 504])
def test_nothing_under_a_redirect_or_5xx_is_proof(status, said, peer):
    provider = peer(reply(said, status))
    outcome = place(provider)
    assert (outcome.kind, outcome.how, outcome.http_status) == (UNKNOWN, "http_status", status)
    assert len(provider.requests) == provider.accepted == 1


@pytest.mark.parametrize("status", [201, 202, 204, 401, 404])
def test_an_ok_under_any_status_but_200_is_unknown(status, peer):
    assert place(peer(reply(b"" if status == 204 else OK, status))).how == "http_status"


@pytest.mark.parametrize("said", [{**OK, "number": "79990000002"}, {"result": "error", "number": 79990000002}])
def test_a_reply_about_another_number_is_unknown_and_says_so(said, peer):
    outcome = place(peer(reply(said)))
    assert (outcome.kind, outcome.how, outcome.number_differs) == (UNKNOWN, "odd_reply", True)


def test_of_a_long_reply_4_kilobytes_are_kept_and_all_of_it_is_judged(peer):
    outcome = place(peer(reply({"x": "y" * 9000, **OK})))
    assert (outcome.kind, len(outcome.reply)) == (ACCEPTED, 4096)


def test_a_provider_that_names_our_secrets_does_not_bring_them_into_the_store(peer):
    said = {"result": "error", "error_code": 'пароль п"ароль-1 не подходит'}
    outcome = place(peer(reply(said)), login="me", password='п"ароль-1')
    assert outcome.error == "пароль *** не подходит"
    assert "ароль-1" not in outcome.reply.decode()


def test_a_secret_that_is_also_a_word_of_the_reply_does_not_change_the_verdict(peer):
    outcome = place(peer(reply(OK)), key="ok")
    assert (outcome.kind, outcome.provider_id) == (ACCEPTED, "1234")


# How it ends otherwise --------------------------------------------------------------------------------


def test_not_sent_and_unknown_come_back_as_outcomes(refused_port, peer, hang, reset_connection):
    refused = voice(f"http://127.0.0.1:{refused_port}/", key="k").place(CALL, CLOCKS.start())
    assert (refused.kind, refused.how, refused.error) == (
        NOT_SENT,
        "refused_connection",
        "the provider refused the connection",
    )
    hanging = voice(peer(hang).url, key="k", total_timeout_ms=300).place(CALL, CLOCKS.start())
    assert (hanging.kind, hanging.how) == (UNKNOWN, "no_answer")
    assert [place(peer(script)).how for script in (reset_connection, b"")] == ["reset", "closed"]


def test_a_cut_ok_is_unknown_with_what_came(peer):
    outcome = place(peer(reply(OK)[:-1]))
    assert (outcome.kind, outcome.how, outcome.http_status) == (UNKNOWN, "closed", 200)
    assert outcome.reply == json.dumps(OK).encode()[:-1]


@pytest.mark.parametrize(
    ("ahead_s", "least", "most"), [(0, -20_000, 20_000), (3600, 3_580_000, 3_620_000), (-3600, -3_620_000, -3_580_000)]
)
def test_a_reply_that_names_the_time_tells_how_far_our_clock_is_off(ahead_s, least, most, peer):
    dated = b"\r\nDate: " + formatdate(time.time() + ahead_s, usegmt=True).encode() + b"\r\n"
    outcome = place(peer(reply(OK).replace(b"\r\n", dated, 1)))
    assert (outcome.kind, least <= outcome.clock_off_ms <= most) == (ACCEPTED, True)


def test_a_reply_that_names_no_time_tells_nothing_of_our_clock(peer):
    for date in (b"", b"Date: soon\r\n", b"Date: Mon, 99 Nov 2026 10:00:00 GMT\r\n"):
        outcome = place(peer(reply(OK).replace(b"\r\n", b"\r\n" + date, 1)))
        assert (outcome.kind, outcome.clock_off_ms) == (ACCEPTED, None)


def test_a_process_that_stood_still_for_hours_does_not_doubt_its_clock(peer):
    dated = b"\r\nDate: " + formatdate(time.time() - 7200, usegmt=True).encode() + b"\r\n"
    provider = peer(reply(OK).replace(b"\r\n", dated, 1))
    start = CLOCKS.start()
    began = Start(boot=start.boot, wall=start.wall - 7201)  # our call began two hours ago, by the clock on the wall
    assert voice(provider.url, total_timeout_ms=9_000_000, key="k").place(CALL, began).clock_off_ms == 0
