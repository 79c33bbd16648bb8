"""No command speaks English to who reads Russian: no text stands in the code without a translation, and none of what
the commands print is an English sentence. What runs on a server (release, worker, watch, simulator, demo) speaks to
whoever set it up."""

import re

import click
import pytest

from core.problem_words import TABLE, in_words
from tests.cli import messages
from tests.cli.test_sources import TILDA, desk  # noqa: F401 - a fixture
from tests.python_texts import phrases

OF_SERVERS = {
    "askers.py",
    "context.py",
    "demo.py",
    "demo_source.py",
    "release.py",
    "simulator.py",
    "watch.py",
    "worker.py",
}
SENTENCE = re.compile(r"(?<![\w./:-])[A-Za-z][a-z']*(?:,? [a-z']+){2,}(?![\w./:=-])")
# What is the same in every language: lines to type, keys and values of the YAML, what the sender or a file says.
AT_THE_SENDER = re.compile(r"(что сделать|что знать|Где):.*")  # names its buttons
SAME = re.compile(r"flask [\w-]+.*|app [\w-]+ [\w-]+|`[^`]*`|\"[^\"]*\"|\{[^{}]*\}|'[^']*'|«[^»]*»|//\S+")
BROKEN = """preset: tilda
enabld: true
auth: {secret: env:SHOP_TOKEN}
mapping:
  script: {rules: [{when: utm_source == vk, value: VK}]}
  number: {field: Тел.дом, region: ru}
  sms: {template: "{{ Name | upper }}"}
policy: {hours: 9-20, once_per_number: {window: 1 week}, countries: RU, calls_per_hour: many}
"""


def test_no_text_of_the_commands_stands_in_the_code_without_a_translation():
    known = {text for one in messages.used() for text in (one if isinstance(one, tuple) else (one,))}
    left = {}
    for path in sorted(messages.CLI.glob("*.py")):
        if path.name not in OF_SERVERS:
            left |= {text: path.name for text in phrases(path, translated=("_", "ngettext")) if text not in known}
    assert left == {}


def test_a_new_text_without_a_translation_is_seen(tmp_path):
    path = tmp_path / "new.py"
    path.write_text(
        'def say(n):\n    """Not this one."""\n    _("nor this one")\n    click.echo(f"it has {n} of them")\n'
    )
    assert list(phrases(path, translated=("_", "ngettext"))) == ["it has {} of them"]


CONFIG = ("accounts", "alarms", "examples", "load", "save", "yaml_text")
OF_API = {"api_fields", "changes", "deliveries", "do_not_call", "leads", "overview", "sources", "trial", "users"}
# Of the settings, not of a file; of a lead, told by its reason; a list of names; a line to write.
NOT_OF_A_FILE = re.compile(r"VOICE_|.*\(\) met |it met values|abs avg ceil|join\(' '")
ROOT = messages.CLI.parent
JOINED = re.compile(r"%s|(?=, or 0 for off| or more$)")  # what the code puts between its texts


def test_every_text_of_the_loader_is_in_the_russian_table():
    files = [path for folder in ("schemas", "core/expressions") for path in sorted((ROOT / folder).glob("*.py"))]
    files = [path for path in files if path.stem not in OF_API] + [ROOT / f"config/{name}.py" for name in CONFIG]
    left = {}
    for path in files:
        for text in phrases(path):
            wanted = text.replace("{}", "%s")
            if not NOT_OF_A_FILE.match(text) and not any(text in known or wanted in known for known in TABLE):
                left[text] = path.name
    assert left == {}


def test_no_line_of_the_table_is_left_over():
    code = [path for folder in ("config", "core", "flow", "schemas", "store") for path in (ROOT / folder).rglob("*.py")]
    said = [text for path in code if path.stem != "problem_words" for text in phrases(path, least=0)]
    presets = " ".join(path.read_text() for path in (ROOT / "config/presets").glob("*.yaml")).split()
    everything = "\n".join([*said, " ".join(presets)]).replace("{}", "%s")
    pieces = {text: JOINED.split(text.replace("{}", "%s")) for text in TABLE}
    assert [text for text, of in pieces.items() if not all(piece.strip(" :,") in everything for piece in of)] == []


@pytest.mark.parametrize(
    ("english", "russian"),
    [
        ("a whole number from 0 to 50", "целое число от 0 до 50"),
        ("one of main, other", "одно из: main, other"),
        ("join() with 2 arguments or more", "join() с числом аргументов 2 или больше"),
        (
            "a path like /api/v4/leads/{id} with slots like {id}",
            "путь, например /api/v4/leads/{id} с местами вроде {id}",
        ),
        ("where the secret stands (Tilda: Site settings)", "где лежит секрет"),
        (
            "a.http: expected held no_number, got the call {}",
            "a.http: нужно «Придержан» (`no_number`), выходит звонок {}",
        ),
        ("a.http: expected the calls [], got handshake", "a.http: нужны звонки [], выходит «проверка связи»"),
        ("Иван", "Иван"),
    ],
)
def test_a_text_with_facts_is_said_with_them(english, russian):
    assert in_words(english, "ru") == russian
    assert in_words(english, "en") == english


