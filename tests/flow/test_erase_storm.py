"""Erasing beside intake and beside itself: nobody waits for anybody for ever, and nothing is left or rung."""

import json
import threading

from flow import erase
from store.engine import StoreUnavailable
from store.tables import meta

LEADS = 60


def test_repeats_that_come_while_their_leads_are_erased_stay_repeats(gateway):
    """Batches of repeats, in an order of their own, against two erasers."""
    first = [json.loads(gateway.post([{"id": str(n), "phone": "x"}]).body)["leads"][0]["id"] for n in range(LEADS)]
    gateway.work()
    gateway.clock.forward(20 * 24 * 3600)
    gateway.parts.retention_days = 10
    answers, failed = [], []

    def send(start):
        for at in range(start, LEADS, 6):
            batch = [{"id": str(n % LEADS), "phone": "x"} for n in range(at + 5, at - 1, -1)]
            answer = gateway.post(batch)
            answers.append((answer.status, [lead["id"] for lead in json.loads(answer.body).get("leads", [])], batch))

    def fade():
        try:
            for _ in range(LEADS):
                erase.erase_old(gateway.parts, batch=3)
        except StoreUnavailable as why:
            failed.append(str(why))

    threads = [threading.Thread(target=send, args=(n,)) for n in (0, 3)] + [threading.Thread(target=fade) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert failed == []
    for status, ids, batch in answers:
        assert status == 200
        assert ids == [first[int(lead["id"])] for lead in batch]
    with gateway.store.read() as tx:
        leads = tx.execute(meta.tables["leads"].select()).all()
    assert len(leads) == LEADS
    assert all(lead.erased_at is not None for lead in leads)
