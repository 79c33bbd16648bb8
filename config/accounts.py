"""The accounts that calls are placed with: `main` of the settings, and a file for each other one.

They are read at a process's start and never again: an account has slots and connections of its own. A wrong
file is named with all its problems and leaves that account out, nothing else.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from config.load import FILE_NAME, is_name, lines_of, read_source_text, source_files
from config.settings import OPEN_WIRE, SettingsError, is_open
from config.yaml_text import Text
from core.account.wanted import WantedAccount
from core.ports import Account
from core.problem import Problem, Problems
from schemas.account import WaysIn, read_account
from schemas.section import Wrong

MAIN = "main"
Secrets = Callable[[str], str | None]
Make = Callable[[WantedAccount], Account]


def main_account(wanted: WantedAccount, ways_in: WaysIn, make: Make) -> Account:
    """The account of the settings. Raises SettingsError."""
    if wanted.provider not in ways_in:
        raise SettingsError([f"VOICE_PROVIDER: must be one of {', '.join(sorted(ways_in))}"])
    if set(wanted.auth) not in [set(way) for way in ways_in[wanted.provider]]:
        ways = ", or ".join(" and ".join(way) for way in ways_in[wanted.provider])
        raise SettingsError([f"VOICE_PROVIDER: this provider is told {ways}; an account's file can say that"])
    try:
        return make(wanted)
    except ValueError as why:
        raise SettingsError([f"VOICE_API_URL, or another VOICE_ setting of the account main: {why}"]) from why


def load_accounts(
    folder: Path, ways_in: WaysIn, secrets: Secrets, make: Make, *, insecure: bool = False
) -> dict[str, Account | Problems]:
    """Every account of a folder by its name; plain http to a public address only where it is said (`insecure`). Never
    raises for what a file can hold."""
    found: dict[str, Account | Problems] = {}
    for name, path in source_files(folder).items():
        found[name] = _load(name, path, ways_in, secrets, make, insecure)
    return found


def _load(name: str, path: Path, ways_in: WaysIn, secrets: Secrets, make: Make, insecure: bool) -> Account | Problems:
    if not is_name(name) or path.suffix != ".yaml":
        return Problems((Problem(str(path), 0, "", FILE_NAME, path.name),))
    if name == MAIN:
        return Problems((Problem(str(path), 0, "", "another name: main is the account of the settings"),))
    text = read_source_text(path)
    if isinstance(text, Problems):
        return text
    wanted, wrong = read_account(name, text.value, ways_in)
    if wanted is None:
        return lines_of(text, wrong)
    if is_open(wanted.url) and not insecure:
        return lines_of(text, [(("url",), Wrong(f"an https address: {OPEN_WIRE}"))])
    told = _with_secrets(wanted, secrets)
    if isinstance(told, list):
        return lines_of(text, told)
    try:
        return make(told)
    except ValueError as why:  # an address, a header or a file that cannot be; never with a value in it
        return _unusable(text, str(why))


def _with_secrets(wanted: WantedAccount, secrets: Secrets) -> WantedAccount | list[tuple[tuple[str, ...], Wrong]]:
    """The account with its secrets' present values, or what has none."""
    references: Mapping[tuple[str, ...], str] = {("auth", name): reference for name, reference in wanted.auth.items()}
    if wanted.proxy:
        references = {**references, ("proxy",): wanted.proxy}
    values = {keys: secrets(reference) or "" for keys, reference in references.items()}
    missing = [keys for keys, value in values.items() if not value]
    if missing:
        return [(keys, Wrong(f"a value of {references[keys]} in the environment or SECRETS_FILE")) for keys in missing]
    auth = {keys[1]: value for keys, value in values.items() if keys[0] == "auth"}
    return replace(wanted, auth=auth, proxy=values.get(("proxy",), ""))


def _unusable(text: Text, why: str) -> Problems:
    return Problems((Problem(text.file, 0, "", why.removeprefix("expected ")),))
