"""`flask pause`, `flask resume`, and where a pause is seen."""

from tests.fakes import NO, YES
from tests.flow.test_pauses import PAGE_401, posts


def test_a_pause_is_said_with_who_and_why_until_it_is_resumed(gateway, flask):
    gateway.alive()
    assert flask("pause", "--who", "anna", "--why", "the hotline is closed")[0] == 0
    lead = gateway.lead(posts(gateway, 1)[0])
    gateway.work()
    assert gateway.voice.asked == []
    code, listed = flask("leads", "list")
    assert code == 0
    assert "anna: the hotline is closed; flask resume ends it" in listed.splitlines()[0]
    assert listed.splitlines()[2].endswith("Waits because the voice account `main` is paused; see `flask leads list`")
    assert "Waits because the voice account `main` is paused" in flask("leads", "show", str(lead.no))[1]
    assert flask("resume", "--why", "open again")[0] == 0
    assert "!" not in flask("leads", "list")[1]
    gateway.work()
    assert len(gateway.voice.asked) == 1


def test_a_script_is_paused_and_resumed_by_its_name(gateway, flask):
    gateway.voice.outcomes = [NO] * 5
    gateway.voice.otherwise = YES
    posts(gateway, 6)
    gateway.work()
    assert "! script 'Заявка' of account main is paused" in flask("leads", "list")[1]
    assert flask("resume", "--script", "Другой", "--why", "?")[0] == 1
    assert flask("resume", "--script", "Заявка", "--why", "renamed in the panel")[0] == 0
    gateway.work()
    assert len(gateway.voice.asked) == 6


def test_a_command_that_names_nothing_real_or_gives_no_reason_changes_nothing(flask):
    code, said = flask("pause", "--account", "mian", "--why", "?")
    assert (code, "there is no account 'mian'; there is main" in said) == (1, True)
    assert flask("resume", "--why", "nothing is paused")[0] == 1
    assert flask("pause")[0] == 2


def test_readyz_says_what_is_paused_without_the_providers_own_words(gateway, app):
    gateway.voice.outcomes = [PAGE_401]
    posts(gateway, 2)
    gateway.work()
    answer = app.test_client().get("/readyz")
    assert answer.json["paused"].keys() == {"account main"}
    assert "paused" not in answer.json["checks"]
    assert "401" not in answer.text
