"""The pace of an account: which moments for a call have come, and when the next one comes.

A moment comes each `1 / calls_per_s` seconds. Those that nobody took while nothing was due are gone, but for
the last tenth of a second: so a fast account keeps its pace over several calls claimed at once, and a slow
one never rings twice within its gap. Pure; times are milliseconds since 1970.
"""

MOST_AT_ONCE = 8  # leads of one claim
KEPT_MS = 100


def gap_ms(calls_per_s: float) -> int:
    return max(1, round(1000 / calls_per_s))


def first_moment(next_at: int, now: int, calls_per_s: float) -> int:
    """The oldest moment that can still be taken, or the next one to come.

    A clock that was set back leaves no account waiting longer than its own pace can ask."""
    gap = gap_ms(calls_per_s)
    if next_at > now + MOST_AT_ONCE * gap:
        return now
    return max(next_at, now - (KEPT_MS if gap <= KEPT_MS else 0))


def moments(next_at: int, now: int, calls_per_s: float) -> int:
    """How many calls may start at this moment; without a pace as many as a claim takes."""
    if not calls_per_s:
        return MOST_AT_ONCE
    first = first_moment(next_at, now, calls_per_s)
    return 0 if first > now else min(MOST_AT_ONCE, 1 + (now - first) // gap_ms(calls_per_s))


def at_once(calls_per_s: float) -> int:
    """How many calls may start at any moment at most."""
    return moments(0, KEPT_MS, calls_per_s)


def wait_ms(next_at: int, now: int, calls_per_s: float) -> int:
    """Until the next moment; 0: it has come."""
    return max(0, first_moment(next_at, now, calls_per_s) - now) if calls_per_s else 0


def after(next_at: int, now: int, calls_per_s: float, calls: int) -> int:
    """When the next call may start once so many have been begun now; without a pace nothing is to be kept."""
    return first_moment(next_at, now, calls_per_s) + calls * gap_ms(calls_per_s) if calls_per_s else next_at
