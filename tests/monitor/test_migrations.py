"""The schema of the store: migrations make what the code expects, from every revision."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import Session, SQLModel, select

from monitor.errors import StoreError
from monitor.store.engine import alembic_config, connect, newest_revision, open_store
from monitor.store.runs import Mark, Run, RunState
from tests.servers import free_port


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


def test_the_newest_revision_is_read_off_the_names_of_the_files() -> None:
    assert newest_revision() == revisions()[-1]


def test_a_store_that_cannot_be_reached_is_said_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="sqlite: unable to open"):
        open_store(f"sqlite:///{tmp_path / 'none' / 'tocsin.db'}")
    with pytest.raises(StoreError, match="postgresql") as refused:
        open_store(f"postgresql+psycopg://tocsin:swordfish@127.0.0.1:{free_port()}/tocsin")
    assert "swordfish" not in str(refused.value)


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
