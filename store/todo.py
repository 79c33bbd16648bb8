"""What there may be to do, asked in one go: mostly nothing, and then no step has to look for itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from store import attempts, caps, due, moments
from store.engine import Store


@dataclass(frozen=True)
class ToDo:
    """`newest`, `set_back_from` and `leapt_to` as in `store.moments`; `deadline` of the open attempt that is over
    first, `due` of the lead that is mapped or rings first (None: there is none). All in milliseconds. `reached`: some
    cap is."""

    now: int
    newest: int
    set_back_from: int
    leapt_to: int
    deadline: int | None
    due: int | None
    reached: bool

    @property
    def is_due(self) -> bool:
        return self.due is not None and self.due <= self.now


def look(store: Store, accounts: Sequence[str]) -> ToDo:
    """Of these accounts' leads, and of the whole database."""
    asks = [moments.NEWEST, attempts.FIRST_DEADLINE, due.first(tuple(accounts)), caps.REACHED]
    now, (newest, ((deadline,),), (firsts,), reached) = store.ask(asks)
    return ToDo(
        now,
        moments.newest_of(newest),
        moments.set_back_from(newest),
        moments.leapt_to(newest),
        deadline,
        min((at for at in firsts if at is not None), default=None),
        bool(reached),
    )
