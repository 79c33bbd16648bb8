"""What a lead's state is called, and the sentence of one that has no reason: the console's words."""

from cli.words import _, language
from core.states import STATES

# Each is a text of the catalogue; `_` finds it when it is said.
NAMES = {
    "received": "Received",
    "ready": "Waiting",
    "held": "Held",
    "suppressed": "Not called",
    "calling": "Calling",
    "accepted": "Call placed",
    "refused": "Refused",
    "unknown": "Unknown",
    "cancelled": "Cancelled",
}
SENTENCES = {
    "received": "Has come in",
    "ready": "Waits for its call",
    "held": "Waits for your decision",
    "suppressed": "Not called on purpose",
    "calling": "Being called right now",
    "accepted": "The call was placed",
    "refused": "The provider refused the call",
    "unknown": "We do not know whether the phone rang",
    "cancelled": "Ended by a person",
}


def state_name(state: str) -> str:
    """As the filters and the English pages write it; in Russian its name there."""
    return _(NAMES[state]) if language() == "ru" else state


def state_title(state: str) -> str:
    """Its name for people, in either language."""
    return _(NAMES[state])


def sentence(state: str) -> str:
    return _(SENTENCES[state])


def state_of(text: str) -> str | None:
    """The state that a person means: by its word, or its name in their language; None for no state."""
    wanted = text.strip().casefold()
    return next((state for state in STATES if wanted in (state, state_name(state).casefold(), _other(state))), None)


def _other(state: str) -> str:
    return NAMES[state].casefold()
