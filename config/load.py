"""From files to sources: what is whole and valid is Loaded, anything else is Problems, all at once.

Files are where versions come from. What is in force is the canonical text, which `from_text` reads
back; it holds the source over its preset over the policy file's defaults, so it stands alone.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from config.merge import merge, under_policy, without
from config.yaml_text import SIZE, Keys, Text, parse
from core.overall import POLICY, Overall
from core.problem import Problem, Problems, collect
from core.source import Policy, Source
from schemas.policy import read_policy
from schemas.section import Wrong, nearest
from schemas.source import NAME, read_source

__all__ = ["Loaded", "PolicyText", "Problem", "Problems", "Text", "from_text", "load_file", "load_policy"]

PRESETS = Path(__file__).parent / "presets"
USUAL_POLICY = Path(__file__).parent / "policy.yaml"
FILE_NAME = "a name of small Latin letters, digits and hyphens, at most 63, ending in .yaml"
WHOLE_LINE = re.compile(r"[a-z_]+:( |$)")


@dataclass(frozen=True)
class Loaded:
    """A whole, valid source. `text` is canonical: equal settings have equal texts; examples are left out."""

    source: Source
    text: str
    digest: str  # SHA-256 of the text, hex

    def unasked(self) -> str:
        """What cannot ring because the CRM, which the preset knows to ask, is not; "" where nothing is missing."""
        fetch = json.loads(self.text).get("fetch", {})
        if self.source.fetch is not None or "steps" not in fetch:
            return ""
        return str(fetch.get("without", "what comes as an id only never rings"))


@dataclass(frozen=True)
class PolicyText:
    """A whole, valid policy file: `defaults` as it stands, below every source's policy, and what it says over all
    sources, whose canonical `text` comes into force as a version of its own."""

    defaults: Text = field(default_factory=lambda: Text("", {}))
    policy: Policy = field(default_factory=Policy)  # the same, read
    overall: Overall = field(default_factory=Overall)
    text: str = ""  # nobody wrote one

    @property
    def digest(self) -> str:
        return _digest(self.text)


def load_file(path: Path, policy: PolicyText | None = None, presets: Path = PRESETS) -> Loaded | Problems:
    """The source of one file. Never raises for what a file can hold."""
    if not is_name(path.stem) or path.suffix != ".yaml":
        return Problems((Problem(str(path), 0, "", FILE_NAME, path.name),))
    text = read_source_text(path)
    return text if isinstance(text, Problems) else load_text(path.stem, text, policy, presets)


def load_text(name: str, text: Text, policy: PolicyText | None = None, presets: Path = PRESETS) -> Loaded | Problems:
    """The source called `name` of a text already read."""
    whole = whole_text(text, policy, presets)
    if isinstance(whole, Problems):
        return whole
    source, wrong = read_source(name, whole.value)
    if source is None:
        return lines_of(whole, wrong)
    canonical = _canonical(without(whole, "examples").value)
    return Loaded(source, canonical, _digest(canonical))


def whole_text(text: Text, policy: PolicyText | None = None, presets: Path = PRESETS) -> Text | Problems:
    """The source's text over its preset's over the policy file's defaults."""
    name = text.value.get("preset", "generic")
    preset = read_preset(name, presets) if isinstance(name, str) else None
    if preset is None:
        file, line = text.place(("preset",))
        known = preset_names(presets)
        write = nearest(name, known) if isinstance(name, str) else ""
        got = name if isinstance(name, str) else "no text"
        said = Problem(file, line, "preset", "one of " + ", ".join(known), got, f"preset: {write}" if write else "")
        return Problems((said,))
    if isinstance(preset, Problems):
        return preset
    whole = merge(without(preset, "examples"), text)  # a preset's examples know nothing of the owner's script
    return under_policy(whole, policy.defaults) if policy else whole


def from_text(name: str, text: str) -> Source | Overall | Problems:
    """What a canonical text says, as a process reads the version in force: a source, or under the name `POLICY` what
    holds over all. Problems only when the text was written by another release whose keys this one does not know."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        return Problems((Problem(name, 0, "", "a canonical text"),))
    if name == POLICY:
        policy, wrong = read_policy(value)
        return policy[1] if policy is not None else lines_of(Text(name, value), wrong)
    source, wrong = read_source(name, value)
    return source if source is not None else lines_of(Text(name, value), wrong)


def read_source_text(path: Path) -> Text | Problems:
    """A file's content with the line of each key, not yet checked against any schema."""
    raw = read_raw(path)
    return raw if isinstance(raw, Problems) else parse(raw, str(path))


