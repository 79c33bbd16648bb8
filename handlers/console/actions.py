"""What a person may do with a lead that is where it is: the buttons, and how much each one asks before it acts."""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from core import ways_on
from core.ways_on import Way

Text = Any  # a text in the reader's language, made when it is shown


@dataclass(frozen=True)
class Action:
    """A button. `chips` are reasons to choose from; without any it is one press."""

    way: Way
    name: Text
    chips: tuple[Text, ...] = ()

    @property
    def do(self) -> str:
        return self.way.do

    @property
    def rings(self) -> bool:
        return self.way.rings

    @property
    def despite(self) -> tuple[str, ...]:
        return self.way.despite


ACTIONS = (
    Action(ways_on.CLOSE, _l("It rang: close")),
    Action(ways_on.NONE_WANTED, _l("It did not ring, none wanted"), (_l("not in the panel"), _l("no longer wanted"))),
    Action(ways_on.CALL_LOST, _l("It did not ring: call"), (_l("not in the panel"), _l("the person waits for it"))),
    Action(ways_on.CALL_AGAIN, _l("Call again"), (_l("the cause is mended"), _l("the person asked"))),
    Action(ways_on.DO_NOT_CALL, _l("Do not call"), (_l("no longer wanted"), _l("not a lead"))),
    Action(ways_on.RECOMPUTE, _l("Recompute"), (_l("the fields are mended"), _l("try again"))),
    Action(ways_on.ASK_AGAIN, _l("Ask again"), (_l("the CRM answers again"), _l("try again"))),
    Action(ways_on.MAP_IT, _l("Map it after all"), (_l("looked: it is another person"), _l("try again"))),
    Action(ways_on.ALL_THE_SAME, _l("Call all the same"), (_l("the person waits for it"), _l("agreed by phone"))),
)
_OF_WAY = {action.way: action for action in ACTIONS}


def of(state: str, code: str, *, has_call: bool, claimed: bool) -> tuple[Action, ...]:
    """The buttons of a lead, or of a case of leads."""
    return tuple(_OF_WAY[way] for way in ways_on.of(state, code, has_call=has_call, claimed=claimed))
