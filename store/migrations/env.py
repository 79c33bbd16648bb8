"""Alembic's entry: migrates the connection that `store.migrate` hands over."""

from alembic import context

from store.tables import meta

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=meta, render_as_batch=connection.dialect.name == "sqlite")
with context.begin_transaction():
    context.run_migrations()
