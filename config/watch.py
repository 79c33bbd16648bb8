"""Two looks at the files: a text that stays, and that the source never had, becomes its next version.

What is in force stands in the database, which comes in as an argument. No clock takes part: whether a
text is new is told by what the source had before, or by this process having seen the file change. All
else that differs (an old checkout on a second machine, a removed source's file come back) is only named.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
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
    load_file,
    load_policy,
    load_text,
    read_raw,
    source_files,
)
from config.yaml_text import parse
from core.source import Standing

log = structlog.get_logger()
WHO = "watch"
POLICY = "the policy file"
Stamps = dict[str, tuple[int, int, int, int]]


class Versions(Protocol):
    """The database, as the watcher asks it."""

    def standing(self) -> Mapping[str, Standing]:
        """Every source that was ever taken, as it was last read."""
        ...

    def had(self, name: str, digest: str) -> bool:
        """Whether any version of the source had this text."""
        ...

    def take(self, name: str, text: str, *, after: int, who: str) -> object | None:
        """Make the text version `after` + 1; None when `after` is not the newest any more."""
        ...


@dataclass
class _Seen:
    """What the looks found of one file. `mark` stands for every byte its text is made of, `own` for the file's."""

    mark: bytes
    own: bytes
    loaded: Loaded | Problems
    after: Standing | None  # what stood in the database before these bytes were first seen
    changed: bool = False  # this process saw the file's text, as merged, change to this one
    edited: bool = False  # and it was the file itself that changed, not its preset or the policy
    looks: int = 1  # in a row that found the same bytes
    gone: int = 0  # looks in a row that found no file
    decided: bool = False

    @property
    def digest(self) -> str:
        return self.loaded.digest if isinstance(self.loaded, Loaded) else ""


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
    ) -> None:
        self.broken: dict[str, str] = {}  # what is wrong with a file, by its source's name
        self.differing: dict[str, str] = {}  # sources whose valid file is not in force, and why it was not taken
        self.policy: PolicyText | None = None  # the policy file as last read whole; None: not yet
        self._folder, self._policy_file, self._presets = folder, policy_file, presets
        self._usual_policy = usual_policy
        self._versions = versions
        self._stamps: Stamps | None = None
        self._ground, self._ground_looks = b"", 0
        self._policy: PolicyText | Problems = PolicyText()
        self._seen: dict[str, _Seen] = {}

    def look(self) -> None:
        """One look. Raises only what the database raises; the next look then goes on where this one ended."""
        standing = self._versions.standing()  # before any file is read
        stamps = self._stamps_now()
        if stamps != self._stamps or self._unsettled():
            self._stamps = stamps
            self._read(standing)
        if isinstance(self._policy, Problems):
            return  # no source's text can be known; each keeps its version
        for name, seen in self._seen.items():
            if seen.looks >= 2 and not seen.gone:
                self._settle(name, seen, standing.get(name))

    def _stamps_now(self) -> Stamps:
        files = [*source_files(self._folder).values(), *self._presets.glob("*.yaml"), self._policy_file]
        stamps: Stamps = {}
        for path in files:
            try:
                found = path.stat()
            except OSError:
                continue
            stamps[str(path)] = (found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns)
        return stamps

    def _unsettled(self) -> bool:
        return self._ground_looks < 2 or any(seen.looks < 2 or seen.gone for seen in self._seen.values())

    def _read(self, standing: Mapping[str, Standing]) -> None:
        self._read_ground()
        if isinstance(self._policy, Problems):
            return
        files = source_files(self._folder)
        for name, path in files.items():
            raw = read_raw(path)
            mark = _mark(self._ground, raw)
            before = self._seen.get(name)
            if before is not None and before.mark == mark:
                before.looks, before.gone = before.looks + 1, 0
                continue
            now = _Seen(mark, _mark(raw), self._load(name, path, raw), standing.get(name))
            if before is not None:
                now.changed = before.changed or before.digest != now.digest
                now.edited = before.edited or before.own != now.own
            self._seen[name] = now
        for name in self._seen.keys() - files.keys():
            self._miss(name, standing.get(name))

    def _read_ground(self) -> None:
        """The policy file and the presets, which every source's text stands on."""
        paths = [self._policy_file, *sorted(self._presets.glob("*.yaml"))]
        ground = _mark(*(part for path in paths for part in (path.name.encode(), read_raw(path))))
        if ground != self._ground:
            self._ground, self._ground_looks, self._policy = ground, 1, self._read_policy()
            return
        self._ground_looks += 1
        if isinstance(self._policy, Problems):
            self._say_broken(POLICY, self._policy, None)
        else:
            self.policy = self._policy
            self._say_mended(POLICY)

    def _read_policy(self) -> PolicyText | Problems:
        """One that this process read and that is gone is missed: no caps end by a file that went away."""
        if self.policy is not None and self.policy.defaults.file and not self._policy_file.exists():
            expected = "the file that was here; the rules read last go on until it is back or this process starts anew"
            return Problems((Problem(str(self._policy_file), 0, "", expected, "no file"),))
        return load_policy(self._policy_file, self._usual_policy)

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
            log.warning("source_file_gone", source=name, keeps=now.n, end_it=f"flask sources remove {name}")

    def _settle(self, name: str, seen: _Seen, now: Standing | None) -> None:
        """Bytes that two looks found: in force, to be taken, or to be named."""
        if isinstance(seen.loaded, Problems):
            self._say_broken(name, seen.loaded, now)
            return
        self._say_mended(name)
        if now is not None and now.digest == seen.digest and not now.removed:
            self.differing.pop(name, None)
            seen.after, seen.changed, seen.edited, seen.decided = now, False, False, True
        elif now != seen.after:
            # Another version came in between: look again, and what was seen before it counts no more.
            seen.after, seen.changed, seen.edited, seen.decided, seen.looks = now, False, False, False, 0
        elif not seen.decided:
            self._decide(name, seen, now)
            seen.changed, seen.edited, seen.decided = False, False, True

    def _decide(self, name: str, seen: _Seen, now: Standing | None) -> None:
        if not isinstance(seen.loaded, Loaded):
            return
        never_had = not self._versions.had(name, seen.digest)
        removed = now is not None and now.removed
        # A removed source is brought back by an edit of its file only, never by a preset or policy below it.
        wanted = never_had and seen.edited if removed else never_had or seen.changed
        if wanted:
            after = 0 if now is None else now.n
            self._versions.take(name, seen.loaded.text, after=after, who=WHO)
            return
        why = "the source was removed" if removed else "the source had this text before, and it was not changed here"
        self.differing[name] = why
        log.warning("source_file_differs", source=name, why=why, take_it=f"flask sources apply {name}")

    def _say_broken(self, name: str, problems: Problems, now: Standing | None) -> None:
        if self.broken.get(name) == str(problems):
            return
        self.broken[name] = str(problems)
        keeps = None if now is None or now.removed else now.n
        for item in problems.items:
            where = {"file": item.file, "line": item.line, "key": item.key}
            log.error("source_file_broken", source=name, **where, said=_said(item), keeps=keeps)

    def _say_mended(self, name: str) -> None:
        if self.broken.pop(name, None) is not None:
            log.info("source_file_mended", source=name)


def _said(item: Problem) -> str:
    said = f"expected {item.expected}" + (f", got {item.got}" if item.got else "")
    return f"{said}; write: {item.write}" if item.write else said


def _mark(*parts: bytes | Problems) -> bytes:
    made = hashlib.sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else str(part).encode()
        made.update(len(raw).to_bytes(8, "big") + raw)
    return made.digest()
