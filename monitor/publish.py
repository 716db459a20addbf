"""Publish the site: views from what was concluded, pages written aside and put in place at once."""

import json
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from config import baseline
from config.method import Method
from monitor import telling
from monitor.alerts.feeds import feed_files
from monitor.alerts.listing import alert_lines
from monitor.conclude import latest_document
from monitor.context import Context
from monitor.record import Record
from monitor.reportcard import measures
from monitor.sources import SourceHealth, source_rows
from monitor.store.alerts import AlertRow, ArtefactRow, NoticeRow
from monitor.store.outbox import OutboxRow
from monitor.store.runs import Batch, BatchState
from monitor.version import version
from reports.build import build_assessment, source_view
from reports.chapters import QuarantineView, SiteView
from reports.model import (
    AssessmentView,
    Audience,
    HistoryPoint,
    MethodView,
    SourceView,
    TransitionView,
)
from reports.site import render_all
from reports.status import source_entry
from rules.transition import transitions
from rules.types import Level, Risk

Tell = Callable[[str, str, float | None], None]


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


def levels_by_day(record: Record) -> dict[Risk, list[tuple[date, Level]]]:
    """Return each risk's adjudicated level from each day on which it changed."""
    found: dict[Risk, list[tuple[date, Level]]] = {}
    for assessment in record.assessments:
        for risk in assessment.risks:
            known = found.setdefault(risk.risk, [])
            if not known or known[-1][1] is not risk.level:
                known.append((assessment.as_of.date(), risk.level))
    return found


def histories(record: Record, method: Method) -> dict[str, list[HistoryPoint]]:
    """Return each indicator's values by day of evaluation, oldest first, gaps as None."""
    found: dict[str, list[HistoryPoint]] = {i.id: [] for i in method.indicators}
    for assessment in record.assessments:
        for risk in assessment.risks:
            for indicator in risk.indicators:
                reading, points = indicator.reading, found.get(indicator.id)
                if points is None:
                    continue
                on = assessment.as_of.date()
                if reading.value is None:
                    if points and points[-1].value is not None:
                        points.append(HistoryPoint(on, None))
                elif not points or points[-1].value != reading.value:
                    points.append(
                        HistoryPoint(on, reading.value, reading.low, reading.high, indicator.level)
                    )
    return found


def record_transitions(record: Record) -> tuple[TransitionView, ...]:
    """Return what moved in a record, with the clauses that held, oldest first."""
    found = []
    before = None
    for after in record.assessments:
        for change in transitions(before, after):
            found.append(
                TransitionView(
                    risk=change.risk,
                    kind=change.kind,
                    before=change.before,
                    after=change.after,
                    at=change.at,
                    because=None,
                    reconstructed=after.reconstructed,
                )
            )
        before = after
    return tuple(found)


def assessment_view(
    record: Record,
    method: Method,
    sources: tuple[SourceView, ...],
    *,
    beside: Record | None = None,
    first: date | None = None,
    last: date | None = None,
) -> AssessmentView:
    """Return the end of a record ready to be shown, with its history."""
    return build_assessment(
        record.last,
        method.indicators,
        sources=sources,
        histories=histories(record, method),
        levels=levels_by_day(record),
        transitions=record_transitions(record),
        measures=measures(record),
        beside=beside.last if beside else None,
        band_from=first,
        band_to=last,
    )


def method_view(method: Method) -> MethodView:
    """Return what the method page prints beside the indicators."""
    return MethodView(
        version=method.version,
        sha256=method.sha256,
        adopted_on=method.adopted_on,
        review_due=method.review_due,
        changes=method.files.get("CHANGELOG.md", ""),
        views=tuple(method.views),
        coverage_gate=float(method.levels["coverage"]["gate"]),
        weights={k: float(v) for k, v in method.levels["weights"].items() if k != "because"},
    )


