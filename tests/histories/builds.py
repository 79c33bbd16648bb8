"""Builds that break a law as the code once did: the explorer has to find each by itself, or it is blind."""

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from unittest.mock import patch

from core import ended
from core.lead import Lead
from flow import recover
from store import epoch
from store.journal import Journal


@contextmanager
def any_hold_is_left():
    """A repeat corrects out of any hold, and what is done to many lifts any."""
    with patch.object(Lead, "protected_by", ()):
        yield


@contextmanager
def a_forgotten_round_stays_forgotten():
    """A call that comes back raises neither round nor claims of a lead that has gone on."""
    with patch.object(ended, "counted_again", lambda lead, round_: replace(_counted(lead, lead.round), columns={})):
        yield


@contextmanager
def a_lost_journal_is_forgotten():
    """What is lost with a journal holds what waits, and is not remembered for what is corrected later."""
    with patch.object(epoch, "calls_are_lost", lambda tx, before: None):
        yield


@contextmanager
def nobody_asks_which_database_it_is():
    """The claim believes any database."""
    with patch.object(recover, "is_ours", lambda gateway, tx, seen: True):
        yield


@contextmanager
def claims_without_a_journal():
    """Nothing is written down before it is sent."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(Journal, "entries", lambda self, store_id: iter(())))
        yield


_counted = ended.counted_again
ALL = (
    any_hold_is_left,
    a_forgotten_round_stays_forgotten,
    a_lost_journal_is_forgotten,
    nobody_asks_which_database_it_is,
    claims_without_a_journal,
)
