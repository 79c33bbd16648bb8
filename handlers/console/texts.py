"""The texts of both languages: as a page asks for them, and as `flask_babel.gettext` does."""

import functools
from collections.abc import Callable
from typing import Any

from babel.support import NullTranslations
from flask_babel import Babel, Domain
from markupsafe import Markup


class Spoken:
    """One language, in HTML: `gettext`, and `ngettext` where something is counted."""

    def __init__(self, catalogue: NullTranslations) -> None:
        self.catalogue = catalogue
        self._plain: dict[str, Markup] = {}  # those without facts, which are most of them

    def gettext(self, text: str, /, **facts: Any) -> Markup:
        if facts:
            return _html(self.catalogue.ugettext(text)) % facts
        if text not in self._plain:
            self._plain[text] = _html(self.catalogue.ugettext(text)) % {}
        return self._plain[text]

    def ngettext(self, one: str, many: str, count: int, /, **facts: Any) -> Markup:
        return _html(self.catalogue.ungettext(one, many, count)) % {"num": count, **facts}


class Texts(Babel):
    """flask_babel, whose own way to the reader's catalogue asks six questions for each text."""

    def __init__(self, catalogue: Callable[[], NullTranslations]) -> None:
        super().__init__()
        self._catalogue = catalogue

    @functools.cached_property
    def domain_instance(self) -> Domain:
        return _Domain(self._catalogue)


class _Domain(Domain):
    def __init__(self, catalogue: Callable[[], NullTranslations]) -> None:
        super().__init__()
        self._catalogue = catalogue

    def get_translations(self) -> NullTranslations:
        return self._catalogue()


def _html(text: str) -> Markup:
    return Markup(text)  # noqa: S704 - our own text; a fact that is put into it is escaped
