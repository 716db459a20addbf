"""What falls due: steps of open cases, the method's review, crossings at today's pace."""

from datetime import date, timedelta

from sqlmodel import Session, col, select

from config.method import Indicator, Method, Words
from config.responses import Responses
from monitor.store.alerts import AlertRow
from monitor.store.response import CaseRow, CaseState, StepRow
from reports.model import Audience
from reports.site_view import DueView
from rules.types import Assessment, Change, Level

SOON_WEEKS = 26
"""A crossing farther off than this is no date to wait for."""

LEVELS = {
    Level.GREEN: Words(zh="绿", en="green"),
    Level.YELLOW: Words(zh="黄", en="yellow"),
    Level.RED: Words(zh="红", en="red"),
    Level.UNASSIGNED: Words(zh="未定级", en="unassigned"),
}


def dues(
    session: Session,
    responses: Responses,
    method: Method,
    assessment: Assessment,
    audience: Audience,
) -> tuple[DueView, ...]:
    """Return what falls due, the earliest first; deadlines of cases are internal.

    Crossings are those of today's assessment alone: the reconstructed one speaks of a day that is
    past, and of a pace that nobody has measured since, so its dates are not to be waited for.
    """
    found = [*crossings(assessment, method.by_id)]
    if method.review_due is not None:
        found.append(_review(method, method.review_due))
    if audience is Audience.INTERNAL:
        found += steps_due(session, responses)
    return tuple(sorted(found, key=lambda d: (d.on, d.words.en)))


def _review(method: Method, on: date) -> DueView:
    return DueView(
        on,
        Words(zh=f"方法{method.version}该复审", en=f"Method {method.version} is due for review"),
        Words(zh=f"{on.year}年{on.month}月{on.day}日前", en=f"by {on.day} {on:%B %Y}"),
    )


def steps_due(session: Session, responses: Responses) -> list[DueView]:
    """Return the steps of open cases that have a deadline and are not done, overdue ones too."""
    query = (
        select(StepRow, CaseRow, AlertRow)
        .join(CaseRow, col(CaseRow.id) == col(StepRow.case_id))
        .join(AlertRow, col(AlertRow.id) == col(CaseRow.alert_id))
        .where(CaseRow.state == CaseState.OPEN, col(CaseRow.exercise).is_(False))
        .where(col(StepRow.due_at).is_not(None), col(StepRow.done_at).is_(None))
    )
    found = []
    for step, _, alert in session.exec(query):
        name = responses.steps[step.name].name  # type: ignore[index]
        if step.due_at is not None:
            at = f"{step.due_at:%H:%M} UTC"
            found.append(
                DueView(
                    step.due_at.date(),
                    Words(
                        zh=f"预警〔{alert.year}〕{alert.serial}号：{name.zh}",
                        en=f"Alert {alert.number}: {name.en}",
                    ),
                    Words(zh=f"{at}前", en=f"by {at}"),
                )
            )
    return found


def crossings(assessment: Assessment, specs: dict[str, Indicator]) -> list[DueView]:
    """Return the thresholds that would be crossed within `SOON_WEEKS` at today's pace."""
    return [
        _crossing(change, change.weeks, assessment, specs[change.indicator])
        for risk in assessment.risks
        for change in risk.changes
        if change.weeks is not None and change.weeks < SOON_WEEKS and change.indicator in specs
    ]


def _crossing(change: Change, weeks: float, assessment: Assessment, spec: Indicator) -> DueView:
    level, bound = LEVELS[change.to_level], f"{change.threshold:.{spec.decimals}f}"
    zh = f"{spec.name.zh}到{bound}{spec.unit.zh}"
    en = f"{spec.name.en} reaches {bound} {spec.unit.en}"
    if change.weeks_low is not None and change.weeks_high is not None:
        span = f"{change.weeks_low:.0f}–{change.weeks_high:.0f}"
        zh, en = f"{zh}（{span}周后）", f"{en} (in {span} weeks)"
    return DueView(
        assessment.as_of.date() + timedelta(weeks=weeks),
        Words(
            zh=f"{spec.code}按目前速度转{level.zh}",
            en=f"{spec.code} turns {level.en} at today's pace",
        ),
        Words(zh=zh, en=en),
    )
