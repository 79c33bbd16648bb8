"""Which backups are kept: the newest of each of the last 14 days that have one, and of 8 weeks. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime

DAYS, WEEKS = 14, 8


def to_delete(made_at: Iterable[int], days: int = DAYS, weeks: int = WEEKS) -> set[int]:
    """Of the moments at which backups were made (milliseconds since 1970), those that may go. Never the newest."""
    newest_first = sorted(set(made_at), reverse=True)
    by_day: dict[str, int] = {}
    by_week: dict[tuple[int, int], int] = {}
    for at in newest_first:
        day = datetime.fromtimestamp(at / 1000, UTC)
        by_day.setdefault(f"{day:%Y-%m-%d}", at)
        by_week.setdefault(day.isocalendar()[:2], at)
    kept = {*list(by_day.values())[:days], *list(by_week.values())[:weeks]}
    return set(newest_first) - kept
