"""What the loader says of a file, and a backup of itself, in Russian; the text that the code says -> its Russian.

`%s` is a fact: it is said as it stands, or by its own line here; English advice about a sender is left out. What is
not here stays as it is: a name, a number, an answer."""

import re
from functools import cache

from core.state_words import RUSSIAN

# fmt: off
TABLE: dict[str, str] = {
    # config/yaml_text.py, config/load.py, config/accounts.py, config/alarms.py
    "at most %s bytes": "не больше %s байт",
    "text in UTF-8": "текст в UTF-8",
    "other bytes": "другие байты",
    "values that are less deeply nested": "значения с меньшей вложенностью",
    "characters that do not exist": "знаки, которых не бывает",
    "keys and values": "ключи и значения",
    "an empty file": "пустой файл",
    'a value (an empty text is "")': 'значение (пустой текст пишется "")',
    "a text without NUL and half characters": "текст без NUL и половинок знаков",
    "a plain word as the key (a text that begins with { stands in quotes)":
        "простое слово как ключ (текст, что начинается с {, берут в кавычки)",
    "each key once": "каждый ключ один раз",
    "it again (first in line %s)": "ещё раз он же (впервые в строке %s)",
    "values written out": "значения целиком",
    "the alias *%s": "ссылка *%s",
    "the anchor &%s": "якорь &%s",
    "plain values": "простые значения",
    "the tag %s": "метка %s",
    "a sign that may not stand in it": "знак, которого в нём быть не может",
    "another sign": "другой знак",
    "one document": "один документ",
    "a name of small Latin letters, digits and hyphens, at most 63, ending in .yaml":
        "имя из строчных латинских букв, цифр и дефисов, не больше 63, с .yaml на конце",
    "no text": "не текст",
    "one of %s": "одно из: %s",
    "a canonical text": "текст версии",
    "a file that can be read": "файл, который читается",
    "an error": "ошибка",
    "nothing: this is the source's to say": "ничего: это решает источник",
    "test_when only, the rest is the owner's to say": "только test_when, остальное решает владелец",
    "the file whose text is in force; what holds goes on until it is back (`{}` says nothing)":
        "файл, текст которого действует; пока его нет, всё идёт по-прежнему (файл с одним `{}` ничего не задаёт)",
    "no file": "файла нет",
    "what comes as an id only never rings": "пришедшему без телефона, с одним номером записи, не звоним",
    "another name: main is the account of the settings": "другое имя: main это счёт из настроек",
    "a value of %s in the environment or SECRETS_FILE": "значение %s в окружении или в SECRETS_FILE",
    "an https address: %s": "адрес с https: %s",
    # config/watch.py
    "none of its secrets has a value yet (%s); it is taken when one appears":
        "ни у одного его секрета ещё нет значения (%s); возьмём, когда появится",
    # config/examples.py
    "%s: cannot be read as a request (%s)": "%s: это не запрос (%s)",
    "%s: there is no file %s of what the CRM says": "%s: нет файла %s с ответом CRM",
    "%s: expected %s, got %s": "%s: нужно %s, выходит %s",
    "%s: expected the call %s, got %s": "%s: нужен звонок %s, выходит %s",
    "%s: expected the calls %s, got %s": "%s: нужны звонки %s, выходит %s",
    "%s: expected the event key %s, got %s": "%s: нужен ключ события %s, выходит %s",
    "the call %s": "звонок %s",
    # store/backup.py, flow/backup.py
    "SQLite could not write the copy: %s": "SQLite не записал копию: %s",
    "the copy cannot be read: %s": "копия не читается: %s",
    "the copy is damaged: %s": "копия повреждена: %s",
    "the dump has no table of leads in it": "в выгрузке нет таблицы лидов",
    "%s is not here: install PostgreSQL's client (postgresql-client)":
        "%s здесь нет: установите клиент PostgreSQL (postgresql-client)",
    "it ended with %s and no word why": "кончился с кодом %s без объяснений",
    "it is a dump of PostgreSQL: run this where DATABASE_URL names a server of PostgreSQL":
        "это выгрузка PostgreSQL: проверяйте там, где DATABASE_URL называет сервер PostgreSQL",
    "what is in it cannot be read: %s": "что в ней, не читается: %s",
    "the database has no epoch: run the release command (flask release)":
        "в базе нет эпохи: выполните команду release (flask release)",
    "%s cannot be copied: %s": "%s не скопировать: %s",
    "%s cannot be read or written: %s": "%s не прочитать или не записать: %s",
    "%s cannot be read or copied: %s": "%s не прочитать или не скопировать: %s",
    "%s is missing: it was there when the backup was made": "нет %s: когда делали копию, он был",
    "%s is not the file that was written: it is damaged or was changed":
        "%s не тот файл, что был записан: он повреждён или изменён",
    "%s leads are in it, %s were there when it was made": "лидов в ней %s, а когда её делали, было %s",
    "%s is no backup of flask backup: it has no readable %s": "%s не копия от flask backup: в ней не читается %s",
    # config/new_source.py, config/save.py
    "a name has small Latin letters, digits and hyphens, at most 63":
        "в имени строчные латинские буквы, цифры и дефисы, не больше 63",
    "%s is there already; choose another name, or edit it": "%s уже есть; возьмите другое имя или поправьте его",
    "%s cannot be written (%s); nothing was changed": "%s не записать (%s); ничего не изменено",
    "%s cannot be written (%s)": "%s не записать (%s)",
    "no preset is called %s; did you mean %s?": "пресета %s нет; может быть, %s?",
    "no preset is called %s; see: flask sources presets": "пресета %s нет; смотрите: flask sources presets",
    "files in %s are not written here: flask sources new makes them":
        "файлы в %s отсюда не пишутся: их делает flask sources new",
    "the file is no YAML that can be edited line by line": "файл не YAML, который можно править построчно",
    "the file is no set of keys": "в файле не ключи со значениями",
    "its verify token": "её токен проверки",
    "the confirmation string that it shows": "строку подтверждения с её страницы",
    # core/reading/request_text.py
    "no request line like `POST /hooks/shop HTTP/1.1`": "нет первой строки вида `POST /hooks/shop HTTP/1.1`",
    # core/proofs/authentic.py
    "auth: none: whoever knows the address can make it ring": "auth: none: позвонить может любой, кто знает адрес",
    "%s: shorter than %s characters, so it can be guessed; make it longer":
        "%s: короче %s знаков, можно подобрать; сделайте длиннее",
    # schemas/section.py, schemas/fields.py
    "nothing": "ничего",
    "something else": "другое",
    "a list": "список",
    "an object": "ключи и значения",
    "a list of objects": "список из ключей и значений",
    "a known key": "известный ключ",
    "a value": "значение",
    "the way to the value under `field`": "путь к значению под `field`",
    "a text": "текст",
    "at least one value": "хотя бы одно значение",
    "a country in two capital letters like RU": "страна двумя большими буквами, например RU",
    "true or false": "true или false",
    "a whole number from %s to %s": "целое число от %s до %s",
    'an amount like "3000" or "99.50"': 'сумма, например "3000" или "99.50"',
    "a duration like 90s, 15m, 12h or 30d, or 0 for off": "длительность, например 90s, 15m, 12h или 30d; 0: выключено",
    "a duration like 90s, 15m, 12h or 30d": "длительность, например 90s, 15m, 12h или 30d",
    "a duration from %ss to %s": "длительность от %ss до %s",
    "a size like 256kB, at most 4MB": "размер, например 256kB, не больше 4MB",
    'hours like "09:00-20:00"': 'часы, например "09:00-20:00"',
    "hours within 00:00-24:00 that differ": "часы в пределах 00:00-24:00, разные",
    'a time of the day like "09:00"': 'время дня, например "09:00"',
    "a time zone like Europe/Moscow": "часовой пояс, например Europe/Moscow",
    "env:NAME (the secret itself stands in the environment or SECRETS_FILE)":
        "env:ИМЯ (сам секрет лежит в окружении или в SECRETS_FILE)",
    # schemas/references.py, schemas/mapping.py, schemas/preset.py, schemas/policy.py
    "a plain way down like auth.access_token": "простой путь, например auth.access_token",
    "a condition like utm_source == 'vk'": "условие, например utm_source == 'vk'",
    "the script's name as it stands in the provider's panel": "название сценария, как в кабинете провайдера",
    "a field's name, JMESPath, {path: [keys from the top]}, or {like: tel-*}":
        "имя поля, JMESPath, {path: [ключи сверху вниз]} или {like: tel-*}",
    "an SMS text": "текст SMS",
    "either rules or field, not both": "или rules, или field, но не оба",
    "the scripts that the form may choose": "сценарии, из которых форма может выбрать",
    "a script's name, rules, or field with allow": "название сценария, rules или field вместе с allow",
    "`timestamp` in `signed`: a time that is not signed proves nothing":
        "`timestamp` в `signed`: время без подписи ничего не доказывает",
    "`id` in `signed`: an id that is not signed proves nothing": "`id` в `signed`: id без подписи ничего не доказывает",
    "`body` or `url` in `signed`: nothing else can hold a lead": "`body` или `url` в `signed`: лид бывает только в них",
    "a network like 92.118.66.0/23": "сеть, например 92.118.66.0/23",
    "a header's name": "имя заголовка",
    "a media type": "тип содержимого",
    "beside and by together: the list of objects, and the key that names their lead":
        "beside и by вместе: список записей и ключ, который называет их лид",
    "the first digits of numbers, country code first, like 7940": "первые цифры номеров с кодом страны, например 7940",
    "of the shipped %s": "из готовых: %s",
    "a word's beginning, of at least 3 letters, or several": "начало слова, не меньше 3 букв, или несколько",
    # schemas/source.py
    "one field, or {all: [...]}": "одно поле или {all: [...]}",
    "11 to 15 digits": "от 11 до 15 цифр",
    "the steps' names and files like {contact: amocrm_contact.json}":
        "имена шагов и файлы, например {contact: amocrm_contact.json}",
    "a file's name like tilda.http": "имя файла, например tilda.http",
    "a time like 2026-08-01T13:20:00Z": "время, например 2026-08-01T13:20:00Z",
    "one of call, calls and state": "что-то одно: call, calls или state",
    "a preset's name": "имя пресета",
    "an account's name like main": "имя счёта, например main",
    "a path like events/summary": "путь, например events/summary",
    "where the secret stands%s": "где лежит секрет",
    "where the text that the sender wants to hear stands%s": "где лежит ответ, которого ждёт система-отправитель",
    "the header that holds the signature": "заголовок, в котором подпись",
    "the name that the sender gives": "имя, которое называет система-отправитель",
    "the name of the voice script to play": "название сценария звонка",
    "where the phone stands": "где телефон",
    "a wait longer than the hours are closed in a row": "ожидание дольше, чем подряд закрыты часы звонков",
    "the start of the CRM's address%s": "начало адреса CRM",
    "where the CRM's own token stands%s": "где лежит токен самой CRM",
    "the questions to ask there, or a preset that knows them": "какие вопросы задать CRM, или пресет, который их знает",
    # schemas/fetch.py
    "%s with slots like {id}": "%s с местами вроде {id}",
    "a path like /api/v4/leads/{id}": "путь, например /api/v4/leads/{id}",
    "the start of the CRM's address like https://portal.example, without ? # and @":
        "начало адреса CRM, например https://portal.example, без ? # и @",
    "the JSON body as keys and values": "тело JSON: ключи и значения",
    "a name like contact": "имя, например contact",
    "a name like answers": "имя, например answers",
    "a parameter's name in plain characters": "имя параметра простыми знаками",
    "a header's name, none of the connection's own": "имя заголовка, не из служебных",
    "method: POST and a body together, or neither": "method: POST вместе с body или ни того ни другого",
    "steps of different names": "шаги с разными именами",
    # schemas/account.py, schemas/alarms.py
    "an address like https://voice.example/api/send/ without user or fragment":
        "адрес, например https://voice.example/api/send/, без имени пользователя и #",
    "calls per second from 0 (no limit) to 10000, like 5 or 0.5":
        "звонков в секунду от 0 (без предела) до 10000, например 5 или 0.5",
    "channels by their names": "каналы по именам",
    "a name of small letters, digits, - and _": "имя из строчных букв, цифр, - и _",
    "sources by their names, like {shop: 24h}": "источники по именам, например {shop: 24h}",
    # core/expressions
    "a text whose every { has its }": "текст, где у каждой { есть своя }",
    "an expression of 1 to %s characters": "выражение от 1 до %s знаков",
    "an expression that is less deeply nested": "выражение с меньшей вложенностью",
    "an expression that repeats less of the payload": "выражение, которое меньше повторяет пришедшее",
    "parentheses behind a `!` that means more than one name, like !(a.b)":
        "скобки после `!`, если он относится не к одному имени: !(a.b)",
    "there is no function %s()": "функции %s() нет",
    "only the functions %s": "только функции %s",
    "%s() with %s arguments": "%s() с числом аргументов %s",
    "%s() with %s arguments or more": "%s() с числом аргументов %s или больше",
    "join with a written-out first argument": "join, где первый аргумент написан прямо",
    "a field of the payload, 1 to %s characters": "поле из пришедшего, от 1 до %s знаков",
    "1 to %s keys from the top down": "от 1 до %s ключей сверху вниз",
    "a JMESPath expression, or the name of a field": "выражение JMESPath или имя поля",
    "a way down through keys that are not all plain Latin words": "путь через ключи, не все из которых латинские слова",
    "names that are not plain Latin words in double quotes, texts in single":
        "имена не из латинских букв в двойных кавычках, тексты в одинарных",
    "a JMESPath condition like utm_source == 'vk' (%s)": "условие JMESPath, например utm_source == 'vk' (%s)",
    "the text compared with in single quotes (another field is written @.name)":
        "текст для сравнения в одинарных кавычках (другое поле пишется @.имя)",
    "an SMS text of 1 to %s characters": "текст SMS от 1 до %s знаков",
    "an SMS text with names in {{ }} (%s)": "текст SMS с именами в {{ }} (%s)",
    "an SMS text with plain names in {{ }}": "текст SMS с простыми именами в {{ }}",
    "no {% %}: only text and {{ names }}": "без {% %}: только текст и {{ имена }}",
    "no filter but default": "никаких фильтров, кроме default",
    "default with one text in quotes": "default с одним текстом в кавычках",
    "a name with a hyphen in brackets": "имя с дефисом в квадратных скобках",
    "only names, their keys and default in {{ }}": "только имена, их ключи и default в {{ }}",
    "a text in quotes or a whole number": "текст в кавычках или целое число",
    # config/presets: `fetch.without`
    "a lead (`leads`: added, or come to a stage of the pipeline) never brings a phone, so none of them rings; contacts "
    "that are made with their phone and Unsorted ring all the same":
        "сделка (`leads`: создана или пришла на этап воронки) никогда не приносит телефон, поэтому по сделкам не "
        "звоним; контактам, созданным с телефоном, и «Неразобранному» звоним",
}
# fmt: on


