"""gunicorn's settings. Stands alone: imports nothing of ours.

The application is loaded once, before the workers are made: a wrong setting ends the whole start
with its list of problems, and no recycled worker can fail to boot later. Connections are opened
after the fork."""

import os
from pathlib import Path

from dotenv import dotenv_values

# As the settings read them: the environment, else .env beside this file.
_given = {**dotenv_values(Path(__file__).parent / ".env"), **{k: v for k, v in os.environ.items() if v}}

bind = f"{_given.get('HOST') or '0.0.0.0'}:{_given.get('PORT') or '8000'}"  # noqa: S104 - the documented default
workers = int(_given.get("WEB_CONCURRENCY") or 2)
worker_class = "gthread"
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
