"""What the database would do: the plans of the statements that somebody runs."""

from sqlalchemy import event, text


def as_if_many(store, tx, *tables):
    """Few rows are as quickly read whole: what counts is what many of these tables would be read by."""
    if not store.is_sqlite:
        tx.execute(text(f"ANALYZE {', '.join(tables)}"))
        tx.execute(text("SET LOCAL enable_seqscan = off"))
        tx.execute(text("SET LOCAL enable_bitmapscan = off"))


def run(store, tx, ask):
    """What `ask` answers, and the database's plans of its statements."""
    seen = []

    def keep(connection, cursor, statement, parameters, context, executemany):
        seen.append((statement, tuple(parameters) if isinstance(parameters, list) else parameters))

    event.listen(store.engine, "before_cursor_execute", keep)
    found = ask(tx)
    event.remove(store.engine, "before_cursor_execute", keep)
    explain = "EXPLAIN QUERY PLAN " if store.is_sqlite else "EXPLAIN "
    return found, [str(tx.exec_driver_sql(explain + statement, given).all()) for statement, given in seen]


def plans(store, tx, ask):
    """The plans alone."""
    return run(store, tx, ask)[1]
