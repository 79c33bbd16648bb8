"""A whole house that one history is played on: two workers, a web process, a provider and a CRM, and its clock."""

import itertools
import json
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from sqlalchemy import select

from config.yaml_text import parse
from core import outcome as outcomes
from core.outcome import NOT_SENT, Outcome
from core.ports import Account, Answer
from flow import call, caps, claim, recover, sweep, wishes
from flow.gateway import Gateway
from flow.in_force import InForce
from flow.intake_batch import ANOTHER_LEAD
from flow.refusals import Refusals
from flow.set_back import SetBack
from flow.ticker import Ticker
from store import epoch, leads, rows, tables, todo, versions, workers
from store.engine import Store
from store.epoch import OtherDatabase
from store.ids import new_id
from store.journal import Journal
from tests.fakes import CRM_TOKEN, TOKEN, YES, Clock, FakeBell, loaded, read_back
from tests.histories import allowed, backup, texts
from tests.histories.deaths import Deaths, Died
from voice.mobilgroup import ACCOUNT_TROUBLE

TIMEOUT_S = 20.0  # the accounts' own
ACCOUNTS = {"main": 0.0, "second": 0.5}  # calls a second; 0: as many as may be
CAPS = ("calls_per_hour", "calls_per_day", "spend_per_day", "calls_per_number_per_day")


@cache
def _caps(text: str) -> dict[str, int]:
    said = parse(text.encode(), "").value or {}
    return {cap: int(n) for cap, n in said.get("policy", said.get("house", {})).items() if cap in CAPS}


class MortalJournal(Journal):
    """A journal whose disk may be full, or whose process may end just before the line is written."""

    trouble = ""

    def write(self, *entries):
        trouble, self.trouble = self.trouble, ""
        if trouble == "dies":
            raise Died
        if trouble == "full":
            raise OSError(28, "No space left on device")
        super().write(*entries)


class Uncounted(Refusals):
    """Nobody looks at what was refused."""

    def count(self, source, cause):
        return


@dataclass
class Flight:
    """A claimed call in the memory of the worker that claimed it."""

    claimed: claim.Claimed
    begun: float  # on a clock that nobody sets
    outcome: Outcome | None = None


@dataclass
class Process:
    """A worker with all that only its memory holds."""

    name: str
    id: str
    gateway: Gateway
    set_back: SetBack
    flying: list[Flight] = field(default_factory=list)
    frozen: bool = False
    turns: int = 0


@dataclass
class Event:
    """One event of a sender's, whatever leads were made of it."""

    allowed: int = 1  # POSTs: one, one for each time a person said so, and one for each time its window was over
    posts: int = 0
    newest: str = ""  # its newest lead
    begun: float | None = None  # when that came


