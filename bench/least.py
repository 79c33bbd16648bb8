"""The least that keeps the laws, without a framework: what the speed to call is compared with (row P3).

Read the request, INSERT, COMMIT, reply; UPDATE, COMMIT, a synced line, the POST, UPDATE, COMMIT. No proof, no rules.
`python -m bench.least <database> <provider> <folder>`: a SQLite file or postgresql://...; <folder>/port says where."""

import json
import os
import sqlite3
import sys
import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

database, provider, folder = sys.argv[1], urlsplit(sys.argv[2]), Path(sys.argv[3])
is_sqlite = not database.startswith("postgresql:")
mark = "?" if is_sqlite else "%s"
line = os.open(folder / "sent.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
alone = threading.Lock()  # one connection serves all: SQLite has one writer, and this needs no pool
if is_sqlite:
    connection = sqlite3.connect(database, check_same_thread=False)
    connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
else:
    connection = psycopg.connect(database)


def commit(statement: str, *given: object) -> None:
    with alone:
        connection.execute(statement.replace("?", mark), given)
        connection.commit()


class Lead(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        lead = json.loads(body)
        commit("INSERT INTO least (id, body, state) VALUES (?, ?, 'received')", lead["id"], body.decode())
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")
        self.wfile.flush()
        commit("UPDATE least SET state = 'calling' WHERE id = ?", lead["id"])
        os.write(line, json.dumps({"lead": lead["id"]}).encode() + b"\n")
        os.fdatasync(line)
        call = json.dumps({"number": lead["phone"].lstrip("+"), "script": "Bench"})
        there = HTTPConnection(str(provider.hostname), provider.port, timeout=20)
        there.request("POST", provider.path, call, {"Authorization": "bench-key", "Content-Type": "application/json"})
        there.getresponse().read()
        there.close()
        commit("UPDATE least SET state = 'accepted' WHERE id = ?", lead["id"])

    def log_message(self, *_: object) -> None:
        return


if __name__ == "__main__":
    commit("CREATE TABLE least (id text PRIMARY KEY, body text NOT NULL, state text NOT NULL)")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Lead)
    server.request_queue_size = 128
    (folder / "port").write_text(str(server.server_address[1]))
    server.serve_forever()
