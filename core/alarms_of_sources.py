"""Alarms of what comes in: proofs, silence, what is held, and the files that say what the owner wants. A small function
each, of the same facts; `core.alarms.ALARMS` names them."""

from collections.abc import Iterator

from core.alarm import INFO, PAGE, WARN, Alarm, Facts, Silent

MANY_REFUSED, FEW_REFUSED, MANY_TURNED_AWAY = 20, 3, 5
HELD_PART, FEW_HELD = 0.2, 5


def refused_proofs(facts: Facts) -> Iterator[Alarm]:
    """A source most of whose requests are refused: a mistyped or rotated secret. One whose every request is refused
    needs but a few; a stranger's tries beside a sender's right requests are no trouble."""
    for source in sorted({source for source, *_ in facts.refused_hours}):
        hours = [(hour, n) for name, hour, n in facts.refused_hours if name == source]
        refused, right = sum(n for _, n in hours), facts.right_requests.get(source, 0)
        if (refused > MANY_REFUSED and refused > right) or (refused >= FEW_REFUSED and not right):
            text = f"Most requests to {source} come without a right proof: a mistyped token loses leads"
            yield Alarm("refused_proofs", WARN, text, min(hour for hour, _ in hours), refused, subject=source)


def turned_away(facts: Facts) -> Iterator[Alarm]:
    for source, count in sorted(facts.turned_away.items()):
        if count > MANY_TURNED_AWAY:
            text = f"Requests to {source} were refused unread (cut short, too large, compressed)"
            yield Alarm("turned_away", WARN, text, None, count, subject=source)


def house_silent(facts: Facts) -> Iterator[Alarm]:
    yield from (
        _silence(one, "house_silent", "All sources are") for one in facts.silent if one.rings and not one.source
    )


def source_silent(facts: Facts) -> Iterator[Alarm]:
    yield from (_silence(one, "source_silent", f"{one.source} is") for one in facts.silent if one.rings and one.source)


def _silence(one: Silent, kind: str, who: str) -> Alarm:
    """At night it waits for the morning: nobody could be called, and who keeps a form is asleep."""
    text = (
        f"{who} silent: usually {one.usual:.1f} leads an hour come now, {one.missing:.0f} should have come since the "
    )
    text += f"last one (alarm at {one.line:.0f})" if one.line else "last one"
    severity = PAGE if one.awake else WARN
    return Alarm(kind, severity, text, one.since, max(1, round(one.missing)), subject=one.source)


def held_rising(facts: Facts) -> Iterator[Alarm]:
    for one in facts.held:
        part = one.held / one.of if one.of else 0.0
        if one.held >= FEW_HELD and part > HELD_PART and one.usual <= part * 50:
            text = f"Many of the newest leads of {one.source} are held: a field of the form may have a new name"
            yield Alarm("held_rising", WARN, text, None, one.held, subject=one.source)


def other_person(facts: Facts) -> Iterator[Alarm]:
    for one in facts.other_person:
        text = f"Leads of {one.source} came under another lead's id with another number: may visitors choose the id?"
        yield Alarm("other_person", INFO, text, one.since, one.count, subject=one.source)


def held_long(facts: Facts) -> Iterator[Alarm]:
    for one in facts.held_long:
        text = f"Held leads of {one.source} wait for more than an hour of calling time: decide on them"
        yield Alarm("held_long", INFO, text, one.since, one.count, subject=one.source)


def broken_files(facts: Facts) -> Iterator[Alarm]:
    if facts.broken_files:
        names = ", ".join(sorted(facts.broken_files))
        text = f"Files with mistakes (the version in force stays): {names}"
        yield Alarm("broken_files", WARN, text, None, len(facts.broken_files))


def broken_accounts(facts: Facts) -> Iterator[Alarm]:
    if facts.broken_accounts:
        text = "Account files with mistakes; leads wait or are held until they are mended and all is started again: "
        names = ", ".join(sorted(facts.broken_accounts))
        yield Alarm("broken_accounts", PAGE, text + names, None, len(facts.broken_accounts))


def broken_sources(facts: Facts) -> Iterator[Alarm]:
    if facts.unreadable:
        text = f"Versions in force that cannot be read here: {', '.join(sorted(facts.unreadable))}"
        since = min((since for since in facts.unreadable.values() if since is not None), default=None)
        yield Alarm("broken_sources", PAGE, text, since, len(facts.unreadable))
