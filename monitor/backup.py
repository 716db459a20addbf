"""Back an installation up while it runs, and bring it back.

A backup is one folder: the store (SQLite by its online backup; PostgreSQL by its own pg_dump, which
the operator runs), every file of the lake that a manifest names, settings, and `backup.json` with
the hash of each. Lake files never change, so a second backup into the same folder copies only what
is new.
"""

import hashlib
import json
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session, select

from config.errors import ConfigError
from monitor.context import Context
from monitor.store.runs import BatchFile
from monitor.version import version

LIST = "backup.json"


class BackupError(Exception):
    """A backup is not whole, or would overwrite a living installation."""


@dataclass(frozen=True)
class Kept:
    """What a backup holds."""

    files: int
    copied: int
    bytes: int


def back_up(context: Context, folder: Path) -> Kept:
    """Copy store, lake and settings into `folder`; the daemon may go on meanwhile.

    The store is copied first: every lake file that it names is on disk by then.
    """
    if context.engine.dialect.name != "sqlite":
        raise ConfigError(
            "settings", "store.url", "SQLite (PostgreSQL: pg_dump, see docs/operate.md)"
        )
    folder.mkdir(parents=True, exist_ok=True)
    _copy_store(context.home / "tocsin.db", folder / "tocsin.db")
    with Session(context.engine) as session:
        files = {row.path: row.sha256 for row in session.exec(select(BatchFile))}
    copied = size = 0
    for path, sha256 in sorted(files.items()):
        target = folder / "lake" / path
        if not target.exists() or digest(target) != sha256:
            target.parent.mkdir(parents=True, exist_ok=True)
            context.lake.files.get_file(context.lake.full(path), str(target))
            copied += 1
            if digest(target) != sha256:
                raise BackupError(f"{path}: the copy differs from its manifest")
        size += target.stat().st_size
    if context.settings_file is not None:
        shutil.copy2(context.settings_file, folder / "tocsin.yaml")
    listed = {"version": version(), "at": context.now().isoformat(), "lake": files}
    listed["store"] = digest(folder / "tocsin.db")
    (folder / LIST).write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
    return Kept(len(files), copied, size)


def _copy_store(store: Path, target: Path) -> None:
    source, copy = sqlite3.connect(store), sqlite3.connect(target)
    try:
        source.backup(copy)
    finally:
        source.close()
        copy.close()


def restore(folder: Path, home: Path) -> Kept:
    """Make `home` from a backup; every file is checked first. Raises BackupError.

    A home that holds a store already is not touched.
    """
    if (home / "tocsin.db").exists():
        raise BackupError(f"{home} holds an installation; restore into an empty folder")
    try:
        listed = json.loads((folder / LIST).read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise BackupError(f"{folder / LIST}: not a backup ({error})") from error
    wanted = {f"lake/{path}": sha256 for path, sha256 in listed["lake"].items()}
    wanted["tocsin.db"] = listed["store"]
    for path, sha256 in wanted.items():
        if not (folder / path).is_file():
            raise BackupError(f"{folder / path} is missing")
        if digest(folder / path) != sha256:
            raise BackupError(f"{folder / path} is not what was backed up")
    size = 0
    for path in [*wanted, *(["tocsin.yaml"] if (folder / "tocsin.yaml").exists() else [])]:
        target = home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(folder / path, target)
        size += target.stat().st_size
    return Kept(len(wanted), len(wanted), size)


def digest(file: Path) -> str:
    """Return the sha256 of a file."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
