"""What a person may do next about a lead, as lines to type: the console's ways, each with its command."""

import shlex

from cli.moments import moment
from cli.words import _
from core import ways_on
from core.lead import Lead
from core.states import ACCEPTED, HELD
from core.ways_on import Way

# What each way is called, and a reason to begin with; texts of the catalogue.
SAID: dict[Way, tuple[str, str]] = {
    ways_on.CLOSE: ("It rang: close", "seen in the panel"),
    ways_on.NONE_WANTED: ("It did not ring, none wanted", "no longer wanted"),
    ways_on.CALL_LOST: ("It did not ring: call", "not in the panel"),
    ways_on.CALL_AGAIN: ("Call again", "the cause is mended"),
    ways_on.DO_NOT_CALL: ("Do not call", "no longer wanted"),
    ways_on.RECOMPUTE: ("Recompute", "the fields are mended"),
    ways_on.ASK_AGAIN: ("Ask again", "the CRM answers again"),
    ways_on.MAP_IT: ("Map it after all", "looked: it is another person"),
    ways_on.ALL_THE_SAME: ("Call all the same", "agreed by phone"),
}


def lines(lead: Lead, possible_from: int | None) -> list[str]:
    """`possible_from`: when a call may be asked for again, None for now. Who was rung is not offered a second ring."""
    if lead.erased_at is not None:
        return []
    ways = ways_on.of(lead.state, lead.reason, has_call=lead.has_call, claimed=lead.claims > 0)
    steps = [_step(way, lead, possible_from) for way in ways if not (lead.state == ACCEPTED and way.do == "rearm")]
    if lead.state == HELD and ways_on.mends_fields(lead.reason):
        tried = f"flask sources try {lead.source} {lead.no}"
        steps.insert(0, (_("After the fields are mended, see what would come of it"), tried))
    return [line for text, command in steps for line in (f"  {text}:", f"    {command}")]


def _step(way: Way, lead: Lead, possible_from: int | None) -> tuple[str, str]:
    name, why = SAID[way]
    despite = "".join(f" --despite {rule}" for rule in way.despite)
    text = _(name)
    if way.do == "rearm" and possible_from is not None:
        text += _(" (possible from %(at)s)", at=moment(possible_from))
    return text, f"flask leads {way.do} {lead.no}{despite} --why {shlex.quote(_(why))}"
