"""Views of the dated reports: a year, a quarter, one risk, each as known at its cut-off.

Days before our own record began are told from the reconstructed one, and marked so.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from sqlmodel import col, select

from config import baseline
from config.errors import ConfigError
from config.method import Method
from config.responses import parse_responses
from monitor import telling
from monitor.alerts.listing import alert_views
from monitor.alerts.opening import open_roster
from monitor.comparing import comparisons
from monitor.context import Context
from monitor.family_figures import family_figures
from monitor.record import Record, fold
from monitor.reportcard import scorecard
from monitor.standing import source_views
from monitor.store.engine import reading
from monitor.store.runs import Batch
from monitor.version import version
from monitor.views import (
    assessment_view,
    levels_by_day,
    method_view,
    quarantine_views,
    record_transitions,
)
from reports.build import build_assessment
from reports.chapters import AnnualView, QuarterView, SpecialView
from reports.model import AlertView, AssessmentView, Audience, SourceView, TransitionView
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


def own_record_begins(context: Context) -> datetime | None:
    """Return when the first batch that we collected ourselves was put in place."""
    query = (
        select(Batch.visible_at)
        .where(Batch.sweep != "baseline", col(Batch.is_live))
        .order_by(col(Batch.visible_at))
        .limit(1)
    )
    with reading(context.engine) as session:
        return session.exec(query).first()


def until(record: Record, moment: datetime) -> Record:
    """Return the record as it stood at a moment, without folding again."""
    kept = tuple(a for a in record.assessments if a.as_of <= moment)
    if len(kept) == len(record.assessments):
        return record
    return Record((*kept[:-1], record.fold.with_changes(kept[-1])), record.fold)


def told(
    context: Context, end: date, tell: Tell | None = None, *, whole_from: date | None = None
) -> Told:
    """Return the record to the end of a day (UTC), our own where it was already kept then.

    With `whole_from` our own counts only if it was kept from that day on.
    """
    wanted = datetime.combine(end + timedelta(days=1), time(0), UTC)
    needed = datetime.combine(whole_from, time(0), UTC) if whole_from else wanted
    began = own_record_begins(context)
    ours = began is not None and began <= needed
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
    story = told(context, last, tell, whole_from=first)
    if story.cutoff.date() < first:
        raise ConfigError("command line", "--year", f"a year up to {story.cutoff.year}")
    return annual_of(context, story, year, audience)


def annual_of(context: Context, story: Told, year: int, audience: Audience) -> AnnualView:
    """Return a year's report out of a record that ends with the year, or today."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    connection = telling.cut(story.record.fold.view, story.cutoff)
    home = context.settings.home
    day = min(last, story.cutoff.date())
    shown = story.view(first, last)
    return AnnualView(
        year=year,
        assessment=shown,
        method=method_view(story.method),
        sources=story.sources,
        to_date=day < last,
        transitions=story.transitions(first),
        alerts=alerts_of(context, shown, first, last),
        comparisons=comparisons(connection, home, first, day),
        pendulum=telling.stances(story.record.fold.view, story.method, story.cutoff),
        diffusion=telling.classes(story.record.fold.view, story.method, story.cutoff),
        events=telling.events(connection, first, day),
        counts=telling.counts(connection, first, day),
        families=family_figures(connection, story.method),
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
    return next(s for s in specials_of(context, story, audience) if s.risk is risk)


def specials_of(context: Context, story: Told, audience: Audience) -> tuple[SpecialView, ...]:
    """Return the special assessment of each risk as of the end of a record, a year back."""
    last = story.cutoff.date()
    first = last - timedelta(days=364)
    connection = telling.cut(story.record.fold.view, story.cutoff)
    shown, view = story.view(first, last), story.record.fold.view
    alerts = alerts_of(context, shown, first, last)
    of_every_risk = SpecialView(
        risk=Risk.MISUSE,
        assessment=shown,
        method=method_view(story.method),
        sources=story.sources,
        comparisons=comparisons(connection, context.settings.home, first, last),
        counts=telling.counts(connection, first, last),
        families=family_figures(connection, story.method),
        diffusion=telling.classes(view, story.method, story.cutoff),
        scorecard=scorecard(story.record),
        audience=audience,
        version=version(),
    )
    return tuple(
        replace(
            of_every_risk,
            risk=risk,
            events=telling.events(connection, first, last, risk),
            alerts=tuple(a for a in alerts if a.risk.risk is risk),
        )
        for risk in Risk
    )


def alerts_of(
    context: Context, shown: AssessmentView, first: date, last: date
) -> tuple[AlertView, ...]:
    """Return the alerts opened in a period with what was done about each."""
    responses = parse_responses(context.method.responses)
    with reading(context.engine) as session:
        return alert_views(session, responses, open_roster(context), shown, first, last)


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
    connection = story.record.fold.view.at(story.cutoff, ("policy_events",))
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
