"""gunicorn's settings. Stands alone: imports nothing of ours.

The application is loaded once, before the workers are made: a wrong setting ends the whole start
with its list of problems, and no recycled worker can fail to boot later. Connections are opened
after the fork. A listening socket that systemd hands over (LISTEN_FDS) goes before all of `bind`."""

import gc
import os
import sys
from pathlib import Path

from dotenv import dotenv_values

_dotenv = Path(__file__).parent / ".env"


def _fail(text):
    """One sentence, and no traceback of gunicorn's around it."""
    print(text, file=sys.stderr)  # noqa: T201
    sys.exit(1)


# As the settings read them: the environment, else .env beside this file.
try:
    _given = {**dotenv_values(_dotenv), **{k: v for k, v in os.environ.items() if v}}
except (OSError, UnicodeDecodeError):
    _fail(f"{_dotenv} cannot be read: give this user the right to read it, or mend it")
# No process at all would take connections and answer nobody; what is far too many, the machine.
for _name, _most in (("PORT", 65_535), ("WEB_CONCURRENCY", 256)):
    _said = _given.get(_name)
    if _said and not (_said.isascii() and _said.isdecimal() and len(_said) < 6 and 1 <= int(_said) <= _most):
        _fail(f"{_name}: expected a whole number from 1 to {_most}, got {_said[:20]!r}")

_port = f"{_given.get('HOST') or '0.0.0.0'}:{_given.get('PORT') or '8000'}"  # noqa: S104 - the documented default
_socket = _given.get("WEB_SOCKET") or ""
bind = f"unix:{_socket}" if _socket else _port
umask = 0o007  # the socket's: for us and our group, which the proxy's user is in
workers = int(_given.get("WEB_CONCURRENCY") or 2)
worker_class = "serving.worker.Worker"
threads = 32
preload_app = True
# A CRM may put a whole order into the query (GetCourse: 4.4 kB).
limit_request_line = 8190
# A client's SCRIPT_NAME header would move one route under another.
forwarder_headers = ""
# The access log prints the whole line, query and token: off. Our own log has one line a step.
accesslog = None
errorlog = "-"
# A warning of a request that cannot be read prints its first line, and the token with it.
loglevel = "error"
# gunicorn's own remote control: a second door that nobody asked for, in the home folder of the user.
control_socket_disable = True
graceful_timeout = 30
timeout = 60
keepalive = 5


def when_ready(server):
    """What was loaded before the fork is there for good. No process looks through it for garbage any more, at
    its end least of all: half a second of processor each, which a restart would wait for."""
    gc.collect()
    gc.freeze()
