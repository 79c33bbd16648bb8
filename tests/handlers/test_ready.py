"""/readyz names what is wrong and what to do."""

from store import workers
from store.tables import epoch


def checks(app):
    answer = app.test_client().get("/readyz")
    return answer.status_code, answer.json["checks"]


def seen(gateway, journal):
    with gateway.store.write() as tx:
        workers.check_in(tx, "worker-1", "run", 1, gateway.store.now_ms(tx), journal)


def test_an_unwritable_journal_is_a_line_of_its_own_until_it_can_be_written(app, gateway):
    seen(gateway, "No space left on device")
    status, told = checks(app)
    assert status == 503
    assert "No space left on device" in told["journal"]
    assert "RUN_DIR" in told["journal"]
    seen(gateway, "")
    assert checks(app)[1]["journal"] == "ok"


def test_a_missing_epoch_says_which_command_to_run(app, gateway):
    with gateway.store.write() as tx:
        tx.execute(epoch.delete())
    status, told = checks(app)
    assert status == 503
    assert "flask release" in told["migrations"]
