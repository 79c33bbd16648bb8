"""An application that says what it was asked: for comparing what two servers make of the same bytes."""

import hashlib
import json


def app(environ, start_response):
    try:
        body = environ["wsgi.input"].read()
    except Exception as why:  # what the server says of a body that is none
        said = type(why).__name__
    else:
        said = f"{len(body)} {hashlib.sha256(body).hexdigest()}"
    asked = {name: environ.get(name) for name in ("REQUEST_METHOD", "RAW_URI", "PATH_INFO", "QUERY_STRING")}
    asked |= {name: value for name, value in environ.items() if name.startswith(("HTTP_", "CONTENT_"))}
    text = json.dumps([asked, said], sort_keys=True).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(text)))])
    return [text]


def never_relieved():
    """The product, but that the loop waits for the database as long as it takes."""
    from app import create_app
    from serving import loop

    loop.RELIEVED_S = float("inf")
    return create_app()
