"""/readyz tells the truth: 503 only where nothing can be stored or nobody works, else what is wrong and what to do."""

import time

import pytest
from sqlalchemy import text

from flow.probe import Probe
from store import versions as sources
from store import workers
from store.engine import StoreUnavailable
from tests.flow.test_alarms import Away


def ready(app):
    answer = app.test_client().get("/readyz")
    return (
        answer.status_code,
        answer.json["status"],
        {n: said for n, said in answer.json["checks"].items() if said != "ok"},
    )


def test_all_is_well(app, gateway):
    gateway.alive()
    assert ready(app) == (200, "ok", {})


def test_no_worker_is_503(app, gateway):
    status, said, wrong = ready(app)
    assert (status, said, wrong.keys()) == (503, "not ready", {"worker"})
    assert "flask worker" in wrong["worker"]


def test_a_database_that_takes_no_write_is_503_and_is_seen_within_ten_seconds(app, gateway):
    gateway.alive()
    now = [100.0]
    gateway.parts.probe = Probe(clock=lambda: now[0])
    assert ready(app)[0] == 200
    store, gateway.parts.store = gateway.parts.store, Away(gateway.parts.store)
    assert ready(app)[0] == 200  # whoever asks makes us write every ten seconds at most
    now[0] += 10
    status, said, wrong = ready(app)
    assert (status, said) == (503, "not ready")
    assert "disk full" in wrong["database"]
    assert "make room" in wrong["database"]
    gateway.parts.store = store
    now[0] += 10
    assert ready(app)[0] == 200


def test_a_database_behind_its_migrations_is_503(app, gateway):
    gateway.alive()
    with gateway.store.write() as tx:
        revision = tx.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        tx.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    try:
        status, _, wrong = ready(app)
        assert (status, "flask release" in wrong["migrations"]) == (503, True)
    finally:
        with gateway.store.write() as tx:
            tx.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": revision})


def test_a_secret_without_a_value_degrades(app, gateway):
    gateway.alive()
    gateway.parts.secrets = {}.get
    status, said, wrong = ready(app)
    assert (status, said, wrong.keys()) == (200, "degraded", {"secrets"})
    assert "shop" in wrong["secrets"]


def test_a_worker_that_is_blind_says_so(app, gateway):
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        workers.check_in(tx, "w", "run", now, now, {"secrets": "no value for the secret of shop: put it there"})
    status, said, wrong = ready(app)
    assert (status, said) == (200, "degraded")
    ((name, what),) = wrong.items()
    assert name.startswith("secrets (worker ")
    assert "put it there" in what


def test_a_source_that_cannot_be_read_and_broken_files_degrade(app, gateway):
    gateway.alive()
    with gateway.store.write() as tx:
        sources.put_in_force(tx, "shop", "no text of ours", after=1, who="test", now=1)
    gateway.parts.broken_accounts["abroad"] = "abroad.yaml:1: ..."

    class Files:
        broken = {"policy.yaml": "policy.yaml:3: ..."}
        differing = {}

    gateway.parts.sources.files = Files()
    status, said, wrong = ready(app)
    assert (status, said) == (200, "degraded")
    assert {"sources", "files", "accounts"} <= wrong.keys()
    assert "policy.yaml" in wrong["files"]


def test_a_run_directory_that_cannot_be_written_degrades(app, gateway, tmp_path):
    gateway.alive()
    (tmp_path / "file").write_text("in the way")
    gateway.parts.journal._directory = tmp_path / "file" / "run"
    status, said, wrong = ready(app)
    assert (status, said, wrong.keys()) == (200, "degraded", {"journal"})
    assert "RUN_DIR" in wrong["journal"]


def test_a_clock_that_is_off_degrades(app, gateway):
    gateway.alive()
    gateway.store.has_own_clock = True  # the test's clock stands far from this machine's
    assert abs(gateway.clock() - time.time()) > 30
    status, said, wrong = ready(app)
    assert (status, said, wrong.keys()) == (200, "degraded", {"clock"})
    assert "timedatectl" in wrong["clock"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_balancer_s_question_needs_no_database_or_says_so(app, gateway, path):
    gateway.parts.store = AwayWhole()
    answer = app.test_client().get(path)
    assert answer.status_code == (200 if path == "/healthz" else 503)


class AwayWhole:
    def __getattr__(self, name):
        raise StoreUnavailable("connection refused")
