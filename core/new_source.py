"""A source that its owner wants, as they say it, and what came of it: values between who asks and who writes."""

from dataclasses import dataclass, field
from urllib.parse import quote

from core.problem import Problems
from core.problem_words import in_words
from core.source import Source

IN_URL = ("query", "path")

DEFAULT_SCRIPT = "Заявка с сайта"


@dataclass(frozen=True)
class Wish:
    """What the owner said; what is empty, the preset or the default says."""

    preset: str
    name: str
    script: str = DEFAULT_SCRIPT
    region: str = ""
    sms: str = ""
    crm: str = ""
    dry_run: bool = False


@dataclass(frozen=True)
class KnownSender:
    """A preset as one chooses it, its title in English and Russian."""

    name: str
    title: str
    title_ru: str


@dataclass(frozen=True)
class Made:
    """A source that was written. `source`: None while it lacks what only the owner knows (where their CRM answers);
    `preset`: the source of its preset alone; `named`: the source, or its preset under its name while there is none;
    `canonical`: the text to be put in force, empty without a source.

    `secrets`: the name under which SECRETS_FILE holds one -> its value, the proof's first; an empty value is one that
    only the sender can say."""

    file: str
    source: Source | None
    preset: Source
    named: Source
    canonical: str = ""
    secrets: dict[str, str] = field(default_factory=dict)


class CannotMake(Exception):
    """The source was not made and nothing was changed; the text says why and what to do. `code` is one of `name`,
    `preset`, `exists`, `unwritable`, `wrong`."""

    def __init__(self, code: str, why: str | Problems) -> None:
        super().__init__(str(why))
        self.code, self.why = code, why

    def said(self, language: str) -> str:
        """Why, in English or Russian (`ru`)."""
        return self.why.said(language) if isinstance(self.why, Problems) else in_words(self.why, language)


def address(base: str, source: Source, token: str) -> str:
    """What the sender calls, with the token where it stands in the URL. `base` has no slash at its end."""
    auth, url = source.auth, f"{base}/hooks/{source.name}"
    if auth.scheme != "token" or auth.place not in IN_URL:
        return url
    return f"{url}?{quote(auth.name or 'token')}={token}" if auth.place == "query" else f"{url}/{token}"


def stands_in_url(source: Source) -> bool:
    """Whether the proof of the source is a token in its URL."""
    return source.auth.scheme == "token" and source.auth.place in IN_URL
