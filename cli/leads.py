"""`flask leads`: the group."""

from typing import ClassVar

import click

from cli.commands import OnDemand
from cli.words import Group


class Leads(OnDemand, Group):
    where: ClassVar = {
        "list": "cli.leads_list:command",
        "show": "cli.leads_show:command",
        "bulk": "cli.leads_bulk:command",
        "export": "cli.leads_export:command",
        "erase": "cli.leads_erase:command",
        "erasures": "cli.leads_erase:erasures",
        **{name: f"cli.leads_decide:{name}" for name in ("cancel", "remap", "rearm", "resolve")},
    }


@click.group("leads", cls=Leads)
def command() -> None:
    """The leads: list, show, cancel, remap, rearm, resolve; many at once with bulk; export and erase."""
