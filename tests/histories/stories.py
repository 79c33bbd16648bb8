"""Histories that once broke a law, or do on a build as the code once was: each as short as can be, told by its name.

A step's first number says which lead, event, person or worker, its second which of the step's kinds."""

from tests.histories import builds

LOST_CALL, ELEVEN_MINUTES, NO_PHONE, WON = 3, 4, 6, 1
STORIES = {
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
        [("post_late", 17, 0), ("post", 17, WON), ("walk", 0, 0)],
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
            *(("post", 42, 0), ("clock_back", 0, 0), ("back_up", 0, 0), ("post", 42, WON), ("walk", 42, 0)),
            *(("put_back_without_journals", 42, 0), ("walk", 42, 0)),
        ],
        None,
    ),
    "the same person is erased twice and comes again between": (
        [
            *(("post", 1, 0), ("walk", 0, 0), ("erase_a_person", 1, 0), ("post", 1, 0), ("erase_a_person", 1, 0)),
            *(("post", 1, WON), ("walk", 0, 0)),
        ],
        None,
    ),
    "a worker dies between its claim and its journal": (
        [("post", 1, 0), ("decide_some", 0, 0), ("claim_and_die", 0, 0), ("forward", 0, 3), ("walk", 1, 0)],
        None,
    ),
}
