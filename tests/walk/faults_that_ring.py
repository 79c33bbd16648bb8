"""What makes each alarm ring, and what ends it: a small story a kind. It does harm, says within how many seconds the
alarm has to stand, and mends."""

from dataclasses import dataclass, field, replace

from core.alarm import Stamp
from core.alarms import BACKUP, DRILL
from core.durations import HOUR_MS
from core.outcome import NOT_SENT, Outcome
from core.ports import Answer, Told
from flow import caps, claim, decide, enrich, operate, pauses
from flow.telling import Help
from flow.watch import Watch
from store import epoch, stamps, versions, workers
from store.tables import epoch as epoch_row
from tests.fakes import LOST, SHOP, YES
from tests.flow.asking import AMO
from tests.flow.test_alarms import Away
from tests.flow.test_silence import came, kept_alive, usual

AT_ONCE = 60
HOUR_S = 3600
MANY = SHOP + 'policy: {calls_per_hour: "0", calls_per_day: "0", spend_per_day: "0", max_age: 0, max_wait: 0}\n'


@dataclass
class House:
    """A gateway that is watched, and what a fault can do to it."""

    gateway: object
    app: object
    help_: Help
    path: object
    worker: bool = True
    outside: str = ""
    wall_ahead_s: float = 0.0
    certificate_days: float = 60.0
    room: tuple = (10**12, 0, 10**12)
    looked: list = field(default_factory=list)
    n: int = 0

    def __post_init__(self):
        self.begin()

    def begin(self):
        """`flask watch` starts, and remembers nothing."""
        self.watch = Watch(
            self.gateway.parts,
            places=[self.path],
            outside=lambda: self.outside,
            certificate=lambda: int((self.gateway.clock() + self.certificate_days * 24 * HOUR_S) * 1000),
            wall=lambda: self.gateway.clock() + self.wall_ahead_s,
            help_=self.help_,
        )

    def look(self, seconds=15):
        """As `flask watch` looks; where it is not each 15 seconds, nobody is missed in between."""
        self.gateway.clock.forward(seconds)
        if self.worker:
            self.gateway.alive()
        if seconds > 60:
            with self.gateway.store.write() as tx:
                kept_alive(tx, self.gateway)
        self.watch.turn()

    def now(self):
        return int(self.gateway.clock() * 1000)

    def leads(self, many, **fields):
        """Of different people, and called; the leads' ids."""
        taken = [self.one(**fields) for _ in range(many)]
        self.gateway.work()
        return taken

    def one(self, **fields):
        self.n += 1
        return self.gateway.take({"id": f"n{self.n}", "phone": f"7999{self.n:07}"} | fields)

    def tell_clock(self):
        with self.gateway.store.write() as tx:
            self.gateway.parts.clock.tell(tx, self.now())

    def stamp(self, name, *, well, at=None):
        with self.gateway.store.write() as tx:
            stamps.put(tx, name, Stamp(self.now() if at is None else at, well, "" if well else "no room"))

    def refusals_are_old(self):
        """They are counted by the hour; two hours later nobody asks for them."""
        self.gateway.clock.forward(2 * HOUR_S)


def no_worker(house):
    house.worker = False
    yield 60 + AT_ONCE
    house.worker = True


def database_changed(house):
    with house.gateway.store.write() as tx:
        epoch.suspect(tx, "another", house.now())
    yield AT_ONCE
    with house.gateway.store.write() as tx:
        tx.execute(epoch_row.update().values(suspect="", suspect_since=0))


def journal_unwritable(house):
    def says(why):
        with house.gateway.store.write() as tx:
            workers.check_in(tx, "two", "run", 1, house.now() + 40_000, why)

    says("No space left on device")
    yield AT_ONCE
    says("")


