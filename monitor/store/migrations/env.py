"""Alembic's entrance: runs the revisions on the engine that it is handed."""

from alembic import context
from sqlmodel import SQLModel

import monitor.store.tables  # noqa: F401  (every family registers its tables)

engine = context.config.attributes["engine"]

with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        # SQLite alters a table by copying it.
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            # Several daemons may start at once; one upgrades, the others wait and find it done.
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7463216)")
        context.run_migrations()
    connection.commit()
