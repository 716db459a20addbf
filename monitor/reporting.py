"""Views of the dated reports: a year, a quarter, one risk, each as known at its cut-off.

Days before our own record began are told from the reconstructed one, and marked so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlmodel import Session, col, select

from config import baseline
from config.errors import ConfigError
from config.method import Method
from monitor import telling
from monitor.context import Context
from monitor.publish import (
    assessment_view,
    levels_by_day,
    method_view,
    quarantine_views,
    record_transitions,
    source_views,
)
from monitor.record import Record, fold
from monitor.reportcard import scorecard
from monitor.store.runs import Batch
from monitor.version import version
from reports.build import build_assessment
from reports.chapters import AnnualView, QuarterView, SpecialView
from reports.model import AssessmentView, Audience, SourceView, TransitionView
from rules.types import Assessment, Risk

FIRST_YEAR = 2022
Tell = Callable[[datetime, float], None]


@dataclass(frozen=True)
class Told:
    """A record up to a cut-off, with what every dated report shows of it."""

    record: Record
    method: Method
    sources: tuple[SourceView, ...]
    cutoff: datetime

    def view(self, first: date, last: date) -> AssessmentView:
        """Return the assessment at the cut-off with its band from `first` to `last`."""
        return assessment_view(self.record, self.method, self.sources, first=first, last=last)

    def transitions(self, first: date) -> tuple[TransitionView, ...]:
        """Return what moved from a day on."""
        return tuple(t for t in record_transitions(self.record) if t.at.date() >= first)

    def at(self, moment: datetime) -> Assessment | None:
        """Return the last assessment at or before a moment."""
        earlier = [a for a in self.record.assessments if a.as_of <= moment]
        return earlier[-1] if earlier else None


def _own_record_begins(context: Context) -> datetime | None:
    query = (
        select(Batch.visible_at)
        .where(Batch.sweep != "baseline", col(Batch.is_live))
        .order_by(col(Batch.visible_at))
        .limit(1)
    )
    with Session(context.engine) as session:
        return session.exec(query).first()


def told(context: Context, end: date, tell: Tell | None = None) -> Told:
    """Return the record to the end of a day (UTC), our own where it was already kept then."""
    wanted = datetime.combine(end + timedelta(days=1), time(0), UTC)
    began = _own_record_begins(context)
    ours = began is not None and wanted > began
    newest = context.now().replace(microsecond=0) if ours else baseline.CUTOFF
    cutoff = min(wanted, newest)
    method = context.method
    record = fold(context, method, cutoff, reconstructed=not ours, tell=tell)
    return Told(record, method, source_views(context, method), cutoff)


def annual_view(context: Context, year: int, audience: Audience, tell: Tell | None) -> AnnualView:
    """Return a year's report; ConfigError for a year that the record does not reach."""
    now = context.now()
    if not FIRST_YEAR < year <= now.year:
        raise ConfigError("command line", "--year", f"a year from {FIRST_YEAR + 1} to {now.year}")
    first, last = date(year, 1, 1), date(year, 12, 31)
    story = told(context, last, tell)
    if story.cutoff.date() < first:
        raise ConfigError("command line", "--year", f"a year up to {story.cutoff.year}")
    connection = story.record.fold.view.at(story.cutoff)
    home = context.settings.home
    until = min(last, story.cutoff.date())
    return AnnualView(
        year=year,
        assessment=story.view(first, last),
        method=method_view(story.method),
        sources=story.sources,
        to_date=until < last,
        transitions=story.transitions(first),
        comparisons=telling.comparisons(connection, home, first, until),
        pendulum=telling.stances(story.record.fold.view, story.method, story.cutoff),
        diffusion=telling.classes(story.record.fold.view, story.method, story.cutoff),
        events=telling.events(connection, first, until),
        counts=telling.counts(connection, first, until),
        scorecard=scorecard(story.record),
        quarantines=quarantine_views(context),
        audience=audience,
        version=version(),
    )


def special_view(
    context: Context, risk: Risk, audience: Audience, tell: Tell | None
) -> SpecialView:
    """Return the special assessment of one risk as of the end of the record."""
    story = told(context, context.now().date(), tell)
    last = story.cutoff.date()
    first = last - timedelta(days=364)
    connection = story.record.fold.view.at(story.cutoff)
    return SpecialView(
        risk=risk,
        assessment=story.view(first, last),
        method=method_view(story.method),
        sources=story.sources,
        comparisons=telling.comparisons(connection, context.settings.home, first, last),
        events=telling.events(connection, first, last, risk),
        counts=telling.counts(connection, first, last),
        scorecard=scorecard(story.record),
        audience=audience,
        version=version(),
    )


def quarter_view(
    context: Context, year: int, quarter: int, audience: Audience, tell: Tell | None
) -> QuarterView:
    """Return a quarter's brief: the levels at its end and what moved since its beginning."""
    first = date(year, 3 * quarter - 2, 1)
    last = (first + timedelta(days=95)).replace(day=1) - timedelta(days=1)
    if first > context.now().date():
        raise ConfigError("command line", "--quarter", "a quarter that has begun")
    story = told(context, last, tell)
    if story.cutoff.date() < first:
        said = f"a quarter up to {story.cutoff:%Y-%m}"
        raise ConfigError("command line", "--quarter", said)
    connection = story.record.fold.view.at(story.cutoff)
    before = story.at(datetime.combine(first, time(0), UTC))
    return QuarterView(
        year=year,
        quarter=quarter,
        assessment=story.view(first, last),
        before=build_assessment(
            before,
            story.method.indicators,
            levels=levels_by_day(story.record),
            band_from=first,
            band_to=last,
        )
        if before
        else None,
        method=method_view(story.method),
        sources=story.sources,
        transitions=story.transitions(first),
        events=telling.events(connection, first, min(last, story.cutoff.date())),
        audience=audience,
        version=version(),
    )
