"""Response cases: opened by a rise with the method's clocks, carried through six steps, closed."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from config.responses import STEPS, Responses, StepName
from config.roster import Roster
from monitor.audit import append
from monitor.errors import ResponseError
from monitor.response.clock import due_at
from monitor.store.alerts import AckRow, AlertRow, AlertState
from monitor.store.response import CaseRow, CaseState, StepRow, TaskRow
from rules.types import Risk


@dataclass(frozen=True)
class Opening:
    """What a new case starts from."""

    alert: AlertRow
    transition_id: str
    risk: Risk
    level: str
    at: datetime
    """When the level rose: the clocks run from here."""
    exercise: bool


def steps_of(session: Session, case_id: int) -> list[StepRow]:
    """Return the six steps of a case in order."""
    query = select(StepRow).where(StepRow.case_id == case_id).order_by(col(StepRow.position))
    return list(session.exec(query))


def tasks_of(session: Session, case_id: int) -> list[TaskRow]:
    """Return the tasks of a case, the earliest due first."""
    query = select(TaskRow).where(TaskRow.case_id == case_id)
    return list(session.exec(query.order_by(col(TaskRow.due_at), col(TaskRow.id))))


def open_case(
    session: Session, responses: Responses, roster: Roster, home: str, opening: Opening
) -> CaseRow:
    """Open a case with its steps and deadlines; an open case of the alert is superseded by it."""
    for older in open_cases(session, opening.alert.id):
        older.state, older.closed_at = CaseState.SUPERSEDED, opening.at
        session.add(older)
    case = CaseRow(
        alert_id=opening.alert.id,
        transition_id=opening.transition_id,
        risk=opening.risk.value,
        level=opening.level,
        exercise=opening.exercise,
        opened_at=opening.at,
    )
    session.add(case)
    session.flush()
    clocks = responses.levels["red" if opening.level == "red" else "yellow"].clocks
    for position, name in enumerate(STEPS):
        clock = clocks.get(name)
        due = due_at(opening.at, clock, roster.calendar, home) if clock else None
        session.add(StepRow(case_id=case.id, position=position, name=name, due_at=due))
    session.flush()
    return case


def open_cases(session: Session, alert_id: int | None = None) -> list[CaseRow]:
    """Return the open cases, of one alert or of all."""
    query = select(CaseRow).where(CaseRow.state == CaseState.OPEN).order_by(col(CaseRow.id))
    if alert_id is not None:
        query = query.where(CaseRow.alert_id == alert_id)
    return list(session.exec(query))


def _open(session: Session, case_id: int) -> CaseRow:
    case = session.get(CaseRow, case_id)
    if case is None:
        raise ResponseError(f"there is no case {case_id}")
    if case.state != CaseState.OPEN:
        raise ResponseError(f"case {case_id} is {case.state}")
    return case


def finish_step(
    session: Session, case_id: int, name: StepName, *, identity: str, note: str, now: datetime
) -> StepRow:
    """Record who finished a step and when; steps follow their order, closing needs a conclusion.

    Raises ResponseError. Finishing a step that is done already changes nothing.
    """
    case = _open(session, case_id)
    steps = steps_of(session, case_id)
    step = next(s for s in steps if s.name == name)
    if step.done_at is not None:
        return step
    missing = [s.name for s in steps if s.position < step.position and s.done_at is None]
    if missing:
        raise ResponseError(f"{name} comes after {', '.join(missing)}")
    if name == "close":
        _close(session, case, note, now)
    step.done_at, step.done_by, step.note = now, identity, note
    session.add(step)
    append(
        session,
        at=now,
        actor=identity,
        action=f"response.{name}",
        subject=f"case:{case_id}",
        detail={"note": note, "late": step.due_at is not None and now > step.due_at},
    )
    return step


def _close(session: Session, case: CaseRow, conclusion: str, now: datetime) -> None:
    if len(conclusion.strip()) < 10:
        raise ResponseError("closing needs a written conclusion (--conclusion, ten characters up)")
    owing = [t.title for t in tasks_of(session, case.id) if t.done_at is None]
    if owing:
        raise ResponseError(f"tasks are still owed: {'; '.join(owing)}")
    case.state, case.closed_at, case.conclusion = CaseState.CLOSED, now, conclusion.strip()
    session.add(case)


def acknowledge(
    session: Session, alert: AlertRow, *, identity: str, note: str, now: datetime
) -> AckRow:
    """Record that a person has seen the alert; this is also the first step of its open case."""
    if alert.state != AlertState.OPEN:
        raise ResponseError(f"alert {alert.number} is {alert.state}")
    ack = AckRow(alert_id=alert.id, identity=identity, at=now, note=note)
    session.add(ack)
    append(
        session,
        at=now,
        actor=identity,
        action="alert.acknowledge",
        subject=f"alert:{alert.number}",
        detail={"note": note},
    )
    alert.acknowledged_at = alert.acknowledged_at or now
    session.add(alert)
    for case in open_cases(session, alert.id):
        finish_step(session, case.id, "acknowledge", identity=identity, note=note, now=now)
    session.flush()
    return ack


def add_task(
    session: Session,
    case_id: int,
    *,
    title: str,
    owner: str,
    due: datetime,
    identity: str,
    now: datetime,
) -> TaskRow:
    """Add a task to an open case."""
    _open(session, case_id)
    if not title.strip() or not owner.strip():
        raise ResponseError("a task needs a title and an owner")
    task = TaskRow(
        case_id=case_id, title=title.strip(), owner=owner.strip(), due_at=due, created_by=identity
    )
    session.add(task)
    session.flush()
    append(
        session,
        at=now,
        actor=identity,
        action="task.add",
        subject=f"case:{case_id}",
        detail={"task": task.id, "title": task.title, "owner": task.owner, "due": due.isoformat()},
    )
    return task


def finish_task(
    session: Session, task_id: int, *, identity: str, note: str, now: datetime
) -> TaskRow:
    """Record that a task is done, by whom, with what result."""
    task = session.get(TaskRow, task_id)
    if task is None:
        raise ResponseError(f"there is no task {task_id}")
    _open(session, task.case_id)
    if task.done_at is None:
        task.done_at, task.done_by, task.note = now, identity, note
        session.add(task)
        append(
            session,
            at=now,
            actor=identity,
            action="task.done",
            subject=f"case:{task.case_id}",
            detail={"task": task_id, "note": note},
        )
    return task
