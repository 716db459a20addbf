"""Back an installation up while it runs; `monitor.restore` brings it back.

A backup is one folder of one form, whatever the store: `tocsin.db` (SQLite, the store as it stood
at one moment), every file of the lake that it names, settings, roster, and `backup.json` with the
hash of each. Lake files never change, so a second backup into the same folder copies only what is
new; until that one is whole, the one before it stays valid.
"""

import hashlib
import json
import shutil
import sqlite3
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from monitor.alerts.opening import roster_file
from monitor.context import Context
from monitor.copying import Tell, copy_store, remove_store, silent, snapshot
from monitor.errors import BackupError
from monitor.store.engine import described, said_by, sqlite_url
from monitor.store.runs import BatchFile, Sweep
from monitor.version import version

LIST = "backup.json"
STORE = "tocsin.db"
SETTINGS = "tocsin.yaml"
ROSTER = "roster.yaml"
ASIDE = f".{STORE}.part"
TRIES = 5
"""How often the store is copied anew because files went while the lake was copied."""


@dataclass(frozen=True)
class Kept:
    """What a backup holds."""

    store: str
    """Which one was copied, for people: its kind is the first word."""
    files: int
    """Files of the lake."""
    copied: int
    """Of these, copied now; the others were there."""
    bytes: int
    """Of store and lake together."""


def back_up(context: Context, folder: Path, tell: Tell = silent) -> Kept:
    """Copy store, lake and settings into `folder`; the daemon may go on meanwhile.

    Raises BackupError where that cannot be done whole; a backup that was there before is then as
    good as it was.
    """
    try:
        with ExitStack() as left:
            left.callback(remove_store, folder / ASIDE)
            return _back_up(context, folder, tell)
    except OSError as error:
        raise BackupError(said_by_system(error, folder)) from error
    except sqlite3.Error as error:
        raise BackupError(f"{folder}: {error}") from error
    except DatabaseError as error:
        raise BackupError(f"store: {said_by(error)}") from error


def _back_up(context: Context, folder: Path, tell: Tell) -> Kept:
    if folder.resolve() == context.home:
        raise BackupError(f"{folder} is the installation itself; name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / ASIDE
    copied = 0
    for _ in range(TRIES):
        remove_store(aside)
        copy_store(context.engine, aside, tell)
        files = named_by_copy(aside)
        fetched, gone = _fetch(context, folder / "lake", files, tell)
        copied += fetched
        if not gone:
            break
        _refuse_missing(context, gone)
    else:
        raise BackupError("files of the lake go faster than they are copied; try again later")
    for source, name in ((context.settings_file, SETTINGS), (roster_file(context), ROSTER)):
        if source is not None:
            shutil.copy(source, folder / name)  # with its mode: it may hold a key
        else:
            (folder / name).unlink(missing_ok=True)
    listed = {
        "version": version(),
        "at": context.now().isoformat(),
        "lake": files,
        "store": digest(aside),
    }
    list_aside = folder / f".{LIST}.part"
    list_aside.write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
    aside.replace(folder / STORE)
    list_aside.replace(folder / LIST)
    size = sum((folder / "lake" / path).stat().st_size for path in files)
    size += (folder / STORE).stat().st_size
    return Kept(described(context.engine), len(files), copied, size)


def _fetch(context: Context, lake: Path, files: dict[str, str], tell: Tell) -> tuple[int, set[str]]:
    """Copy what is not there yet; returns how many files, and the names of those that are gone."""
    fetched, gone = 0, set()
    for number, (path, sha256) in enumerate(sorted(files.items())):
        tell("lake", path, number / len(files))
        target = lake / path
        if target.exists() and digest(target) == sha256:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            context.lake.files.get_file(context.lake.full(path), str(target))
        except FileNotFoundError:
            gone.add(path)
            continue
        if digest(target) != sha256:
            raise BackupError(f"{context.lake.full(path)}: the copy differs from its manifest")
        fetched += 1
    return fetched, gone


def _refuse_missing(context: Context, gone: set[str]) -> None:
    """Raise BackupError for a file that the living store names still: it was lost, not retired."""
    with snapshot(context.engine) as connection:
        lost = sorted(gone & named_by(connection).keys())
    if lost:
        raise BackupError(
            f"{context.lake.full(lost[0])}: missing, though the store names it; {len(lost)} in all"
        )


def named_by_copy(file: Path) -> dict[str, str]:
    """Return path and sha256 of every lake file that a store in a SQLite file needs."""
    engine = sa.create_engine(sqlite_url(file))
    try:
        with engine.connect() as connection:
            return named_by(connection)
    finally:
        engine.dispose()


def named_by(connection: Connection) -> dict[str, str]:
    """Return path and sha256 of every lake file that the store needs.

    Those of manifests, and the finished parts of sweeps in hand, which go on after a restore.
    """
    found = connection.execute(sa.select(BatchFile.path, BatchFile.sha256))  # type: ignore[call-overload]
    files = {str(path): str(sha256) for path, sha256 in found}
    for parts in connection.execute(sa.select(Sweep.parts)).scalars():  # type: ignore[call-overload]
        files |= {part["path"]: part["sha256"] for part in json.loads(parts)}
    return files


def said_by_system(error: OSError, folder: Path) -> str:
    """Return what the system refused and where: of two files, the one that was written."""
    return f"{error.filename2 or error.filename or folder}: {error.strerror or error}"


def digest(file: Path) -> str:
    """Return the sha256 of a file."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
