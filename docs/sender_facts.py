"""What a preset says of its sender, in the words of a page: English or Russian, for people who set a form up."""

import hashlib
import json

from config import load
from core.expressions.expression import Path
from core.proofs import authentic
from core.source import Example, Source

Words = dict[str, str]

WORDS: dict[str, Words] = {
    "en": {
        "documented": "from the sender's documentation",
        "seen": "mostly from public code that receives its requests",
        "guessed": "from memory; try it before you rely on it",
        "query": "a token in the URL (`?{name}=`)",
        "path": "a token as the last part of the URL",
        "header": "a token in the header `{name}`",
        "field": "a token in the field `{name}` of the body",
        "basic": "user and password (Basic); the user is `{user}`",
        "hmac": "a signature in the header `{header}`",
        "own": "the sender's own signature",
        "handshake": "the answer to its check",
        "crm": "a CRM token",
        "more": "and {n} more",
        "covers_body": "the bytes of the body",
        "covers_field": "the text of the field `{field}`",
        "covers_url": "the URL",
        "and": " and ",
        "own_ids": "the sender's ids",
        "no_id": "its content (it has no id)",
        "within": "{key}, for {span}",
        "by": "",
        "days": "day days days",
        "hours": "hour hours hours",
        "minutes": "minute minutes minutes",
        "seconds": "second seconds seconds",
        "see": "see `flask sources presets {name}`",
        "expected": "the text that it expects",
        "rings": "rings",
        "held": "held for a person",
        "not_a_lead": "not a lead",
        "test": "test",
        "handshake_file": "the sender's check",
        "nothing": "no data",
        "rule": "not called by the rules",
        "yes": "yes",
        "always": "yes",
        "sometimes": "sometimes",
    },
    "ru": {
        "documented": "из документации сервиса",
        "seen": "в основном из открытого кода, который принимает его запросы",
        "guessed": "по памяти — проверьте, прежде чем полагаться",
        "query": "токен в адресе (`?{name}=`)",
        "path": "токен в конце адреса",
        "header": "токен в заголовке `{name}`",
        "field": "токен в поле `{name}` тела запроса",
        "basic": "логин и пароль (Basic), логин `{user}`",
        "hmac": "подпись в заголовке `{header}`",
        "own": "собственная подпись сервиса",
        "handshake": "ответ на его проверку",
        "crm": "токен CRM",
        "more": "и ещё {n}",
        "covers_body": "байты тела запроса",
        "covers_field": "текст поля `{field}`",
        "covers_url": "адрес",
        "and": " и ",
        "own_ids": "по номерам самого сервиса",
        "no_id": "по содержимому (номера у заявки нет)",
        "within": "{key}; срок — {span}",
        "by": "по ",
        "days": "день дня дней",
        "hours": "час часа часов",
        "minutes": "минута минуты минут",
        "seconds": "секунда секунды секунд",
        "see": "см. `flask sources presets {name}`",
        "expected": "текст, которого он ждёт",
        "rings": "звонок",
        "held": "ждёт человека",
        "not_a_lead": "не заявка",
        "test": "тест",
        "handshake_file": "проверка сервиса",
        "nothing": "нет данных",
        "rule": "правила не разрешают звонок",
        "yes": "да",
        "always": "да",
        "sometimes": "иногда",
    },
}
SHOWN = 4  # of the fields in which a phone is looked for
PLAIN = 42  # characters; a longer reference says nothing to a marketer
OWN_HANDSHAKE = ("meta", "vk")  # their checks want a secret beside that of the proof
SPANS = ((86_400_000, "days"), (3_600_000, "hours"), (60_000, "minutes"), (1_000, "seconds"))
# What the hand-written texts speak of. Where it changes, somebody has to read them again.
SPOKEN_OF = ("title", "confidence", "needs", "notes", "auth", "handshake", "lead_when", "policy", "event_key")


def looked_at(preset: str) -> str:
    """A short digest of what the texts about this preset were written against."""
    text = load.read_preset(preset)
    if not isinstance(text, load.Text):
        raise ValueError(str(text))
    said = {key: text.value.get(key) for key in (*SPOKEN_OF, "repeat_window", "reply")}
    said["fetch"] = {key: text.value.get("fetch", {}).get(key) for key in ("base", "required", "headers")}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]


def secret_names(source: Source) -> dict[str, str]:
    """The names in SECRETS_FILE that `flask sources new` gives to the secrets of my-<preset>, by their use."""
    base = "MY_" + source.preset.upper().replace("-", "_")
    names = {} if source.auth.scheme == "none" else {"token": f"{base}_TOKEN"}
    if any(shake.scheme in OWN_HANDSHAKE for shake in source.handshakes):
        names["handshake"] = f"{base}_HANDSHAKE"
    if source.fetch:
        names["crm"] = f"{base}_CRM"
    return names


