"""The independent checker. It knows what the senders heard and what the provider read, and nothing of ours but
the one state that each lead is in."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

WAITING = frozenset({"received", "ready"})
CALLED = frozenset({"accepted", "refused"})


@dataclass(frozen=True)
class Verdict:
    """What a trial came to. `doubles`: POSTs of a number beyond its one and its rearms. `losses`: acknowledged leads
    that are not there once, in one state. `price`: leads `unknown` though the provider read no POST of theirs."""

    acks: int
    leads: int
    calls: int
    doubles: int
    losses: int
    unrung: int  # accepted or refused, yet the provider read no POST
    unsigned: int  # POSTs to numbers that only came without a proof
    calling: int
    waiting: int
    unknown: int
    price: int

    def problems(self, *, waiting: bool = False) -> list[str]:
        """What breaks a promise; `waiting`: leads may still wait at the end of this trial."""
        broken = {
            "rung more often than allowed": self.doubles,
            "acknowledged and not stored": self.losses,
            "accepted or refused without a POST": self.unrung,
            "rung without a proof": self.unsigned,
            "in calling beyond the deadline": self.calling,
            "waiting for ever": 0 if waiting else self.waiting,
        }
        return [f"{count} {what}" for what, count in broken.items() if count]


def check(
    senders_log: Path,
    posts: Mapping[str, int],
    states: Iterable[tuple[str, str]],
    *,
    rearms: Mapping[str, int] | None = None,
    unsigned: Iterable[str] = (),
) -> Verdict:
    """Compare the two logs. `posts` counts the provider's POSTs by number; `states` are (lead, state) as they
    stand; `rearms` counts an operator's rearms by number; `unsigned` numbers were never sent with a proof."""
    acks = [json.loads(line) for line in senders_log.read_text(encoding="utf-8").splitlines()]
    number_of = {lead: ack["number"] for ack in acks for lead in ack["leads"]}
    listed = list(states)
    times = Counter(lead for lead, _ in listed)
    state_of = dict(listed)
    allowed = Counter(rearms or {})
    known = [(state_of.get(lead, ""), number) for lead, number in number_of.items()]
    unknown = [number for state, number in known if state == "unknown"]
    return Verdict(
        acks=len(acks),
        leads=len(number_of),
        calls=sum(posts.values()),
        doubles=sum(max(0, count - 1 - allowed[number]) for number, count in posts.items()),
        losses=sum(times[lead] != 1 for lead in number_of),
        unrung=sum(state in CALLED and not posts.get(number, 0) for state, number in known),
        unsigned=sum(posts.get(number, 0) for number in unsigned),
        calling=sum(state == "calling" for state, _ in known),
        waiting=sum(state in WAITING for state, _ in known),
        unknown=len(unknown),
        price=sum(not posts.get(number, 0) for number in unknown),
    )
