"""Open the store: SQLite with sane pragmas, or PostgreSQL by its URL, both brought up to date."""

import sqlite3
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError
from sqlmodel import Session

import monitor.store.tables  # noqa: F401  (every family registers its tables)
from config.errors import ConfigError
from monitor.errors import StoreError, StoreTooNew

if TYPE_CHECKING:
    from alembic.config import Config
    from psycopg.abc import Buffer

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATING = 7463216
"""The advisory lock on PostgreSQL that one migration, or one restore, holds at a time."""

PRAGMAS = (
    # First: what follows may meet another process that opens the store at the same moment. Writers
    # hold the lock for milliseconds; one that waits this long has met a process that hangs.
    "busy_timeout=30000",
    # A commit that was reported is on the disk, even where the power fails the moment after.
    "synchronous=FULL",
    "foreign_keys=ON",
    # The write-ahead log starts over at every checkpoint but keeps its largest size for ever: one
    # long reading beside a busy night would leave gigabytes that are never given back.
    "journal_size_limit=67108864",
)
_READING = "tocsin_reading"
_MEETINGS = 200
"""How often others may open a new file at the same moment before we give up."""


def sqlite_url(file: Path) -> str:
    """Return the URL of a SQLite store in `file`."""
    return f"sqlite:///{file}"


def connect(url: str) -> Engine:
    """Return an engine on the store, whatever its schema. Raises ConfigError for a URL of none.

    SQLite runs in WAL. Its write transactions begin IMMEDIATE, so two writers wait for each other
    instead of failing half-way; who only reads takes `reading`, and waits for nobody.
    """
    parsed = _spelled_out(url)
    try:
        engine = sa.create_engine(parsed, pool_pre_ping=parsed.get_backend_name() != "sqlite")
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        expected = "a driver that is installed (pip install 'tocsin[postgres]')"
        raise ConfigError("settings", "store.url", expected) from error
    if engine.dialect.name == "sqlite":
        _listen(engine)
    else:
        _without_nul(engine)
    return engine


def _spelled_out(url: str) -> sa.URL:
    """Return the URL, with our driver where it names PostgreSQL and none.

    The error of a URL that cannot be read would quote it, and it may hold a password.
    """
    try:
        parsed = sa.make_url(url)
        backend = {"postgres": "postgresql"}.get(parsed.drivername, parsed.get_backend_name())
    except (ArgumentError, ValueError):
        backend = ""
    if backend not in ("sqlite", "postgresql"):
        expected = "postgresql+psycopg://USER:PASSWORD@HOST/DATABASE, or sqlite:////FILE"
        raise ConfigError("settings", "store.url", expected)
    plain = parsed.drivername in ("postgres", "postgresql")
    return parsed.set(drivername="postgresql+psycopg") if plain else parsed


def _without_nul(engine: Engine) -> None:
    """Let texts with a NUL be written: PostgreSQL has none in them, and would refuse the row.

    Only what a hostile source sent bears one (the key of a refused row), never what is hashed.
    """
    from psycopg import Connection as Raw  # an extra, and not for SQLite
    from psycopg.types.string import StrDumperUnknown

    class Plain(StrDumperUnknown):
        def dump(self, obj: str) -> "Buffer | None":
            return super().dump(obj.replace("\0", "\N{SYMBOL FOR NULL}"))

    @event.listens_for(engine, "connect")
    def _adapt(connection: Raw[Any], _record: object) -> None:
        connection.adapters.register_dumper(str, Plain)


def _listen(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _pragmas(connection: sa.engine.interfaces.DBAPIConnection, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        _write_ahead(cursor)
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reads = bool(connection.get_execution_options().get(_READING))
        connection.exec_driver_sql(f"PRAGMA query_only={int(reads)}")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _write_ahead(cursor: sa.engine.interfaces.DBAPICursor) -> None:
    """Put the file into WAL, where it is not yet.

    A new file that several open at once is the one case in which SQLite fails instead of waiting;
    to begin a transaction does wait, for whoever is switching.
    """
    for meeting in range(_MEETINGS):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if meeting + 1 == _MEETINGS:
                raise
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("COMMIT")
        else:
            return


def reading(engine: Engine) -> Session:
    """Return a session that only reads: no writer waits for it, and on SQLite it waits for none.

    What it reads first is what it sees until it is closed, on SQLite; writing through it is an
    error of the database on both stores.
    """
    return Session(reading_engine(engine), expire_on_commit=False)


def reading_engine(engine: Engine) -> Engine:
    """Return the same engine, whose transactions only read."""
    return engine.execution_options(**{_READING: True, "postgresql_readonly": True})


def alembic_config(bound: Engine | Connection) -> "Config":
    """Return Alembic's configuration for this store; there is no alembic.ini to lose.

    On a connection whose transaction has begun, the upgrade is part of that transaction.
    """
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["bound"] = bound
    return config


def open_store(url: str) -> Engine:
    """Return an engine on the store, created or upgraded to the newest schema.

    Raises StoreTooNew for a store of a newer program, which is left as it is, and StoreError where
    there is none to be reached.
    """
    engine = connect(url)
    with ExitStack() as failed:
        failed.callback(engine.dispose)
        try:
            _open(engine)
        except DatabaseError as error:
            raise StoreError(f"store: {engine.dialect.name}: {said_by(error)}") from error
        failed.pop_all()
    return engine


def _open(engine: Engine) -> None:
    with reading_engine(engine).connect() as connection:
        found = revision_of(connection)
    if found != newest_revision():
        refuse_newer(found)
        with engine.begin() as connection:
            bring_up_to_date(connection)


def bring_up_to_date(connection: Connection) -> None:
    """Create or upgrade the schema inside the caller's transaction: whole, or not at all.

    Several processes may open an old store at once; one upgrades it, the others wait and find it
    done. On SQLite the transaction has the only write lock since it began.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATING)))
    found = revision_of(connection)
    refuse_newer(found)
    if found == newest_revision():
        return
    from alembic import command  # most starts have nothing to upgrade, and it costs a second

    command.upgrade(alembic_config(connection), "head")


def revision_of(connection: Connection) -> str | None:
    """Return the revision that the store stands at, None for a store that is none yet."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def refuse_newer(found: str | None) -> None:
    """Raise StoreTooNew unless this program knows the revision."""
    if found is not None and found not in known_revisions():
        raise StoreTooNew(found, newest_revision())


def known_revisions() -> list[str]:
    """Return every revision, oldest first, as the files' names say (`r0002_retired_files.py`)."""
    return sorted(file.name[1:5] for file in (MIGRATIONS / "versions").glob("r[0-9]*.py"))


def newest_revision() -> str:
    """Return the newest revision."""
    return known_revisions()[-1]


def described(engine: Engine) -> str:
    """Return which store it is, for people: never its URL, which may hold a password."""
    if engine.dialect.name == "sqlite":
        return f"sqlite {engine.url.database}"
    return f"{engine.dialect.name} {engine.url.database} on {engine.url.host or 'this machine'}"


def said_by(error: DatabaseError) -> str:
    """Return the first line of what the database said: no statement, no URL."""
    return (str(error.orig).strip() or type(error.orig).__name__).splitlines()[0]
