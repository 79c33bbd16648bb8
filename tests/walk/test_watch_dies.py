"""`flask watch` killed (-9) at the worst moments: no message is lost, and at most one is told twice."""

import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager

import pytest
from sqlalchemy import func, select, update

from config.settings import ROOT
from store.tables import alarm_messages
from tests.application import SETTINGS
from tests.fakes import LOST
from tests.faults.processes import wait_until
from tests.wire.conftest import peer
from tests.wire.test_tell import SECRET, Mailbox, answering

__all__ = ["peer"]
# A watch that kills itself before the first statement that begins so.
pytestmark = pytest.mark.storm
BUILD = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine

dies_at = sys.argv[1]

def before(_tx, _cursor, statement, *_rest):
    if dies_at and statement.startswith(dies_at):
        os.kill(os.getpid(), signal.SIGKILL)

event.listen(Engine, "before_cursor_execute", before)
from flask.cli import main
sys.argv = ["flask", "watch"]
main()
"""
PUT_DOWN = "UPDATE alarm_messages SET due_at"  # each row is committed, none is sent: one is taken to be
SENT = "UPDATE alarm_messages SET said"  # it is out, and nobody has written that down
FILE = """
quiet_hours: no
digest: no
channels:
  mail: {{kind: email, host: 127.0.0.1, port: {mail}, tls: no, from: leads@example.ru, to: [ops@example.ru]}}
  program: {{kind: webhook, url: "{hook}", secret: "env:ALARMS_SECRET"}}
"""


@pytest.fixture
def heard(peer):
    """What a mail server and a program heard: (mails by id, posts by id)."""
    box, hook = Mailbox(), peer(answering(200))
    yield box, hook
    box.close()


def ids(box, hook):
    posts = [line for request in hook.requests for line in request.split(b"\r\n") if line.startswith(b"webhook-id:")]
    return Counter(str(mail["Message-ID"]) for mail in box.mails), Counter(posts)


@contextmanager
def watch(tmp_path, url, dies_at=""):
    said = {name: str(tmp_path / name.lower()) for name in ("SOURCES_DIR", "ACCOUNTS_DIR", "RUN_DIR")}
    said |= {"DATABASE_URL": url, "ALARMS_FILE": str(tmp_path / "alarms.yaml"), "ALARMS_SECRET": SECRET}
    said |= {"FLASK_APP": "app.py", "FLASK_SKIP_DOTENV": "1", "PATH": os.environ["PATH"]}
    with (tmp_path / "watch.log").open("ab") as log:
        words = [sys.executable, "-c", BUILD, dies_at]
        process = subprocess.Popen(words, cwd=ROOT, env={**SETTINGS, **said}, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def waiting(store):
    with store.read() as tx:
        query = select(func.count()).select_from(alarm_messages).where(alarm_messages.c.ended_at.is_(None))
        return tx.execute(query).scalar_one()


def a_minute_goes_by(store):
    """For the messages: a try whose process died is made again after it."""
    with store.write() as tx:
        tx.execute(update(alarm_messages).values(due_at=alarm_messages.c.due_at - 60_000))


@pytest.mark.parametrize(("dies_at", "told_before"), [(PUT_DOWN, 0), (SENT, 1)])
def test_no_message_is_lost_and_at_most_one_told_twice(gateway, heard, tmp_path, dies_at, told_before):
    box, hook = heard
    url = gateway.store.url.render_as_string(hide_password=False)
    (tmp_path / "alarms.yaml").write_text(FILE.format(mail=box.port, hook=hook.url))
    gateway.voice.outcomes = [LOST]
    gateway.take({"id": "1", "phone": "79990000001"})
    gateway.work()
    with watch(tmp_path, url, dies_at) as process:
        assert wait_until(lambda: process.poll() is not None, 60), (tmp_path / "watch.log").read_text()
    assert process.returncode == -signal.SIGKILL
    assert waiting(gateway.store) == 2
    mails, posts = ids(box, hook)
    assert mails.total() + posts.total() >= told_before
    assert mails.total() <= told_before
    assert posts.total() <= told_before
    a_minute_goes_by(gateway.store)
    with watch(tmp_path, url):
        assert wait_until(lambda: waiting(gateway.store) == 0, 120), (tmp_path / "watch.log").read_text()
    mails, posts = ids(box, hook)
    assert len(mails) == len(posts) == 1  # one message: told again, it has the same id
    assert mails.total() <= 1 + told_before
    assert posts.total() <= 1 + told_before
    assert mails.total() + posts.total() >= 2 + told_before
