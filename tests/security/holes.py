"""Builds of the product with a guard taken away: the controls of the attacks. They exist in tests only.

An attack that does not succeed against the build made for it is no test: it would pass whatever the product does."""

import gzip
import hmac
import io
import json
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import unquote
from xml.etree.ElementTree import XMLParser

import pytest
from flask import Flask

Hole = Callable[[pytest.MonkeyPatch], None]
HOLES: dict[str, Hole] = {}


def hole(taken: Hole) -> Hole:
    HOLES[taken.__name__] = taken
    return taken


@contextmanager
def opened(*names: str) -> Iterator[pytest.MonkeyPatch]:
    """This process with these holes, until the block ends."""
    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            HOLES[name](patch)
        yield patch


def web(*names: str) -> Flask:
    """gunicorn's application with these holes, for as long as the process lives."""
    patch = pytest.MonkeyPatch()
    for name in names:
        HOLES[name](patch)
    from app import create_app

    return create_app()


def before_the_app(patch: pytest.MonkeyPatch, middleware) -> None:
    """Put a WSGI middleware around the application that `create_app` makes."""
    import app

    create_app = app.create_app

    def wrapped(*given):
        made = create_app(*given)
        made.wsgi_app = middleware(made.wsgi_app)
        return made

    patch.setattr(app, "create_app", wrapped)


# Proofs


@hole
def no_proof(patch):
    """Whoever posts is the sender."""
    from core.proofs import authentic
    from core.proofs.covers import WHOLE

    patch.setattr(authentic, "check", lambda *_: authentic.Proof(True, covers=WHOLE))


@hole
def texts_compared(patch):
    """Proofs are compared as texts: a sign that is no ASCII breaks the comparison itself."""
    from core.proofs import proof

    def same(given, expected):
        return hmac.compare_digest(given.decode("latin-1"), expected.decode("latin-1"))

    patch.setattr(proof, "same", same)


@hole
def late_is_new(patch):
    """A signature is good at any time, and what was signed is not remembered."""
    from core.proofs import authentic

    check = authentic.check
    patch.setattr(authentic, "check", lambda *given: replace(check(*given), late=False, marks=()))


@hole
def each_is_new(patch):
    """No delivery is the repeat of another."""
    from flow import intake_prepared

    patch.setattr(intake_prepared, "_key", lambda *_: (secrets.token_hex(), 1))


@hole
def gives_up_early(patch):
    """A proof that is not there, or that no secret could make right, is not compared with anything."""
    from core.proofs import authentic

    def check(delivery, source, secrets, now_ms):
        keys = authentic.live_keys(source.auth.secrets, secrets)
        if not keys or not (delivery.query or delivery.headers):
            return authentic.Proof(False, "missing")
        scheme = authentic.SCHEMES[source.auth.scheme]
        return scheme(delivery, source, keys, now_ms)

    patch.setattr(authentic, "check", check)


@hole
def letter_by_letter(patch):
    """Proofs are compared bit by bit, until two differ."""
    from core.proofs import proof

    def same(given, expected):
        if len(given) != len(expected):
            return False
        return all(f"{one:08b}" == f"{other:08b}" for one, other in zip(given, expected, strict=True))

    patch.setattr(proof, "same", same)


# Bodies


@hole
def no_limit(patch):
    """A body is read whole, however large."""
    from handlers import hooks

    def whole(environ, _limit):
        stream, pieces = environ["wsgi.input"], []
        while piece := stream.read(1 << 16):
            pieces.append(piece)
        return b"".join(pieces)

    patch.setattr(hooks, "_whole_body", whole)


