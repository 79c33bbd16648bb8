"""Two looks at the files: a text that stays, and that was never in force, becomes the next version.

So for each source's file, and for what the policy file says over all sources. What is in force stands in the
database, which comes in as an argument. No clock takes part: whether a text is new is told by what was in force
before, or by this process having seen the file change. All else that differs (an old checkout on a second machine,
a removed source's file come back) is only named.
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog

from config.load import (
    PRESETS,
    USUAL_POLICY,
    Loaded,
    PolicyText,
    Problem,
    Problems,
    is_name,
    load_file,
    load_policy,
    load_text,
    read_raw,
    source_files,
)
from config.yaml_text import parse
from core.overall import POLICY, Standing
from core.proofs.authentic import unproven

log = structlog.get_logger()
WHO = "watch"
NO_VALUE = "none of its secrets has a value yet ({}); it is taken when one appears"
Read = Loaded | PolicyText | Problems
Stamps = dict[str, tuple[int, int, int, int]]


class Versions(Protocol):
    """The database, as the watcher asks it."""

    def standing(self) -> Mapping[str, Standing]:
        """Whatever was ever taken, by its name: a source, or `POLICY`; as it was last read."""
        ...

    def had(self, name: str, digest: str) -> bool:
        """Whether any version under this name had this text."""
        ...

    def take(self, name: str, text: str, *, after: int, who: str) -> object | None:
        """Make the text version `after` + 1; None when `after` is not the newest any more."""
        ...


@dataclass
class _Seen:
    """What the looks found of one file. `mark` stands for every byte its text is made of, `own` for the file's."""

    mark: bytes
    own: bytes
    loaded: Read
    after: Standing | None  # what stood in the database before these bytes were first seen
    unread: bool = False  # there are no bytes: the file is away, or shut
    changed: bool = False  # this process saw the file's text, as merged, change to this one
    edited: bool = False  # and it was the file itself that changed, not its preset or the policy
    looks: int = 1  # in a row that found the same bytes
    gone: int = 0  # looks in a row that found no file
    decided: bool = False
    compared: bool = False  # with what stood in the database: taken, in force, or named

    def has_its_say(self, now: Standing | None) -> bool:
        """Whether nothing more comes of it, where this stands in the database."""
        return isinstance(self.loaded, Problems) or self.gone > 0 or (self.compared and now == self.after)

    @property
    def digest(self) -> str:
        return "" if isinstance(self.loaded, Problems) else self.loaded.digest


