"""The hot path's queries, as the product asks them, and how each database finds their rows.

`docs/queries.md` is written from here: `python -m tests.store.hot_queries > docs/queries.md`."""

import json
import logging
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import event, text

from bench.filling import copies
from core.outcome import ACCEPTED, Outcome
from flow import call, caps, decide, erase, sweep
from flow.recover import recover
from store import alarms, do_not_call, due, epoch, erasure, figures, outbox, people, queries
from store.due import Due
from store.engine import Store, Tx
from store.meta import meta
from store.queries import Wanted
from store.remembered import Remembered
from tests import databases
from tests.fakes import SHOP, Clock, Stage
from tests.store.plans import as_if_many

CALLED, WAITING = 3_000, 200
SOURCE = SHOP + 'policy: {calls_per_hour: "90000", calls_per_day: "90000", spend_per_day: "900000"}\n'
FLOW = Path("flow").resolve()
STORE, NOT_ASKING = Path("store").resolve(), {"rows.py", "engine.py", "opening.py", "changes.py"}
SORTS = ("USE TEMP B-TREE", "Sort", "Incremental Sort")
FIRST_WORDS = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
# A row a process, an account, a source, an account's cap, a database: read whole they are a page.
FEW = {"accounts", "epoch", "forgotten_calls", "in_force", "reached_caps", "sources", "workers", "versions"}
ANY_ROW = {"erased_keys"}  # asked whether it has any row at all
SQLITE, POSTGRESQL = "sqlite", "postgresql"
BESIDE = "Beside the walk"


@dataclass(frozen=True)
class Query:
    """A statement of a step: the function of ours that asks it, what it does to which tables, and its plan."""

    step: str
    asked_by: str
    what: str
    plan: tuple[str, ...]

    def whole(self) -> list[str]:
        """The tables of more than a few rows that it reads from one end to the other."""
        read = [line for line in self.plan if line.startswith(("SCAN", "Seq Scan")) and "USING" not in line]
        return [line for line in read if table_of(line) not in FEW | ANY_ROW]


