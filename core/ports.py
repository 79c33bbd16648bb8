"""The Protocols of what reaches the network. `flow` gets them as arguments; tests give fakes."""

from dataclasses import dataclass, field
from typing import Protocol

from core.account.trouble import MOST_IN_FLIGHT
from core.field_setup import Setup
from core.new_source import KnownSender, Made, Wish
from core.outcome import Outcome
from core.problem import Problem
from core.source import Source


@dataclass(frozen=True)
class Call:
    """A call asked of the provider: `number` is 11 to 15 digits without `+`; `sms` None means that
    the field is left out and the provider sends the SMS set with the script."""

    number: str
    script: str
    sms: str | None = None


@dataclass(frozen=True)
class Start:
    """The moment an attempt's owner took before its claim's transaction began, on two clocks.

    `boot` is seconds of a clock that counts a suspended machine (CLOCK_BOOTTIME on Linux,
    CLOCK_MONOTONIC on macOS), `wall` is seconds since 1970. Both together decide "not late".
    """

    boot: float
    wall: float


class Voice(Protocol):
    """A provider that rings people."""

    def place(self, call: Call, start: Start) -> Outcome:
        """One POST at most, ended by `start` + the total time-out. Never raises for what a network can do."""
        ...


@dataclass(frozen=True)
class Account:
    """One set of keys at a provider. Pauses, caps and pace belong to it; sources name it.

    `calls_per_s`: calls begun per second by all workers together, 0 is without a limit. `total_timeout_ms`: what
    `voice.place` takes at most. `slots`: its calls in flight in one worker process; `most_in_flight`: in all of them.
    `trouble_words`: what a refusal says, as its provider has it, when it means the account and not one call.
    """

    name: str
    voice: Voice = field(repr=False)
    calls_per_s: float = 0.0
    total_timeout_ms: int = 20_000
    slots: int = 8
    most_in_flight: int = MOST_IN_FLIGHT
    trouble_words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """One question to the owner's CRM. `base` is the owner's word, `target` (path and query, in ASCII) is
    appended to it; both may hold the token, as `headers` does. `body` is JSON."""

    method: str  # GET | POST
    base: str = field(repr=False)
    target: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Answer:
    """What came of a question. `kind`:

    `told` (a JSON body stands in `body`), `nothing` (the CRM knows no such thing: 204, 404, 410), `busy` (ask
    later: 429, 503, a limit), `token` (401, 403), `silent` (no whole reply; `how` says why) or `odd` (anything
    else: a redirect, an error, no JSON, too long; `how` says which)."""

    kind: str
    status: int | None = None
    how: str = ""
    body: bytes = field(default=b"", repr=False)
    retry_after_ms: int = 0


class Crm(Protocol):
    """Whatever answers for the owner's CRMs."""

    def ask(self, question: Question) -> Answer:
        """One question, over within a fixed time. Never raises for what a network can do."""
        ...


@dataclass(frozen=True)
class Message:
    """One message of the watch. `id` stays over all tries; messages of one `thread` belong together. `at`:
    milliseconds since 1970. Nothing of a person is in it."""

    id: str
    thread: str
    what: str
    title: str
    body: str
    at: int


@dataclass(frozen=True)
class Told:
    """What came of a try: `said` is what the other side answered, or why it did not, without secrets. `wait_ms`: it
    asked not to be asked again before."""

    well: bool
    said: str
    wait_ms: int = 0


class Channel(Protocol):
    """A way to tell somebody of an alarm."""

    def tell(self, message: Message) -> Told:
        """One try, over within a fixed time. Never raises for what a network can do."""
        ...


class Bell(Protocol):
    """A hint that something is due. Losing one costs a second, never a lead."""

    def listen(self) -> None:
        """From now on `wait` hears the rings of all processes; where that is impossible it says so once."""
        ...

    def poke(self) -> None:
        """Wake `wait` in this process only, from any thread."""
        ...

    def close(self) -> None:
        """End listening and ringing."""
        ...

    def ring(self) -> None:
        """Never blocks and never raises."""
        ...

    def wait(self, ms: int) -> bool:
        """Until rung or so many milliseconds passed; True when rung."""
        ...


@dataclass(frozen=True)
class CheckedText:
    """A source's text after all checks: the source it makes and its canonical text, or what is wrong with it.

    `failing` names the examples beside the text that do not come out as they say."""

    source: Source | None
    canonical: str = ""
    problems: tuple[Problem, ...] = ()
    failing: tuple[str, ...] = ()


class SourceFiles(Protocol):
    """The owner's source files, as the console reads and writes them."""

    @property
    def saves(self) -> bool:
        """Whether files may be written here."""
        ...

    def read(self, name: str) -> str | None:
        """The file's text; None where there is none that can be read."""
        ...

    def edited(self, text: str, was: Setup, now: Setup) -> str:
        """The text with what changed between the two set-ups written into it; comments and all else stay."""
        ...

    def source(self, name: str, text: str) -> Source | None:
        """The source that the text makes, its examples not run; None where something is wrong with it."""
        ...

    def check(self, name: str, text: str) -> CheckedText:
        """What the text would be, with its examples run."""
        ...

    def write(self, name: str, text: str, seen: str) -> bool:
        """Put the text in the file's place, whole or not at all; False where the file is no longer the text `seen`."""
        ...

    def needs(self, source: Source, language: str) -> tuple[str, ...]:
        """What is to be done at the source's sender, in English or Russian (`ru`)."""
        ...

    def senders(self) -> tuple[KnownSender, ...]:
        """Whom a new source may be for, by their title."""
        ...

    def make(self, wish: Wish) -> Made:
        """A new source's file, and its secret where secrets lie. Raises core.new_source.CannotMake."""
        ...
