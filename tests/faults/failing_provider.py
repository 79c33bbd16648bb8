"""Trials of a provider that fails in every way its twin knows: what became of each call, and what it cost."""

import time
from datetime import UTC, datetime
from pathlib import Path

from simulator.behaviours import BEHAVIOURS
from tests.faults.database import POSTGRESQL, SQLITE
from tests.faults.processes import wait_until
from tests.faults.trial import Result, Trial, put_on
from tests.faults.world import TIMEOUT_S, World

SILENT = ("hang", "hang_in_body", "drip:300", "drip_body:300")
UNKNOWN = (
    *SILENT,
    *("reset_before", "reset_after", "close", "truncated", "chunk_cut", "garbage"),
    *(f"redirect:{status}" for status in (301, 302, 303, 307, 308)),
    *("redirect_ok", "error_500", "error_500:502", "error_500_after_accepting", "status_ok", "status_ok:502"),
    *("gzip_bomb", "gzipped", "endless", "endless_head", "long", "deep"),
    *("empty", "bare_ok", "json_string", "list", "two_objects", "half_json", "duplicate_keys", "no_result"),
    *("other_result", "true_result", "nan", "utf16", "bad_utf8", "html_200"),
)
ACCEPTED = (
    *("accept", "slow:50", "chunked", "unframed", "interim"),
    *("int_id", "no_id", "null_id", "comma_price", "number_price", "null_price", "no_price", "word_price"),
    *("int_number", "plus_number", "no_number", "new_fields", "upper_ok", "only_result", "bom", "blanks", "html_typed"),
)
REFUSED = ("refuse", "refuse_number", "refuse_400", "int_error", "object_error", "null_error", "no_error")
# These pause the account at once and have a trial of their own.
PAUSING = ("refuse_blacklisted", "no_money", "wrong_key", "bad_key", "other_number")
HEAVY = ("gzip_bomb", "endless", "endless_head", "long", "deep")
SHORT_LIST = (*SILENT[:1], "drip:300", "reset_after", "redirect:307", "error_500", "status_ok", "gzip_bomb", "endless")
SHORT_LIST += ("html_200", "duplicate_keys", "int_id", "comma_price", "bom", "refuse", "refuse_400")
WELL_BETWEEN = 2  # good calls between two odd ones, so that the account does not pause itself
MEMORY_KB = 10_000


def expected(behaviour: str) -> str:
    for state, behaviours in (("unknown", UNKNOWN), ("accepted", ACCEPTED), ("refused", REFUSED)):
        if behaviour in behaviours:
            return state
    raise KeyError(behaviour)


TRIALS: list[Trial] = []
trial = put_on(TRIALS)


@trial(
    "T11-T17",
    "every way a reply can fail",
    short_on=(POSTGRESQL,),
    short={"behaviours": SHORT_LIST},
    long={"behaviours": (*UNKNOWN, *ACCEPTED, *REFUSED)},
)
def odd_replies(kind: str, folder: Path, behaviours: tuple[str, ...]) -> Result:
    """One POST each; the state is what the reply proves; a silent one ends within the total time-out and 1 s."""
    problems: list[str] = []
    known = {name.partition(":")[0] for name in (*UNKNOWN, *ACCEPTED, *REFUSED, *PAUSING)}
    if strange := set(BEHAVIOURS) - known:
        problems.append(f"behaviours without an expectation: {sorted(strange)}")
    scripts = [f"sim:{behaviour}" for behaviour in behaviours]
    leads = {}
    with World(kind, folder, scripts=("Trial", *scripts)) as world:
        world.web()
        world.worker()
        for behaviour in behaviours:
            world.senders.many(WELL_BETWEEN, threads=1)
            leads[behaviour] = _ring(world, f"sim:{behaviour}", problems, behaviour in SILENT)
        world.settle()
        states, posts = dict(world.states()), world.provider.posts()
        for behaviour, (lead, number) in leads.items():
            if states.get(lead) != expected(behaviour) or posts[number] != 1:
                problems.append(
                    f"{behaviour}: {states.get(lead)} with {posts[number]} POSTs, not {expected(behaviour)}"
                )
        verdict = world.verdict()
        return Result(len(behaviours), verdict, problems + verdict.problems(), f"{len(behaviours)} behaviours")


def _ring(world: World, script: str, problems: list[str], silent: bool) -> tuple[str, str]:
    """One lead for `script`, waited for until it has an end; (lead, number)."""
    number = world.senders.number()
    lead = world.senders.post_until_taken(number, source="odd", more={"script": script}).leads[0]["id"]
    waiting = {"received", "ready", "calling"}
    wait_until(lambda: world.state(lead) not in waiting, TIMEOUT_S + 10)
    if silent:
        asked_at = [call["at"] for call in world.provider.calls() if call["number"] == number]
        took = time.time() - datetime.fromisoformat(asked_at[0]).replace(tzinfo=UTC).timestamp()
        if not TIMEOUT_S - 0.5 < took < TIMEOUT_S + 1.0:
            problems.append(f"{script}: ended {took:.1f} s after the provider read it, not {TIMEOUT_S} s")
    return lead, number


@trial("T18", "bombs and endless replies: memory", short_on=(SQLITE,), short={"times": 1}, long={"times": 5})
def memory(kind: str, folder: Path, times: int) -> Result:
    problems: list[str] = []
    with World(kind, folder, scripts=("Trial", *(f"sim:{name}" for name in HEAVY))) as world:
        world.web()
        worker = world.worker()
        world.senders.many(20)
        world.settle()
        before = worker.memory_kb()
        for _ in range(times):
            for name in HEAVY:
                world.senders.many(WELL_BETWEEN, threads=1)
                _ring(world, f"sim:{name}", problems, silent=False)
        grown = worker.memory_kb() - before
        if grown > MEMORY_KB:
            problems.append(f"the worker grew by {grown} kB")
        world.settle()
        verdict = world.verdict()
        return Result(times * len(HEAVY), verdict, problems + verdict.problems(), f"grew by {max(0, grown)} kB")


@trial("T14", "never connected: no such name, no TLS", short_on=(SQLITE,))
def never_connected(kind: str, folder: Path) -> Result:
    """Provably not sent: the leads wait and are rung once, when the address is right."""
    problems: list[str] = []
    wrong = ("http://provider.invalid/api/lido/send/", "https://127.0.0.1:%d/api/lido/send/")
    with World(kind, folder) as world:
        world.web()
        numbers = []
        for n, address in enumerate(wrong, start=1):
            url = address.replace("%d", str(world.provider.port))
            worker = world.start("flask", "worker", {"VOICE_API_URL": url, "VOICE_INSECURE": "1"}, arguments=["worker"])
            world.workers.append(worker)
            numbers += world.senders.many(3)
            world.started(n)  # from then on it heeds SIGTERM
            time.sleep(2.0)
            worker.ask_to_end()
            if worker.ended() != 0:
                problems.append(f"a worker with {address.partition(':')[0]} did not end well")
        if world.verdict().calls:
            problems.append("someone was rung over a connection that was never made")
        world.worker()
        world.settle(60)
        verdict = world.verdict()
        if verdict.unknown or any(world.provider.posts()[number] != 1 for number in numbers):
            problems.append(f"{verdict.unknown} unknown, {verdict.calls} of {len(numbers)} rung")
        return Result(len(wrong), verdict, problems + verdict.problems())
