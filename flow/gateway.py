"""The wired parts that every step of the walk works with; `app.create_app` and the worker make one."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from core.account.caps import TOTALS, Caps
from core.overall import Totals
from core.ports import Account, Bell, Crm
from core.problem import Problems
from core.silence import Habits
from flow.in_force import InForce
from flow.provider_clock import ProviderClock
from flow.refusals import Refusals
from flow.ticker import Ticker
from flow.together import Together
from store.engine import Busy, Store, StoreUnavailable
from store.journal import Journal, number_hash
from store.neighbours import Neighbours
from store.probe import Probe
from store.remembered import Remembered
from store.wishes import Wishes


@dataclass
class Gateway:
    """`secrets("env:NAME")` is that secret's present value or None; `accounts` is by their names."""

    store: Store
    sources: InForce
    bell: Bell
    refusals: Refusals
    secrets: Callable[[str], str | None]
    crm: Crm
    journal: Journal
    digest_key: str = field(repr=False)
    timezone: str = ""  # what people read times in; empty: the policy's
    accounts: dict[str, Account] = field(default_factory=dict)
    broken_accounts: dict[str, Problems] = field(default_factory=dict)  # what is wrong with the others' files
    broken_alarms: Problems | None = None  # what is wrong with the file of the watch's channels
    retention_days: int = 90  # then people's data is erased
    unerasable: set[str] = field(default_factory=set)  # leads and deliveries that this process could not erase
    ticker: Ticker = field(default_factory=Ticker)
    remembered: Remembered = field(default_factory=Remembered)
    storing: Together[Any, Any] = field(default_factory=lambda: Together(StoreUnavailable, kept=(Busy,)))  # deliveries
    remembered_near: Remembered = field(default_factory=Remembered)  # of 80 % of the caps, for the alarm
    habits: Habits = field(default_factory=dict)  # of this process, for the alarm of a silent source
    clock: ProviderClock = field(default_factory=ProviderClock)  # what providers' replies say of this machine's
    probe: Probe = field(default_factory=Probe)  # whether the database takes a write
    secrets_problem: Callable[[], str] = lambda: ""  # why their file cannot be read; empty: it can
    pause: Callable[[float], None] = time.sleep  # between two questions to a CRM, in seconds

    log = structlog.get_logger()

    @cached_property
    def wishes(self) -> Wishes:
        """What persons said, in the journal's directory."""
        return Wishes(lambda: self.journal.directory)

    @cached_property
    def neighbours(self) -> Neighbours:
        """Whose workers were seen, in the same."""
        return Neighbours(lambda: self.journal.directory)

    @property
    def zone(self) -> ZoneInfo:
        """What people read times in."""
        return ZoneInfo(self.timezone or self.sources.overall.timezone)

    @property
    def totals(self) -> Totals:
        """The caps over all sources, of the policy's version in force."""
        return self.sources.overall.totals

    def capped(self) -> dict[str, Caps]:
        """Whatever caps are set: of the totals, and of each source in force."""
        known = ((name, self.sources.get(name)) for name in self.sources.names())
        return {TOTALS: self.totals, **{name: each.source.policy for name, each in known if each is not None}}

    def secrets_missing(self, name: str) -> bool:
        """Whether a secret of the source has no value because their file cannot be read."""
        current = self.sources.get(name)
        if current is None or all(self.secrets(one) for one in current.source.auth.secrets):
            return False
        return bool(self.secrets_problem())

    def account_names(self) -> set[str]:
        """Those that can ring, and those that sources name: leads wait for one whose file was taken away, too."""
        known = (self.sources.get(name) for name in self.sources.names())
        return {*self.accounts, *(each.source.account for each in known if each is not None)}

    def trouble_words(self, account: str) -> tuple[str, ...]:
        """What a refusal of this account's says when it means the account and not one call: the words of the
        policy's version in force, else its provider's own."""
        words = self.sources.overall.account_trouble
        return self.accounts[account].trouble_words if words is None else words

    def digest(self, value: str) -> str:
        """What stands for a value that must not be there itself."""
        return number_hash(value, self.digest_key)

    def readable(self) -> list[str] | None:
        """The sources by whose version in force this process may ring; None: all of them. One that it cannot read is
        left to others, also where it still has an older version; one of which it has a file that says perhaps
        something else (`InForce.unreadable`) waits until that was compared."""
        left = self.sources.unreadable()
        return [name for name in self.sources.names() if name not in left] if left else None
