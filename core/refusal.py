"""What a person asked for and was not done: why, and what to do, in English and Russian; one table of all."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from core import fact_words
from core.reason import Reason, moment_of, words

# How a moment in milliseconds is told; who has a reader in front of them gives their clock.
Clock = Callable[[int], str]

# code -> English, Russian; `{facts}` are the refusal's own. `{when}` is a moment or nothing, with its blank.
TABLE: dict[str, tuple[str, str]] = {
    # flow/operate.py and flow/bulk.py
    "not_aside": (
        "`{rules}`: cannot be set aside; only `{known}` can",
        "`{rules}`: отменить нельзя; можно только `{known}`",
    ),
    "aside_for_rearm": (
        "rules can be set aside for another call only (`rearm`)",
        "отменить правила можно только для нового звонка (`rearm`)",
    ),
    "only_a_call": (
        "only a call decides this lead, not its mapping; call it (`rearm`) if one is welcome",
        "этот лид решает звонок, а не пересчёт полей: если звонок уместен, позвоните",
    ),
    "claimed": (
        "a call for this lead was already claimed; to ring again, call it (`rearm`)",
        "звонок по этому лиду уже брали в работу: чтобы позвонить снова, нажмите «Позвонить»",
    ),
    "no_call": (
        "this lead has no number or no script yet; mend its source or data, then recompute it (`remap`)",
        "у лида ещё нет номера или сценария: поправьте поля источника и пересчитайте",
    ),
    "settling": (
        "the last call may still come to light; ask again in {minutes} min",
        "прошлый звонок ещё может выясниться: попробуйте через {minutes} мин",
    ),
    "seen": (
        "the lead has changed since you looked (history row {seen}, now {now}); look again",
        "лид изменился, пока вы смотрели (строка истории {seen}, сейчас {now}): посмотрите ещё раз",
    ),
    "state": (
        "a lead at “{state}” cannot be {act}",
        "состояние лида «{state}»: {act} нельзя",
    ),
    "states": (
        "leads at “{state}” cannot be {act}",
        "состояние лидов «{state}»: {act} нельзя",
    ),
    "erased": (
        "the personal data of this lead was erased, so it cannot be called any more",
        "личные данные лида стёрты, позвонить уже нельзя",
    ),
    "replaced": (
        "it came before the database was replaced and may have been called; decide on it by itself",
        "пришёл до замены базы и мог быть обзвонен: решите его отдельно",
    ),
    "protected": (
        "it is held to protect someone ({reasons}); look at it and decide on it by itself",
        "придержан, чтобы никого не потревожить ({reasons}): посмотрите и решите его отдельно",
    ),
    "dry_run": (
        "the source {source} is in a dry run and rings nobody; take `dry_run` out of it first",
        "источник {source} в пробном режиме и никому не звонит: сначала уберите из него `dry_run`",
    ),
    "rang": (
        "the call of this lead was placed: it rang{when}; say so (`--again {round}`, `again`) to ring it once more",
        "звонок по этому лиду был{when}: подтвердите (`--again {round}`, `again`), чтобы позвонить ещё раз",
    ),
    "another_round": (
        "--again {after} was done already: a person has asked for ringing {round} since; nobody is rung "
        "by the same line twice. Look at the lead; --again {round} rings once more after that",
        "--again {after} уже выполнено: с тех пор человек попросил звонок {round}; одна и та же строка дважды "
        "не звонит. Посмотрите лид; --again {round} позвонит ещё раз после него",
    ),
    "rang_among_many": (
        "the call of this lead was placed: it rang{when}; look at it and ring it by itself",
        "звонок по этому лиду был{when}: посмотрите его и позвоните отдельно",
    ),
    "this_moment": (
        "the lead changed at this very moment; look again",
        "лид изменился в этот самый момент: посмотрите ещё раз",
    ),
    "not_rung": ("would not be rung: {reason}", "не позвонили бы: {reason}"),
    # flow/pauses.py
    "paused_since": (
        "{what} was stopped{when} by {who}, after you looked: look again, then resume",
        "{what}: звонки остановлены{when}, пока вы смотрели ({who}): посмотрите ещё раз и тогда возобновите",
    ),
    # flow/people.py
    "user_name": (
        "a name has 1 to 40 letters, digits, blanks and . @ -, and begins with a letter or digit",
        "в имени от 1 до 40 букв, цифр, пробелов и . @ -, первой стоит буква или цифра",
    ),
    "role": ("a role is one of {known}", "роль: одна из {known}"),
    "user_exists": ("there is a user called {name!r} already", "пользователь «{name}» уже есть"),
    "weak": (
        "a password has at least {least} characters, and more than three different ones",
        "в пароле не меньше {least} знаков, и разных среди них больше трёх",
    ),
    "other_password": ("the present password is another one", "нынешний пароль другой"),
    "disabled": ("{name} is disabled; enable them first", "пользователь {name} отключён: сначала включите"),
    "only_owner": (
        "{name} is the only owner; make another one first",
        "{name}: единственный владелец; сначала сделайте владельцем ещё кого-нибудь",
    ),
    "user_gone": ("{name} is gone", "пользователя {name} больше нет"),
    "token_name": (
        "a token's name has 1 to 40 letters, digits, blanks and . @ -",
        "в имени токена от 1 до 40 букв, цифр, пробелов и . @ -",
    ),
    "token_exists": (
        "a token called {name!r} is in force; choose another name, or revoke that one first",
        "токен «{name}» уже действует: возьмите другое имя или сначала отзовите тот",
    ),
    "scope": ("a scope is one of {known}", "право токена: одно из {known}"),
}


class Refusal(Exception):
    """A refusal by its code and facts; its text is English, `said` has it in either language.

    A fact may be a Reason or several; one called `when` is a moment in milliseconds, or None, `state` a state (empty:
    any) and `act` a person's transition, both said in the words of the pages."""

    def __init__(self, code: str, **facts: Any) -> None:
        self.code, self.facts = code, facts
        super().__init__(self.said("en"))

    def said(self, language: str, clock: Clock | None = None) -> str:
        """The sentence for a person, in English or Russian (`ru`), its moments on their `clock`, else in UTC."""
        facts = {name: _fact(name, value, language, clock or in_utc) for name, value in self.facts.items()}
        return TABLE[self.code][1 if language == "ru" else 0].format_map(facts)


def in_utc(at_ms: int) -> str:
    """2026-11-25 09:00 UTC."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"


def _fact(name: str, value: Any, language: str, clock: Clock) -> Any:
    if name in ("state", "act"):
        return (fact_words.state if name == "state" else fact_words.act)(value, language)
    if isinstance(value, tuple):
        return "; ".join(str(_fact("", one, language, clock)) for one in value)
    if isinstance(value, Reason):
        moments = {key: moment_of(key, fact) for key, fact in value.params.items()}
        on_clock = {key: clock(at) for key, at in moments.items() if at is not None}
        return words(value.code, {**value.params, **on_clock}, language)
    if name != "when":
        return value
    return "" if value is None else f" {clock(value)}" if language == "ru" else f" at {clock(value)}"
