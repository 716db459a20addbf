"""The schema of the store: migrations make what the code expects, from every revision."""

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import Session, SQLModel, select

from monitor.store.engine import alembic_config, connect, open_store
from monitor.store.runs import Mark, Run, RunState


def revisions() -> list[str]:
    """Return every released revision, oldest first."""
    engine = connect("sqlite://")
    script = ScriptDirectory.from_config(alembic_config(engine))
    found = [r.revision for r in script.walk_revisions()][::-1]
    engine.dispose()
    return found


def test_migrations_make_what_the_code_expects(store_url: str) -> None:
    engine = open_store(store_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        differences = compare_metadata(context, SQLModel.metadata)
    engine.dispose()
    assert differences == []


@pytest.mark.parametrize("revision", revisions())
def test_data_survives_the_upgrade_from_every_released_revision(
    store_url: str, revision: str
) -> None:
    engine = connect(store_url)
    command.upgrade(alembic_config(engine), revision)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO run (id, source, state, started_at, message, rows, requests, is_live) "
                "VALUES ('kept', 'epoch', 'done', 1, '', 7, 0, true)"
            )
        )
        connection.execute(sa.text("INSERT INTO mark (source, name, value) VALUES ('a', 'b', 'c')"))
    engine.dispose()
    engine = open_store(store_url)
    with Session(engine) as session:
        run = session.exec(select(Run)).one()
        assert (run.id, run.state, run.rows) == ("kept", RunState.DONE, 7)
        assert session.exec(select(Mark.value)).one() == "c"
    engine.dispose()
