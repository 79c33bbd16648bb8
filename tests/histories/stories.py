"""Histories that once broke a law, or do on a build as the code once was: each as short as can be, told by its name.

A step's first number says which lead, event, person or worker, its second which of the step's kinds."""

from tests.histories import builds

LOST_CALL, ELEVEN_MINUTES, SIX_HOURS, NO_PHONE, OF_ANOTHER, WON = 3, 4, 6, 6, 7, 1
OTHER, SAME_NUMBER = 14, 26  # an event of the second account's source; of the one that signs, of the same number
SIGNED, HOUSE, ACCEPTED, A_DAY = 30, 5, 4, 7  # an event of the source that signs; others as their steps count
JOINED = [
    *(("post", 1, 0), ("back_up", 0, 0), ("join", 0, 0), ("walk", 2, 0), ("freeze_or_thaw", 2, 0)),
    *(("put_back", 0, 0), ("forward", 0, 1), ("walk", 0, 0), ("forward", 0, 2), ("walk", 0, 0)),
]
DYING, POSTING = 3, 0  # just after the commit (of the third event); of what may die
STORIES = {
    "a machine joins after the backup that is put back, rings, and does not come at once": (JOINED, None),
    "an id comes again with another's number, and again when the window of its first is over": (
        [
            *(("post", 1, OF_ANOTHER), ("walk", 0, 0), ("forward", 0, SIX_HOURS), ("post", 1, 0)),
            *(*[("forward", 0, SIX_HOURS)] * 3, ("post", 1, 0), ("walk", 0, 0)),
        ],
        None,
    ),
    "a sender hears nothing of a lead that came when the window of its event was over": (
        [("post", DYING, 0), ("walk", 0, 0), ("forward", 0, A_DAY), ("die_inside_a_transaction", DYING, POSTING)],
        None,
    ),
    "a backup is put back under running workers": (
        [("post", 1, 0), ("back_up", 0, 0), ("walk", 0, 0), ("put_back", 0, 0), ("walk", 0, 0)],
        builds.nobody_asks_which_database_it_is,
    ),
    "what was rung is in the journal alone": (
        [("post", 1, 0), ("post", 2, 0), ("back_up", 0, 0), ("walk", 0, 0), ("put_back", 0, 0), ("walk", 0, 0)],
        builds.nobody_reads_the_journals,
    ),
    "the CRM posts the next status of a lead that may have rung": (
        [
            *(("post", 1, 0), ("back_up", 0, 0), ("walk", 0, 0), ("put_back_without_journals", 0, 0)),
            *(("forward", 0, ELEVEN_MINUTES), ("forward", 0, ELEVEN_MINUTES), ("post", 1, WON), ("walk", 0, 0)),
        ],
        builds.any_hold_is_left,
    ),
    "two captured requests of one event, the first of them late": (
        [("post_late", SIGNED, 0), ("post", SIGNED, WON), ("walk", 0, 0)],
        builds.any_hold_is_left,
    ),
    "a lead that was held is corrected and rung, and the database and its journal forget both": (
        [
            *(("post", 1, NO_PHONE), ("walk", 0, 0), ("back_up", 0, 0), ("post", 1, WON), ("walk", 0, 0)),
            *(("put_back_without_journals", 0, 0), ("forward", 0, ELEVEN_MINUTES), ("forward", 0, ELEVEN_MINUTES)),
            *(("post", 1, WON), ("walk", 0, 0)),
        ],
        builds.a_lost_journal_is_forgotten,
    ),
    "a rearm that a restored database forgot, and the next one": (
        [
            *(("provider_mood", 0, LOST_CALL), ("post", 1, 0), ("walk", 0, 0), ("back_up", 0, 0)),
            *(("forward", 0, ELEVEN_MINUTES), ("rearm", 1, 0), ("walk", 0, 0), ("put_back", 0, 0), ("walk", 0, 0)),
            *(("forward", 0, ELEVEN_MINUTES), ("rearm", 1, 0), ("walk", 0, 0)),
        ],
        builds.a_forgotten_round_stays_forgotten,
    ),
    "a backup is put back into the same place twice, each time without its journals": (
        [
            *(("back_up", 0, 0), ("put_back_without_journals", 0, 0), ("walk", 0, 0), ("post", 1, 0)),
            *(("back_up", 0, 0), ("walk", 0, 0), ("put_back_without_journals", 0, 0), ("walk", 0, 0)),
        ],
        builds.whoever_compared_once_is_believed,
    ),
    "a lead that a clock which was ahead has dated rings, and a backup without journals forgets it": (
        [
            *(("post", SIGNED, 0), ("clock_back", 0, 0), ("back_up", 0, 0), ("post", SIGNED, WON), ("walk", 0, 0)),
            *(("put_back_without_journals", 0, 0), ("walk", 0, 0)),
        ],
        None,
    ),
    "the same person is erased twice and comes again between": (
        [
            *(("post", 1, 0), ("walk", 0, 0), ("erase_a_person", 1, 0), ("post", 1, 0), ("erase_a_person", 1, 0)),
            *(("post", 1, WON), ("walk", 0, 0)),
        ],
        builds.what_came_after_an_erasure_stays,
    ),
    "the same id is erased again behind its window": (
        [
            *(("post", 1, 0), ("walk", 0, 0), ("erase_a_person", 1, 0), ("forward", 0, A_DAY)),
            *(("post", 1, 0), ("walk", 0, 0), ("erase_a_person", 1, 0)),
        ],
        builds.a_key_is_erased_only_once,
    ),
    "a person is erased one of whose leads cannot be": (
        [("post", 1, 0), ("walk", 0, 0), ("spoil_a_row", 1, 0), ("post", 7, 0), ("erase_a_person", 1, 0)],
        builds.one_that_cannot_be_erased_stops_the_others,
    ),
    "an accepted lead is rearmed by a slip": (
        [("post", 1, 0), ("walk", 0, 0), ("rearm", 1, 0)],
        builds.an_accepted_lead_is_rearmed_unasked,
    ),
    "all that were accepted are rearmed, twice": (
        [("post_many", 1, 0), ("walk", 0, 0), ("bulk_change", 1, ACCEPTED), ("bulk_change", 1, ACCEPTED)],
        builds.an_accepted_lead_is_rearmed_unasked,
    ),
    "a house is copied, rings, and the copy goes on": (
        [("post_many", 1, 0), ("copy_the_house", 0, 0), ("walk", 0, 0), ("go_on_in_the_copy", 0, 0), ("walk", 0, 0)],
        builds.a_copied_folder_is_the_same_house,
    ),
    "a house is copied whose last worker but one a clock that was ahead has dated": (
        [
            *(("crash", 0, 0), ("post", SIGNED, 0), ("clock_back", 0, 0), ("copy_the_house", 0, 0), ("forward", 0, 2)),
            *(("walk", 0, 0), ("go_on_in_the_copy", 0, 0)),
        ],
        None,
    ),
    "a database whose lost journal is still waited for is replaced once more": (
        [
            *(("post", 18, 13), ("back_up", 18, 52), ("post", 18, 40), ("walk", 18, 31)),
            *(("put_back_without_journals", 18, 6), ("forward", 18, 6), ("post_many", 18, 48)),
            *(("back_up", 18, 46), ("put_back", 18, 17)),
        ],
        None,
    ),
    "the clock is set back while a lost journal is waited for": (
        [
            *(("post_many", 10, 35), ("copy_the_house", 10, 14), ("walk", 10, 7), ("go_on_in_the_copy", 10, 54)),
            *(("forward", 10, 53), ("clock_back", 24, 53)),
        ],
        None,
    ),
    "money is spent by calls whose price nobody knows": (
        [("version", HOUSE, 2), ("post_many", 1, 0), ("walk", 0, 0)],
        builds.money_is_what_was_asked_for,
    ),
    "the calls of an hour are counted": (
        [("version", HOUSE, 1), ("post_many", 1, 0), ("walk", 0, 0)],
        builds.nobody_counts_the_calls,
    ),
    "a lead comes while the clock is a day ahead": (
        [("post", 1, 0), ("clock_back", 0, 0)],
        builds.nobody_notices_a_clock_set_back,
    ),
    "a clock is set back and every worker starts anew before what it dated is looked at again": (
        [("post", OTHER, 0), ("post", OTHER + 1, 0), ("walk", 0, 0), ("clock_back", 0, 0), ("start_anew", 0, 0)],
        builds.who_starts_knows_nothing_of_the_clock,
    ),
    "a database is replaced, then a clock set back, and both workers die before they looked again": (
        [
            *(("back_up", 12, 14), ("put_back", 17, 46), ("post", 50, 51), ("walk", 50, 42), ("clock_back", 44, 4)),
            *(("die_inside_a_transaction", 60, 14), ("die_inside_a_transaction", 47, 43)),
        ],
        None,
    ),
    "a lead that a clock ahead had dated is rung, a backup forgets it, and its day has come before anybody looks": (
        [
            *(("post", 12, 7), ("clock_back", 37, 55), ("back_up", 7, 38), ("forward", 7, 29), ("walk", 7, 19)),
            *(("put_back_without_journals", 7, 29), ("forward", 7, 6), ("forward", 48, 7)),
        ],
        None,
    ),
    "a backup is put back a day later, and the clock by a day, before any worker has looked": (
        [
            *(("back_up", 6, 56), ("forward", 1, 63), ("put_back", 62, 30), ("post", 40, 55), ("decide_some", 40, 19)),
            ("clock_back", 40, 11),
        ],
        None,
    ),
    "a machine joins and rings while a dead worker lies ahead of the clock, and is away when a backup is put back": (
        [
            *(("back_up", 51, 6), ("forward", 51, 6), ("put_back_without_journals", 51, 11), ("forward", 51, 46)),
            *(("forward", 51, 35), ("clock_back", 2, 59), ("post", 2, 2), ("back_up", 2, 47), ("join", 2, 62)),
            *(("walk", 2, 47), ("freeze_or_thaw", 2, 13), ("put_back", 2, 25), ("forward", 51, 57)),
            *(("forward", 51, 3), ("walk", 51, 25)),
        ],
        None,
    ),
    "a worker dies inside its claim": (
        [("post", 1, 0), ("die_inside_a_transaction", 32, 31)],
        builds.a_claim_is_several_commits,
    ),
    "a number is put on the list of a backup that was put back before a pause": (
        [
            *(("back_up", 26, 33), ("pause", 26, 22), ("put_back", 26, 37), ("put_on_do_not_call", 10, 45)),
            *(("post", 26, 48), ("walk", 26, 43)),
        ],
        None,
    ),
    "a database is replaced, a clock set back, an older copy put back by itself, and the house goes on elsewhere": (
        [
            *(("post", 14, 48), ("post", 13, 43), ("back_up", 14, 53), ("put_back", 14, 7), ("walk", 14, 56)),
            *(("back_up", 13, 49), ("clock_back", 35, 62), ("put_back", 14, 9), ("copy_the_house", 35, 53)),
            ("go_on_in_the_copy", 35, 46),
        ],
        None,
    ),
    "a machine that joined was dated by a clock ahead, and a backup of then is put back before anybody looked": (
        [
            *(("back_up", 23, 13), ("join", 23, 39), ("put_back", 23, 36), ("forward", 23, 52), ("forward", 41, 59)),
            *(("clock_back", 0, 38), ("post", 0, 55), ("back_up", 0, 49), ("walk", 0, 31), ("freeze_or_thaw", 0, 30)),
            *(("put_back", 0, 54), ("forward", 0, 21), ("forward", 0, 12), ("walk", 0, 46)),
        ],
        None,
    ),
    "a lead is cancelled, a backup forgets it, and before that is said again a rule has ended the lead otherwise": (
        [
            *(("put_on_do_not_call", 51, 52), ("post", 51, 33), ("back_up", 30, 40), ("cancel", 30, 14)),
            *(("put_back", 30, 25), ("walk", 51, 45), ("take_off_do_not_call", 51, 57), ("post", 51, 34)),
        ],
        None,
    ),
    "a backup is put back that does not know who asked not to be called": (
        [
            *(("post", 1, 0), ("back_up", 0, 0), ("put_on_do_not_call", 1, 0), ("put_back", 0, 0)),
            *(("forward", 0, 2), ("walk", 0, 0)),
        ],
        builds.nobody_says_again_what_a_person_said,
    ),
    "the second account is paused": (
        [("pause", 0, 1), ("post", OTHER, 0), ("walk", 0, 0)],
        builds.only_the_first_accounts_pauses_are_asked_for,
    ),
    "an account with a pace has two leads": (
        [("post", OTHER, 0), ("post", OTHER + 1, 0), ("walk", 0, 0)],
        builds.no_account_has_a_pace,
    ),
    "a number that one account has rung comes to another": (
        [("post", OTHER, 0), ("walk", 0, 0), ("post", SAME_NUMBER, 0), ("walk", 0, 0)],
        builds.a_number_is_anew_for_each_account,
    ),
    "a worker dies between its claim and its journal": (
        [("post", 1, 0), ("decide_some", 0, 0), ("claim_and_die", 0, 0), ("forward", 0, 3), ("walk", 1, 0)],
        None,
    ),
}