def proof(source: Source, words: Words) -> str:
    """How the sender proves itself."""
    auth = source.auth
    key = auth.place if auth.scheme == "token" else auth.scheme if auth.scheme in ("basic", "hmac") else "own"
    return words[key].format(name=auth.name, user=auth.user, header=auth.header)


def token_in_url(source: Source) -> str:
    """What stands behind the address where the URL itself is the proof; else empty."""
    auth = source.auth
    if auth.scheme != "token" or auth.place not in ("query", "path"):
        return ""
    return f"?{auth.name}=..." if auth.place == "query" else "/..."


def needs(source: Source, words: Words) -> str:
    """Everything that has to be set, for a cell of the index."""
    beside = [words[use] for use in ("handshake", "crm") if use in secret_names(source)]
    return "; ".join([proof(source, words), *beside])


def fields(source: Source, paths: tuple[Path, ...], words: Words) -> str:
    """The first few references that a person can read, and how many more there are; empty where there are none."""
    plain = [_shown(path) for path in paths if _is_plain(path)][:SHOWN]
    rest = len(paths) - len(plain)
    if not plain:
        return words["see"].format(name=source.preset) if paths else ""
    told = [f"`{text}`" for text in plain]
    return ", ".join(told + ([words["more"].format(n=rest)] if rest else []))


def _is_plain(path: Path) -> bool:
    return len(path.text) <= PLAIN and not path.text.startswith("_fetched") and not set(path.text) & set("?|&!(@")


def _shown(path: Path) -> str:
    """As a person would say it: a way down that is written as a list of keys, with dots."""
    keys = path.patterns or path.steps
    return ".".join(keys) if keys and path.text.startswith("[") else path.text


def repeat(source: Source, words: Words) -> str:
    """By what a repeat is told, and for how long."""
    size, unit = next(pair for pair in SPANS if source.repeat_window_ms % pair[0] == 0)
    span = counted(source.repeat_window_ms // size, words[unit])
    if not source.event_key:
        return words["within"].format(key=words["no_id"], span=span)
    plain = all(_is_plain(path) for path in source.event_key)
    key = words["by"] + " + ".join(f"`{_shown(path)}`" for path in source.event_key) if plain else words["own_ids"]
    return words["within"].format(key=key, span=span)


def covered(source: Source, words: Words) -> str:
    """What the sender's signature covers; empty where a shared secret covers the whole request."""
    covers = authentic.covers_of(source)
    if covers.whole:
        return ""
    parts = [words["covers_field"].format(field=covers.field)] if covers.field else [words["covers_body"]]
    parts += [words["covers_url"]] if covers.url else []
    parts += [f"`{name}`" for name in sorted(covers.headers)]
    return words["and"].join((", ".join(parts[:-1]), parts[-1])) if len(parts) > 1 else parts[0]


def counted(number: int, forms: str) -> str:
    """`30 days`, `2 часа`: the form of the noun that its number wants; three forms, for 1, 2 and 5."""
    one, few, many = forms.split()
    if number % 10 == 1 and number % 100 != 11 and (number == 1 or few != many):
        return f"{number} {one}"
    return f"{number} {few if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14) else many}"


def reply(source: Source, words: Words) -> str:
    """What the sender hears when all is well."""
    said = source.reply
    if said is None:
        return "200"
    if said.json is not None:
        return f"{said.status} `{json.dumps(said.json, ensure_ascii=False, default=lambda path: '…')}`"
    short = said.body is not None and len(said.body) <= PLAIN
    return f"{said.status} `{said.body}`" if short else f"{said.status}, {words['expected']}"


def several(source: Source) -> bool:
    """Whether one request may hold several leads."""
    return bool(source.splits) or any(len(example.calls) > 1 for example in source.examples)


def fetch(source: Source, words: Words) -> str:
    """Whether the phone has to be asked of the sender's CRM: a word, or empty."""
    if source.fetch is None:
        return ""
    text = load.read_preset(source.preset)
    required = isinstance(text, load.Text) and text.value["fetch"].get("required") == "true"
    return words["always"] if required else words["sometimes"]


def outcomes(source: Source, words: Words) -> list[str]:
    """The example files by what comes of them: `rings: a.http, b.http`."""
    first: dict[str, str] = {}  # what comes of a file before the CRM is asked
    for example in source.examples:
        if not example.answers:
            first.setdefault(example.request, words[_outcome(example)])
    kinds = dict.fromkeys(first.values())
    return [f"{kind}: " + ", ".join(f"`{file}`" for file in first if first[file] == kind) for kind in kinds]


def _outcome(example: Example) -> str:
    if example.call is not None or any(example.calls):
        return "rings"
    if example.calls:
        return "held"
    if example.state == "handshake":
        return "handshake_file"
    return example.reason if example.reason in ("not_a_lead", "test", "rule") else example.state