def read_raw(path: Path) -> bytes | Problems:
    """A file's bytes, at most one more than a text may have."""
    try:
        with path.open("rb") as file:
            return file.read(SIZE + 1)
    except OSError as error:
        return Problems((Problem(str(path), 0, "", "a file that can be read", error.strerror or "an error"),))


def read_preset(name: str, presets: Path = PRESETS) -> Text | Problems | None:
    """The preset's text, checked by itself; None where there is none of this name."""
    if not re.fullmatch(NAME, name):
        return None
    try:
        written_at = (presets / f"{name}.yaml").stat().st_mtime_ns
    except OSError:
        return None
    return _preset(name, presets, written_at)


@lru_cache(256)  # the presets come with the code, and every source of every look is laid over one
def _preset(name: str, presets: Path, _written_at: int) -> Text | Problems:
    text = read_source_text(presets / f"{name}.yaml")
    if isinstance(text, Problems):
        return text
    source, wrong = read_source(name, text.value, whole=False)
    for key in ("preset", "account", "enabled", "dry_run"):
        if key in text.value:
            wrong.append(((key,), Wrong("nothing: this is the source's to say", key)))
    policy = text.value.get("policy")
    for key in policy if isinstance(policy, dict) else ():
        if key != "test_when":  # whom and when is the owner's word, in the source or in the policy file
            wrong.append((("policy", key), Wrong("test_when only, the rest is the owner's to say", key)))
    return lines_of(text, wrong) if wrong or source is None else text


def preset_names(presets: Path = PRESETS) -> list[str]:
    """The names of all presets, sorted."""
    return sorted(path.stem for path in presets.glob("*.yaml"))


def source_files(folder: Path) -> dict[str, Path]:
    """The files that were meant as sources, by the source's name, or by their own where it cannot be one."""
    try:
        paths = sorted(folder.iterdir())
    except OSError:  # no such folder, or one that is away
        return {}
    meant = (path for path in paths if path.suffix in (".yaml", ".yml") and not path.name.startswith("."))
    return {path.stem if path.suffix == ".yaml" and is_name(path.stem) else path.name: path for path in meant}


def is_name(text: str) -> bool:
    """Whether a source may be called so."""
    return re.fullmatch(NAME, text) is not None


def load_policy(path: Path, usual: Path = USUAL_POLICY, *, missed: bool = False) -> PolicyText | Problems:
    """The policy file. Nobody has to write the usual one: where there is none the built-in rules hold, unless it is
    `missed`, because a text of it is in force. Another one was named by somebody (POLICY_FILE): always missed."""
    if not path.exists():
        if missed:
            expected = "the file whose text is in force; what holds goes on until it is back (`{}` says nothing)"
            return Problems((Problem(str(path), 0, "", expected, "no file"),))
        if path == usual:
            return PolicyText()
    raw = read_raw(path)
    return raw if isinstance(raw, Problems) else _policy_of(raw, str(path))


@lru_cache(4)  # while somebody types in the lab, each text is laid over the same policy file
def _policy_of(raw: bytes, file: str) -> PolicyText | Problems:
    text = parse(raw, file)
    return text if isinstance(text, Problems) else policy_text(text)


def policy_text(text: Text) -> PolicyText | Problems:
    """The policy of a text already read."""
    said, wrong = read_policy(text.value)
    if said is None:
        return lines_of(text, wrong)
    below = {keys[1:]: place for keys, place in text.places.items() if keys[0] == "defaults" and len(keys) > 1}
    own = {key: value for key, value in text.value.items() if key != "defaults"}  # they are in the sources' texts
    if "timezone" in text.value.get("defaults", {}):  # but for what people read times in
        own["defaults"] = {"timezone": text.value["defaults"]["timezone"]}
    return PolicyText(Text(text.file, text.value.get("defaults", {}), below), *said, _canonical(own))


def _canonical(value: dict[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def lines_of(text: Text, wrong: list[tuple[Keys, Wrong]]) -> Problems:
    """The problems with their lines. What is missing in a merged text is missing in the source: presets and
    defaults are checked by themselves."""
    items = []
    for keys, said in wrong:
        own = next((keys[:n] for n in range(len(keys), 0, -1) if text.places.get(keys[:n], ("",))[0] == text.file), ())
        line = text.places[own][1] if own else 1
        bare = said.write and keys and not keys[-1].isdigit() and not WHOLE_LINE.match(said.write)
        write = f"{keys[-1]}: {said.write}" if bare else said.write
        items.append(Problem(text.file, line, ".".join(keys), said.expected, said.got, write))
    return collect(items)
