"""Russian catalogues beside the texts that the code asks to be translated: what they lack, what they have over."""

from babel.messages import pofile


def read(folder):
    """The catalogue of the texts in this folder."""
    with (folder / "translations/ru.po").open("rb") as file:
        return pofile.read_po(file, locale="ru")


def lacking(used, known):
    """Of `used` (msgid, or (singular, plural) -> where it is asked for) what is not in it."""
    return {message: at for message, at in used.items() if known.get(first(message)) is None}


def left_over(used, known):
    """What is in it, and nobody asks for."""
    asked = set(map(first, used))
    return [one.id for one in known if one.id and first(one.id) not in asked]


def pairs(known):
    """(the English, one of its Russian texts) of each message."""
    for one in known:
        if one.id:
            english = " ".join(one.id) if isinstance(one.id, tuple) else one.id
            for text in one.string if isinstance(one.string, tuple) else (one.string,):
                yield english, text


def first(message):
    """Its singular."""
    return message[0] if isinstance(message, tuple) else message


def tell(lines):
    """What a catalogue lacks, as lines to fill in."""
    for message, at in lines.items():
        print(f"# {at}")  # noqa: T201
        print(repr(message))  # noqa: T201
