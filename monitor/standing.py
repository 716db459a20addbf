"""How things stand: the last conclusion with its sources and outbox; no lake, no report is read."""

import json
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from config import baseline
from config.method import Method
from monitor.context import Context
from monitor.sources import SourceHealth, source_rows
from monitor.store.conclusions import AssessmentRow
from monitor.store.engine import reading
from monitor.store.outbox import OutboxRow
from reports.build import source_view
from reports.model import SourceView
from reports.status import source_entry


def source_views(context: Context, method: Method) -> tuple[SourceView, ...]:
    """Return every source with its health, as pages show it."""
    return tuple(_source(context, method, row) for row in source_rows(context))


def _source(context: Context, method: Method, row: SourceHealth) -> SourceView:
    return source_view(
        row.collector.source,
        context.now(),
        skipped=bool(row.skipped),
        last_try_at=row.last_try.started_at if row.last_try else None,
        last_ok_at=row.last_good.started_at if row.last_good else None,
        seen_live=row.seen_live,
        rows=row.rows or None,
        quarantined=row.held,
        error=row.error,
        indicators=method.indicators,
        baseline_rows=row.baseline_rows,
        baseline_until=baseline.CUTOFF.date() if row.baseline_rows else None,
    )


def latest_document(context: Context) -> dict[str, Any] | None:
    """Return the assessment document of the last cycle, None before the first."""
    query = (
        select(AssessmentRow.document)
        .where(col(AssessmentRow.reconstructed).is_(False))
        .order_by(col(AssessmentRow.as_of).desc(), col(AssessmentRow.id).desc())
        .limit(1)
    )
    with reading(context.engine) as session:
        found = session.exec(query).first()
    return json.loads(found) if found else None


def outbox_depth(context: Context) -> dict[str, int]:
    """Return how many deliveries are in each state."""
    query = select(OutboxRow.state, func.count()).group_by(col(OutboxRow.state))
    with reading(context.engine) as session:
        return dict(session.exec(query).all())


def current_document(context: Context) -> dict[str, Any] | None:
    """Return what the last cycle concluded, with sources and outbox as they stand now."""
    document = latest_document(context)
    if document is None:
        return None
    sources = [source_entry(s) for s in source_views(context, context.method)]
    return document | {"sources": sources, "outbox": outbox_depth(context)}
