"""How the console speaks: language, times, money and numbers as their readers write them."""

import functools
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale, numbers
from babel.dates import (
    format_date,
    format_datetime,
    format_timedelta,
    get_timezone_gmt,
    get_timezone_location,
    get_timezone_name,
)
from babel.support import NullTranslations
from flask import Flask, current_app, g, request
from flask_babel import gettext as _
from markupsafe import Markup

from core.catalogue import compiled
from handlers.console.texts import Spoken, Texts

LANGUAGES = {"ru": "ru", "en": "en_GB"}  # babel's `en` writes 11/25/26, 2:24 PM
THEMES = ("light", "dark")
ZONES = (  # of Russia and its neighbours, and what else is asked for; any other may stand in the settings
    *(f"Europe/{city}" for city in ("Kaliningrad", "Moscow", "Samara", "Minsk", "Berlin", "London")),
    *(f"Asia/{city}" for city in ("Yekaterinburg", "Omsk", "Novosibirsk", "Krasnoyarsk", "Irkutsk", "Yakutsk")),
    *(f"Asia/{city}" for city in ("Vladivostok", "Magadan", "Kamchatka", "Almaty", "Tashkent", "Bishkek")),
    *(f"Asia/{city}" for city in ("Tbilisi", "Yerevan", "Baku", "Dubai")),
    "UTC",
)
_LOCALES = {language: Locale.parse(locale) for language, locale in LANGUAGES.items()}
HERE = Path(__file__).parent
NBSP = "\u00a0"
HARDLY = 1 / 48  # leads an hour: one in two days


def register(app: Flask) -> None:
    """Both languages, the Russian texts compiled from their .po in memory, and the pages' filters."""
    Texts(lambda: spoken().catalogue).init_app(app, locale_selector=lambda: LANGUAGES[language()])
    app.extensions["spoken"] = {
        "ru": Spoken(compiled((HERE / "translations/ru.po").read_bytes())),
        "en": Spoken(NullTranslations()),
    }
    app.jinja_env.globals.update(_=_told, gettext=_told, ngettext=_counted)
    for shown in (moment, clock, at, between, ago, span, money, seconds, count, rate, day, country):
        app.jinja_env.filters[shown.__name__] = shown


def spoken() -> Spoken:
    """In the reader's language."""
    found: Spoken = current_app.extensions["spoken"][language()]
    return found


# Jinja's own of these are given a copy of all that the page knows, each time that one stands in a loop.
def _told(text: str, /, **facts: Any) -> Markup:
    return spoken().gettext(text, **facts)


def _counted(one: str, many: str, count: int, /, **facts: Any) -> Markup:
    return spoken().ngettext(one, many, count, **facts)


def language() -> str:
    """What the reader chose, or before the sign-in their browser; else what that asks for, else English."""
    try:
        found: str = g.language
    except AttributeError:
        chosen = (user.language if (user := g.get("user")) else "") or request.cookies.get("language", "")
        g.language = chosen if chosen in LANGUAGES else request.accept_languages.best_match(list(LANGUAGES), "en")
        found = str(g.language or "en")
    return found


def theme() -> str:
    """light or dark where the reader chose one; empty: as their system has it."""
    chosen = request.cookies.get("theme", "")
    return chosen if chosen in THEMES else ""


def zone() -> ZoneInfo:
    """What the reader chose, else the gateway's (TIMEZONE)."""
    try:
        found: ZoneInfo = g.zone
    except AttributeError:
        chosen = user.zone if (user := g.get("user")) else ""
        found = g.zone = ZoneInfo(chosen) if is_zone(chosen) else gateways_zone()
    return found


def gateways_zone() -> ZoneInfo:
    found: ZoneInfo = current_app.extensions["gateway"].zone
    return found


def is_zone(name: str) -> bool:
    """Whether the machine's table of zones knows it."""
    return bool(name) and name in available_zones()


@functools.cache
def available_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def zones() -> list[tuple[str, str]]:
    """(zone, its city and how far it is ahead) of those that a reader chooses from, from west to east; the
    gateway's and the reader's own are among them."""
    offered = {*ZONES, zone().key, gateways_zone().key} & available_zones()
    now = datetime.now(UTC)
    ahead = {name: now.astimezone(ZoneInfo(name)) for name in offered}
    city = {name: get_timezone_location(ZoneInfo(name), locale=_locale(), return_city=True) for name in offered}
    order = sorted(offered, key=lambda name: (ahead[name].utcoffset(), city[name]))
    return [(name, f"{city[name]} {get_timezone_gmt(ahead[name], 'short', locale=_locale())}") for name in order]


def zone_name() -> str:
    """MSK, or what the zone's clock is called."""
    at = datetime.now(zone())
    known = {"Europe/Moscow": _("MSK")}
    return known.get(zone().key) or get_timezone_name(at, width="short", locale=_locale())


def _locale() -> Locale:
    return _LOCALES[language()]


def _local(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, zone())


def _now() -> int:
    now: int = g.now
    return now


