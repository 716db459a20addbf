"""What time alone makes due: reminders, escalations, the last word after a silence.

Called before each delivery round. Each notice has a sequence of its own, so a daemon that slept
through three reminders sends one, and a tick that runs twice sends none twice.
"""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from config.method import Words
from config.responses import LevelResponse
from monitor.alerts.desk import Desk, Topic
from monitor.alerts.notices import Draft, write_notice, written
from monitor.audit import SYSTEM, append
from monitor.response.cases import open_cases, steps_of, tasks_of
from monitor.store.alerts import AlertRow, AlertState, NoticeRow, SilenceRow
from monitor.store.outbox import OutboxRow, OutboxState
from monitor.store.response import CaseRow, StepRow, TaskRow
from reports.notice import NoticeKind, NoticeView
from rules.types import Level, Risk


def write_due(session: Session, desk: Desk, now: datetime) -> list[NoticeRow]:
    """Add to the session every notice that has become due by `now`, and return them."""
    found: list[NoticeRow | None] = []
    for case in open_cases(session):
        alert = session.get_one(AlertRow, case.alert_id)
        if alert.state != AlertState.OPEN:
            continue
        level = desk.responses.levels["red" if case.level == "red" else "yellow"]
        found.append(_remind(session, desk, case, alert, level, now))
        for step in steps_of(session, case.id):
            found.extend(_escalate(session, desk, case, alert, step, level, now))
        for task in tasks_of(session, case.id):
            found.append(_owing(session, desk, case, alert, task, now))
    _catch_up(session, now)
    return [n for n in found if n is not None]


def _view(
    desk: Desk, alert: AlertRow, kind: NoticeKind, sequence: int, now: datetime, **more: str
) -> NoticeView:
    return NoticeView(
        kind=kind,
        at=now,
        zone=desk.zone,
        sequence=sequence,
        year=alert.year,
        serial=alert.serial,
        exercise=alert.exercise,
        risk=Risk(alert.risk),
        after=Level(alert.level),
        topic=more.pop("topic", ""),
        detail=more,
        url=desk.address(f"zh/alerts/{alert.number}.html"),
    )


def _remind(
    session: Session,
    desk: Desk,
    case: CaseRow,
    alert: AlertRow,
    level: LevelResponse,
    now: datetime,
) -> NoticeRow | None:
    """Remind whoever was told of the rise until somebody acknowledges."""
    if alert.acknowledged_at is not None:
        return None
    gone = now - case.opened_at
    sequence = int(gone / timedelta(hours=level.remind_every_hours))
    if sequence < 1:
        return None
    step = next(s for s in steps_of(session, case.id) if s.name == "acknowledge")
    view = _view(
        desk,
        alert,
        NoticeKind.REMINDER,
        sequence,
        now,
        hours=str(int(gone / timedelta(hours=1))),
        due=(step.due_at or now).isoformat(),
    )
    return write_notice(session, desk, Draft(f"step:{step.id}", view, alert, case.id), now)


def _escalate(
    session: Session,
    desk: Desk,
    case: CaseRow,
    alert: AlertRow,
    step: StepRow,
    level: LevelResponse,
    now: datetime,
) -> list[NoticeRow | None]:
    """Climb the ladder of a late step: each rung once, its role alone, at its own delay."""
    if step.done_at is not None or step.due_at is None or now < step.due_at:
        return []
    found: list[NoticeRow | None] = []
    for number, rung in enumerate(level.ladder):
        if now < step.due_at + timedelta(hours=rung.late_hours):
            break
        if written(session, f"step:{step.id}", NoticeKind.ESCALATION, number):
            continue
        name: Words = desk.responses.steps[step.name].name  # type: ignore[index]
        role = desk.responses.roles[rung.role].name
        view = _view(
            desk,
            alert,
            NoticeKind.ESCALATION,
            number,
            now,
            step_zh=name.zh,
            step_en=name.en,
            role_zh=role.zh,
            role_en=role.en,
            due=step.due_at.isoformat(),
            hours=str(int((now - step.due_at) / timedelta(hours=1))),
        )
        topic = Topic(
            NoticeKind.ESCALATION, Risk(alert.risk), Level(alert.level), alert.exercise,
            roles=(rung.role,),
        )  # fmt: skip
        draft = Draft(f"step:{step.id}", view, alert, case.id, topic=topic)
        found.append(write_notice(session, desk, draft, now))
        append(
            session,
            at=now,
            actor=SYSTEM,
            action="response.late",
            subject=f"case:{case.id}",
            detail={"step": step.name, "due": step.due_at.isoformat(), "role": rung.role},
        )
    return found


def _owing(
    session: Session, desk: Desk, case: CaseRow, alert: AlertRow, task: TaskRow, now: datetime
) -> NoticeRow | None:
    if task.done_at is not None or now < task.due_at:
        return None
    view = _view(
        desk,
        alert,
        NoticeKind.REMINDER,
        0,
        now,
        topic="task",
        title=task.title,
        owner=task.owner,
        due=task.due_at.isoformat(),
    )
    return write_notice(session, desk, Draft(f"task:{task.id}", view, alert, case.id), now)


def _catch_up(session: Session, now: datetime) -> None:
    """After a silence, tell each receiver the newest thing it missed about each alert.

    What lies before that is history and stays in the record; the final state is never swallowed.
    """
    ended = select(SilenceRow).where(
        col(SilenceRow.caught_up).is_(False),
        (col(SilenceRow.until) <= now) | col(SilenceRow.ended_by).is_not(None),
    )
    for silence in session.exec(ended).all():
        held = session.exec(
            select(OutboxRow, NoticeRow)
            .join(NoticeRow, col(NoticeRow.id) == col(OutboxRow.notice_id))
            .where(OutboxRow.state == OutboxState.SILENCED, OutboxRow.silenced_by == silence.id)
            .order_by(col(NoticeRow.at), col(OutboxRow.id))
        ).all()
        newest = {
            (o.receiver, n.risk, n.alert_id, n.topic): (o, n)
            for o, n in held
            if n.kind not in _PASSING
        }
        for row, notice in newest.values():
            if _told_since(session, row, notice):
                continue
            row.state, row.next_at, row.trying_since = OutboxState.PENDING, now, now
            notice.told_later_at = now
            session.add_all([row, notice])
        silence.caught_up = True
        session.add(silence)


_PASSING = frozenset({NoticeKind.REMINDER.value, NoticeKind.ESCALATION.value})
"""Held back, these say nothing any more."""


def _told_since(session: Session, row: OutboxRow, notice: NoticeRow) -> bool:
    """Return whether the receiver has been told something newer about the same alert."""
    query = (
        select(OutboxRow.id)
        .join(NoticeRow, col(NoticeRow.id) == col(OutboxRow.notice_id))
        .where(
            OutboxRow.receiver == row.receiver,
            NoticeRow.alert_id == notice.alert_id,
            col(NoticeRow.alert_id).is_not(None),
            col(NoticeRow.at) > notice.at,
            col(NoticeRow.kind).not_in(_PASSING),
            col(OutboxRow.state) != OutboxState.SILENCED.value,
        )
    )
    return session.exec(query).first() is not None
