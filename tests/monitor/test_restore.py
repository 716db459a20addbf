"""Restore: on either store what comes back is what was there, or nothing comes back."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from sqlmodel import Session, col, select

from monitor.audit import verify_store
from monitor.backup import back_up, digest
from monitor.context import Context, open_context
from monitor.errors import BackupError, StoreError
from monitor.restore import restore, settle
from monitor.store.engine import alembic_config, connect, open_store, sqlite_url
from monitor.store.outbox import AttemptRow
from monitor.store.runs import Mark, Refusal
from tests.monitor.kept import NOW, Open, contents, models, put

ROOT = Path(__file__).parents[2]


@pytest.fixture
def other_url(postgres_url: str) -> str:
    """Return a second database on the server, as empty as the first."""
    engine = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    name = f"{engine.url.database}_b"
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return engine.url.set(database=name).render_as_string(hide_password=False)


def whole(context: Context, before: Context) -> None:
    """Assert that an installation is the one before, and goes on as it would have."""
    assert contents(context.engine) == contents(before.engine)
    assert models(context) == models(before)
    with Session(context.engine) as session:
        verdict = verify_store(session)
        assert (verdict.sound, verdict.entries) == (True, 3)
        outbox = session.exec(select(AttemptRow.outbox_id)).all()[0]
        session.add(AttemptRow(outbox_id=outbox, at=NOW, worker="w", outcome="again"))
        session.add(Refusal(run_id="r", source="kev", at=NOW, reason="why"))
        session.commit()
        assert session.exec(select(AttemptRow.id).order_by(col(AttemptRow.id).desc())).first() == 4
        assert session.exec(select(Refusal.id).order_by(col(Refusal.id).desc())).first() == 4


def test_what_is_restored_reads_the_same(living: Context, opened: Open, tmp_path: Path) -> None:
    assert back_up(living, tmp_path / "kept").store == f"sqlite {living.home / 'tocsin.db'}"
    again = opened("again")
    done = restore(tmp_path / "kept", again)
    assert (done.store, done.settings) == (f"sqlite {again.home / 'tocsin.db'}", None)
    whole(again, living)


def test_sqlite_moves_to_postgresql(
    living: Context, opened: Open, tmp_path: Path, postgres_url: str
) -> None:
    back_up(living, tmp_path / "kept")
    team = opened("team", postgres_url)
    assert restore(tmp_path / "kept", team).store.startswith("postgresql t")
    assert not (team.home / "tocsin.db").exists()
    whole(team, living)


def test_postgresql_moves_to_sqlite(team: Context, opened: Open, tmp_path: Path) -> None:
    assert back_up(team, tmp_path / "kept").store.startswith("postgresql t")
    again = opened("again")
    restore(tmp_path / "kept", again)
    assert again.engine.dialect.name == "sqlite"
    whole(again, team)


def test_postgresql_comes_back_into_postgresql(
    team: Context, opened: Open, tmp_path: Path, other_url: str
) -> None:
    back_up(team, tmp_path / "kept")
    open_store(other_url).dispose()  # `tocsin doctor` has looked at it: tables, but no rows
    again = opened("again", other_url)
    restore(tmp_path / "kept", again)
    whole(again, team)
    assert sorted(p.name for p in again.home.iterdir()) == ["lake", "tocsin.yaml"]


def test_settings_and_roster_come_along_unless_the_home_has_its_own(
    living: Context, opened: Open, tmp_path: Path
) -> None:
    (living.home / "tocsin.yaml").write_text("home: DE\n", encoding="utf-8")
    (living.home / "tocsin.yaml").chmod(0o600)
    (living.home / "roster.yaml").write_text("people: {}\n", encoding="utf-8")
    living.close()
    back_up(opened("home"), tmp_path / "kept")
    first = settle(opened("first"), tmp_path / "kept", named=False)
    done = restore(tmp_path / "kept", first)
    assert done.settings == first.home / "tocsin.yaml"
    for file in (tmp_path / "kept" / "tocsin.yaml", done.settings):
        assert file.stat().st_mode & 0o777 == 0o600  # it may hold a key
    assert open_context(first.home).settings.home == "DE"
    assert (first.home / "roster.yaml").read_text("utf-8") == "people: {}\n"

    own = tmp_path / "second"
    own.mkdir()
    (own / "tocsin.yaml").write_text("home: FR\n", encoding="utf-8")
    done = restore(tmp_path / "kept", settle(opened("second"), tmp_path / "kept", named=False))
    assert done.settings == own / "tocsin.yaml"
    assert open_context(own).settings.home == "FR"


def test_a_spoilt_backup_restores_nothing(living: Context, opened: Open, tmp_path: Path) -> None:
    back_up(living, tmp_path / "kept")
    file = next((tmp_path / "kept" / "lake").rglob("*.parquet"))
    file.chmod(0o644)
    file.write_bytes(b"spoilt")
    with pytest.raises(BackupError, match="not what was backed up"):
        restore(tmp_path / "kept", opened("again"))
    assert not (tmp_path / "again").exists()


def test_a_list_that_leads_out_of_the_backup_is_refused(
    living: Context, opened: Open, tmp_path: Path
) -> None:
    back_up(living, tmp_path / "kept")
    (tmp_path / "kept" / "outside.parquet").write_bytes(b"")
    listed = json.loads((tmp_path / "kept" / "backup.json").read_text("utf-8"))
    listed["lake"]["../../outside.parquet"] = "0" * 64
    (tmp_path / "kept" / "backup.json").write_text(json.dumps(listed), "utf-8")
    with pytest.raises(BackupError, match="leads out of the backup"):
        restore(tmp_path / "kept", opened("again"))


def test_a_living_installation_is_not_overwritten(
    living: Context, team: Context, opened: Open, tmp_path: Path
) -> None:
    back_up(living, tmp_path / "kept")
    with pytest.raises(BackupError, match="holds an installation"):
        restore(tmp_path / "kept", living)
    url = team.engine.url.render_as_string(hide_password=False)
    before = contents(team.engine)
    with pytest.raises(BackupError, match=r"store postgresql t\w+ on 127.0.0.1 holds"):
        restore(tmp_path / "kept", opened("again", url))
    assert contents(team.engine) == before
    assert not (tmp_path / "again" / "lake").exists()


def test_a_lake_that_another_store_names_is_not_taken(
    living: Context, opened: Open, tmp_path: Path
) -> None:
    """Its newer files would be orphans to the restored store, and be swept."""
    back_up(living, tmp_path / "kept")
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "tocsin.yaml").write_text(
        f"lake:\n  url: {living.home / 'lake'}\n", encoding="utf-8"
    )
    with pytest.raises(BackupError, match="holds 1 files already"):
        restore(tmp_path / "kept", opened("again"))
    assert not (tmp_path / "again" / "tocsin.db").exists()
    assert models(living) == [("x/a",)]


def test_a_backup_of_a_newer_program_is_refused(
    living: Context, opened: Open, tmp_path: Path
) -> None:
    with living.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    back_up(living, tmp_path / "kept")
    with pytest.raises(StoreError, match="revision 9999, this program knows up to"):
        restore(tmp_path / "kept", opened("again"))
    assert not (tmp_path / "again").exists()


def test_a_backup_of_an_older_program_is_upgraded_on_its_way(
    opened: Open, tmp_path: Path, postgres_url: str
) -> None:
    (tmp_path / "kept" / "lake").mkdir(parents=True)
    file = tmp_path / "kept" / "tocsin.db"
    old = connect(sqlite_url(file))
    command.upgrade(alembic_config(old), "0001")
    with old.begin() as connection:
        connection.execute(sa.text("INSERT INTO mark VALUES ('kev', 'n', 'v')"))
    old.dispose()
    listed = {"version": "0.1.0", "at": "", "lake": {}, "store": digest(file)}
    (tmp_path / "kept" / "backup.json").write_text(json.dumps(listed), "utf-8")
    for context in (opened("one"), opened("two", postgres_url)):
        restore(tmp_path / "kept", context)
        with Session(context.engine) as session:
            assert session.exec(select(Mark.value)).one() == "v"


def test_a_text_with_a_nul_comes_into_postgresql(
    living: Context, opened: Open, tmp_path: Path, postgres_url: str
) -> None:
    with Session(living.engine) as session:
        session.add(Refusal(run_id="r", source="kev", at=NOW, reason="why", key="a\0b"))
        session.commit()
    back_up(living, tmp_path / "kept")
    team = opened("team", postgres_url)
    restore(tmp_path / "kept", team)
    with Session(team.engine) as session:
        keys = session.exec(select(Refusal.key).order_by(col(Refusal.id).desc()))
        assert keys.first() == "a␀b"


def killed(folder: Path, home: Path, where: str) -> None:
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("restored.py")), folder, home, where],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_a_restore_killed_in_the_lake_leaves_no_installation_and_goes_on(
    living: Context, opened: Open, tmp_path: Path
) -> None:
    put(living, "b")
    back_up(living, tmp_path / "kept")
    killed(tmp_path / "kept", tmp_path / "again", "lake")
    assert not (tmp_path / "again" / "tocsin.db").exists()
    assert len(list((tmp_path / "again" / "lake").rglob("*.parquet"))) in (1, 2)
    again = opened("again")
    restore(tmp_path / "kept", again)
    whole(again, living)
    assert sorted(p.name for p in again.home.iterdir() if p.suffix != ".db")[:1] == ["lake"]
    assert not (again.home / "lake" / "RESTORING").exists()


@pytest.mark.parametrize("where", ["mark", "attempt"])
def test_a_restore_killed_in_postgresql_leaves_it_empty_and_goes_on(
    living: Context, opened: Open, tmp_path: Path, postgres_url: str, where: str
) -> None:
    back_up(living, tmp_path / "kept")
    team = opened("team", postgres_url)
    killed(tmp_path / "kept", team.home, where)
    probe = sa.create_engine(postgres_url)
    assert sa.inspect(probe).get_table_names() == []
    probe.dispose()
    restore(tmp_path / "kept", team)
    whole(team, living)
