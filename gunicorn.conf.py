"""gunicorn's settings. Stands alone: imports nothing of ours.

The application is loaded once, before the workers are made: a wrong setting ends the whole start
with its list of problems, and no recycled worker can fail to boot later. Connections are opened
after the fork. A listening socket that systemd hands over (LISTEN_FDS) goes before all of `bind`."""

import errno
import gc
import os
import socket
import sys
import time
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

_host = _given.get("HOST") or "0.0.0.0"  # noqa: S104 - the documented default
_port = f"{f'[{_host}]' if ':' in _host else _host}:{_given.get('PORT') or '8000'}"
_socket = _given.get("WEB_SOCKET") or ""
bind = f"unix:{_socket}" if _socket else _port
umask = 0o007  # the socket's: for us and our group, which the proxy's user is in
workers = int(_given.get("WEB_CONCURRENCY") or 2)
worker_class = "serving.worker.Worker"
threads = 32
worker_connections = 800  # lines of a process: it may usually have 1,024 files open
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


# Why a place cannot be listened at, and what to do.
_WHY = {
    errno.EADDRINUSE: "PORT: {port} of {host} is taken: end what listens there (ss -ltnp), or set another PORT",
    errno.EACCES: "PORT: this user may not take {port}: set one above 1023, a proxy may have that one (docs/deploy.md)",
    errno.EADDRNOTAVAIL: "HOST: {host} is no address of this machine: 127.0.0.1 is behind a proxy, 0.0.0.0 all of them",
}


def on_starting(server):
    """Once, before gunicorn would try five times to listen, with two lines each. What is handed over is open."""
    if os.environ.get("LISTEN_FDS") or os.environ.get("GUNICORN_FD"):
        return
    for address in server.address:
        if isinstance(address, tuple):
            _look_at_port(*address[:2])
        elif not os.access(Path(address).parent, os.W_OK | os.X_OK) or len(os.fsencode(address)) > 107:
            _fail(f"WEB_SOCKET: {address} cannot be made: its folder has to be ours to write in, its path short")
        elif Path(address).exists() and not Path(address).is_socket():
            _fail(f"WEB_SOCKET: {address} is there already and no socket: name another path, or take it away")


def _look_at_port(host, port):
    """Wait up to five seconds for a process before us that is just going."""
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as why:
        _fail(
            f"HOST: {host[:80]} leads to no address ({why}): 127.0.0.1 is behind a proxy, 0.0.0.0 takes whoever comes"
        )
    for tries_left in reversed(range(50)):
        with socket.socket(family, kind) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                line.bind(place)
                return
            except OSError as why:
                if why.errno != errno.EADDRINUSE or not tries_left:
                    said = _WHY.get(why.errno, "HOST and PORT: {host} {port} cannot be listened at ({why})")
                    _fail(said.format(host=host, port=port, why=why))
        time.sleep(0.1)


def when_ready(server):
    """What was loaded before the fork is there for good. No process looks through it for garbage any more, at
    its end least of all: half a second of processor each, which a restart would wait for."""
    gc.collect()
    gc.freeze()
