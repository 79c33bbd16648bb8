"""The first page: five questions, in the order in which they matter."""

from typing import Any

from flask import render_template

from handlers.console import cases
from handlers.console.door import page, the_gateway
from store import inbox

TOP_CASES = 4


@page("/")
def overview() -> Any:
    gateway = the_gateway()
    with gateway.store.read() as tx:
        rows = inbox.pending(tx)
    return render_template("console/overview.html", cases=cases.grouped(rows)[:TOP_CASES])