def moment(at_ms: int | None, exact: bool = False) -> str:
    """14:24:05 for today, with the day before that; `exact` with milliseconds."""
    if at_ms is None:
        return "–"
    at, now = _local(at_ms), _local(_now())
    clock_ = "HH:mm:ss" if exact or at.date() == now.date() else "HH:mm"
    day = "" if at.date() == now.date() else "d MMM " if at.year == now.year else "d MMM y "
    text = format_datetime(at, day + clock_, locale=_locale())
    return f"{text}{',' if language() == 'ru' else '.'}{at_ms % 1000:03}" if exact else text


def at(at_ms: int, exact: bool = True) -> str:
    """at 14:24:05; on 25 Nov at 14:24: as it stands in a sentence."""
    here, now = _local(at_ms), _local(_now())
    clock_ = f"{here:%H:%M:%S}" if exact and here.date() == now.date() else f"{here:%H:%M}"
    if here.date() == now.date():
        return _("at %(clock)s", clock=clock_)
    shape = "d MMMM" if here.year == now.year else "d MMMM y"
    return _("on %(day)s at %(clock)s", day=format_datetime(here, shape, locale=_locale()), clock=clock_)


def between(pair: tuple[int, int]) -> str:
    """14:10:48 – 14:11:08, with the day in front where it is not today's: a time to look for elsewhere."""
    first, last = _local(pair[0]), _local(pair[1])
    day = "" if first.date() == _local(_now()).date() else _day_and_month(first.date(), language())
    return f"{day}{first:%H:%M:%S} – {last:%H:%M:%S}"


@functools.lru_cache(128)
def _day_and_month(on: date, language_: str) -> str:
    return format_date(on, "d MMM ", locale=_LOCALES[language_])


def clock(at_ms: int) -> str:
    """09:00, and the day where it is not today's."""
    at, now = _local(at_ms), _local(_now())
    return format_datetime(at, "HH:mm" if at.date() == now.date() else "d MMM HH:mm", locale=_locale())


def tomorrow(now_ms: int, hour: int) -> int:
    """That hour of the next day on the readers' clock, in milliseconds."""
    day = _local(now_ms).date() + timedelta(days=1)
    return int(datetime.combine(day, time(hour), zone()).timestamp() * 1000)


def zone_hour(at_ms: int) -> str:
    """14: the hour that began then, on the readers' clock."""
    return f"{_local(at_ms):%H}"


def day(at_ms: int, long: bool = False) -> str:
    """25, the day of the month; `long`: Wed 25 Nov."""
    on = _local(at_ms).date()
    return _day_of_week(on, language()) if long else str(on.day)


@functools.lru_cache(128)  # a chart of thirty days names each several times
def _day_of_week(on: date, language_: str) -> str:
    return format_date(on, "EEE d MMM", locale=_LOCALES[language_])


def rate(per_hour: float) -> str:
    """6 an hour; one in 55 min."""
    if per_hour >= 0.95:
        return _("%(n)s an hour", n=count(round(per_hour)))
    return _("one in %(span)s", span=span(round(3600 / per_hour))) if per_hour > HARDLY else _("hardly any")


def ago(at_ms: int | None) -> str:
    """3 min ago."""
    if at_ms is None:
        return _("never")
    passed = (_now() - at_ms) // 1000
    return _("just now") if passed < 45 else _("%(span)s ago", span=span(passed))


def span(passed_s: int) -> str:
    """3 h 10 min: two units, the second one only where it says something."""
    passed_s = max(0, int(passed_s))
    days, rest = divmod(passed_s, 86_400)
    hours, minutes = rest // 3600, rest % 3600 // 60
    if days > 6:
        return _unit(days=days)
    if days:
        return " ".join(filter(None, (_unit(days=days), _unit(hours=hours) if hours else "")))
    if hours:
        return " ".join(filter(None, (_unit(hours=hours), _unit(minutes=minutes) if minutes and hours < 10 else "")))
    return _unit(minutes=minutes) if minutes else _unit(seconds=passed_s)


def country(code: str) -> str:
    """Russia, of RU."""
    return str(_locale().territories.get(code, code))


def _unit(**size: int) -> str:
    ((unit, count_),) = size.items()
    return _unit_in(str(_locale()), unit, count_)


@functools.lru_cache(2048)  # a list tells dozens of spans
def _unit_in(locale: str, unit: str, count_: int) -> str:
    text = format_timedelta(timedelta(**{unit: count_}), format="short", threshold=1, locale=locale)
    return text.replace(".", "").replace(" ", NBSP)


def money(amount: Any, currency: str = "₽") -> str:
    """1 047,85 ₽."""
    try:
        value = Decimal(str(amount))
    except InvalidOperation:
        return "–"
    shape = "#,##0" if value == value.to_integral_value() else "#,##0.00"
    return numbers.format_decimal(value, shape, locale=_locale()).replace(" ", NBSP) + NBSP + currency


def seconds(ms: int | None) -> str:
    """0.8 s; minutes and hours where it took that long."""
    if ms is None:
        return "–"
    if ms >= 100_000:
        return span(ms // 1000)
    shown = numbers.format_decimal(Decimal(max(ms, 100)) / 1000, "0.0", locale=_locale())
    return ("" if ms >= 100 else "<" + NBSP) + shown + NBSP + _("s")


def count(number: int) -> str:
    """1,047; 1 047."""
    return _count_in(str(_locale()), number)


@functools.lru_cache(2048)
def _count_in(locale: str, number: int) -> str:
    return numbers.format_decimal(number, locale=locale)
