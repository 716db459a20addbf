"""Open the store: SQLite with sane pragmas, or PostgreSQL by its URL, both brought up to date."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

import monitor.store.tables  # noqa: F401  (every family registers its tables)
from monitor.errors import StoreError

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


def alembic_config(engine: Engine) -> Config:
    """Return Alembic's configuration for this engine; there is no alembic.ini to lose."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config


def open_store(url: str) -> Engine:
    """Return an engine on the store, created or upgraded to the newest schema.

    Raises StoreError where there is none to be reached.
    """
    engine = connect(url)
    try:
        command.upgrade(alembic_config(engine), "head")
    except OperationalError as error:
        said = str(error.orig).strip().splitlines()[0]
        raise StoreError(f"store: {engine.dialect.name}: {said}") from error
    return engine
