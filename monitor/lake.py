"""The lake: immutable Parquet files by table and batch, made visible by the store's manifest.

A file is written under its final name before its manifest row exists, so nobody reads it; one
commit of the manifest makes all tables of a run visible at once. A file without manifest (and
without a sweep that still owns it) is an orphan of a killed run and is swept at start.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import fsspec
from sqlalchemy import Engine
from sqlmodel import Session, col, delete, select

from collectors.schema import seconds
from monitor.errors import LakeError
from monitor.store.engine import reading
from monitor.store.runs import Batch, BatchFile, BatchState, Retired, Sweep

_CHUNK = 1 << 20


@dataclass(frozen=True)
class LakeFile:
    """One Parquet file with its hash and the span of its dates (seconds since 1970)."""

    path: str
    table: str
    sha256: str
    rows: int
    bytes: int
    min_known_s: int
    max_known_s: int
    min_fetched_s: int
    max_fetched_s: int
    batch_id: str = ""
    visible_s: int = 0
    """When its batch could first be read; later than the fetch, by days where it was held."""

    def known_by(self, moment: datetime, *, reconstructed: bool) -> bool:
        """Whether any row of it was known at the moment, by one of the two clocks."""
        first = self.min_known_s if reconstructed else max(self.min_fetched_s, self.visible_s)
        return first <= moment.timestamp()

    def row(self) -> BatchFile:
        """Return the manifest row."""
        values = {k: v for k, v in vars(self).items() if k not in ("table", "visible_s")}
        return BatchFile(table_name=self.table, **values)

    @classmethod
    def of(cls, row: BatchFile, visible_at: datetime | None = None) -> "LakeFile":
        """Return the file that a manifest row describes."""
        names = [n for n in cls.__dataclass_fields__ if n not in ("table", "visible_s")]
        seen = seconds(visible_at) if visible_at else 0
        values = {n: getattr(row, n) for n in names}
        return cls(table=row.table_name, visible_s=seen, **values)


@dataclass
class Lake:
    """The lake at one address: a folder, or any URL that fsspec can write (`s3://bucket/lake`)."""

    url: str
    engine: Engine
    _verified: set[str] = field(default_factory=set)
    repeated: dict[tuple[str, ...], bool] = field(default_factory=dict)
    """Whether a key stands twice in these files, by their hashes: they never change."""

    def __post_init__(self) -> None:
        self.files, root = fsspec.core.url_to_fs(self.url)
        self.root = root.rstrip("/")
        self.files.makedirs(self.root, exist_ok=True)

    @property
    def is_local(self) -> bool:
        """Whether the lake is a folder of this machine."""
        return "file" in self.files.protocol

    def full(self, path: str) -> str:
        """Return the address of a file inside the lake, as the file system knows it."""
        return f"{self.root}/{path}"

    def seal(self, path: str) -> tuple[str, int]:
        """Return sha256 and size of a finished file, made read-only where that means something."""
        if self.is_local:
            Path(self.full(path)).chmod(0o444)
        return self.digest(path), int(self.files.size(self.full(path)))

    def digest(self, path: str) -> str:
        """Return the sha256 of a file."""
        digest = hashlib.sha256()
        with self.files.open(self.full(path), "rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        return digest.hexdigest()

    def verify(self, file: LakeFile) -> None:
        """Raise LakeError unless the file is there with its hash; asked once per process."""
        if file.path in self._verified:
            return
        try:
            found = self.digest(file.path)
        except FileNotFoundError as error:
            raise LakeError(
                f"{self.full(file.path)}: missing, its manifest says {file.rows} rows"
            ) from error
        if found != file.sha256:
            raise LakeError(
                f"{self.full(file.path)}: sha256 {found[:12]}…, manifest {file.sha256[:12]}…"
            )
        self._verified.add(file.path)

    def visible(self, *, until: datetime | None = None) -> list[LakeFile]:
        """Return the files that may be read, oldest batch first; `until` leaves later ones out.

        A batch revoked after the fact is left out whatever `until` says (it was found to be bad).
        """
        query = (
            select(BatchFile, Batch.visible_at)
            .join(Batch, col(BatchFile.batch_id) == col(Batch.id))
            .where(Batch.state == BatchState.VISIBLE)
            .order_by(col(Batch.fetched_at), col(Batch.id), col(BatchFile.path))
        )
        if until is not None:
            query = query.where(col(Batch.visible_at) <= until)
        with reading(self.engine) as session:
            return [LakeFile.of(row, seen) for row, seen in session.exec(query)]

    def commit(self, session: Session, batch: Batch, files: Sequence[LakeFile]) -> None:
        """Add the manifest of a batch to the caller's transaction."""
        session.add(batch)
        session.flush()
        session.add_all(f.row() for f in files)

    def missing(self) -> list[str]:
        """Return files that a manifest names and the lake does not hold: lost, not retired."""
        with reading(self.engine) as session:
            named = set(session.exec(select(BatchFile.path)))
        return sorted(named.difference(self.paths()))

    def orphans(self) -> list[str]:
        """Return files that no manifest and no sweep in hand knows, and nobody may still read."""
        with reading(self.engine) as session:
            known = {*session.exec(select(BatchFile.path)), *session.exec(select(Retired.path))}
            for sweep in session.exec(select(Sweep)):
                known.update(part["path"] for part in json.loads(sweep.parts))
        return sorted(p for p in self.paths() if p not in known)

    def sweep_orphans(self, before: datetime | None = None) -> int:
        """Remove what a killed run left behind; returns how many files.

        While others may be writing, `before` spares what was made since then.
        """
        swept = 0
        for path in self.orphans():
            with suppress(FileNotFoundError):  # another process sweeps too
                if before is None or self.files.modified(self.full(path)) < before:
                    self.remove(path)
                    swept += 1
        return swept

    def retire(self, session: Session, paths: Iterable[str], at: datetime) -> None:
        """Note that files leave the manifest; whoever read it before may read them for a while."""
        session.add_all(Retired(path=path, at=at) for path in paths)

    def remove_retired(self, before: datetime) -> int:
        """Delete the files that were retired before then; returns how many."""
        with Session(self.engine) as session, session.begin():
            query = select(Retired.path).where(col(Retired.at) < before)
            paths = list(session.exec(query))
            session.exec(delete(Retired).where(col(Retired.path).in_(paths)))
        # The note goes first: a kill in between leaves orphans, which are swept.
        for path in paths:
            self.remove(path)
        return len(paths)

    def remove(self, path: str) -> None:
        """Delete one file, if it is there; its manifest is the caller's affair."""
        with suppress(FileNotFoundError):  # another process, or a store brought back from a backup
            self.files.rm_file(self.full(path))
        self._verified.discard(path)

    def bytes(self) -> int:
        """Return the size of all files in the lake."""
        return sum(self._sizes().values())

    def paths(self) -> list[str]:
        """Return every file in the lake, whether a manifest names it or not."""
        return list(self._sizes())

    def _sizes(self) -> dict[str, int]:
        # A refresh is needed because remote file systems remember listings.
        self.files.invalidate_cache()
        # One listing: asked for one by one, a file could have gone in between.
        found = self.files.find(self.root, detail=True)
        return {
            name[len(self.root) + 1 :]: int(about["size"])
            for name, about in found.items()
            if name.endswith(".parquet")
        }


def rows_of(files: Iterable[LakeFile]) -> int:
    """Return how many rows the files hold together."""
    return sum(f.rows for f in files)
