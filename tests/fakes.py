"""Stand-ins that keep the Protocols of `core.ports`, and a gateway in one process for tests."""

import dataclasses
import json
import tempfile
import threading
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from sqlalchemy import text

from config.load import Loaded, PolicyText, Problems, Text, from_text, load_text, policy_text
from config.yaml_text import parse
from core.outcome import ACCEPTED, NOT_SENT, REFUSED, UNKNOWN, Outcome
from core.overall import POLICY, Overall, Totals
from core.ports import Account, Call, Start
from core.reading.delivery import Delivery
from flow import call, caps, claim, decide, intake, sweep
from flow.gateway import Gateway
from flow.in_force import InForce
from flow.refusals import Refusals
from flow.ticker import Look, Ticker
from store import epoch, queries, workers
from store import versions as sources
from store.journal import Journal
from voice.mobilgroup import ACCOUNT_TROUBLE
from wire.fetch import GuardedCrm

NOON = datetime(2026, 11, 25, 9, 0, tzinfo=UTC).timestamp()  # 12:00 in Moscow, a Wednesday
TOKEN = "test-token"
CRM_TOKEN = "crm-token"
SHOP = """
preset: generic
auth: {secret: env:SHOP_TOKEN}
event_key: id
mapping:
  number: {field: phone, region: RU}
  script: Заявка
"""
# Tests count calls only where they say so: of sources that say nothing, and over all of them.
NO_TOTALS = Overall(Totals(calls_per_number_per_day=0))
UNCAPPED = PolicyText(Text("", {"calls_per_hour": "0", "calls_per_day": "0", "spend_per_day": "0"}))
YES = Outcome(ACCEPTED, provider_id="77", http_status=200, reply=b'{"result":"ok","id":"77"}')
NO = Outcome(REFUSED, error="нет такого скрипта", http_status=200)
LOST = Outcome(UNKNOWN, "no_answer")
NEVER_LEFT = Outcome(NOT_SENT, "refused_connection")


read_back = lru_cache(256)(from_text)  # most tests have the same source


@lru_cache(256)
def loaded(name: str, yaml: str) -> Loaded | PolicyText:
    text = parse(yaml.encode(), f"{name}.yaml")
    found = policy_text(text) if name == POLICY else load_text(name, text, UNCAPPED)
    assert not isinstance(found, Problems), str(found)
    return found


class Clock:
    """Seconds since 1970 that move when the test says so."""

    def __init__(self, at: float = NOON) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at

    def ms(self) -> int:
        return int(self.at * 1000)

    def forward(self, seconds: float) -> None:
        self.at += seconds


