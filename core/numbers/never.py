"""Ranges of numbers that are not what the numbering plan takes them for, and cost more than they seem to.

phonenumbers, and with it `countries` and `number_types`, knows +7 as Russia's and Kazakhstan's: what Russia
lends to others, a satellite behind a mobile's prefix and a dear range look to it like any Russian number. Each range
here has its public source in docs/sources.md; without one there is none.
"""

SHIPPED: dict[str, str] = {
    "7840": "Abkhazia, fixed",
    "7940": "Abkhazia, mobile",
    "7850": "South Ossetia, fixed",
    "7998": "South Ossetia, mobile",
    "792980": "South Ossetia, mobile",
    "792981": "South Ossetia, mobile",
    "795410": "satellite",
    "7997445": "a range that carriers sell dearly",
}


def fitting(number: str, prefixes: tuple[str, ...]) -> str | None:
    """The longest of `prefixes` that the number (E.164 digits) begins with; None where none fits."""
    return max((prefix for prefix in prefixes if number.startswith(prefix)), key=len, default=None)


def named(prefix: str) -> str:
    """The range for a person: `+7940 (Abkhazia, mobile)`."""
    what = SHIPPED.get(prefix)
    return f"+{prefix} ({what})" if what else f"+{prefix}"