class World:
    """Ids of acknowledged leads are in `acked`, in the order they came."""

    def __init__(self, store: Store, clock: Clock, folder: Path, deaths: Deaths) -> None:
        self.store, self.clock, self.folder, self.passed, self.deaths = store, clock, folder, 0.0, deaths
        self.secrets = {"env:SHOP_TOKEN": TOKEN, "env:SHOP_CRM": CRM_TOKEN}
        self.events: dict[tuple[str, str], Event] = defaultdict(Event)
        self._event_of: dict[str, tuple[str, str]] = {}
        self.acked: list[str] = []
        self.protected: set[str] = set()
        self.captured: list[tuple] = []  # requests that somebody saw
        self.mood, self.crm_mood, self.asked = YES, 0, []
        self.paused: dict[str | tuple[str, str], bool] = {}  # account, or it and a script -> whether by a person
        self.unwanted: set[str] = set()  # numbers that a person put on the list
        self.ended: set[str] = set()  # leads that a person cancelled
        self.paced_at: dict[str, float] = {}  # when the account last claimed, on a clock that nobody sets
        self.lost_journals = False
        self.resolved: set[str] = set()
        self.spoiled: set[str] = set()  # leads with a row as no release of ours writes it
        self.said: dict[str, str] = {}  # the text in force under each name
        self.backup: backup.Backup | None = None
        self._runs = itertools.count()
        run = self.new_run()  # workers of one SQLite file are on one machine, those of PostgreSQL each on its own
        self.run_of = {"a": run, "b": run, "web": run}
        if not self.store.is_sqlite:
            self.run_of |= {"b": self.new_run(), "web": self.new_run()}
        with self.store.write() as tx:
            epoch.begin(self.store, tx)
        self.web = self.gateway("web")
        for name in texts.FIRST:
            self.put(name, texts.FIRST[name])
        self.processes = {name: self.start(name) for name in "ab"}
        self.everybody_tends()

    # Processes.

    def new_run(self) -> Path:
        """An empty run directory."""
        return self.folder / f"run-{next(self._runs)}"

    def gateway(self, name: str) -> Gateway:
        made = Gateway(
            store=self.store,
            sources=InForce(self.store, read_back),
            bell=FakeBell(),
            refusals=Uncounted(self.store),
            secrets=self.secrets.get,
            crm=self,
            pause=lambda seconds: None,
            journal=MortalJournal(self.run_of[name]),
            digest_key="d" * 32,
            accounts={
                name: Account(name, self, pace, trouble_words=ACCOUNT_TROUBLE) for name, pace in ACCOUNTS.items()
            },
            ticker=Ticker([]),
        )
        made.sources.refresh()
        return made

    def start(self, name: str) -> Process:
        gateway = self.gateway(name)
        return Process(name, new_id(), gateway, SetBack(gateway, lambda: int(self.passed * 1000)))

    def live(self) -> list[Process]:
        return [process for process in self.processes.values() if not process.frozen]

    def everybody_tends(self) -> None:
        self.web.sources.refresh()
        wishes.bring_back(self.web)
        for process in self.live():
            self.tend(process)

    def tend(self, process: Process) -> None:
        """What `cli.worker.Worker.tend` does once a second, and the recovery that comes first where it has to."""
        gateway = process.gateway
        try:
            process.set_back.look(todo.look(self.store, []))
            with self.store.write() as tx:
                now = self.store.now_ms(tx)
                epoch.check(gateway.store, gateway.journal, epoch.read(gateway.store, gateway.journal, tx))
                workers.check_in(tx, process.id, gateway.journal.run_id(), now, now)
                runs = [dict(found) for found in rows.ask_all(tx, workers.runs(gateway.store))]
            for found in runs:
                gateway.neighbours.note(epoch.store_id(gateway.store), found)
            wishes.bring_back(gateway)
            gateway.sources.refresh()
            for name in gateway.sources.changed():
                while sweep.redo_next(gateway, name):
                    continue
            sweep.settle_lost(gateway)
            caps.look_again(gateway)
        except OtherDatabase:
            recover.recover(gateway, process.id)

    def lead(self, lead_id: str):
        """The lead as it stands; None where there is none."""
        with self.store.read() as tx:
            return leads.get(tx, lead_id)

    def event_of(self, lead) -> tuple[str, str]:
        """Which event a lead, or its row, was made of: as it was first seen, for erasure leaves a digest."""
        return self._event_of.setdefault(lead.id, (lead.source, lead.event_key or lead.digest))

    # What the product asks of the outside.

    def place(self, asked, start) -> Outcome:
        self.asked.append(asked)
        return self.mood

    def ask(self, question) -> Answer:
        if self.crm_mood == 1:
            return Answer("silent", how="connect")
        if self.crm_mood == 2:
            return Answer("nothing", 404)
        told = {"id": 70, "phones": ["+7 999 000-00-03"], "_embedded": {"contacts": [{"id": 70}]}}
        return Answer("told", 200, body=json.dumps(told).encode())

    def put(self, name: str, yaml: str) -> None:
        """A version comes into force, by another process: each here reads it at its next look."""
        text = loaded(name, yaml).text
        with self.store.write() as tx:
            newest = versions.newest(tx, name)
            versions.put_in_force(tx, name, text, after=newest, who="test", now=int(self.clock() * 1000))
        self.said[name] = yaml

    def caps(self, name: str) -> dict[str, int]:
        """The caps that the text in force under this name sets."""
        return _caps(self.said[name])

    # The walk.

    def acknowledge(self, lead_id: str) -> None:
        """A sender heard that this lead is stored."""
        if lead_id not in self.acked:
            self.acked.append(lead_id)

    def meet_new_leads(self) -> None:
        """A new lead begins a window of its event, whether its sender heard of it or not. One that is held beside the
        lead of its event (another number under the same id) begins none: the key stays with the lead that took it."""
        with self.store.read() as tx:
            ids = tx.execute(select(tables.leads.c.id).order_by(tables.leads.c.no)).scalars()
            new = [leads.get(tx, each) for each in ids if each not in self._event_of]
        for lead in new:
            event, now = self.events[self.event_of(lead)], self.clock()
            if lead.reason in ANOTHER_LEAD.values():
                continue
            window_ms = self.web.sources.get(
                lead.source
            ).source.repeat_window_ms  # of the version that the web has read
            if event.begun is not None and (now - event.begun) * 1000 >= window_ms:
                event.allowed += 1
            event.newest, event.begun = lead.id, now

    def claim(self, process: Process, slots: int) -> int:
        """How many leads were claimed."""
        self.tend(process)
        claimed = 0
        for account in process.gateway.accounts.values():
            found = claim.claim_due(process.gateway, account, process.id, process.turns, slots)
            process.turns += len(found.claimed)
            claimed += len(found.claimed)
            for one in found.claimed:
                process.flying.append(Flight(one, self.passed))
                if one.not_sent is None:
                    allowed.of_claim(self, one)
                if account.calls_per_s:
                    allowed.of_pace(self, account)  # of a slow one each call has a moment of its own
        return claimed

    def place_next(self, process: Process, n: int) -> None:
        waiting = [flight for flight in process.flying if flight.outcome is None]
        if not waiting:
            return
        flight = waiting[n % len(waiting)]
        if self.passed - flight.begun >= TIMEOUT_S:
            flight.outcome = Outcome(NOT_SENT, "late")
            return
        before, lead = len(self.asked), flight.claimed.lead
        flight.outcome = call.place(process.gateway, flight.claimed)
        if len(self.asked) > before and flight.outcome.kind != outcomes.NOT_SENT:
            event = self.events[self.event_of(lead)]
            event.posts += 1
            if event.posts > event.allowed:
                raise allowed.LawBroken("rung twice", f"lead {lead.no}, event {lead.event_key} of {lead.source}")

    def record_next(self, process: Process, n: int) -> None:
        ended = [flight for flight in process.flying if flight.outcome is not None]
        if ended:
            flight = ended[n % len(ended)]
            call.record(process.gateway, (flight.claimed, flight.outcome))
            process.flying.remove(flight)

    def forward(self, seconds: float) -> None:
        self.clock.forward(seconds)
        if seconds < 0:
            self.paced_at.clear()
        self.passed += max(0.0, seconds)
        self.everybody_tends()
