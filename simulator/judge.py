"""What the provider's description says of a request, read strictly. Pure.

Where the description is silent the strict reading is taken (unknown fields, `sms: null` and a second key of
one name are refused): a client that passes here sends nothing the provider might read in another way.
"""

import json
import re
from dataclasses import dataclass

NUMBER = re.compile(r"[1-9][0-9]{9,14}")
FIELDS = {"security", "number", "script", "sms"}

WRONG_KEY = "Ошибка авторизации: неверный ключ API"
WRONG_SCRIPT = "Скрипт с таким именем не найден"


@dataclass(frozen=True, slots=True)
class Account:
    """Who may ask. With neither `key` nor `login` any credentials are taken, but some must be there.
    `scripts` are the names created in the panel; None: every name exists."""

    key: str | None = None
    login: str | None = None
    password: str | None = None
    scripts: frozenset[str] | None = None

    @property
    def takes_anyone(self) -> bool:
        return self.key is None and self.login is None


@dataclass(frozen=True, slots=True)
class Asked:
    """A POST as it was read. `number`, `script` and `sms` are None where absent, else whatever JSON value came;
    `auth` is header, apiKey, login or none, never a value; `wrong` is the provider's error text, or None."""

    number: object = None
    script: object = None
    sms: object = None
    has_sms: bool = False
    auth: str = "none"
    wrong: str | None = None


def judge(headers: dict[str, str], body: bytes, account: Account) -> Asked:
    """Reads one POST to the handler. Never raises: what is wrong with it stands in `Asked.wrong`."""
    key = headers.get("authorization")
    try:
        fields = read_object(body)
    except ValueError:
        return Asked(auth="none" if key is None else "header", wrong="Тело запроса должно быть объектом JSON")
    auth, refusal = _who(key, fields.get("security"), account)
    media = headers.get("content-type", "").split(";")[0].strip().lower()
    if media != "application/json":
        refusal = "Ожидается Content-Type: application/json"
    return Asked(
        number=fields.get("number"),
        script=fields.get("script"),
        sms=fields.get("sms"),
        has_sms="sms" in fields,
        auth=auth,
        wrong=refusal or _wrong_field(fields, account),
    )


def read_object(body: bytes) -> dict[str, object]:
    """The one JSON object in `body`, no key twice. Raises ValueError."""
    try:
        fields = json.loads(body.decode("utf-8"), object_pairs_hook=_once)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error
    if not isinstance(fields, dict):
        raise ValueError("the body is no JSON object")
    return fields


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key is given twice")
    return fields


def _who(key: str | None, security: object, account: Account) -> tuple[str, str | None]:
    """How the asker named itself, and why it is refused (None: it is not)."""
    if key is not None:
        return "header", _wrong_key(key, account)
    if not isinstance(security, dict):
        return "none", "Ошибка авторизации: не указан ключ API или логин и пароль"
    if "apiKey" in security:
        return "apiKey", _wrong_key(security["apiKey"], account)
    login, password = security.get("login"), security.get("password")
    if not (isinstance(login, str) and login and isinstance(password, str) and password):
        return "none", "Ошибка авторизации: не указан ключ API или логин и пароль"
    right = account.takes_anyone or (login, password) == (account.login, account.password)
    return "login", None if right else "Ошибка авторизации: неверный логин или пароль"


def _wrong_key(key: object, account: Account) -> str | None:
    if not isinstance(key, str) or not key:
        return "Ошибка авторизации: ключ API пуст"
    if account.takes_anyone:
        # The bare key, with no scheme word before it: "Bearer k" would fail at the provider too.
        return "Ошибка авторизации: ключ API передаётся без слова перед ним" if " " in key else None
    return None if key == account.key else WRONG_KEY


def _wrong_field(fields: dict[str, object], account: Account) -> str | None:
    number, script, sms = fields.get("number"), fields.get("script"), fields.get("sms")
    if fields.keys() - FIELDS:
        return "Неизвестное поле запроса"
    if number is None:
        return "Не указан номер абонента (number)"
    if not isinstance(number, str) or not NUMBER.fullmatch(number):
        return "Неверный номер абонента: нужна строка цифр в международном формате без +"
    if not isinstance(script, str) or not script.strip():
        return "Не указано имя скрипта (script)"
    if account.scripts is not None and script not in account.scripts and not script.startswith("sim:"):
        return WRONG_SCRIPT
    if "sms" in fields and (not isinstance(sms, str) or not sms.strip()):
        return "Пустой текст SMS: чтобы отправить SMS скрипта, поле sms не передаётся"
    return None
