"""What a person may do with a lead that is where it is: the buttons, and how much each one asks before it acts."""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from core.reason import PROTECTING
from core.reason_words import CRM, DECIDE, LOOK, MEND, TABLE
from core.states import CALLING, HELD, REFUSED, STATES, SUPPRESSED, UNKNOWN, targets

Text = Any  # a text in the reader's language, made when it is shown


@dataclass(frozen=True)
class Action:
    """`do` is what `flow.operate` calls it. `chips` are reasons to choose from; without any it is one press.
    `rings`: people may be called by it."""

    do: str
    name: Text
    chips: tuple[Text, ...] = ()
    rings: bool = False
    despite: tuple[str, ...] = ()


RESOLVE = Action("resolve", _l("It rang: close"))
NONE_WANTED = Action("cancel", _l("It did not ring, none wanted"), (_l("not in the panel"), _l("no longer wanted")))
CALL_LOST = Action(
    "rearm", _l("It did not ring: call"), (_l("not in the panel"), _l("the person waits for it")), rings=True
)
CALL_AGAIN = Action("rearm", _l("Call again"), (_l("the cause is mended"), _l("the person asked")), rings=True)
DO_NOT_CALL = Action("cancel", _l("Do not call"), (_l("no longer wanted"), _l("not a lead")))
RECOMPUTE = Action("remap", _l("Recompute"), (_l("the fields are mended"), _l("try again")), rings=True)
ASK_AGAIN = Action("remap", _l("Ask again"), (_l("the CRM answers again"), _l("try again")), rings=True)
MAP_IT = Action("remap", _l("Map it after all"), (_l("looked: it is another person"), _l("try again")), rings=True)
ALL_THE_SAME = Action(
    "rearm",
    _l("Call all the same"),
    (_l("the person waits for it"), _l("agreed by phone")),
    rings=True,
    despite=("max_age", "once_per_number"),
)


def of(state: str, code: str, *, has_call: bool, claimed: bool) -> tuple[Action, ...]:
    """The buttons of a lead, or of a case of leads; none that the table of states does not hold."""
    known = TABLE.get(code)
    advice = known.advice if known else None
    found: tuple[Action, ...] = ()
    if state == UNKNOWN:
        found = (RESOLVE, NONE_WANTED, CALL_LOST)
    elif state == REFUSED:
        found = (CALL_AGAIN, DO_NOT_CALL)
    elif state == HELD and code in PROTECTING and not has_call:
        found = (MAP_IT, DO_NOT_CALL)
    elif state == HELD and advice in (DECIDE, LOOK) and has_call:
        found = (ALL_THE_SAME, DO_NOT_CALL)
    elif state == HELD:
        found = (ASK_AGAIN if advice is CRM else RECOMPUTE, DO_NOT_CALL)
    elif STATES[state].final and state != SUPPRESSED:
        found = (CALL_AGAIN,) if has_call else (RECOMPUTE,)
    elif state != CALLING:
        found = (ALL_THE_SAME, RECOMPUTE) if state == SUPPRESSED and has_call else (DO_NOT_CALL,)
    recompute = not claimed and not (code in PROTECTING and has_call)
    return tuple(
        one for one in found if targets(one.do, state) and (one.do != "remap" or recompute) and _fits(one, has_call)
    )


def _fits(one: Action, has_call: bool) -> bool:
    return one.do != "rearm" or has_call


def mends_fields(code: str) -> bool:
    """Whether the cause lies in the source's fields."""
    return code in TABLE and TABLE[code].advice is MEND
