"""What a person is offered to do with a lead that is where it is: the console's buttons, the commands' next lines."""

from dataclasses import dataclass

from core.durations import MINUTE_MS
from core.reason import PROTECTING
from core.reason_words import ASIDE, CRM, DECIDE, DRY, LOOK, MEND, TABLE
from core.states import CALLING, HELD, REFUSED, STATES, SUPPRESSED, UNKNOWN, targets

SETTLING_MS = 10 * MINUTE_MS  # behind an attempt's deadline nobody decides on its lead: an answer may still come


@dataclass(frozen=True)
class Way:
    """`do` is what `flow.operate` calls it; `rings`: somebody may be called by it; `despite`: rules it sets aside."""

    do: str
    rings: bool = False
    despite: tuple[str, ...] = ()
    name: str = ""  # tells those apart that do the same


CLOSE = Way("resolve", name="it rang")
NONE_WANTED = Way("cancel", name="it did not ring, none wanted")
CALL_LOST = Way("rearm", rings=True, name="it did not ring")
CALL_AGAIN = Way("rearm", rings=True, name="again")
DO_NOT_CALL = Way("cancel", name="no call")
RECOMPUTE = Way("remap", rings=True, name="recompute")
ASK_AGAIN = Way("remap", rings=True, name="ask the CRM again")
MAP_IT = Way("remap", rings=True, name="map it after all")
ALL_THE_SAME = Way("rearm", rings=True, despite=("max_age", "once_per_number"), name="all the same")
WAYS = (CLOSE, NONE_WANTED, CALL_LOST, CALL_AGAIN, DO_NOT_CALL, RECOMPUTE, ASK_AGAIN, MAP_IT, ALL_THE_SAME)


def of(state: str, code: str, *, has_call: bool, claimed: bool) -> tuple[Way, ...]:
    """The ways of a lead, or of a case of leads; none that the table of states does not hold."""
    known = TABLE.get(code)
    advice = known.advice if known else None
    found: tuple[Way, ...] = ()
    if state == UNKNOWN:
        found = (CLOSE, NONE_WANTED, CALL_LOST)
    elif state == REFUSED:
        found = (CALL_AGAIN, DO_NOT_CALL)
    elif state == HELD and code in PROTECTING and not has_call:
        found = (MAP_IT, DO_NOT_CALL)
    elif state == HELD and advice in (DECIDE, LOOK) and has_call:
        found = (ALL_THE_SAME, DO_NOT_CALL)
    elif state == HELD:
        found = (ASK_AGAIN if advice is CRM else RECOMPUTE, DO_NOT_CALL)
    elif state == SUPPRESSED:
        # What no rearm sets aside is not offered: the lead would only be suppressed again.
        found = (ALL_THE_SAME, RECOMPUTE) if advice in (ASIDE, DRY) and has_call else (RECOMPUTE,)
    elif STATES[state].final:
        found = (CALL_AGAIN,) if has_call else (RECOMPUTE,)
    elif state != CALLING:
        found = (DO_NOT_CALL,)
    recompute = not claimed and not (code in PROTECTING and has_call)
    return tuple(
        one
        for one in found
        if targets(one.do, state) and (one.do != "remap" or recompute) and (one.do != "rearm" or has_call)
    )


def mends_fields(code: str) -> bool:
    """Whether the cause lies in the source's fields."""
    return code in TABLE and TABLE[code].advice is MEND
