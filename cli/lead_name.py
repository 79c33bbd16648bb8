"""A lead as a person names it: by its id or its short number, also as the pages write that (№ 118, #118)."""

import click


class _Lead(click.ParamType):
    name = "lead"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(value).strip().lstrip("№#").strip()


LEAD = _Lead()
