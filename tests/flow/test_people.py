"""Users, tokens and the audit, on both databases."""

import threading

import pytest

from flow import passwords, people
from flow.people import Wrong
from store import people as rows


def audit(gateway):
    with gateway.store.read() as tx:
        return [(row["who"], row["what"], row["about"]) for row in rows.page_of_audit(tx, 50)]


@pytest.mark.parametrize("name", ["", " ", "-x", "a" * 41, "a\x00b", "<b>", "a\nb\x07"])
def test_a_name_is_a_plain_one(gateway, name):
    with pytest.raises(Wrong):
        people.add(gateway.parts, name, "owner", "test")


def test_a_name_is_there_once_in_any_spelling(gateway):
    people.add(gateway.parts, "Анна  Ли", "viewer", "test")
    with pytest.raises(Wrong):
        people.add(gateway.parts, "анна ли", "owner", "test")


def test_the_last_owner_stays(gateway):
    owner = people.add(gateway.parts, "one", "owner", "test")
    with pytest.raises(Wrong):
        people.disable(gateway.parts, owner, "test")
    with pytest.raises(Wrong):
        people.set_role(gateway.parts, owner, "viewer", "test")
    people.add(gateway.parts, "two", "owner", "test")
    people.disable(gateway.parts, owner, "test")


def test_the_first_owner_is_made_once(gateway):
    assert people.first_owner(gateway.parts, "irina", "a long enough word")
    assert not people.first_owner(gateway.parts, "olga", "a long enough word")
    with pytest.raises(Wrong):
        people.first_owner(gateway.parts, "eva", "short")


def test_a_token_is_known_by_its_digest_until_it_is_revoked(gateway):
    token = people.make_token(gateway.parts, "crm", "read", "irina")
    assert people.token_of(gateway.parts, token) == ("crm", "read")
    assert people.token_of(gateway.parts, token + "x") is None
    with gateway.store.read() as tx:
        (known,) = rows.all_tokens(tx)
    assert token not in str(known)
    assert people.revoke_token(gateway.parts, known["id"], "irina")
    assert not people.revoke_token(gateway.parts, known["id"], "irina")
    assert people.token_of(gateway.parts, token) is None
    assert audit(gateway) == [("irina", "token_revoked", "crm"), ("irina", "token_made", "crm: read")]


def test_a_person_may_ask_for_sixty_calls_a_minute(gateway, clock):
    for _ in range(58):
        people.note(gateway.parts, "irina", "rearm")
    people.note(gateway.parts, "olga", "rearm")
    assert people.rearms_left(gateway.parts, "irina") == 2
    clock.forward(61)
    assert people.rearms_left(gateway.parts, "irina") == 60


def test_a_flood_of_sign_ins_holds_a_few_threads_only():
    started, refused = threading.Barrier(12), []

    def knock():
        started.wait()
        try:
            passwords.is_right("wrong", "")
        except passwords.Busy:
            refused.append(1)

    threads = [threading.Thread(target=knock) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) >= 12 - 2 * passwords.MOST_WAITING