class FakeVoice:
    """Answers `outcomes` in turn, then `otherwise`; keeps what it was asked."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.otherwise = YES
        self.asked: list[Call] = []
        self.line = threading.Lock()  # while somebody else holds it, no call is answered

    def place(self, call: Call, start: Start) -> Outcome:
        with self.line:
            self.asked.append(call)
            return self.outcomes.pop(0) if self.outcomes else self.otherwise


class FakeBell:
    def __init__(self) -> None:
        self.rings = self.pokes = 0

    def ring(self) -> None:
        self.rings += 1

    def poke(self) -> None:
        self.pokes += 1

    def wait(self, ms: int) -> bool:
        return False


def by_state(tx) -> dict[str, int]:
    """How many leads stand in each state."""
    return {state: n for state, n in tx.execute(text("SELECT state, count(*) FROM leads GROUP BY state"))}


class OneRound(Ticker):
    """Looks when it is started, and has no thread: that would ask the database at moments of its own, between those
    that a test counts, or makes fail."""

    _looked = False

    def start(self, *, all_at_once=False) -> None:
        if not self._looked:
            self._looked = True
            self.round()


class Stage:
    """Web and worker in one process: `post` is the sender, `work` is the worker until it has nothing to do."""

    def __init__(self, store, clock, journal=None) -> None:
        self.clock = clock
        self.store = store
        self.voice = FakeVoice()
        self.bell = FakeBell()
        self.parts = Gateway(
            store=store,
            sources=InForce(store, read_back),
            bell=self.bell,
            refusals=Refusals(store),
            secrets={"env:SHOP_TOKEN": TOKEN, "env:SHOP_CRM": CRM_TOKEN}.get,
            crm=GuardedCrm(connect_timeout_ms=10_000, total_timeout_ms=10_000),
            pause=lambda seconds: None,
            journal=Journal(journal or Path(tempfile.mkdtemp(prefix="gateway-run-"))),
            digest_key="d" * 32,
            accounts={"main": Account("main", self.voice, trouble_words=ACCOUNT_TROUBLE)},
            ticker=OneRound([Look("versions", 500, lambda: self.parts.sources.refresh(), at_once=True)]),
        )
        self.parts.sources.overall = NO_TOTALS  # until a test puts a policy into force
        with store.write() as tx:
            epoch.begin(store, tx)
        self.put("shop", SHOP)

    def account(self, name: str = "main") -> Account:
        return self.parts.accounts[name]

    def set_account(self, name: str = "main", **changed) -> None:
        """The account as it would be after a restart with other settings."""
        self.parts.accounts[name] = dataclasses.replace(self.parts.accounts[name], **changed)

    def put(self, name: str, yaml: str, *, refresh: bool = True) -> int:
        """Put a source's text into force, or the policy's; without `refresh` as another process would."""
        text = loaded(name, yaml).text
        with self.store.write() as tx:
            newest = sources.newest(tx, name)
            n = sources.put_in_force(tx, name, text, after=newest, who="test", now=int(self.clock() * 1000))
        if refresh:
            self.parts.sources.refresh()
        return n

    def post(self, body, source: str = "shop", token: str = TOKEN, content_type: str = "application/json", query=""):
        """One POST; the answer of the intake. A dict or list is sent as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        query = f"token={token}" + (f"&{query}" if query else "")
        delivery = Delivery(
            method="POST",
            headers=(("content-type", content_type),),
            query=query,
            rest="",
            body=raw,
            url=f"https://gateway.test/hooks/{source}?{query}",
        )
        return intake.take(self.parts, source, delivery, int(self.clock() * 1000))

    def take(self, body, **more) -> str:
        """Post one lead; its id."""
        answer = self.post(body, **more)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)["leads"][0]["id"]

    def work(self) -> None:
        """Map, claim, call and record until nothing is due, a lead after the other."""
        go_on = True
        while go_on:
            sweep.settle_lost(self.parts)
            caps.look_again(self.parts)
            go_on = decide.decide_due(self.parts)
            claims = self.claim_due()
            for claimed in claims.claimed:
                call.record(self.parts, (claimed, call.place(self.parts, claimed)))
            go_on = go_on or claims.looked_at > 0

    def alive(self, worker: str = "owner") -> None:
        """A worker has just looked at this database."""
        with self.store.write() as tx:
            now = self.store.now_ms(tx)
            workers.check_in(tx, worker, self.parts.journal.run_id(), now, now)

    def claim_due(self, owner: str = "owner", turn: int = 0, slots: int = 1) -> claim.Claims:
        return claim.claim_due(self.parts, self.parts.accounts["main"], owner, turn, slots)

    def claim(self, owner: str = "owner", turn: int = 0) -> claim.Claimed | claim.Claims:
        """The next lead claimed, or why there is none."""
        claims = self.claim_due(owner, turn)
        return claims.claimed[0] if claims.claimed else claims

    def story(self, lead_id: str):
        with self.store.read() as tx:
            return queries.story(tx, lead_id)

    def lead_ids(self) -> list[str]:
        """Every lead's id, in the order in which they came."""
        with self.store.read() as tx:
            rows, _ = queries.page(tx, queries.Wanted(), 200)
        return [row["id"] for row in reversed(rows)]

    def lead(self, lead_id: str):
        return self.story(lead_id)["lead"]
