"""The schema of the store: migrations make what the code expects, from every revision."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import Session, SQLModel, select

from config.errors import ConfigError
from monitor.errors import StoreError, StoreTooNew
from monitor.store.engine import (
    alembic_config,
    bring_up_to_date,
    connect,
    newest_revision,
    open_store,
    revision_of,
)
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


def test_a_store_of_a_newer_program_is_said_in_one_sentence_and_not_touched(store_url: str) -> None:
    engine = open_store(store_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(sa.text("CREATE TABLE of_the_future (id INTEGER)"))
        before = sorted(sa.inspect(connection).get_table_names())
    with pytest.raises(StoreTooNew) as refused:
        open_store(store_url)
    assert str(refused.value) == (
        f"store: revision 9999, this program knows up to {newest_revision()}: restore the backup "
        "made before the upgrade, or install the newer version again"
    )
    with engine.connect() as connection:
        assert sorted(sa.inspect(connection).get_table_names()) == before
        assert revision_of(connection) == "9999"
    engine.dispose()


@pytest.mark.parametrize("revision", [None, *revisions()])
def test_processes_that_open_an_old_store_at_once_upgrade_it_once(
    store_url: str, revision: str | None
) -> None:
    if revision is not None:
        engine = connect(store_url)
        command.upgrade(alembic_config(engine), revision)
        engine.dispose()
    processes = [
        subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("opening.py")), store_url],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ended = [process.communicate(timeout=60)[1] for process in processes]
    assert [p.returncode for p in processes] == [0, 0, 0], ended
    engine = connect(store_url)
    with engine.connect() as connection:
        found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).all()
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, SQLModel.metadata) == []
    assert [row[0] for row in found] == [newest_revision()]
    engine.dispose()


def test_threads_that_open_a_new_store_at_once_make_one(store_url: str) -> None:
    """Without the cost of a process between them, they meet inside the migration itself."""
    start = threading.Barrier(4)

    def opened(_number: int) -> None:
        start.wait()
        open_store(store_url).dispose()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(opened, range(4))) == [None] * 4


def test_who_waits_for_an_upgrade_sees_what_it_did(store_url: str) -> None:
    """An upgrade in hand is waited for, and then found done: no second one is begun."""
    first = connect(store_url)
    with ThreadPoolExecutor(1) as pool, first.begin() as connection:
        bring_up_to_date(connection)
        second = pool.submit(open_store, store_url)
        connection.execute(sa.text("INSERT INTO mark VALUES ('a', 'b', 'c')"))
        with pytest.raises(TimeoutError):
            second.result(timeout=0.5)  # it waits: nothing is committed yet
        connection.commit()
        with Session(second.result(timeout=60)) as session:
            assert session.exec(select(Mark.value)).one() == "c"
        second.result().dispose()
    first.dispose()


def test_an_upgrade_that_fails_leaves_the_store_as_it_was(store_url: str) -> None:
    engine = connect(store_url)
    command.upgrade(alembic_config(engine), revisions()[0])

    def fail(*_arguments: object) -> None:
        raise RuntimeError("killed")

    with engine.connect() as connection:
        before = sorted(sa.inspect(connection).get_table_names())
    sa.event.listen(sa.Engine, "commit", fail)
    try:
        with pytest.raises(RuntimeError):
            open_store(store_url)
    finally:
        sa.event.remove(sa.Engine, "commit", fail)
    with engine.connect() as connection:
        assert sorted(sa.inspect(connection).get_table_names()) == before
        assert revision_of(connection) == revisions()[0]
    engine.dispose()


@pytest.mark.parametrize(
    "url",
    ["swordfish", "mysql://tocsin:swordfish@db/tocsin", "://swordfish:nope@h:x/d"],
)
def test_a_url_of_no_store_is_said_without_being_quoted(url: str) -> None:
    with pytest.raises(ConfigError, match=r"store\.url: expected postgresql\+psycopg") as refused:
        open_store(url)
    assert "swordfish" not in str(refused.value)


def test_a_plain_postgresql_url_takes_our_driver(postgres_url: str) -> None:
    engine = open_store(postgres_url.replace("postgresql+psycopg:", "postgres:"))
    assert engine.url.drivername == "postgresql+psycopg"
    engine.dispose()


def test_a_file_that_is_no_store_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "tocsin.db").write_bytes(b"not a database, but long enough to look at" * 100)
    with pytest.raises(StoreError, match="store: sqlite: file is not a database"):
        open_store(f"sqlite:///{tmp_path / 'tocsin.db'}")


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
