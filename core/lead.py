"""What we made of one event's deliveries: the unit that is rung at most once."""

import json
from dataclasses import dataclass

from core.as_kept import as_kept
from core.reason import PROTECTING, Reason
from core.states import RECEIVED


@dataclass(frozen=True)
class Lead:
    """A lead as its row stands. Times are milliseconds since 1970; `payload` is JSON text.

    `history_n` is the number of the newest history row that the reader saw: a move made on this
    value is refused when the lead has changed since."""

    no: int
    id: str
    source: str
    account: str
    state: str
    reason: str
    reasons: str
    received_at: int
    asked_at: int | None
    due_at: int
    urgent: int
    tries: int
    asks_crm: int
    event_key: str | None
    digest: str
    payload: str
    version: int | None
    number: str | None
    script: str | None
    sms: str | None
    person: str | None
    round: int
    claims: int
    despite: str
    history_n: int
    changed_after_call: bool
    erased_at: int | None = None  # since when no person's data is in it
    number_hash: str | None = None  # what then stands for its number

    @property
    def set_aside(self) -> frozenset[str]:
        """The rules that a person's rearm set aside for this round."""
        return frozenset(filter(None, self.despite.split(",")))

    @property
    def protected_by(self) -> tuple[Reason, ...]:
        """The reasons that only a person may lift, for this lead by itself (`core.reason.PROTECTING`)."""
        return tuple(as_kept(Reason, one) for one in json.loads(self.reasons) if one["code"] in PROTECTING)

    @property
    def has_call(self) -> bool:
        """Whether the call is whole, so that it may be rung as it stands."""
        return bool(self.number and self.script)


def not_stored(source: str, account: str, event_key: str | None, digest: str, payload: str, at: int) -> Lead:
    """The lead that a delivery's piece would be if it were received at this moment: for trials."""
    return Lead(
        no=0,
        id="",
        source=source,
        account=account,
        state=RECEIVED,
        reason="",
        reasons="[]",
        received_at=at,
        asked_at=None,
        due_at=at,
        urgent=0,
        tries=0,
        asks_crm=0,
        event_key=event_key,
        digest=digest,
        payload=payload,
        version=None,
        number=None,
        script=None,
        sms=None,
        person=None,
        round=1,
        claims=0,
        despite="",
        history_n=1,
        changed_after_call=False,
    )
