"""What a person types: a text with something in it, and a lead as they name it.

A terminal may send bytes that are no text in its own encoding; the database would refuse them with a traceback."""

import click

from cli.words import _


class _Text(click.ParamType):
    name = "text"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(value).encode("utf-8", "replace").decode().strip()


class _Said(_Text):
    """One with something in it: an empty filter would mean all leads."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = super().convert(value, param, ctx)
        if not text:
            self.fail(_("it is empty; leave the option out, or say what to look for"), param, ctx)
        return text


class _Lead(_Text):
    """Its id or its short number, also as the pages write that: № 118, #118."""

    name = "lead"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return super().convert(value, param, ctx).lstrip("№#").strip()


TEXT, SAID, LEAD = _Text(), _Said(), _Lead()
