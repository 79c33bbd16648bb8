"""The shipped presets, each read once a process."""

from functools import cache

from config.examples import preset_source
from config.load import Loaded
from core.source import Source


@cache
def source_of(name: str) -> Source:
    """The preset as its owner would use it, with its own examples."""
    found = preset_source(name)
    assert isinstance(found, Loaded), str(found)
    return found.source