class Watcher:
    """One process's eyes on the files. `look` is called about twice a second, at least 500 ms apart, by one
    thread, each time after the versions were read. Nothing is remembered over a restart."""

    def __init__(
        self,
        folder: Path,
        policy_file: Path,
        versions: Versions,
        presets: Path = PRESETS,
        usual_policy: Path = USUAL_POLICY,
        secrets: Callable[[str], str | None] | None = None,
    ) -> None:
        """`secrets` resolves `env:NAME`; without it nobody asks whether a source's secret has a value."""
        self.broken: dict[str, str] = {}  # what is wrong with a file, by its version's name
        self.differing: dict[str, str] = {}  # names whose valid file is not in force, and why it was not taken
        self._folder, self._policy_file, self._presets = folder, policy_file, presets
        self._usual_policy = usual_policy
        self._versions = versions
        self._secrets = secrets
        self._stamps: Stamps | None = None
        self._ground = b""  # stands for the policy file and the presets, which every source's text stands on
        self._policy: PolicyText | Problems = PolicyText()
        self._seen: dict[str, _Seen] = {}

    def look(self) -> None:
        """One look. Raises only what the database raises; the next look then goes on where this one ended."""
        standing = self._versions.standing()  # before any file is read
        stamps = self._stamps_now()
        if stamps != self._stamps or self._unsettled():
            self._stamps = stamps
            self._read(standing)
        # While the policy file is broken no source's text can be known: each keeps its version.
        known = {POLICY: self._seen[POLICY]} if isinstance(self._policy, Problems) else self._seen
        for name, seen in known.items():
            if seen.looks >= 2 and not seen.gone:
                self._settle(name, seen, standing.get(name))

    def unsettled(self, standing: Mapping[str, Standing]) -> frozenset[str]:
        """Names of which this machine's file has not had its say yet over what stands in the database: it may say
        something else, as after a backup was put back. Nobody rings by those meanwhile."""
        if isinstance(self._policy, Problems):
            return frozenset()
        seen = dict(self._seen)  # the thread that looks goes on
        return frozenset(name for name, each in seen.items() if not each.has_its_say(standing.get(name)))

    def _stamps_now(self) -> Stamps:
        """Twice a second and of a hundred files, so without a Path for each."""
        stamps: Stamps = {}
        files: list[Path | str] = [*source_files(self._folder).values(), *_presets_in(self._presets), self._policy_file]
        for file in files:
            try:
                found = os.stat(file)
            except OSError:
                continue
            stamps[str(file)] = (found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns)
        return stamps

    def _unsettled(self) -> bool:
        return any(seen.looks < 2 or seen.gone for seen in self._seen.values())

    def _read(self, standing: Mapping[str, Standing]) -> None:
        self._read_ground(standing.get(POLICY))
        if isinstance(self._policy, Problems):
            return
        files = source_files(self._folder)
        for name, path in files.items():
            raw = read_raw(path)
            load = partial(self._load, name, path, raw)
            self._note(name, _mark(self._ground, raw), raw, load, standing.get(name))
        for name in self._seen.keys() - files.keys() - {POLICY}:
            self._miss(name, standing.get(name))

    def _read_ground(self, now: Standing | None) -> None:
        raw = read_raw(self._policy_file)
        presets = sorted(self._presets.glob("*.yaml"))
        self._ground = _mark(raw, *(part for path in presets for part in (path.name.encode(), read_raw(path))))
        # A file that is not there is missed where a text of it is in force: no caps end by a file that went away.
        missed = now is not None
        self._note(POLICY, _mark(raw, str(missed).encode()), raw, partial(self._load_policy, missed=missed), now)

    def _note(
        self, name: str, mark: bytes, raw: bytes | Problems, load: Callable[[], Read], now: Standing | None
    ) -> None:
        """What this look found under a name. A file that two looks could not read has vanished: what comes back is
        not a change that we saw."""
        before = self._seen.get(name)
        if before is not None and before.mark == mark:
            before.looks, before.gone = before.looks + 1, 0
            return
        seen = _Seen(mark, _mark(raw), load(), now, isinstance(raw, Problems))
        if before is not None and not (before.unread and before.looks >= 2):
            seen.changed = before.changed or before.digest != seen.digest
            seen.edited = before.edited or before.own != seen.own
        self._seen[name] = seen

    def _load_policy(self, *, missed: bool) -> PolicyText | Problems:
        self._policy = load_policy(self._policy_file, self._usual_policy, missed=missed)
        return self._policy

    def _load(self, name: str, path: Path, raw: bytes | Problems) -> Loaded | Problems:
        if isinstance(raw, Problems):
            return raw
        if isinstance(self._policy, Problems):
            return self._policy
        if name != path.stem:
            return load_file(path)  # its name is what is wrong with it
        text = parse(raw, str(path))
        return text if isinstance(text, Problems) else load_text(name, text, self._policy, self._presets)

    def _miss(self, name: str, now: Standing | None) -> None:
        """A file that two looks miss has vanished: what comes back is not a change that we saw."""
        seen = self._seen[name]
        seen.gone += 1
        if seen.gone < 2:
            return
        del self._seen[name]
        self.broken.pop(name, None)
        self.differing.pop(name, None)
        if now is not None and not now.removed:
            log.warning("file_gone", name=name, keeps=now.n, end_it=f"flask sources remove {name}")

    def _settle(self, name: str, seen: _Seen, now: Standing | None) -> None:
        """Bytes that two looks found: in force, to be taken, or to be named."""
        if isinstance(seen.loaded, Problems):
            self._say_broken(name, seen.loaded, now)
            return
        self._say_mended(name)
        if now is not None and now.digest == seen.digest and not now.removed:
            self.differing.pop(name, None)
            seen.after, seen.changed, seen.edited, seen.decided = now, False, False, True
            seen.compared = True
        elif now != seen.after:
            # Another version came in between: look again, and what was seen before it counts no more.
            seen.after, seen.changed, seen.edited, seen.decided, seen.looks = now, False, False, False, 0
            seen.compared = False
        elif not seen.decided:
            self._decide(name, seen, now)
            seen.compared = True

    def _decide(self, name: str, seen: _Seen, now: Standing | None) -> None:
        if isinstance(seen.loaded, Problems) or not seen.loaded.text:  # nobody has to write a policy file
            seen.changed, seen.edited, seen.decided = False, False, True
            return
        if missing := self._without_secret(seen.loaded):
            self._wait_for_secret(name, missing)
            return
        never_had = not self._versions.had(name, seen.digest)
        removed = now is not None and now.removed
        # A removed source is brought back by an edit of its file only, never by a preset or policy below it.
        wanted = never_had and seen.edited if removed else never_had or seen.changed
        if wanted:
            after = 0 if now is None else now.n
            self._versions.take(name, seen.loaded.text, after=after, who=WHO)
            self.differing.pop(name, None)
            seen.changed, seen.edited, seen.decided = False, False, True
            return
        seen.changed, seen.edited, seen.decided = False, False, True
        why = "the source was removed" if removed else "it had this text before, and was not changed here"
        self.differing[name] = why
        log.warning("file_differs", name=name, why=why, take_it=f"flask sources apply {name}")

    def _without_secret(self, loaded: Loaded | PolicyText) -> str:
        if self._secrets is None or not isinstance(loaded, Loaded):
            return ""
        return unproven(loaded.source, self._secrets)

    def _wait_for_secret(self, name: str, missing: str) -> None:
        """Not decided yet: it is taken as soon as a value appears, and what is in force stays until then."""
        why = NO_VALUE.format(missing)
        if self.differing.get(name) != why:
            self.differing[name] = why
            log.warning("file_waits_for_secret", name=name, missing=missing)

    def has_file(self, name: str) -> bool:
        """Whether there is a file for a source of this name, whatever stands in it."""
        return is_name(name) and (self._folder / f"{name}.yaml").exists()

    def _say_broken(self, name: str, problems: Problems, now: Standing | None) -> None:
        if self.broken.get(name) == str(problems):
            return
        self.broken[name] = str(problems)
        keeps = None if now is None or now.removed else now.n
        for item in problems.items:
            where = {"file": item.file, "line": item.line, "key": item.key}
            log.error("file_broken", name=name, **where, said=_said(item), keeps=keeps)

    def _say_mended(self, name: str) -> None:
        if self.broken.pop(name, None) is not None:
            log.info("file_mended", name=name)


def _said(item: Problem) -> str:
    said = f"expected {item.expected}" + (f", got {item.got}" if item.got else "")
    return f"{said}; write: {item.write}" if item.write else said


def _presets_in(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as found:
            return sorted(entry.path for entry in found if entry.name.endswith(".yaml"))
    except OSError:
        return []


def _mark(*parts: bytes | Problems) -> bytes:
    made = hashlib.sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else str(part).encode()
        made.update(len(raw).to_bytes(8, "big") + raw)
    return made.digest()
