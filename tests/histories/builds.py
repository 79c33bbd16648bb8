"""Builds that break a law as the code once did: the explorer has to find each by itself, or it is blind."""

from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from unittest.mock import patch

from sqlalchemy import insert, select, update

from core import ended
from core.account import claiming
from core.account.trouble import Trouble
from core.lead import Lead
from flow import erase, operate, wishes
from flow.intake_batch import Batch
from flow.set_back import SetBack
from store import accounts, caps, changes, epoch, erasure, facts, journal, moments, versions
from store.journal import Journal
from store.neighbours import Neighbours
from store.remembered import Remembered
from store.tables import attempts, erased_keys, workers

_counted, _suspect, _of = ended.counted_again, epoch.suspect, accounts.of
_decide_lead = Batch._decide_lead


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
    with patch.object(epoch, "is_ours", lambda store, journal, seen: True):
        yield


@contextmanager
def nobody_knows_who_joined():
    """Only the database that was put back says whose journals are waited for (PostgreSQL: a file has one machine)."""
    with patch.object(Neighbours, "noted", lambda self, store_id: {}):
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


@contextmanager
def an_accepted_lead_is_rearmed_unasked():
    """A rearm of what was accepted needs no word for it, one by one or among many."""
    with patch.object(operate, "_refuse_rung", lambda *_: None):
        yield


@contextmanager
def a_key_is_erased_only_once():
    """The key of an erased lead has one row, whoever was erased under it before."""
    with patch.object(erasure, "_keeping", lambda dialect: insert(erased_keys)):
        yield


@contextmanager
def what_came_after_an_erasure_stays():
    """A person who is erased again is erased only out of leads."""
    with patch.object(erase, "_erase_what_came_again", lambda *_: None):
        yield


@contextmanager
def one_that_cannot_be_erased_stops_the_others():
    """All of them are erased at once, or none."""

    def all_or_none(tx, all_of, act):
        act(all_of)
        return []

    with patch.object(erasure, "apart", all_or_none):
        yield


@contextmanager
def a_copied_folder_is_the_same_house():
    """A run directory is known by the random id in it alone."""
    with patch.object(journal, "_whereabouts", lambda directory: ""):
        yield


@contextmanager
def a_claim_is_several_commits():
    """Attempts are committed before the leads' moves are written."""
    make = changes.make

    def made(tx, wanted):
        told = []
        for one in wanted:
            told += make(tx, [one._replace(behind=None)])
            if one.table is attempts and not one.seen:
                tx.connection.commit()
        return told

    with patch.object(changes, "make", made):
        yield


@contextmanager
def nobody_counts_the_calls():
    """A cap is believed to be far whatever was rung."""
    with patch.object(Remembered, "is_far", lambda *_: True):
        yield


@contextmanager
def money_is_what_was_asked_for():
    """A call of unknown price costs nothing until it is known."""
    with patch.object(caps, "reservations", lambda tx, scripts, now: dict.fromkeys(scripts, Decimal(0))):
        yield


@contextmanager
def nobody_notices_a_clock_set_back():
    """What a clock that was ahead has dated is waited for."""
    with patch.object(SetBack, "look", lambda self, there: None):
        yield


@contextmanager
def who_starts_knows_nothing_of_the_clock():
    """That it was set back is known to the workers that saw it, and to them alone."""
    with patch.object(moments, "note_set_back", lambda tx, newest: None):
        yield


@contextmanager
def nobody_says_again_what_a_person_said():
    """A database that was put back has forgotten who asked not to be called, and what was paused or cancelled."""
    with patch.object(wishes, "bring_back", lambda gateway: 0):
        yield


@contextmanager
def only_the_first_accounts_pauses_are_asked_for():
    """A claim of another account believes that all is well."""

    def of(tx, account, *told):
        found = _of(tx, account, *told)
        return replace(found, trouble=Trouble()) if account == "second" else found

    with patch.object(accounts, "of", of):
        yield


@contextmanager
def nobody_asks_whether_a_script_is_paused():
    """A claim knows the pauses of accounts alone."""

    def of(tx, account, *told):
        found = _of(tx, account, *told)
        return replace(found, trouble=replace(found.trouble, scripts={}))

    with patch.object(accounts, "of", of):
        yield


@contextmanager
def a_source_that_is_removed_rings_on():
    """Its end is written nowhere."""
    with patch.object(versions, "remove", lambda tx, source, **_: True):
        yield


@contextmanager
def what_comes_in_one_commit_is_all_new():
    """A repeat of what stands in the same commit is a lead of its own."""

    def decide_lead(self, prepared, one, came_before):
        if self._holder[one.key] in self._new:
            return self._receive(prepared, one, [], one.key, came_before)
        return _decide_lead(self, prepared, one, came_before)

    with patch.object(Batch, "_decide_lead", decide_lead):
        yield


@contextmanager
def no_account_has_a_pace():
    """A claim takes as many as there are slots."""
    with patch.object(claiming.pace, "moments", lambda *_: 8):
        yield


@contextmanager
def a_number_is_anew_for_each_account():
    """What rang a number for another lead is not asked for."""
    with patch.object(facts, "_room_ms", lambda *_: None), patch.object(facts, "_rings", lambda *_: ()):
        yield


ALL = (
    any_hold_is_left,
    a_forgotten_round_stays_forgotten,
    a_lost_journal_is_forgotten,
    nobody_asks_which_database_it_is,
    nobody_reads_the_journals,
    whoever_compared_once_is_believed,
    an_accepted_lead_is_rearmed_unasked,
    a_key_is_erased_only_once,
    what_came_after_an_erasure_stays,
    one_that_cannot_be_erased_stops_the_others,
    a_copied_folder_is_the_same_house,
    a_claim_is_several_commits,
    nobody_counts_the_calls,
    money_is_what_was_asked_for,
    nobody_notices_a_clock_set_back,
    who_starts_knows_nothing_of_the_clock,
    nobody_says_again_what_a_person_said,
    only_the_first_accounts_pauses_are_asked_for,
    nobody_asks_whether_a_script_is_paused,
    a_source_that_is_removed_rings_on,
    what_comes_in_one_commit_is_all_new,
    no_account_has_a_pace,
    a_number_is_anew_for_each_account,
)
