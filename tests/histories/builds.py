"""Builds that break a law as the code once did: the explorer has to find each by itself, or it is blind."""

from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

from sqlalchemy import select, update

from core import ended
from core.lead import Lead
from store import epoch
from store.journal import Journal
from store.tables import workers

_counted, _suspect = ended.counted_again, epoch.suspect


@contextmanager
def any_hold_is_left():
    """A repeat corrects out of any hold, and what is done to many lifts any; nothing else is known of lost calls."""
    with patch.object(Lead, "protected_by", ()), a_lost_journal_is_forgotten():
        yield


@contextmanager
def a_forgotten_round_stays_forgotten():
    """A call that comes back raises neither round nor claims of a lead that has gone on."""
    with patch.object(
        ended,
        "counted_again",
        lambda lead, round_: replace(_counted(lead, lead.round), columns={"urgent": lead.urgent}),
    ):
        yield


@contextmanager
def a_lost_journal_is_forgotten():
    """What is lost with a journal holds what waits, and is not remembered for what is corrected later."""
    with patch.object(epoch, "calls_are_lost", lambda tx, before: None):
        yield


@contextmanager
def nobody_asks_which_database_it_is():
    """The claim believes any database."""
    with patch.object(epoch, "is_ours", lambda store, journal, tx, seen: True):
        yield


@contextmanager
def nobody_reads_the_journals():
    """Of what was sent, only each worker's own last call is known."""
    with patch.object(Journal, "entries", lambda self, store_id: iter(())):
        yield


@contextmanager
def whoever_compared_once_is_believed():
    """A database that is suspect again does not ask the workers anew."""

    def suspect(tx, found, now):
        known = dict(tx.execute(select(workers.c.id, workers.c.recovered)).all())
        _suspect(tx, found, now)
        for worker, recovered in known.items():
            tx.execute(update(workers).where(workers.c.id == worker).values(recovered=recovered))

    with patch.object(epoch, "suspect", suspect):
        yield


ALL = (
    any_hold_is_left,
    a_forgotten_round_stays_forgotten,
    a_lost_journal_is_forgotten,
    nobody_asks_which_database_it_is,
    nobody_reads_the_journals,
    whoever_compared_once_is_believed,
)