def not_stored(house):
    store = house.gateway.parts.store
    house.gateway.parts.sources.refresh()
    house.gateway.parts.store = Away(store)
    answer = house.app.test_client().post("/hooks/shop?token=test-token", json={"id": "1", "phone": "79990000001"})
    house.gateway.parts.store = store
    assert answer.status_code == 503
    house.gateway.parts.refusals.flush()
    yield AT_ONCE
    house.refusals_are_old()


def web_silent(house):
    house.outside = "HTTP 502"
    yield AT_ONCE
    house.outside = ""


def disk_low(house):
    house.room = (10**12, 0, 10**8)
    yield AT_ONCE
    house.room = (10**12, 0, 10**12)


def wal_large(house):
    with open(f"{house.gateway.store.path}-wal", "r+b") as wal:
        wal.truncate(257_000_000)  # a hole: nothing is written
    yield AT_ONCE
    with open(f"{house.gateway.store.path}-wal", "r+b") as wal:
        wal.truncate(0)


def leads_waiting(house):
    house.one()
    yield 60 + AT_ONCE
    house.gateway.work()


def calls_stuck(house):
    lead = house.one()
    decide.decide_due(house.gateway.parts)
    assert isinstance(house.gateway.claim(), claim.Claimed)  # and its owner is gone
    yield 20 + 30 + AT_ONCE
    house.gateway.work()
    operate.resolve(house.gateway.parts, lead, "anna", "seen in the panel")


def paused(house):
    pauses.pause(house.gateway.parts, "main", "anna", "the contract ends")
    yield AT_ONCE
    pauses.resume(house.gateway.parts, "main", "anna", "it does not")


def crm_silent(house):
    class Mute:
        def ask(self, question):
            return Answer("silent", how="connect_timeout")

    house.gateway.parts.crm = Mute()
    house.gateway.put("amo", AMO % "https://crm.example")
    lead = house.gateway.take({"id": 7}, source="amo")
    for _ in range(4):
        enrich.enrich_next(house.gateway.parts)
        house.gateway.clock.forward(6)
    yield AT_ONCE
    operate.cancel(house.gateway.parts, lead, "anna", "the CRM has moved")


def calls_unsent(house):
    house.gateway.voice.outcomes = [Outcome(NOT_SENT, "late")] * 10
    house.leads(5)
    for _ in range(3):
        house.gateway.clock.forward(3)
        house.gateway.work()
    yield AT_ONCE


def slow(house):
    taken = [house.one() for _ in range(10)]
    house.gateway.clock.forward(61)
    house.gateway.work()
    yield AT_ONCE
    house.gateway.clock.forward(1)
    house.leads(20 - len(taken) + 8)


def cap_reached(house):
    house.gateway.put("shop", MANY.replace('calls_per_hour: "0"', 'calls_per_hour: "1"'))
    house.leads(2)
    yield AT_ONCE
    house.gateway.put("shop", MANY)
    caps.look_again(house.gateway.parts)
    house.gateway.work()


def cap_near(house):
    house.gateway.put("shop", MANY.replace('calls_per_hour: "0"', 'calls_per_hour: "5"'))
    house.leads(4)
    yield AT_ONCE
    house.gateway.put("shop", MANY)


def unknown_calls(house):
    house.gateway.voice.outcomes = [LOST]
    (lead,) = house.leads(1)
    yield AT_ONCE
    operate.resolve(house.gateway.parts, lead, "anna", "seen in the panel")


def refused_proofs(house):
    for _ in range(3):
        house.gateway.post({"id": "1"}, token="wrong")
    house.gateway.parts.refusals.flush()
    yield AT_ONCE
    house.refusals_are_old()


def turned_away(house):
    for _ in range(6):
        house.app.test_client().post("/hooks/shop?token=test-token", data=b"x" * 300_000)
    house.gateway.parts.refusals.flush()
    yield AT_ONCE
    house.refusals_are_old()


def source_silent(house):
    usual(house.gateway)
    for _ in range(2 * 12):  # about ten leads are missing then
        house.look(300)
    yield HOUR_S
    came(house.gateway, "shop", [house.gateway.clock()])


