"""gunicorn's settings. Stands alone: imports nothing of ours.

The application is loaded once, before the workers are made: a wrong setting ends the whole start
with its list of problems, and no recycled worker can fail to boot later. Connections are opened
after the fork."""

import os
import re
import selectors
import socket
import time
from functools import partial
from pathlib import Path

from dotenv import dotenv_values
from gunicorn.workers.gthread import ThreadWorker

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*\r\n", re.IGNORECASE)
_LOOKED_AT = 65_536  # bytes of a request that are waited for without a thread


class PatientWorker(ThreadWorker):
    """gthread, but a thread is given only to a request that has arrived whole (up to 64 kB of it).

    gunicorn's own gives one to every connection: 500 silent ones kept all of them busy, and nobody else
    was answered within 15 s. The kernel keeps what has come, and says when what is missing is there too."""

    def enqueue_req(self, conn):
        # Its next request, one that came whole, or one under TLS, where there is nothing to see.
        if conn.initialized or conn.data_ready or self.cfg.is_ssl:
            super().enqueue_req(conn)
        elif not (missing := _missing(conn.sock)):
            conn.data_ready = True
            super().enqueue_req(conn)
        else:
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, missing)
            conn.timeout = time.monotonic() + ARRIVES_WITHIN
            self.pending_conns.append(conn)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def on_pending_socket_readable(self, conn, client):
        missing = _missing(conn.sock)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, missing or 1)
        if not missing:
            super().on_pending_socket_readable(conn, client)


def _missing(sock):
    """How many bytes have to be here before it is worth another look; 0: a thread will not wait for this request,
    because it is here whole, or has ended, or is longer than what is looked at."""
    try:
        here = sock.recv(_LOOKED_AT, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return 1
    except OSError:
        return 0
    head, end, _ = here.partition(b"\r\n\r\n")
    length = _LENGTH.search(head + b"\r\n")
    whole = len(head) + 4 + int(length[1] if length else 0) if end else len(here) + 1
    return 0 if not here or len(here) >= min(whole, _LOOKED_AT) else min(whole, _LOOKED_AT)


# As the settings read them: the environment, else .env beside this file.
_given = {**dotenv_values(Path(__file__).parent / ".env"), **{k: v for k, v in os.environ.items() if v}}

bind = f"{_given.get('HOST') or '0.0.0.0'}:{_given.get('PORT') or '8000'}"
workers = int(_given.get("WEB_CONCURRENCY") or 2)
worker_class = PatientWorker
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
graceful_timeout = 20
timeout = 60
keepalive = 5
ARRIVES_WITHIN = 15  # seconds, for a request that is being sent; then its connection is closed