# Each command, with words that make it say what it can say: well and refused.
LINES = (
    "leads list",
    "leads list --state held",
    "leads list --since 2h --until 3h",
    "leads list --name Nobody",
    "leads list --before 99",
    "leads list --reason no_numbr",
    "leads show 1 --reveal",
    "leads show 2",
    "leads show 99",
    "leads cancel 2 --why busy",
    "leads cancel 2 --why busy",
    "leads rearm 2 --why wanted",
    "leads resolve 1 --why seen",
    "leads remap 1 --why mended",
    "leads remap 99 --why mended",
    "leads bulk cancel --state held --why busy",
    "leads bulk rearm --state cancelled --why wanted --do",
    "leads bulk cancel --state accepted --why busy",
    "leads export --out {folder}/leads.csv",
    "leads export --excel --format jsonl",
    "leads erase +79990000009 --why asked",
    "leads erase what --why asked",
    "leads erasures",
    "do-not-call add +79990000003 --why asked",
    "do-not-call add 12 --why asked",
    "do-not-call list",
    "do-not-call import {folder}/numbers.csv --why asked",
    "do-not-call remove +79990000003 --why asked",
    "do-not-call remove +79990000003 --why asked",
    "alarms list",
    "alarms ack no_worker",
    "alarms quiet all --for 2h --why works",
    "alarms quiet all --for soon --why works",
    "alarms test",
    "users add Irina --role owner",
    "users add Irina --role owner",
    "users add ! --role viewer",
    "users list",
    "users link Irina",
    "users link Nobody",
    "users disable Irina",
    "policy show",
    "policy show nothing",
    "pause --why works",
    "pause --account other --why works",
    "leads list --limit 1",
    "resume --why works",
    "resume --why works",
    "backup",
    "restore --check",
    "restore --check {folder}",
    "sources presets",
    "sources presets tilda",
    "sources presets amocrm",
    "sources presets tidla",
    "sources new vk promo --dry-run",
    "sources new amocrm deals",
    "sources new tilda shop",
    "sources new tidla other",
    "sources new tilda other --sms {{{{",
    "sources list",
    "sources check",
    "sources check nothing",
    "sources apply",
    "sources try shop 1",
    "sources try shop 2",
    "sources try shop {folder}/tilda.http",
    "sources try shop {folder}/numbers.csv",
    "sources try shop --against 5",
    "sources try nothing 1",
    "sources try shop 99",
    "sources try shop",
    "sources remove shop --why over",
    "sources remove shop --why over",
    "sources list",
    "sources check shop",
)


def test_each_command_is_walked_below():
    leaves, ways = [], [(group, (group.name,)) for group in messages.GROUPS]
    while ways:
        command, way = ways.pop()
        if isinstance(command, click.Group):
            ways += [(command.get_command(None, name), (*way, name)) for name in command.list_commands(None)]
        else:
            leaves.append(" ".join(way))
    assert [leaf for leaf in leaves if not any(f"{line} ".startswith(f"{leaf} ") for line in LINES)] == []


@pytest.fixture
def scene(desk, tmp_path):  # noqa: F811
    """A source with a lead that waits, one that is held, and one whose file has every kind of mistake."""
    desk.run("new", "tilda", "shop", "--script", "Заявка", "--sms", "Здравствуйте!")
    desk.look()
    token = desk.token()
    desk.post(f"token={token}", TILDA)
    desk.post(f"token={token}", "Name=%D0%98%D0%B2%D0%B0%D0%BD&Telephone=1&tranid=1")
    desk.post("token=wrong", TILDA)
    desk.decide()
    desk.save("broken", BROKEN)
    desk.save(
        "unused",
        "preset: generic\nauth: {scheme: none}\nmapping: {script: A, number: {field: phone}}\nenabled: false\n",
    )
    (desk.folder.parent / "accounts").mkdir(exist_ok=True)
    (tmp_path / "numbers.csv").write_text("number,why\n+79990000007,asked\nno number\n")
    body = "Name=Ivan&Phone=%2B79990000001&tranid=7"
    head = "POST /hooks/shop?token=wrong HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
    (tmp_path / "tilda.http").write_text(head + body)
    return desk


def test_no_answer_of_any_command_is_an_english_sentence_in_russian(scene, tmp_path):
    english, said = {}, ""
    for line in LINES:
        words = line.format(folder=tmp_path).split()
        done = scene.app.test_cli_runner().invoke(args=words, env={"LANG": "ru_RU.UTF-8", "LC_ALL": ""})
        assert done.exception is None or isinstance(done.exception, SystemExit), line
        said += done.output
        if found := SENTENCE.findall(SAME.sub(" ", AT_THE_SENDER.sub("", done.output))):
            english[line] = found
    assert english == {}
    assert len(said) > 20_000