def house_silent(house):
    for name in ("form", "shop"):
        house.gateway.put(name, SHOP)
        usual(house.gateway, name)
    for _ in range(12):
        house.look(300)
    yield HOUR_S
    for name in ("form", "shop"):
        came(house.gateway, name, [house.gateway.clock()])


def held_rising(house):
    house.leads(20)
    house.leads(6, phone="")
    yield AT_ONCE
    house.leads(30)


def other_person(house):
    for phone in ("79990000001", "79990000002"):
        house.one(id="7", phone=phone)
    house.gateway.work()
    yield AT_ONCE
    for lead in house.gateway.lead_ids():
        if house.gateway.lead(lead).state == "held":
            operate.cancel(house.gateway.parts, lead, "anna", "asked the form's owner")


def held_long(house):
    (lead,) = house.leads(1, phone="")
    house.gateway.clock.forward(HOUR_S - 30)
    yield 30 + AT_ONCE
    operate.cancel(house.gateway.parts, lead, "anna", "a test")


def broken_files(house):
    house.gateway.parts.broken_alarms = "alarms.yaml:2: kind: expected one of email"
    yield AT_ONCE
    house.gateway.parts.broken_alarms = ""


def broken_accounts(house):
    house.gateway.parts.broken_accounts["two"] = "two.yaml:1: url: expected an address"
    yield AT_ONCE
    house.gateway.parts.broken_accounts.clear()


def broken_sources(house):
    with house.gateway.store.write() as tx:
        newest = versions.newest(tx, "shop")
        versions.put_in_force(tx, "shop", "{of: [a later", after=newest, who="later", now=house.now())
    house.gateway.parts.sources.refresh()
    yield AT_ONCE
    house.gateway.put("shop", SHOP)


def clock_off(house):
    house.gateway.voice.otherwise = replace(YES, clock_off_ms=-45_000)
    house.leads(3)
    house.tell_clock()
    yield AT_ONCE
    house.gateway.voice.otherwise = YES
    house.gateway.voice.outcomes = [replace(YES, clock_off_ms=0)]
    house.leads(1)
    house.tell_clock()


def certificate_ends(house):
    house.certificate_days = 13
    house.gateway.clock.forward(HOUR_S)  # it is looked at each hour
    yield AT_ONCE
    house.certificate_days = 89
    house.gateway.clock.forward(HOUR_S)


def backup_old(house):
    house.stamp(BACKUP, well=True, at=house.now() - 26 * HOUR_MS - 1)
    yield AT_ONCE
    house.stamp(BACKUP, well=True)


def drill_failed(house):
    house.stamp(DRILL, well=False)
    yield AT_ONCE
    house.stamp(DRILL, well=True)


class Deaf:
    """A channel that nobody answers at, until somebody does."""

    well = False

    def tell(self, message):
        return Told(self.well, "" if self.well else "HTTP 500")


def channel_dead(house):
    deaf = Deaf()
    house.help_.channels = {**house.help_.channels, "deaf": deaf}
    house.gateway.parts.broken_alarms = "something to be told"
    yield 6 * AT_ONCE  # the third try in vain: after a minute of gathering 5 s, 30 s and two minutes
    house.gateway.parts.broken_alarms = ""
    deaf.well = True


STORIES = {
    story.__name__: story
    for story in (
        no_worker,
        database_changed,
        journal_unwritable,
        not_stored,
        web_silent,
        disk_low,
        wal_large,
        leads_waiting,
        calls_stuck,
        paused,
        crm_silent,
        calls_unsent,
        slow,
        cap_reached,
        cap_near,
        unknown_calls,
        refused_proofs,
        turned_away,
        house_silent,
        source_silent,
        held_rising,
        other_person,
        held_long,
        broken_files,
        broken_accounts,
        broken_sources,
        clock_off,
        certificate_ends,
        backup_old,
        drill_failed,
        channel_dead,
    )
}
