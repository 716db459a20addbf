"""Publish the site: views from what was concluded, pages written aside and put in place at once."""

import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from sqlmodel import col, select

from config.method import Method
from config.responses import parse_responses
from monitor import telling
from monitor.alerts.feeds import feed_files
from monitor.alerts.listing import alert_lines
from monitor.context import Context
from monitor.dues import dues
from monitor.family_figures import family_figures
from monitor.laid import lay
from monitor.profiles import profiles
from monitor.record import Record
from monitor.reporting import FIRST_YEAR
from monitor.standing import outbox_depth, source_views
from monitor.store.alerts import AlertRow, ArtefactRow, NoticeRow
from monitor.store.engine import reading
from monitor.version import version
from monitor.views import (
    assessment_view,
    method_view,
    quarantine_views,
    record_transitions,
)
from reports.model import Audience, SourceView
from reports.site import Bodies, render_all
from reports.site_view import DueView, SiteView

Tell = Callable[[str, str, float | None], None]


def site_view(
    context: Context,
    method: Method,
    now: Record,
    reconstructed: Record,
    sources: tuple[SourceView, ...],
) -> SiteView:
    """Return everything the site shows; whoever renders sets the audience and what is due."""
    past = assessment_view(reconstructed, method, sources, beside=now) if reconstructed else None
    view, moment = now.fold.view, now.last.as_of
    connection = telling.cut(view, moment)
    diffusion = telling.classes(view, method, moment)
    families, publishers, unnamed = profiles(
        connection,
        {i.code: now.fold.tables_of(i.id) for i in method.indicators},
        telling.events(connection, date(FIRST_YEAR, 1, 1), moment.date()),
        diffusion,
        removed_known="safety_removed" in method.views,
    )
    with reading(context.engine) as session:
        lines = alert_lines(session)
    return SiteView(
        now=assessment_view(now, method, sources, beside=reconstructed),
        reconstructed=past,
        method=method_view(method),
        sources=sources,
        alert_lines=lines,
        transitions=record_transitions(now),
        pendulum=telling.stances(view, method, moment),
        diffusion=diffusion,
        families=families,
        publishers=publishers,
        unnamed=unnamed,
        family_figures=family_figures(connection, method),
        quarantines=quarantine_views(context),
        outbox=outbox_depth(context),
        base_url=context.settings.site.public_url or "",
        version=version(),
    )


def publish(context: Context, method: Method, now: Record, reconstructed: Record) -> int:
    """Write both site trees; returns the number of pages. A reader never sees half a site."""
    sources = source_views(context, method)
    view = site_view(context, method, now, reconstructed, sources)
    laid = lay(context, now, reconstructed, sources)
    view = replace(view, annuals=laid.years, documents=laid.documents)
    count, bodies = 0, Bodies()
    # What both are told is drawn for the public, so that nothing internal can slip into it.
    for audience in (Audience.PUBLIC, Audience.INTERNAL):
        due = due_views(context, method, now, audience)
        pages = dict(render_all(replace(view, audience=audience, due=due), bodies))
        pages |= laid.pages(audience, context.settings.site.languages)
        pages |= stored_reports(context, audience)
        pages |= stored_feeds(context, audience)
        write_tree(context.site / audience.value, pages)
        count += len(pages)
    return count


def due_views(
    context: Context, method: Method, now: Record, audience: Audience
) -> tuple[DueView, ...]:
    """Return what falls due, as the audience may know it."""
    responses = parse_responses(method.responses)
    with reading(context.engine) as session:
        return dues(session, responses, method, now.last, audience)


def stored_reports(context: Context, audience: Audience) -> dict[str, bytes]:
    """Return the alert reports as they were delivered, by path."""
    query = (
        select(AlertRow, ArtefactRow)
        .join(NoticeRow, col(NoticeRow.alert_id) == col(AlertRow.id))
        .join(ArtefactRow, col(ArtefactRow.notice_id) == col(NoticeRow.id))
        .where(ArtefactRow.kind == "report", ArtefactRow.audience == audience.value)
        .order_by(col(NoticeRow.at), col(ArtefactRow.id))
    )
    with reading(context.engine) as session:
        return {f"{a.lang}/alerts/{alert.number}.html": a.body for alert, a in session.exec(query)}


def stored_feeds(context: Context, audience: Audience) -> Mapping[str, bytes]:
    """Return the Atom feeds and CAP documents, by path."""
    settings = context.settings
    with reading(context.engine) as session:
        return feed_files(
            session,
            settings.notify,
            audience,
            context.now(),
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
