"""flask users: who may sign in."""

import re


def test_a_user_is_added_listed_linked_and_disabled(flask):
    code, said = flask("users", "add", "Ирина", "--role", "owner")
    assert code == 0
    assert re.search(r"/console/enter\?t=[\w-]{40,}", said)
    assert flask("users", "add", "ирина", "--role", "viewer")[0] == 1
    flask("users", "add", "olga", "--role", "operator", "--who", "ирина")
    code, said = flask("users", "list")
    assert "Ирина" in said
    assert "operator" in said
    assert flask("users", "link", "OLGA")[0] == 0
    code, said = flask("users", "disable", "Ирина")
    assert code == 1
    assert "only owner" in said
    assert flask("users", "disable", "olga")[0] == 0
    assert "disabled" in flask("users", "list")[1]
    assert flask("users", "link", "olga")[0] == 1
    assert flask("users", "disable", "olga", "--back")[0] == 0
    assert flask("users", "link", "nobody")[0] == 1


def test_without_users_the_list_says_how_to_make_one(flask):
    assert "flask users add" in flask("users", "list")[1]
