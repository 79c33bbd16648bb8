"""The release is said in one place."""

import re

from core.release import RELEASE
from tests.pages import ROOT


def test_the_release_is_the_newest_heading_of_the_changelog():
    headings = re.findall(r"^## (\S+), ", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == RELEASE
