"""People who sign in and programs that call: their roles and scopes, and what a name and a password must be. Pure."""

import re

VIEWER, OPERATOR, OWNER = ROLES = ("viewer", "operator", "owner")  # each may what those before it may
READ, OPERATE, CONFIGURE = SCOPES = ("read", "operate", "configure")  # of a program's token, likewise
NAME = re.compile(r"[^\W_][\w .@-]{0,39}")
LEAST_PASSWORD, MOST_PASSWORD = 12, 256


def may(role: str, needed: str) -> bool:
    """Whether someone of this role may do what needs that one."""
    return role in ROLES and ROLES.index(role) >= ROLES.index(needed)


def scope_covers(scope: str, needed: str) -> bool:
    """Whether a token of this scope may do what needs that one."""
    return scope in SCOPES and SCOPES.index(scope) >= SCOPES.index(needed)


def is_name(text: str) -> bool:
    """One to 40 letters, digits, blanks and `.@-`, a letter or digit first."""
    return NAME.fullmatch(text) is not None


def key_of(name: str) -> str:
    """What two spellings of one name share."""
    return " ".join(name.split()).casefold()


def password_fits(text: str) -> bool:
    """At least 12 characters, and not one repeated."""
    return LEAST_PASSWORD <= len(text) <= MOST_PASSWORD and len(set(text)) > 3


def wait_ms(failures: int) -> int:
    """How long until the next try after so many wrong ones in a row: none for 4, then 1, 2, 4 ... 60 seconds."""
    return 0 if failures < 5 else int(min(60, 2 ** min(failures - 5, 6))) * 1000
