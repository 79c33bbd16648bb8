"""Every command that a page prints exists with its options, and every link leads somewhere."""

import re
import shlex

import click
import pytest

from simulator.__main__ import _parser as simulator_parser
from tests.pages import DOCS, FENCE, LINK, PAGES, ROOT, SPAN, name


@pytest.fixture(scope="module")
def tree():
    from cli.commands import Commands

    return Commands("flask")


def written(page):
    """(line of a shell block or span, whether it has to be whole) of every `flask ...` on a page."""
    whole = page.read_text(encoding="utf-8")
    for language, block in FENCE.findall(whole):
        if language in ("", "sh", "bash", "console"):
            joined = re.sub(r"\\\n\s*", " ", block)
            for line in joined.splitlines():
                yield from ((found, True) for found in commands_of(line))
    for span in SPAN.findall(FENCE.sub("", whole)):
        yield from ((found, False) for found in commands_of(span))


def commands_of(line):
    line = re.sub(r"^\s*(\$ )?", "", line)
    for part in re.split(r"&&|\||;| #|^#|>>? ", line):
        found = re.match(r"(?:[A-Z_]+=\S+ )*(?:exec )?(?:\.venv/bin/)?flask (.+)", part.strip())
        if found:
            yield found.group(1).strip()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_exists_with_its_options(page, tree):
    for line, whole in written(page):
        words = shlex.split(line)
        command, context = tree, click.Context(tree, info_name="flask")
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            following = command.get_command(context, words[0])
            assert following is not None, f"flask {line}: there is no {words[0]}"
            command, words = following, words[1:]
        if words == ["--help"]:
            continue
        known = options_of(command)
        unknown = [word.split("=")[0] for word in words if word.startswith("--") and word.split("=")[0] not in known]
        assert unknown == [], f"flask {line}"
        if whole:
            assert not isinstance(command, click.Group), f"flask {line}: which of its commands?"
            try:
                command.make_context("flask", list(words), parent=context)
            except click.UsageError as why:
                pytest.fail(f"flask {line}: {why.format_message()}")


def options_of(command):
    if command.context_settings.get("ignore_unknown_options"):  # the simulator's own parser reads them
        return set(re.findall(r"--[a-z-]+", simulator_parser().format_help()))
    return {option for parameter in command.params for option in parameter.opts}


def test_commands_of_the_pages_are_found():
    assert len([1 for page in PAGES for _ in written(page)]) > 80


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_make_target_exists(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    whole = page.read_text(encoding="utf-8")
    lines = [
        *SPAN.findall(FENCE.sub("", whole)),
        *(line for _, block in FENCE.findall(whole) for line in block.split("\n")),
    ]
    told = [re.match(r"(?:[A-Z_]+=\S+ )*make ([a-z]+(?:-[a-z]+)*)", line.strip()) for line in lines]
    assert {found.group(1) for found in told if found} <= targets


# Links


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page):
    whole = FENCE.sub("", page.read_text(encoding="utf-8"))
    links = [link.split("#")[0] for link in LINK.findall(whole) if "://" not in link]
    assert [link for link in links if link and not (page.parent / link).exists()] == []


def test_every_page_is_reached_from_the_index():
    reached, left = set(), [DOCS / "index.md"]
    while left:
        page = left.pop().resolve()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        links = LINK.findall(page.read_text(encoding="utf-8"))
        left += [page.parent / link.split("#")[0] for link in links if "://" not in link]
    assert [name(page) for page in PAGES if page.resolve() not in reached] == []
