"""Make an installation from a backup, on either store and any lake: whole, or not at all.

Every file is checked first. Lake, settings and roster come next, and the store last, by one rename
or one transaction: a home or a database without a store is no installation, so whatever is killed
on the way leaves none, and the next restore of the same backup goes on from there.
"""

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from config.settings import load_settings
from monitor.backup import LIST, ROSTER, SETTINGS, STORE, digest, said_by_system
from monitor.context import Context
from monitor.copying import (
    Tell,
    copy_rows,
    holds_rows,
    remove_store,
    set_sequences,
    silent,
    tables,
)
from monitor.errors import BackupError, StoreError
from monitor.lake import Lake
from monitor.store.engine import (
    bring_up_to_date,
    connect,
    described,
    open_store,
    reading_engine,
    refuse_newer,
    said_by,
    sqlite_url,
)

UNDER_WAY = "RESTORING"
"""Stands in the lake, with the hash of the backup's list, until the store is in place."""


@dataclass(frozen=True)
class Restored:
    """What was brought back, and where to."""

    store: str
    """Which one holds it now, for people: its kind is the first word."""
    lake: str
    settings: Path | None
    """File in force; None for the defaults."""
    files: int
    """Files of the lake."""
    bytes: int
    """Of store and lake together, as the backup holds them."""


@dataclass(frozen=True)
class _Backup:
    folder: Path
    sha256: str
    """Of its list, and so of everything."""
    files: Mapping[str, str]
    """Path in the lake → sha256."""


def settle(context: Context, folder: Path, *, named: bool) -> Context:
    """Return the installation to be, with the settings that it will have.

    Those named on the command line, else the home's own, else the backup's. The environment wins
    over each of them, as ever.
    """
    kept = folder / SETTINGS
    if named or (context.home / SETTINGS).is_file() or not kept.is_file():
        return context
    return Context(context.home, load_settings(kept), kept, context.now)


def restore(folder: Path, context: Context, tell: Tell = silent) -> Restored:
    """Bring a backup into the home, lake and store that the settings name; they must be empty.

    Raises BackupError, or StoreError for a backup of a newer program or a store that is away.
    """
    try:
        return _restore(folder, context, tell)
    except OSError as error:
        raise BackupError(said_by_system(error, context.home)) from error


def _restore(folder: Path, context: Context, tell: Tell) -> Restored:
    with ExitStack() as left:
        target = connect(context.store_url)
        left.callback(target.dispose)
        _refuse_inhabited(target)
        backup = _checked(folder, tell)
        context.home.mkdir(parents=True, exist_ok=True)
        place = _place(target, context.home)
        copy = place.with_name(f".{place.name}.restoring")
        remove_store(copy)
        left.callback(remove_store, copy)
        shutil.copyfile(folder / STORE, copy)
        source = connect(sqlite_url(copy))
        left.callback(source.dispose)
        lake = Lake(context.settings.lake.url or str(context.home / "lake"), source)
        _fill(lake, backup, tell)
        settings = _settle_files(folder, context)
        if target.dialect.name == "sqlite":
            _put_in_place(copy, place)
        else:
            _pour(copy, target, tell)
        lake.files.rm_file(lake.full(UNDER_WAY))
    size = sum((folder / p).stat().st_size for p in (STORE, *(f"lake/{f}" for f in backup.files)))
    return Restored(described(target), lake.url, settings, len(backup.files), size)


def _place(target: Engine, home: Path) -> Path:
    """Return the file of a SQLite store; for another, the one that lends its name to the copy."""
    named = target.url.database if target.dialect.name == "sqlite" else None
    return Path(named) if named else home / STORE


def _refuse_inhabited(target: Engine) -> None:
    """Raise BackupError where the store holds an installation, StoreError where it is away."""
    if target.dialect.name == "sqlite":
        file = str(target.url.database)
        for found in (file, f"{file}-wal", f"{file}-journal"):
            if Path(found).exists():
                raise BackupError(
                    f"{Path(file).parent} holds an installation ({Path(found).name}); "
                    "restore into an empty folder"
                )
        return
    try:
        with reading_engine(target).connect() as connection:
            inhabited = holds_rows(connection)
    except DatabaseError as error:
        raise StoreError(f"store: {target.dialect.name}: {said_by(error)}") from error
    if inhabited:
        raise BackupError(_inhabited(target))


def _inhabited(target: Engine) -> str:
    return (
        f"the store {described(target)} holds an installation; name an empty one in store.url or "
        "store.url_file (TOCSIN_STORE__URL, HOME/tocsin.yaml, --config)"
    )


