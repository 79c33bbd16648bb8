"""The README's pictures can be taken anew, and are those that it shows."""

import re

from docs import pictures
from tests.pages import ROOT


def test_the_pictures_of_the_readme_are_those_that_the_script_takes(tmp_path, browser):
    shown = set(re.findall(r"docs/pictures/([\w-]+)\.png", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert shown == set(pictures.PICTURES)
    for file in pictures.take_with(browser, tmp_path, pictures.PICTURES, many=60):
        assert file.read_bytes().startswith(b"\x89PNG")
        assert (pictures.FOLDER / file.name).exists()
