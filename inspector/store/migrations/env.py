"""Run by Alembic itself, on the connection that ``inspector.store.migrate`` hands over."""

from __future__ import annotations

from alembic import context

from inspector.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
