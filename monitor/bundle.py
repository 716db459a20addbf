"""Facts carried to where no network is: a snapshot bundle out here, in there, again and again.

A bundle is a folder: the collected batches' Parquet files and `bundle.json`, which names each with
its hash. What came in before is skipped, what a person inside revoked stays revoked, and a batch
becomes known inside on the day it came in: nothing that was concluded inside is touched.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlmodel import Session, SQLModel, col, select

from collectors.registry import COLLECTORS
from monitor.audit import append
from monitor.backup import digest
from monitor.context import Context
from monitor.errors import BackupError
from monitor.store.engine import reading
from monitor.store.runs import Batch, BatchFile, BatchState, Run
from monitor.version import version
from reports.model import Audience

Row = TypeVar("Row", bound=SQLModel)

LIST = "bundle.json"
CARRIED = (BatchState.VISIBLE, BatchState.HELD)
"""What is held outside arrives held, with its findings, for a person inside to decide."""


@dataclass(frozen=True)
class Bundle:
    """A bundle that was written, or read and checked."""

    folder: Path
    sha256: str
    """Of `bundle.json`, and so of everything: told by another way, it proves the folder."""
    batches: tuple[Batch, ...]
    runs: tuple[Run, ...]
    files: tuple[BatchFile, ...]

    @property
    def bytes(self) -> int:
        """Size of the files."""
        return sum(file.bytes for file in self.files)


def write_bundle(context: Context, folder: Path, since: datetime | None = None) -> Bundle:
    """Copy every collected batch (fetched since then, if said) into `folder`."""
    sources = {c.source.id for c in COLLECTORS}
    query = (
        select(Batch)
        .where(col(Batch.source).in_(sources), col(Batch.state).in_(CARRIED))
        .where(Batch.sweep != "baseline")
        .order_by(col(Batch.fetched_at), col(Batch.id))
    )
    if since is not None:
        query = query.where(col(Batch.fetched_at) >= since)
    with reading(context.engine) as session:
        batches = tuple(session.exec(query))
        named = [b.id for b in batches]
        runs = session.exec(select(Run).where(col(Run.id).in_({b.run_id for b in batches}))).all()
        files = session.exec(select(BatchFile).where(col(BatchFile.batch_id).in_(named))).all()
    for file in files:
        target = folder / "lake" / file.path
        if not target.exists() or digest(target) != file.sha256:
            target.parent.mkdir(parents=True, exist_ok=True)
            context.lake.files.get_file(context.lake.full(file.path), str(target))
            _checked(target, file)
    listed = {
        "version": version(),
        "at": context.now().isoformat(),
        "batches": [b.model_dump(mode="json") for b in batches],
        "runs": [r.model_dump(mode="json") for r in sorted(runs, key=lambda r: r.id)],
        "files": [f.model_dump(mode="json") for f in sorted(files, key=lambda f: f.path)],
    }
    body = json.dumps(listed, indent=1, ensure_ascii=False).encode()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / LIST).write_bytes(body)
    return Bundle(folder, hashlib.sha256(body).hexdigest(), batches, tuple(runs), tuple(files))


def read_bundle(folder: Path, sha256: str | None = None) -> Bundle:
    """Return a bundle whose every file was checked. Raises BackupError naming what is wrong."""
    try:
        body = (folder / LIST).read_bytes()
        listed = json.loads(body)
        batches, runs = _rows(Batch, listed["batches"]), _rows(Run, listed["runs"])
        files = _rows(BatchFile, listed["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{folder / LIST}: not a bundle ({error})") from error
    found = hashlib.sha256(body).hexdigest()
    if sha256 is not None and sha256.lower() != found:
        raise BackupError(f"{folder / LIST}: sha256 {found}, expected {sha256}")
    for file in files:
        place = (folder / "lake" / file.path).resolve()
        if not place.is_relative_to((folder / "lake").resolve()):
            raise BackupError(f"{file.path}: leads out of the bundle")
        _checked(place, file)
    return Bundle(folder, found, batches, runs, files)


def take_in(context: Context, bundle: Bundle, *, actor: str) -> tuple[int, int]:
    """Bring in what is not here yet, all of it visible at once; returns batches and rows.

    May be done again: a batch that is known, in whatever state, is left as it is.
    """
    now = context.now()
    with reading(context.engine) as session:
        known = set(session.exec(select(Batch.id)))
    fresh = {b.id: b for b in bundle.batches if b.id not in known}
    files = [f for f in bundle.files if f.batch_id in fresh]
    for file in files:
        target = context.lake.full(file.path)
        context.lake.files.makedirs(target.rpartition("/")[0], exist_ok=True)
        if context.lake.files.exists(target):
            context.lake.remove(file.path)  # of a try that was killed: read-only, known to nobody
        context.lake.files.put_file(str(bundle.folder / "lake" / file.path), target)
        if context.lake.seal(file.path)[0] != file.sha256:
            raise BackupError(f"{file.path}: the copy differs from its manifest")
    with Session(context.engine) as session, session.begin():
        known = set(session.exec(select(Batch.id)))
        wanted = [b for name, b in fresh.items() if name not in known]
        present = set(session.exec(select(Run.id)))
        runs = {b.run_id for b in wanted} - present
        session.add_all(r for r in bundle.runs if r.id in runs)
        for batch in wanted:
            batch.visible_at = now if batch.state == BatchState.VISIBLE else None
            session.add(batch)
        session.flush()
        names = {b.id for b in wanted}
        session.add_all(f for f in files if f.batch_id in names)
        rows = sum(b.rows for b in wanted)
        detail: dict[str, object] = {"bundle": bundle.sha256, "batches": len(wanted), "rows": rows}
        append(session, at=now, actor=actor, action="bundle.in", subject="lake", detail=detail)
    return len(wanted), rows


def write_site(context: Context, file: Path, audience: Audience) -> tuple[int, str]:
    """Write a site tree as one zip with `SHA256SUMS`; returns files and the zip's own sha256.

    The same pages give the same bytes, whoever packs them and when.
    """
    tree = context.site / audience.value
    pages = sorted(p for p in tree.rglob("*") if p.is_file())
    if not pages:
        raise BackupError(f"{tree}: no site yet (tocsin run)")
    named = {page.relative_to(tree).as_posix(): page.read_bytes() for page in pages}
    sums = "".join(f"{hashlib.sha256(b).hexdigest()}  {name}\n" for name, b in named.items())
    with zipfile.ZipFile(file, "w") as packed:
        for name, body in (named | {"SHA256SUMS": sums.encode()}).items():
            entry = zipfile.ZipInfo(name)  # dated 1980, so that packing again changes nothing
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, body, zipfile.ZIP_DEFLATED)
    return len(named) + 1, digest(file)


def _checked(place: Path, file: BatchFile) -> None:
    try:
        found = digest(place)
    except OSError as error:
        raise BackupError(f"{place}: {error.strerror}") from error
    if found != file.sha256:
        raise BackupError(f"{place}: sha256 {found[:12]}…, the manifest says {file.sha256[:12]}…")


def _rows(table: type[Row], rows: Iterable[Any]) -> tuple[Row, ...]:
    return tuple(table.model_validate(row) for row in rows)
