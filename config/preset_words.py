"""What a preset says to people, in English or Russian: its own words, or the texts of which its page in docs/ru/senders
is made. Where nobody wrote those, or they were not installed, its own."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from config import examples, load
from config.new_source import env_name
from core.source import Source

TEXTS = Path(__file__).parent.parent / "docs/sender_texts"


@dataclass(frozen=True)
class _Told:
    title: str
    needs: tuple[str, ...]
    notes: str


def title_of(source: Source, language: str) -> str:
    """What the sender is called."""
    return (russian_title(source.preset) if language == "ru" else "") or source.title


def russian_title(preset: str) -> str:
    """Empty where nobody wrote it."""
    told = _russian(preset)
    return told.title if told else ""


def notes_of(source: Source, language: str) -> str:
    """What is good to know of it."""
    told = _told(source, language)
    return told.notes if told else source.notes.strip()


def needs_of(source: Source, language: str) -> tuple[str, ...]:
    """What is to be done at the sender, with the names of this source's secrets."""
    told = _told(source, language)
    if told is None or source.needs != _needs_of_preset(source.preset):  # an owner's own words stay
        return source.needs
    if source.name == source.preset:  # the preset alone: the example's names are as good as any
        return told.needs
    example, own = env_name(f"my-{source.preset}", ""), env_name(source.name, "")
    return tuple(need.replace(example, own) for need in told.needs)


def _told(source: Source, language: str) -> _Told | None:
    return _russian(source.preset) if language == "ru" else None


@cache  # they come with the code
def _russian(preset: str) -> _Told | None:
    text = load.read_source_text(TEXTS / f"{preset}.yaml")
    said = text.value.get("ru") if isinstance(text, load.Text) else None
    if not isinstance(said, dict):
        return None
    return _Told(said["title"], tuple(said["steps"]), " ".join([*said.get("know", ()), *said.get("cannot", ())]))


@cache
def _needs_of_preset(preset: str) -> tuple[str, ...]:
    loaded = examples.preset_source(preset)
    return loaded.source.needs if isinstance(loaded, load.Loaded) else ()
