"""Does a refusal speak of the account, or of one person? By words of its text, as listed by its provider or the
owner. Pure.

Pieces of words do not do: «доступ» stands in «абонент недоступен», «заблокир» in «номер заблокирован». Whoever knows a
few dead numbers could stop every call of the house with them.
"""

import re
from collections.abc import Iterable

BETWEEN = 2  # other words that may stand between two of a phrase: «аккаунт временно заблокирован»

_WORD = re.compile(r"[^\W_]+")


def means_the_account(said: str, phrases: Iterable[str]) -> bool:
    """Whether `said` holds one of the phrases: each of its words begins a word of the text, in the phrase's order and
    near one another. Case does not matter, nor whether ё is written as е."""
    text = _words(said)
    return any(_stands_in(text, _words(phrase)) for phrase in phrases)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold().replace("ё", "е"))


def _stands_in(text: list[str], phrase: list[str]) -> bool:
    if not phrase:
        return False
    starts = [n for n, word in enumerate(text) if word.startswith(phrase[0])]
    return any(_goes_on(text[start + 1 :], phrase[1:]) for start in starts)


def _goes_on(text: list[str], phrase: list[str]) -> bool:
    for wanted in phrase:
        near = (n for n, word in enumerate(text[: BETWEEN + 1]) if word.startswith(wanted))
        found = next(near, None)
        if found is None:
            return False
        text = text[found + 1 :]
    return True
