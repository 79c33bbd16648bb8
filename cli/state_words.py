"""What a lead's state is called, and the sentence of one that has no reason: the console's words."""

from cli.words import _, language
from core.state_words import NAMES, SENTENCES
from core.states import STATES


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
