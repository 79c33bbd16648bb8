"""Those who sign in: users and their one-time links, sessions, programs' tokens, and the audit.

Every change here leaves a row of the audit, in its own commit.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from core import people
from core.durations import MINUTE_MS
from core.refusal import Refusal
from flow import passwords
from flow.gateway import Gateway
from store import people as rows
from store.engine import Tx
from store.people import User

LINK_MS = 24 * 60 * MINUTE_MS  # of `flask users add`
DEMO_LINK_MS = 10 * MINUTE_MS  # of `make run`
FORGOTTEN_MS = 60 * MINUTE_MS  # wrong tries count no longer than this
REARMS_A_MINUTE = 60  # of one person
TOKEN_PREFIX = "ltc_"  # noqa: S105 - what a token of ours begins with, so that one in a log is recognised


class Wrong(Refusal):
    """What was asked cannot be done; the text says what to do."""


@dataclass(frozen=True)
class KeptOut:
    """A sign-in that failed: again after `wait_ms`; 0: at once. A wrong name is told as a wrong password is."""

    wait_ms: int = 0


def add(gateway: Gateway, name: str, role: str, who: str, place: str = "console") -> User:
    """A new user without a password: a one-time link lets them in. Raises Wrong."""
    name = " ".join(name.split())
    if not people.is_name(name):
        raise Wrong("user_name")
    if role not in people.ROLES:
        raise Wrong("role", known=", ".join(people.ROLES))
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        made = rows.add(tx, people.key_of(name), name, role, now)
        if made is None:
            raise Wrong("user_exists", name=name)
        rows.note(tx, now, who, "user_added", f"{name}: {role}", "", place)
    return made


def first_owner(gateway: Gateway, name: str, password: str) -> bool:
    """An owner with a password, while there is no user at all; whether one was made. Raises Wrong."""
    if not people.password_fits(password):
        raise Wrong("weak", least=people.LEAST_PASSWORD)
    with gateway.store.read() as tx:
        if rows.all_users(tx):
            return False
    set_password(gateway, add(gateway, name, people.OWNER, "release", "command"), password)
    return True


def link(
    gateway: Gateway, user: User, who: str, *, lasts_ms: int = LINK_MS, loopback: bool = False, place: str = "console"
) -> str:
    """The token of a new one-time link, the only time that it is known. Raises Wrong for a disabled user."""
    if user.disabled:
        raise Wrong("disabled", name=user.name)
    token = secrets.token_urlsafe(32)
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        rows.keep_link(tx, _digest(token), user.id, now + lasts_ms, loopback=loopback)
        rows.note(tx, now, who, "link_made", user.name, "", place)
    return token


def enter(gateway: Gateway, token: str, *, on_loopback: bool) -> User | None:
    """Spend a one-time link; None where it is spent, too old, unknown, or good on this machine only."""
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        found = rows.spend_link(tx, _digest(token), now, on_loopback=on_loopback)
        user = None if found is None else rows.user(tx, found)
        if user is None or user.disabled:
            return None
        _signed_in(gateway, user, now, tx)
    return user


def log_in(gateway: Gateway, name: str, password: str, address: str) -> User | KeptOut:
    """By name and password. Raises `flow.passwords.Busy`."""
    key = people.key_of(name)[:100]
    keys = (f"name:{key}", f"address:{address}")
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        wait = _wait_ms(rows.failures(tx, keys, now - FORGOTTEN_MS), now)
        user = rows.named(tx, key)
    if wait:
        return KeptOut(wait)
    right = passwords.is_right(password[: people.MOST_PASSWORD], "" if user is None else user.password)
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        if user is None or not right or user.disabled:
            rows.note_failure(tx, keys, now, now - FORGOTTEN_MS)
            return KeptOut(_wait_ms(rows.failures(tx, keys, now - FORGOTTEN_MS), now))
        rows.forget_failures(tx, keys[0])
        _signed_in(gateway, user, now, tx)
    return user


def _wait_ms(failures: list[tuple[int, int]], now: int) -> int:
    """What was noted by a clock that has been set back since keeps nobody out."""
    of_each = [(people.wait_ms(count), at) for count, at in failures]
    return max((at + own - now for own, at in of_each if 0 < at + own - now <= own), default=0)


def _signed_in(gateway: Gateway, user: User, now: int, tx: Tx) -> None:
    rows.change(tx, user.id, ends_sessions=False, seen_at=now)
    rows.note(tx, now, user.name, "signed_in", "", "", "console")
    gateway.log.info("signed_in", user=user.id, role=user.role)


def set_password(gateway: Gateway, user: User, password: str) -> User:
    """A new password; ends every session and link of the user. Raises Wrong."""
    if not people.password_fits(password):
        raise Wrong("weak", least=people.LEAST_PASSWORD)
    kept = passwords.digest(password)
    return _change(gateway, user, user.name, "password_set", "", password=kept)


def choose(gateway: Gateway, user: User, **chosen: str) -> None:
    """`language` and `zone` that this user reads in, on whatever machine."""
    with gateway.store.write() as tx:
        rows.change(tx, user.id, ends_sessions=False, **chosen)


def end_sessions(gateway: Gateway, user: User, who: str) -> User:
    """Sign the user out everywhere; open links end too."""
    return _change(gateway, user, who, "sessions_ended", user.name)


def disable(gateway: Gateway, user: User, who: str, place: str = "console") -> User:
    """The user may not come in any more, and is out at once. The last owner stays: Wrong."""
    _keep_an_owner(gateway, user)
    return _change(gateway, user, who, "user_disabled", user.name, place, disabled=True)


def enable(gateway: Gateway, user: User, who: str, place: str = "console") -> User:
    return _change(gateway, user, who, "user_enabled", user.name, place, disabled=False)


def set_role(gateway: Gateway, user: User, role: str, who: str) -> User:
    """Another role; ends their sessions. The last owner stays one: Wrong."""
    if role not in people.ROLES:
        raise Wrong("role", known=", ".join(people.ROLES))
    if role != people.OWNER:
        _keep_an_owner(gateway, user)
    return _change(gateway, user, who, "role_set", f"{user.name}: {role}", role=role)


def _keep_an_owner(gateway: Gateway, user: User) -> None:
    with gateway.store.read() as tx:
        others = [one for one in rows.all_users(tx) if one.role == people.OWNER and not one.disabled]
    if user.role == people.OWNER and [one.id for one in others] == [user.id]:
        raise Wrong("only_owner", name=user.name)


def _change(
    gateway: Gateway, user: User, who: str, what: str, about: str, place: str = "console", **columns: Any
) -> User:
    with gateway.store.write() as tx:
        rows.change(tx, user.id, **columns)
        rows.note(tx, gateway.store.now_ms(tx), who, what, about, "", place)
        after = rows.user(tx, user.id)
    if after is None:
        raise Wrong("user_gone", name=user.name)
    return after


def make_token(gateway: Gateway, name: str, scope: str, who: str) -> str:
    """A program's token, the only time that it is known. Raises Wrong."""
    name = " ".join(name.split())
    if not people.is_name(name):
        raise Wrong("token_name")
    if scope not in people.SCOPES:
        raise Wrong("scope", known=", ".join(people.SCOPES))
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        if any(one["name"] == name and one["revoked_at"] is None for one in rows.all_tokens(tx)):
            raise Wrong("token_exists", name=name)
        rows.add_token(tx, name, scope, _digest(token), who, now)
        rows.note(tx, now, who, "token_made", f"{name}: {scope}", "", "console")
    return token


def token_of(gateway: Gateway, text: str) -> tuple[str, str] | None:
    """(name, scope) of a token in force; None for anything else."""
    if not text.startswith(TOKEN_PREFIX):
        return None
    with gateway.store.read() as tx:
        found = rows.token(tx, _digest(text))
    return None if found is None else (found["name"], found["scope"])


def revoke_token(gateway: Gateway, token_id: int, who: str) -> bool:
    """End a token at once; False where none of this id was in force."""
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        name = rows.revoke(tx, token_id, now)
        if name is not None:
            rows.note(tx, now, who, "token_revoked", name, "", "console")
    return name is not None


def note(gateway: Gateway, who: str, what: str, about: str = "", why: str = "", place: str = "console") -> None:
    """Write into the audit what somebody did elsewhere or looked at."""
    with gateway.store.write() as tx:
        rows.note(tx, gateway.store.now_ms(tx), who, what, about, why, place)


def rearms_left(gateway: Gateway, who: str) -> int:
    """How many more calls this person may ask for at this moment: at most 60 a minute."""
    with gateway.store.read() as tx:
        done = rows.done_since(tx, who, "rearm", gateway.store.now_ms(tx) - MINUTE_MS)
    return max(0, REARMS_A_MINUTE - done)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
