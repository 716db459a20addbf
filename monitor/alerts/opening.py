"""Open the alarm desk of an installation: settings, roster, procedure, renderer."""

from dataclasses import replace
from pathlib import Path

from config.responses import parse_responses
from config.roster import Roster, load_roster
from monitor.alerts.desk import Desk
from monitor.alerts.renderer import ReportRenderer
from monitor.context import Context
from monitor.evidence_rows import evidence
from monitor.record import Record
from reports.model import SourceView


def roster_file(context: Context) -> Path | None:
    """Return the roster's file: as set, else `roster.yaml` beside the settings or in the home."""
    if context.settings.notify.roster_file is not None:
        return context.settings.notify.roster_file
    folders = [context.settings_file.parent] if context.settings_file else []
    for folder in [*folders, context.home]:
        if (folder / "roster.yaml").is_file():
            return folder / "roster.yaml"
    return None


def open_roster(context: Context) -> Roster:
    """Return the roster, checked against the receivers; ConfigError names file and key."""
    return load_roster(roster_file(context), set(context.settings.notify.receivers))


def open_desk(context: Context, sources: tuple[SourceView, ...] = ()) -> Desk:
    """Return the alarm desk; `sources` are shown in the alert report. Raises ConfigError."""
    settings, method = context.settings, context.method
    responses = parse_responses(method.responses, f"methods/{method.version}/responses.yaml")
    return Desk(
        notify=settings.notify,
        roster=open_roster(context),
        responses=responses,
        renderer=ReportRenderer(method.indicators, responses, sources),
        home=settings.home,
        site_url=settings.site.public_url,
    )


def with_evidence(desk: Desk, record: Record) -> Desk:
    """Return the desk whose reports print the source rows behind the end of a record."""
    if not isinstance(desk.renderer, ReportRenderer):
        return desk
    return replace(desk, renderer=replace(desk.renderer, evidence=evidence(record)))