def site_view(context: Context, method: Method, now: Record, reconstructed: Record) -> SiteView:
    """Return everything the site shows; the audience is set by whoever renders."""
    sources = source_views(context, method)
    past = assessment_view(reconstructed, method, sources, beside=now) if reconstructed else None
    view, moment = now.fold.view, now.last.as_of
    connection = view.at(moment)
    with Session(context.engine) as session:
        lines = alert_lines(session)
    return SiteView(
        now=assessment_view(now, method, sources, beside=reconstructed),
        reconstructed=past,
        method=method_view(method),
        sources=sources,
        alert_lines=lines,
        transitions=record_transitions(now),
        pendulum=telling.stances(view, method, moment),
        diffusion=telling.classes(view, method, moment),
        families=telling.families(connection),
        publishers=telling.publishers(connection),
        quarantines=quarantine_views(context),
        outbox=outbox_depth(context),
        base_url=context.settings.site.public_url or "",
        version=version(),
    )


def outbox_depth(context: Context) -> dict[str, int]:
    """Return how many deliveries are in each state."""
    query = select(OutboxRow.state, func.count()).group_by(col(OutboxRow.state))
    with Session(context.engine) as session:
        return dict(session.exec(query).all())


def current_document(context: Context) -> dict[str, Any] | None:
    """Return what the last cycle concluded, with sources and outbox as they stand now."""
    document = latest_document(context)
    if document is None:
        return None
    sources = [source_entry(s) for s in source_views(context, context.method)]
    return document | {"sources": sources, "outbox": outbox_depth(context)}


def quarantine_views(context: Context) -> tuple[QuarantineView, ...]:
    """Return the batches that are held back, each with why."""
    with Session(context.engine) as session:
        held = session.exec(select(Batch).where(Batch.state == BatchState.HELD)).all()
    return tuple(
        QuarantineView(
            source=batch.source,
            at=batch.fetched_at.date(),
            reason="; ".join(f["en"] for f in json.loads(batch.findings)),
            rows=batch.rows,
            state=batch.state,
        )
        for batch in held
    )


def publish(context: Context, method: Method, now: Record, reconstructed: Record) -> int:
    """Write both site trees; returns the number of pages. A reader never sees half a site."""
    view = site_view(context, method, now, reconstructed)
    count = 0
    for audience in Audience:
        pages = dict(render_all(replace(view, audience=audience)))
        pages |= stored_reports(context, audience)
        pages |= stored_feeds(context, audience)
        write_tree(context.site / audience.value, pages)
        count += len(pages)
    return count


def stored_reports(context: Context, audience: Audience) -> dict[str, bytes]:
    """Return the alert reports as they were delivered, by path."""
    query = (
        select(AlertRow, ArtefactRow)
        .join(NoticeRow, col(NoticeRow.alert_id) == col(AlertRow.id))
        .join(ArtefactRow, col(ArtefactRow.notice_id) == col(NoticeRow.id))
        .where(ArtefactRow.kind == "report", ArtefactRow.audience == audience.value)
        .order_by(col(NoticeRow.at), col(ArtefactRow.id))
    )
    with Session(context.engine) as session:
        return {f"{a.lang}/alerts/{alert.number}.html": a.body for alert, a in session.exec(query)}


def stored_feeds(context: Context, audience: Audience) -> Mapping[str, bytes]:
    """Return the Atom feeds and CAP documents, by path."""
    settings = context.settings
    with Session(context.engine) as session:
        return feed_files(
            session,
            settings.notify,
            audience,
            public_url=settings.site.public_url,
            languages=settings.site.languages,
        )


def write_tree(folder: Path, pages: Mapping[str, bytes]) -> None:
    """Write the pages beside the old tree and swap the two; leftovers of a kill are removed."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    for leftover in folder.parent.glob(f".{folder.name}-*"):
        shutil.rmtree(leftover)
    fresh = folder.parent / f".{folder.name}-{secrets.token_hex(4)}"
    for path, body in pages.items():
        target = fresh / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body)
    old = fresh.with_name(f"{fresh.name}-old")
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
