import threading

import pytest

from store import erasure, keys
from store import versions as sources
from store.ids import new_id
from tests.store.leads_in import AT, receive
from tests.store.plans import plans


def take(tx, key, now=AT, window_ms=600_000):
    lead_id = new_id()
    if keys.take(tx, {("shop", key): lead_id}, now, window_ms):
        receive(tx, lead_id)
        return lead_id, None
    return lead_id, keys.holders(tx, [("shop", key)])["shop", key]


def test_a_key_is_one_leads_inside_its_window_and_a_new_events_after_it(store):
    with store.write() as tx:
        first, holder = take(tx, "a")
        assert holder is None
        assert take(tx, "a", AT + 599_999)[1] == first
        second, holder = take(tx, "a", AT + 600_000)
        assert holder is None
        assert take(tx, "a", AT + 600_001)[1] == second


def test_the_window_runs_from_the_first_delivery_and_does_not_slide(store):
    with store.write() as tx:
        first, _ = take(tx, "a")
        for minute in range(1, 10):
            assert take(tx, "a", AT + minute * 60_000)[1] == first
        assert take(tx, "a", AT + 600_000)[1] is None


def test_a_rolled_back_lead_gives_its_key_back(store):
    with pytest.raises(RuntimeError), store.write() as tx:
        take(tx, "a")
        raise RuntimeError
    with store.write() as tx:
        assert take(tx, "a")[1] is None


def test_batches_taken_at_once_make_one_lead_a_key(store):
    failures: list[BaseException] = []
    made: list[str] = []

    def sender(n):
        try:
            for batch in range(10):
                with store.write() as tx:
                    for key in sorted(f"{batch}-{k}" for k in range(5)):
                        lead_id, holder = take(tx, key)
                        if holder is None:
                            made.append(lead_id)
        except BaseException as why:
            failures.append(why)

    senders = [threading.Thread(target=sender, args=(n,)) for n in range(8)]
    for thread in senders:
        thread.start()
    for thread in senders:
        thread.join()
    assert failures == []
    assert len(made) == 50


def test_a_version_follows_the_one_it_was_read_after(store):
    with store.write() as tx:
        assert sources.put_in_force(tx, "shop", "{}", after=0, who="t", now=AT) == 1
        assert sources.put_in_force(tx, "shop", "[]", after=0, who="t", now=AT) is None
        assert sources.put_in_force(tx, "shop", "[]", after=1, who="t", now=AT) == 2
        assert sources.put_in_force(tx, "shop", "{1}", after=1, who="t", now=AT) is None
        assert sources.version(tx, "shop", sources.in_force(tx, ["shop"])["shop"]).text == "[]"
        assert sources.had_text(tx, "shop", sources.text_digest("{}"))
        assert sources.remove(tx, "shop")
        assert sources.in_force(tx, ["shop"]) == {}
        assert sources.newest(tx, "shop") == 2
        assert sources.put_in_force(tx, "shop", "{}", after=2, who="t", now=AT) == 3
        assert sources.in_force(tx, ["shop"]) == {"shop": 3}


def test_keys_are_looked_up_by_their_index(store):
    """However many keys there are: a scan would make each repeat cost more with each lead ever stored."""
    pairs = [("shop", "a"), ("shop", "b")]
    with store.write() as tx:
        if not store.is_sqlite:
            tx.exec_driver_sql("SET LOCAL enable_seqscan = off")
        found = plans(store, tx, lambda tx: (keys.holders(tx, pairs), erasure.holders(tx, pairs)))
    for plan, table in zip(found, ("event_keys", "erased_keys"), strict=True):
        assert f"SCAN {table}" not in plan
        assert f"Seq Scan on {table}" not in plan
        assert "PRIMARY KEY" in plan or "autoindex" in plan or f"{table}_pkey" in plan