def in_words(text: str, language: str) -> str:
    """The text in English or Russian (`ru`)."""
    if language != "ru" or not text:
        return text
    if text in TABLE:
        return TABLE[text]
    for pattern, russian, of_example in _patterns():
        if found := pattern.fullmatch(text):
            facts = tuple(in_words(fact, language) for fact in found.groups())
            facts = tuple(map(_came, facts)) if of_example else facts
            return russian % (facts if "%s" in russian else ())
    return text


def _came(fact: str) -> str:
    """What came of an example, `held no_number` or `held (no_number)`: the state's name, and the cause as it stands in
    the file."""
    found = _CAME.fullmatch(fact)
    if found is None:
        return fact
    return f"«{_CAME_OF[found[1]]}»" + (f" (`{found[2]}`)" if found[2] else "")


_CAME_OF = {**RUSSIAN, "handshake": "проверка связи"}
_CAME = re.compile(rf"({'|'.join(_CAME_OF)})(?: \(?([a-z_, ]+)\)?)?")


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str, bool], ...]:
    """Those with facts, the longest first: what says more fits first; and whether it is an example's."""
    with_facts = sorted((text for text in TABLE if "%s" in text), key=len, reverse=True)
    said = {text: TABLE[text].replace("%", "%%").replace("%%s", "%s") for text in with_facts}
    return tuple((_pattern(text), russian, text.startswith("%s: expected")) for text, russian in said.items())


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile("(.*?)".join(map(re.escape, text.split("%s"))), re.DOTALL)
