"""Open the store: SQLite with sane pragmas, or PostgreSQL by its URL, both brought up to date."""

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import Engine, event
from sqlalchemy.exc import DatabaseError, OperationalError

import monitor.store.tables  # noqa: F401  (every family registers its tables)
from monitor.errors import StoreError

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"


def sqlite_url(file: Path) -> str:
    """Return the URL of a SQLite store in `file`."""
    return f"sqlite:///{file}"


def connect(url: str) -> Engine:
    """Return an engine on the store, whatever its schema.

    SQLite runs in WAL with synchronous=FULL: a commit that was reported is on the disk. Its write
    transactions begin IMMEDIATE, so two writers wait for each other instead of failing half-way.
    """
    if not url.startswith("sqlite"):
        return sa.create_engine(url, pool_pre_ping=True, future=True)
    engine = sa.create_engine(url, future=True, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def _pragmas(connection: sa.engine.interfaces.DBAPIConnection, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def alembic_config(engine: Engine) -> "Config":
    """Return Alembic's configuration for this engine; there is no alembic.ini to lose."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config


def open_store(url: str) -> Engine:
    """Return an engine on the store, created or upgraded to the newest schema.

    Raises StoreError where there is none to be reached.
    """
    engine = connect(url)
    if _is_newest(engine):
        return engine
    from alembic import command  # most starts have nothing to upgrade, and it costs a second

    try:
        command.upgrade(alembic_config(engine), "head")
    except OperationalError as error:
        said = str(error.orig).strip().splitlines()[0]
        raise StoreError(f"store: {engine.dialect.name}: {said}") from error
    return engine


def newest_revision() -> str:
    """Return the newest revision, as the names of the files say it (`r0002_retired_files.py`)."""
    return max(file.name[1:5] for file in (MIGRATIONS / "versions").glob("r[0-9]*.py"))


def _is_newest(engine: Engine) -> bool:
    """Whether the store stands at the newest revision; a store that is no store yet does not."""
    try:
        with engine.connect() as connection:
            found = connection.execute(sa.text("SELECT version_num FROM alembic_version"))
            return [str(v) for (v,) in found] == [newest_revision()]
    except DatabaseError:
        return False
