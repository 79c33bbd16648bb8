"""A morning in one process: sources, leads in every state, and people, for the pages to be looked at."""

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from werkzeug.serving import make_server

from app import create_app
from config.settings import read
from core.alarm import Stamp
from core.alarms import WATCH
from core.outcome import ACCEPTED, REFUSED, UNKNOWN, Outcome
from flow import people
from store import stamps, versions
from tests.fakes import Stage
from tests.handlers.conftest import SETTINGS

MAIN = """
preset: generic
title: Сайт, главная форма
auth: {secret: env:SHOP_TOKEN}
event_key: id
mapping:
  number: {field: Phone, region: RU}
  script:
    rules:
      - {when: "utm_source == 'vk'", value: Приветствие ВК}
    default: Заявка с сайта
  sms: {template: "Здравствуйте, {{ Name }}! Ваша заявка принята."}
  person: {field: Name}
"""
QUIZ = """
preset: generic
title: Квиз „Подбор квартиры“
auth: {secret: env:SHOP_TOKEN}
event_key: id
mapping:
  number: {field: phone, region: RU}
  script: Распродажа
  person: {field: name}
"""
MOSCOW = ZoneInfo("Europe/Moscow")
NAMES = "Юлия,Руслан Ахметов,Игорь Петров,Ольга Ю.,Мария Лебедева,Виктор Чернов,Светлана Ибрагимова,Тимур Хасанов"
NAMES += ",Анна Ковалёва,Денис,Александра Константинопольская,Пётр Смирнов-Задунайский"
YES = Outcome(ACCEPTED, provider_id="77", http_status=200, reply=b'{"result":"ok","id":"77"}', price="4.35")
POOR = Outcome(REFUSED, error="Нет такого сценария", http_status=200, reply=b'{"result":"error"}')
LOST = Outcome(UNKNOWN, "no_answer")


def each_431_s(hour: int) -> float:
    return 431


def fill(stage: Stage, many: int = 40, rests: Callable[[int], float] = each_431_s, rare: int = 1) -> None:
    """`many` leads over some hours: most called, some refused, lost, held, suppressed; one waits for the morning.
    `rests`: hour of the day on Moscow's clock -> seconds until the next lead; `rare`: so much rarer is what goes
    wrong."""
    stage.put("tilda-main", MAIN)
    stage.put("quiz", QUIZ)
    with stage.store.write() as tx:
        versions.remove(tx, "shop")
    stage.parts.sources.refresh()
    names = NAMES.split(",")
    stage.alive()
    for n in range(many):
        stage.clock.forward(rests(datetime.fromtimestamp(stage.clock(), MOSCOW).hour))
        name, phone = names[n % len(names)], f"+7 916 {200 + n:03} {10 + n % 80:02} {20 + n % 70:02}"
        vk = {"utm_source": "vk"} if n % 3 == 0 else {}
        stage.voice.outcomes = {4: [POOR], 9: [LOST]}.get(n % (13 * rare), [])
        stage.voice.otherwise = YES
        if n % (7 * rare) == 5:
            stage.take({"id": f"q{n}", "name": name, "phone": phone[:-3]}, source="quiz")
        elif rare > 1 and n % 5 == 3:
            stage.take({"id": f"k{n}", "name": name, "phone": phone}, source="quiz")
        elif n % (11 * rare) == 6:
            stage.take({"id": f"m{n}", "Name": name, "Ваш_номер": phone, **vk}, source="tilda-main")
        elif n % (13 * rare) == 12:
            stage.take({"id": f"r{n}", "Name": name, "Phone": "+7 916 200 10 20"}, source="tilda-main")
        else:
            stage.take(
                {"id": f"t{n}", "Name": name, "Phone": phone, "Comment": "перезвоните", **vk}, source="tilda-main"
            )
        stage.clock.forward(0.3 + n % 7 * 0.25)  # until a worker looks
        stage.work()
    stage.alive()
    with stage.store.write() as tx:
        stamps.put(tx, WATCH, Stamp(stage.store.now_ms(tx), True))


def files_in(folder: Path) -> Path:
    """The sources' files, as the owner keeps them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("tilda-main", MAIN), ("quiz", QUIZ)):
        (folder / f"{name}.yaml").write_text(f"# {name}: the owner's own words\n{text.lstrip()}", encoding="utf-8")
    return folder


class Served:
    """The whole web application of a stage on a port of its own, with the sources' files beside its run directory."""

    def __init__(self, stage: Stage, folder: Path, **settings: str) -> None:
        self.stage = stage
        self.files = files_in(folder)
        secrets = str(folder.with_name("secrets.env"))
        settings = {"SOURCES_DIR": str(self.files), "SECRETS_FILE": secrets, **settings}
        self.app = create_app(read({**SETTINGS, **settings}, dotenv=None), stage.parts)
        self.server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def link(self, name: str, role: str) -> str:
        """The address that lets a new user of this role in."""
        user = people.add(self.stage.parts, name, role, "test")
        return f"{self.base}/console/enter?t={people.link(self.stage.parts, user, 'test')}"

    def close(self) -> None:
        self.server.shutdown()
        self.stage.parts.ticker.end()