def _checked(folder: Path, tell: Tell) -> _Backup:
    """Return the backup once each of its files is what was backed up. Raises BackupError."""
    try:
        body = (folder / LIST).read_bytes()
        listed = json.loads(body)
        files = {str(path): str(sha256) for path, sha256 in listed["lake"].items()}
        wanted = {STORE: str(listed["store"])} | {f"lake/{p}": s for p, s in files.items()}
    except OSError as error:
        raise BackupError(f"{folder} is no backup: {LIST}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(f"{folder} is no backup: {LIST} cannot be read ({error})") from error
    inside = folder.resolve()
    for number, (path, sha256) in enumerate(wanted.items()):
        tell("checking", path, number / len(wanted))
        if not (folder / path).resolve().is_relative_to(inside):
            raise BackupError(f"{folder / path} leads out of the backup")
        if not (folder / path).is_file():
            raise BackupError(f"{folder / path} is missing")
        if digest(folder / path) != sha256:
            raise BackupError(f"{folder / path} is not what was backed up")
    refuse_newer(_revision(folder / STORE))
    return _Backup(folder, hashlib.sha256(body).hexdigest(), files)


def _revision(file: Path) -> str:
    """Return the revision of a store that nobody has open, without touching its folder."""
    uri = f"{file.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as store:
            (found,) = store.execute("SELECT version_num FROM alembic_version").fetchone()
    except (sqlite3.Error, TypeError) as error:
        raise BackupError(f"{file}: no store ({error})") from error
    return str(found)


def _fill(lake: Lake, backup: _Backup, tell: Tell) -> None:
    """Put every file into the lake, which must be empty, or be that of a restore that was killed.

    A lake that another store names would be taken for orphans by this one, and swept.
    """
    present = set(lake.paths())
    mark = lake.full(UNDER_WAY)
    ours = lake.files.exists(mark) and lake.files.cat_file(mark).decode() == backup.sha256
    strange = present - backup.files.keys() if ours else present
    if strange:
        raise BackupError(
            f"the lake {lake.url} holds {len(strange)} files already, such as {min(strange)}; "
            "name an empty one in lake.url, or restore into an empty folder"
        )
    lake.files.pipe_file(mark, backup.sha256.encode())
    for number, (path, sha256) in enumerate(sorted(backup.files.items())):
        tell("lake", path, number / len(backup.files))
        if path in present:
            if lake.digest(path) == sha256:
                continue
            lake.remove(path)  # half of it, from a restore that was killed
        full = lake.full(path)
        lake.files.makedirs(full.rpartition("/")[0], exist_ok=True)
        lake.files.put_file(str(backup.folder / "lake" / path), full)
        if lake.seal(path)[0] != sha256:
            raise BackupError(f"{full}: the copy differs from its manifest")


def _settle_files(folder: Path, context: Context) -> Path | None:
    """Put settings and roster into the home, where it has none; returns the settings in force."""
    kept, settings = folder / ROSTER, context.settings_file
    if kept.is_file() and not (context.home / ROSTER).exists():
        _copy_whole(kept, context.home / ROSTER)
    if settings == folder / SETTINGS:
        settings = context.home / SETTINGS
        _copy_whole(folder / SETTINGS, settings)
    return settings


def _copy_whole(source: Path, target: Path) -> None:
    aside = target.with_name(f".{target.name}.restoring")
    shutil.copy(source, aside)  # with its mode: settings may hold a key
    aside.replace(target)


def _put_in_place(copy: Path, place: Path) -> None:
    """Let the store appear, whole and on the disk, unless one has appeared meanwhile."""
    with copy.open("rb") as handle:
        os.fsync(handle.fileno())
    if place.exists():
        raise BackupError(f"{place} was made while the backup was brought back")
    copy.replace(place)


def _pour(copy: Path, target: Engine, tell: Tell) -> None:
    """Bring the copy to this program's schema, and its rows into the target in one transaction."""
    source = open_store(sqlite_url(copy))
    every = ", ".join(f'"{table.name}"' for table in tables())
    try:
        with reading_engine(source).connect() as rows, target.begin() as connection:
            bring_up_to_date(connection)
            # A daemon that starts on the empty database meanwhile waits, and finds the record.
            connection.execute(sa.text(f"LOCK TABLE {every} IN EXCLUSIVE MODE"))
            if holds_rows(connection):
                raise BackupError(_inhabited(target))
            copy_rows(rows, connection, tell)
            set_sequences(connection)
    except DatabaseError as error:
        raise BackupError(f"store: {target.dialect.name}: {said_by(error)}") from error
    finally:
        source.dispose()
