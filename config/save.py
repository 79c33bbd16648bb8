"""Source files as the console writes them: only the lines that change, comments kept, whole or not at all."""

import io
import os
import tempfile
from functools import cache, lru_cache
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from config import load, new_source, preset_words
from config.examples import run_examples
from config.yaml_text import parse
from core.field_setup import Setup, value_of
from core.new_source import CannotMake, KnownSender, Made, Wish
from core.ports import CheckedText
from core.source import Source

MODE = 0o644


class Files:
    """The files of `SOURCES_DIR`; keeps the Protocol `core.ports.SourceFiles`."""

    def __init__(
        self, sources_dir: Path, policy_file: Path, secrets_file: Path | None = None, *, may_save: bool = True
    ) -> None:
        """Without `secrets_file` no source can be made here."""
        self._dir = sources_dir
        self._policy_file = policy_file
        self._secrets_file = secrets_file
        self._may_save = may_save

    @property
    def saves(self) -> bool:
        return self._may_save and os.access(self._dir, os.W_OK)

    def read(self, name: str) -> str | None:
        raw = load.read_raw(self._path(name)) if load.is_name(name) else None
        if not isinstance(raw, bytes):
            return None
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return None

    def edited(self, text: str, was: Setup, now: Setup) -> str:
        """Raises BadExpression for a reference that is none, ValueError for a text that cannot be edited so."""
        if now == was:
            return text
        yaml = _yaml()
        try:
            document = yaml.load(text)
        except YAMLError as why:
            raise ValueError("the file is no YAML that can be edited line by line") from why
        if not isinstance(document, CommentedMap):
            raise ValueError("the file is no set of keys")
        mapping = _below(document, "mapping")
        if now.number != was.number:
            _set_number(mapping, now.number)
        if (now.rules, now.default) != (was.rules, was.default):
            _set_script(mapping, now)
        if now.sms != was.sms:
            _set_sms(mapping, now.sms)
        out = io.StringIO()
        yaml.dump(document, out)
        return out.getvalue()

    def source(self, name: str, text: str) -> Source | None:
        policy = load.read_raw(self._policy_file)
        return _source(name, text, self._policy_file, policy if isinstance(policy, bytes) else b"")

    def check(self, name: str, text: str) -> CheckedText:
        loaded = _loaded(name, text, self._policy_file)
        if isinstance(loaded, load.Problems):
            return CheckedText(None, problems=loaded.items)
        return CheckedText(loaded.source, loaded.text, (), tuple(run_examples(loaded.source, self._dir)))

    def write(self, name: str, text: str, seen: str) -> bool:
        path = self._path(name)
        if self.read(name) != seen:
            return False
        handle, draft = tempfile.mkstemp(dir=self._dir, prefix=f".{name}.", suffix=".new")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(draft, MODE)
            os.replace(draft, path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
        return True

    def needs(self, source: Source, language: str) -> tuple[str, ...]:
        return preset_words.needs_of(source, language)

    def senders(self) -> tuple[KnownSender, ...]:
        return _senders()

    def make(self, wish: Wish) -> Made:
        if not self.saves or self._secrets_file is None:
            raise CannotMake("unwritable", f"files in {self._dir} are not written here: flask sources new makes them")
        return new_source.make(wish, self._dir, self._policy_file, self._secrets_file)

    def _path(self, name: str) -> Path:
        return self._dir / f"{name}.yaml"


@lru_cache(16)  # while somebody types, the file as it stands is asked for again and again
def _source(name: str, text: str, policy_file: Path, _policy: bytes) -> Source | None:
    loaded = _loaded(name, text, policy_file)
    return loaded.source if isinstance(loaded, load.Loaded) else None


def _loaded(name: str, text: str, policy_file: Path) -> load.Loaded | load.Problems:
    """The text as it would be read, under the policy file where that can be read."""
    parsed, policy = parse(text.encode(), f"{name}.yaml"), load.load_policy(policy_file)
    known = policy if isinstance(policy, load.PolicyText) else None
    return parsed if isinstance(parsed, load.Problems) else load.load_text(name, parsed, known)


@cache  # the presets come with the code
def _senders() -> tuple[KnownSender, ...]:
    read = {name: load.read_preset(name) for name in load.preset_names()}
    titles = {name: str(text.value.get("title", name)) for name, text in read.items() if isinstance(text, load.Text)}
    known = [KnownSender(name, title, preset_words.russian_title(name) or title) for name, title in titles.items()]
    return tuple(sorted(known, key=lambda one: one.title.casefold()))


def _yaml() -> YAML:
    """Set so that what is not changed comes out as it went in."""
    yaml = YAML(plug_ins=[])  # it would look for some in its own folder
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _below(document: CommentedMap, key: str) -> CommentedMap:
    if not isinstance(document.get(key), CommentedMap):
        document[key] = CommentedMap()
    found: CommentedMap = document[key]
    return found


def _flow(values: dict[str, object]) -> CommentedMap:
    made = CommentedMap(values)
    made.fa.set_flow_style()
    return made


def _set_number(mapping: CommentedMap, lines: tuple[str, ...]) -> None:
    values: list[object] = [_flow(one) if isinstance(one := value_of(line), dict) else one for line in lines]
    wanted: object = values[0] if len(values) == 1 else _list(values)
    if isinstance(mapping.get("number"), CommentedMap):
        mapping["number"]["field"] = wanted
    else:
        mapping["number"] = _flow({"field": wanted})


def _list(values: list[object]) -> CommentedSeq:
    made = CommentedSeq(values)
    made.fa.set_flow_style()
    return made


def _set_script(mapping: CommentedMap, now: Setup) -> None:
    script = mapping.get("script")
    if not now.rules and not (isinstance(script, CommentedMap) and "rules" in script):
        if isinstance(script, CommentedMap):
            script["default"] = now.default
        else:
            mapping["script"] = now.default
        return
    if not isinstance(script, CommentedMap):
        mapping["script"] = script = CommentedMap({"rules": CommentedSeq()})
    rules = script.setdefault("rules", CommentedSeq())
    for n, (when, value) in enumerate(now.rules):
        if n == len(rules):
            rules.append(_flow({"when": when, "value": value}))
        for key, said in (("when", when), ("value", value)):
            if rules[n].get(key) != said:
                rules[n][key] = said
    del rules[len(now.rules) :]
    if not rules:
        del script["rules"]
    if now.default:
        if script.get("default") != now.default:
            script["default"] = now.default
    elif "default" in script:
        del script["default"]


def _set_sms(mapping: CommentedMap, text: str) -> None:
    if not text:
        mapping.pop("sms", None)
    elif isinstance(mapping.get("sms"), CommentedMap):
        mapping["sms"]["template"] = text
    else:
        mapping["sms"] = _flow({"template": text})
