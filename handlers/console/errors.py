"""What goes wrong on a page of the console, as a page: what happened and what to do."""

from typing import Any

import structlog
from flask import g, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from flow.operate import NoSuchLead
from flow.trial import NoSuchSource
from handlers.console.door import blueprint, page
from store.engine import StoreUnavailable

log = structlog.get_logger()


@blueprint.errorhandler(NoSuchLead)
@blueprint.errorhandler(NoSuchSource)
def _nothing(why: Exception) -> Any:
    return _page(404)


@blueprint.errorhandler(StoreUnavailable)
def _away(why: StoreUnavailable) -> Any:
    return _page(503)


@blueprint.errorhandler(HTTPException)
def _http(why: HTTPException) -> Any:
    if why.code in (301, 302, 303, 307, 308):
        return why
    return _page(why.code or 500, stale=isinstance(why, CSRFError))


@blueprint.errorhandler(Exception)
def _bug(why: Exception) -> Any:
    log.exception("bug", kind=type(why).__name__, path=request.url_rule and request.url_rule.rule)
    return _page(500)


def _page(status: int, *, stale: bool = False) -> Any:
    """Inside the console's frame where somebody is in, else alone; never fails for want of a database."""
    answer = make_response(
        render_template("console/error.html", status=status, needed=g.get("needed", ""), stale=stale), status
    )
    if status == 503:
        answer.headers["Retry-After"] = "5"
    return answer


@page("/<path:nothing>")
def not_there(nothing: str) -> Any:
    """Whatever else is asked for under /console/, by somebody who is in."""
    return _page(404)