@hole
def inflates(patch):
    """A compressed body is unpacked in front of the application."""

    def middleware(inner):
        def unpack(environ, start_response):
            if environ.pop("HTTP_CONTENT_ENCODING", "") == "gzip":
                body = gzip.decompress(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
                environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
            return inner(environ, start_response)

        return unpack

    before_the_app(patch, middleware)


@hole
def plain_json(patch):
    """JSON as the standard library reads it."""
    from core.reading import jsonbody

    patch.setattr(jsonbody, "read", json.loads)


@hole
def keys_without_end(patch):
    """A form may have any number of keys, in a body of any size."""
    from core.reading import form, multipart, tree

    for module in (form, multipart, tree):
        for name in ("MAX_KEYS", "_MAX_STEPS", "MAX_VALUES"):
            if hasattr(module, name):
                patch.setattr(module, name, 10**9)


@hole
def entities(patch):
    """XML with its entities."""
    from core.reading import xmlbody

    patch.setattr(xmlbody, "DefusedXMLParser", lambda target, forbid_dtd: XMLParser(target=target))


# Expressions


@hole
def jinja_runs(patch):
    """An SMS template is rendered by Jinja."""
    import jinja2

    from core.expressions import expression

    def compile_it(cls, text):
        return cls(text, (text,))

    def render(self, payload, tame):
        return jinja2.Template(self.text).render(payload)

    patch.setattr(expression.Template, "compile", classmethod(compile_it))
    patch.setattr(expression.Template, "render", render)


@hole
def expressions_grow(patch):
    """A JMESPath expression may double what it has found at each step, and write it out."""
    from core.expressions import jmes

    patch.setattr(jmes, "GROWTH", 10**30)
    patch.setattr(jmes, "FUNCTIONS", jmes.FUNCTIONS | {"to_string"})


@hole
def follows(patch):
    """A CRM is asked as one asks for a page: at the address as it reads, redirects followed."""
    import requests

    from core.ports import Answer
    from wire import fetch

    def ask(_self, question):
        try:
            requests.get(question.base + question.target, timeout=1)
        except (requests.RequestException, ValueError):
            return Answer("silent")
        return Answer("odd")

    patch.setattr(fetch.GuardedCrm, "ask", ask)


@hole
def any_id(patch):
    """A value of the payload stands in the question as it came."""
    from core.expressions import slots

    patch.setattr(slots.Slot, "read", lambda self, payload, secret: str(payload["id"]))
    patch.setattr(slots, "quote", lambda text, safe="": text)


@hole
def backtracks(patch):
    """A pattern that tries every way to part a text."""
    import re

    from core.expressions import sms

    patch.setattr(sms, "_WORDS", re.compile(r"\w*\w*\w*!"))
    patch.setattr(sms, "MAX_VALUE", 10**6)


# Pages and exports


@hole
def raw_pages(patch):
    """Values stand in pages as they came."""
    import app

    patch.setattr(app.Web, "select_jinja_autoescape", lambda _self, _name: False)


@hole
def any_script(patch):
    """Pages do not say what may run in them."""
    from handlers.console import door

    patch.setattr(door, "CSP", "default-src * 'unsafe-inline' data:")


@hole
def forms_without_token(patch):
    """A form is believed wherever it comes from."""
    from handlers.console import door

    patch.setattr(door.csrf, "protect", lambda: None)


@hole
def one_role(patch):
    """Whoever is in may do everything."""
    from core import people

    patch.setattr(people, "may", lambda _role, _needed: True)


@hole
def no_sign_in(patch):
    """Whoever comes is taken for the owner."""
    from handlers.console import door
    from store.people import User

    anybody = User(1, "anybody", "anybody", "owner", "", 0, 0, None, disabled=False, language="", zone="")
    patch.setattr(door, "_who_is_in", lambda user: user or anybody)


@hole
def guesses_uncounted(patch):
    """After a wrong password the next one is heard at once."""
    from flow import people

    patch.setattr(people, "_wait_ms", lambda *_: 0)


@hole
def bare_cells(patch):
    """A cell of an export is what somebody typed."""
    from cli import leads_export
    from handlers.console import export

    for module in (leads_export, export):
        patch.setattr(module, "safe", lambda value: "" if value is None else str(value))
        patch.setattr(module, "phone", lambda number: f"+{number}" if number else "")


# Logs


@hole
def plain_log(patch):
    """The log is what is printed."""
    import structlog

    class Printing:
        def __getattr__(self, _level):
            return lambda event, **more: print(event, more.values(), file=sys.stderr)  # noqa: T201

    patch.setattr(structlog, "get_logger", lambda *_: Printing())


@hole
def access_log(patch):
    """A line for each request, as servers write it, and the body of what was refused."""

    def middleware(inner):
        def tell(environ, start_response):
            print(environ["REQUEST_METHOD"], unquote(environ["RAW_URI"]), environ.get("HTTP_AUTHORIZATION"))  # noqa: T201
            print(environ["wsgi.input"].read() if environ["REQUEST_METHOD"] == "PUT" else "", flush=True)  # noqa: T201
            return inner(environ, start_response)

        return tell

    before_the_app(patch, middleware)
