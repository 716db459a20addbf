"""Take what a person enters: one file, one batch, one audit entry, or nothing."""

import hashlib
import secrets
from pathlib import Path

from sqlmodel import Session

from collectors.evidence import SOURCE, parse_file
from monitor.audit import append
from monitor.batch import BatchWriter
from monitor.context import Context
from monitor.store.runs import Batch, BatchState, Run, RunState


def take_in(context: Context, file: Path, author: str) -> tuple[str, int]:
    """Return (batch, rows) of an evidence file; raises PayloadChanged naming row and column."""
    body = file.read_bytes()
    now = context.now()
    records = parse_file(file.name, body, author, now)
    digest = hashlib.sha256(body).hexdigest()
    batch_id = f"{now:%Y%m%dT%H%M%SZ}-{SOURCE.id}-{secrets.token_hex(3)}"
    writer = BatchWriter(context.lake, batch_id, SOURCE.id, is_live=True)
    writer.add(records, now)
    files = writer.finish()
    with Session(context.engine) as session:
        session.add(
            Run(
                id=batch_id, source=SOURCE.id, state=RunState.DONE, started_at=now,
                finished_at=context.now(), rows=len(records), message=file.name,
            )
        )  # fmt: skip
        batch = Batch(
            id=batch_id, run_id=batch_id, source=SOURCE.id, state=BatchState.VISIBLE,
            is_live=True, fetched_at=now, visible_at=now, url=f"file:{file.name}",
            rows=len(records),
        )  # fmt: skip
        context.lake.commit(session, batch, files)
        append(
            session, at=now, actor=author, action="evidence.add", subject=f"batch:{batch_id}",
            detail={"file": file.name, "sha256": digest, "rows": len(records)},
        )  # fmt: skip
        session.commit()
    return batch_id, len(records)
