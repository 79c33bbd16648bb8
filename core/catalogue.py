"""Russian texts: a catalogue as people write it (`ru.po`), ready to be asked."""

import io
from typing import Any


def compiled(text: bytes) -> Any:
    """babel's Translations of a .po file's bytes. Its library is loaded here: who reads English does not pay for it."""
    from babel.messages import mofile, pofile
    from babel.support import Translations

    ready = io.BytesIO()
    mofile.write_mo(ready, pofile.read_po(io.BytesIO(text), locale="ru"))
    ready.seek(0)
    return Translations(ready)
