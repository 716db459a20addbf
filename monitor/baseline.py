"""Load the shipped facts into the lake, once per content, as one run of many batches."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from collectors.base import Columns
from collectors.schema import TABLES
from config import baseline
from monitor.batch import BatchWriter
from monitor.context import Context
from monitor.lake import LakeFile
from monitor.store.engine import reading
from monitor.store.runs import Batch, BatchState, Run, RunState
from monitor.turn import own_turn

NOT_RECORD = {"source", "row_licence"}


def load_baseline(context: Context, progress: Callable[[str, int], None] | None = None) -> int:
    """Return how many rows were added; 0 if this baseline is already in the lake.

    A new wheel's baseline is a new vintage beside the old one (RULINGS.md 4).
    """
    run_id = f"baseline-{baseline.sha256()[:16]}"
    with own_turn(context, "baseline"):
        with reading(context.engine) as session:
            if session.get(Run, run_id) is not None:
                return 0
        return _load(context, run_id, progress)


def _load(context: Context, run_id: str, progress: Callable[[str, int], None] | None) -> int:
    now = context.now()
    writers: dict[str, BatchWriter] = {}
    rows = 0
    for table in baseline.tables():
        for source, columns in _by_source(table).items():
            writer = writers.get(source)
            if writer is None:
                writer = writers[source] = BatchWriter(
                    context.lake, f"{run_id}-{source}", source, is_live=False
                )
            writer.add([Columns(TABLES[table], columns)], now)
            rows += len(next(iter(columns.values())))
            if progress:
                progress(table, rows)
    files = {source: writer.finish() for source, writer in sorted(writers.items())}
    _commit(context, run_id, now, files, rows)
    return rows


def _by_source(table: str) -> dict[str, dict[str, list[object]]]:
    found: dict[str, dict[str, list[object]]] = {}
    for row in baseline.rows(table):
        columns = found.setdefault(str(row["source"]), defaultdict(list))
        for name, value in row.items():
            if name not in NOT_RECORD:
                columns[name].append(value)
    return found


def _commit(
    context: Context, run_id: str, now: datetime, files: dict[str, list[LakeFile]], rows: int
) -> None:
    with Session(context.engine) as session:
        session.add(
            Run(
                id=run_id,
                state=RunState.DONE,
                started_at=now,
                finished_at=context.now(),
                rows=rows,
                is_live=False,
                message="shipped baseline",
            )
        )
        for source, sealed in files.items():
            batch = Batch(
                id=f"{run_id}-{source}",
                run_id=run_id,
                source=source,
                sweep="baseline",
                state=BatchState.VISIBLE,
                is_live=False,
                fetched_at=now,
                visible_at=now,
                url=f"baseline:{run_id}",
                rows=sum(f.rows for f in sealed),
            )
            context.lake.commit(session, batch, sealed)
        session.commit()