class Asked:
    """What the steps ask the database, kept as they go."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self._step = stage, ""
        self.queries: list[Query] = []
        self._seen: list[tuple[str, str, object]] = []

    def step(self, name: str, do: Callable[[], object]) -> None:
        """Do it, then look at the plans of what it asked."""
        engine = self.stage.store.engine
        self._seen = []
        event.listen(engine, "before_cursor_execute", self._keep)
        do()
        event.remove(engine, "before_cursor_execute", self._keep)
        with self.stage.store.write() as tx:
            as_if_many(self.stage.store, tx, "epoch")
            for asked_by, statement, given in self._seen:
                query = Query(name, asked_by, _what(statement), _plan(self.stage.store, tx, statement, given))
                if query not in self.queries:
                    self.queries.append(query)

    def _keep(self, _connection, _cursor, statement: str, given, *_more) -> None:
        given = tuple(given) if isinstance(given, list) else given
        alone = (
            [statement] if given is not None else statement.replace("%", "%%").split("; ")
        )  # those of one round trip
        for one in alone:
            if one.lstrip().upper().startswith(FIRST_WORDS) and _what(one) != "SELECT ":
                self._seen.append((_asker(), one, given or ()))


def _asker() -> str:
    """The function of `store` that asks, as `store.due.to_call`; of `flow` where it goes along with a BEGIN."""
    frame = sys._getframe(2)
    while frame is not None:
        path, name = Path(frame.f_code.co_filename), frame.f_code.co_name
        if path.parent == STORE and path.name not in NOT_ASKING and name[0] not in "_<":
            return f"store.{path.stem}.{name}"
        if path.parent == FLOW:
            return f"flow.{path.stem}.{name}"
        frame = frame.f_back
    return "?"


def _what(statement: str) -> str:
    """As `UPDATE leads`."""
    flat = " ".join(statement.split())
    tables = [name for name in re.findall(r"(?:FROM|JOIN|INTO|UPDATE) \"?([a-z_]+)", flat) if name in meta.tables]
    writes = re.findall(r"(INSERT INTO|UPDATE|DELETE FROM) \"?([a-z_]+)", flat)
    if writes:
        return ", ".join(dict.fromkeys(f"{verb} {table}" for verb, table in writes if table in meta.tables))
    return f"SELECT {', '.join(dict.fromkeys(tables))}"


def _plan(store, tx, statement: str, given) -> tuple[str, ...]:
    """What it reads, and by which index, in the database's own words. Of an INSERT what it reads besides: SQLite names
    the tables that refer to its rows, too, which it asks only where one came before its lead."""
    if store.is_sqlite:
        told = [row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)]
        found = [re.sub(r" \(.*", "", line) for line in told if line.startswith(("SEARCH", "SCAN", "USE"))]
    else:
        ((plan,),) = tx.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", given).all()
        found = list(_nodes((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]))
    read = _read(statement)
    return tuple(dict.fromkeys(line for line in found if line.startswith(SORTS) or table_of(line) in read))


def _read(statement: str) -> set[str]:
    """The tables whose rows a statement looks for."""
    words = "FROM|JOIN" if statement.lstrip().startswith("INSERT") else "FROM|JOIN|UPDATE"
    named = re.findall(rf"(?:{words}) \"?([a-z_]+)\"?(?: (?:AS )?([a-z]+)\b)?", " ".join(statement.split()))
    return {name for table, alias in named for name in (table, alias) if table in meta.tables}


def table_of(line: str) -> str:
    """The table of one line of a plan: `SEARCH leads USING ...`, `Index Scan using leads_by_number on leads`."""
    return line.rpartition(" on ")[2] if " on " in line else line.split()[1]


def _nodes(node: dict):
    if (table := node.get("Relation Name")) and "Scan" in node["Node Type"]:
        index = f" using {node['Index Name']}" if "Index Name" in node else ""
        yield f"{node['Node Type']}{index} on {table}"
    if "Sort" in node["Node Type"]:
        yield node["Node Type"]
    for below in node.get("Plans", ()):
        yield from _nodes(below)


def ask_all(store, clock, folder: Path) -> list[Query]:
    """Every step of the walk on a filled database."""
    stage = Stage(store, clock, folder)
    stage.put("shop", SOURCE)
    lead = stage.take({"id": "template", "phone": "+79000000000"})
    stage.work()
    of_eight = {"source": "'source-' || CAST(i - i / 8 * 8 AS text)"}
    copies(store, lead, CALLED, first=1, state="accepted", due_at=0, also=of_eight)
    copies(store, lead, WAITING, first=100_000, state="ready", due_at=clock.ms())
    copies(store, lead, WAITING, first=200_000, state="received", due_at=clock.ms())
    with store.write() as tx:
        tx.execute(text("ANALYZE"))
    stage.parts.remembered = Remembered()  # what its first call taught of the caps
    asked = Asked(stage)
    asked.step("A new lead is stored", lambda: stage.take({"id": "new", "phone": "+79990000001"}))
    asked.step("A repeat is stored", lambda: stage.take({"id": "new", "phone": "+79990000001"}))
    claimed = []
    asked.step("Leads are claimed", lambda: claimed.extend(stage.claim_due(slots=8).claimed))
    assert len(claimed) > 4
    outcome = Outcome(ACCEPTED, provider_id="1", http_status=200)
    asked.step("Outcomes are recorded", lambda: call.record(stage.parts, *((one, outcome) for one in claimed[:4])))
    asked.step("What no claim took is decided", lambda: decide.decide_due(stage.parts))
    clock.forward(3600)
    asked.step("An owner is gone: the sweep", lambda: sweep.settle_lost(stage.parts))
    asked.step("Reached caps are looked at again", lambda: caps.look_again(stage.parts))
    _forget(stage, claimed[-1])
    asked.step("The database has forgotten calls: recovery", lambda: recover(stage.parts, "worker"))
    asked.step("Old data is erased", lambda: erase.erase_old(stage.parts))
    _ask_beside(asked, clock.ms())
    return asked.queries


def _ask_beside(asked: Asked, now: int) -> None:
    """What the other indexes are for."""
    day, kinds = now - 86_400_000, Due("main", now, 8, 1, without={"another"})
    for ask in (
        lambda tx: queries.page_of_states(tx, Wanted(), (), 50, None),
        lambda tx: queries.page_of_states(tx, Wanted(), ("held",), 50, None),
        lambda tx: queries.page_of_states(tx, Wanted(source="shop"), (), 50, None),
        lambda tx: queries.page_of_states(tx, Wanted(source="shop"), ("ready",), 50, None),
        lambda tx: queries.page_of_states(tx, Wanted(numbers=("79000000001",)), (), 50, None),
        lambda tx: queries.page_of_deliveries(tx, 50),
        lambda tx: queries.page_of_deliveries(tx, 50, source="shop"),
        lambda tx: due.to_call(tx, kinds),
        lambda tx: due.next_to_ask(tx, now),
        lambda tx: figures.attempts_since(tx, day),
        lambda tx: epoch.forgotten_rings(tx, "digest", day),
        lambda tx: epoch.forgotten_event(tx, "shop", ("hash", "key")),
        lambda tx: do_not_call.page(tx, 50),
        lambda tx: erasure.lock_keys(tx, ["lead"]),
        lambda tx: people.done_since(tx, "anna", "rearm", day),
        lambda tx: alarms.cleared(tx, day),
        lambda tx: alarms.ringing(tx),
        lambda tx: outbox.sent_since(tx, "mail", day),
        lambda tx: outbox.waiting(tx, now),
    ):
        asked.step(BESIDE, partial(_in_a_transaction, asked.stage, ask))


def _in_a_transaction(stage: Stage, ask: Callable[[Tx], object]) -> None:
    with stage.store.write() as tx:
        ask(tx)


def _forget(stage: Stage, claimed) -> None:
    """As an older copy of the database: one attempt and its lead's claim are gone, its epoch is another's."""
    with stage.store.write() as tx:
        tx.execute(text("DELETE FROM attempts WHERE id = :id"), {"id": claimed.attempt.id})
        tx.execute(text("UPDATE epoch SET identity = 'another'"))


HEAD = """\
# Which query finds its rows by which index

