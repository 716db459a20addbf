"""Alembic's entrance: runs the revisions on the engine or the connection that it is handed."""

from alembic import context
from sqlalchemy import Connection
from sqlmodel import SQLModel

import monitor.store.tables  # noqa: F401  (every family registers its tables)

bound = context.config.attributes["bound"]


def run(connection: Connection) -> None:
    """Run the revisions inside the connection's transaction, which the caller commits."""
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        # SQLite alters a table by copying it.
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if isinstance(bound, Connection):
    run(bound)
else:
    with bound.begin() as connection:
        run(connection)