Every query of a lead's walk, as the product asks it on a filled database, and what `EXPLAIN` says of it: whose rows it
looks for and by which index. Written by `python -m tests.store.hot_queries`; `tests/store/test_hot_queries.py` asks
the databases again and holds this page to what they answer, that nothing of the walk reads a table of many rows from
end to end, and that no index is without a query.

{called} leads that were called and {waiting} that wait, statistics gathered; PostgreSQL neither reads whole tables
where it has a choice nor uses bitmaps, as it decides where there are many rows. "-": a row is put in, no other read.
What has a row an account, a source, a process, or a call that a database forgot, may be read whole: {few}.
Of {any_row} it is asked whether it has any row at all.
"""
ORDER = {SQLITE: "SQLite", POSTGRESQL: "PostgreSQL"}


def page(found: dict[str, list[Query]]) -> str:
    """The page, of what each database answered."""
    named = {"few": ", ".join(f"`{one}`" for one in sorted(FEW)), "any_row": ", ".join(f"`{one}`" for one in ANY_ROW)}
    out = [HEAD.format(called=f"{CALLED:,}", waiting=2 * WAITING, **named)]
    for step in dict.fromkeys(query.step for query in found[SQLITE]):
        out += [f"## {step}", "", "| asked by | statement | SQLite | PostgreSQL |", "| --- | --- | --- | --- |"]
        asked = dict.fromkeys(query.asked_by for kind in ORDER for query in found[kind] if query.step == step)
        for asked_by in asked:
            mine = {
                kind: [one for one in found[kind] if (one.step, one.asked_by) == (step, asked_by)] for kind in ORDER
            }
            what = dict.fromkeys(one.what for kind in ORDER for one in mine[kind])
            plans = (", ".join(dict.fromkeys(line for one in mine[kind] for line in one.plan)) or "-" for kind in ORDER)
            out.append(f"| `{asked_by}` | {'; '.join(what)} | {' | '.join(plans)} |")
        out.append("")
    out += ["## Each index, and who finds by it", "", "| index | of | serves |", "| --- | --- | --- |"]
    out += [
        f"| `{name}` | `{table}` | {', '.join(f'`{one}`' for one in serves)} |" for name, table, serves in served(found)
    ]
    return "\n".join(out) + "\n"


def served(found: dict[str, list[Query]]) -> list[tuple[str, str, list[str]]]:
    """Each index that we made, its table, and the functions whose queries find by it on either database."""
    every = [query for kind in ORDER for query in found[kind]]
    return [
        (str(index.name), table.name, sorted({one.asked_by for one in every if _finds_by(one, str(index.name))}))
        for table in sorted(meta.tables.values(), key=lambda table: table.name)
        for index in sorted(table.indexes, key=lambda index: str(index.name))
    ]


def _finds_by(query: Query, index: str) -> bool:
    return any(index in line.split() for line in query.plan)


def ask_both(folder: Path) -> dict[str, list[Query]]:
    """What each database answers, on a fresh one."""
    found = {}
    for kind, url in ((SQLITE, databases.new_file(folder)), (POSTGRESQL, databases.new_schema())):
        clock = Clock()
        store = Store(url, clock=clock)
        found[kind] = ask_all(store, clock, folder / f"run-{kind}")
        store.dispose()
    return found


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as temporary:
        print(page(ask_both(Path(temporary))), end="")  # noqa: T201
