"""From an assessment to alerts: transition, alert, case, rendered report and outbox rows at once.

Everything is added to the caller's transaction, the one that stores the assessment, so an alarm and
the conclusion it rests on exist together or not at all. Called twice with the same assessment it
adds nothing the second time: what was told is read from the transition log.
"""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, func, select

from monitor.alerts.desk import Desk
from monitor.alerts.health import Trouble, raise_operations, watch
from monitor.alerts.lines import change_lines, deadlines, duties, level_line, reasons
from monitor.alerts.notices import Draft, write_notice
from monitor.alerts.transitions import Move, moves, record, told_levels, told_until
from monitor.audit import SYSTEM, append
from monitor.response.cases import Opening, open_case
from monitor.response.pack import case_view
from monitor.store.alerts import AlertRow, AlertState, NoticeRow, TransitionRow
from monitor.store.response import CaseRow
from reports.notice import AlertFacts, NoticeKind, NoticeView
from rules.types import SEVERITY, Assessment, Level, Risk, TransitionKind


def raise_alerts(
    session: Session,
    before: Assessment | None,
    after: Assessment,
    desk: Desk,
    now: datetime,
    *,
    assessment_id: int | None = None,
    exercise: bool = False,
) -> list[NoticeRow]:
    """Add to the session all that the change from `before` to `after` sets in motion.

    `before` is the assessment stored last (None: the first one, or a first start). A reconstructed
    assessment raises nothing, nor does one older than what was told. Returns the notices written.
    """
    if after.reconstructed:
        return []
    newest = told_until(session)
    if not exercise and newest is not None and after.as_of < newest:
        return []
    if exercise and before is not None:
        told = {r.risk: r.level for r in before.risks}
    else:
        told = told_levels(session)
    moved = moves(told, before, after)
    rows = [
        record(
            session,
            move.transition,
            after,
            now=now,
            flap=desk.responses.flap,
            assessment_id=assessment_id,
            exercise=exercise,
        )
        for move in moved
    ]
    notices: list[NoticeRow | None] = []
    if not told:
        notices.append(_began(session, desk, after, rows, now))
    else:
        for move, row in zip(moved, rows, strict=True):
            notices.append(_tell(session, desk, after, move, row, now))
    if not exercise:
        notices.extend(watch(session, desk, before, after, now))
    return [n for n in notices if n is not None]


def _began(
    session: Session, desk: Desk, after: Assessment, rows: list[TransitionRow], now: datetime
) -> NoticeRow | None:
    view = NoticeView(
        kind=NoticeKind.BEGAN,
        at=after.as_of,
        zone=desk.zone,
        levels=tuple(level_line(r) for r in after.risks),
        method=after.method,
        url=desk.address(""),
    )
    append(
        session,
        at=now,
        actor=SYSTEM,
        action="monitoring.began",
        subject="levels",
        detail={r.risk.value: r.level.value for r in after.risks},
    )
    origin = f"transition:{rows[0].id}" if rows else f"began:{after.as_of.isoformat()}"
    return write_notice(session, desk, Draft(origin, view), now)


def _tell(
    session: Session, desk: Desk, after: Assessment, move: Move, row: TransitionRow, now: datetime
) -> NoticeRow | None:
    kind = move.transition.kind
    append(
        session,
        at=now,
        actor=SYSTEM,
        action="transition" if not row.exercise else "exercise.transition",
        subject=row.risk,
        detail={
            "id": row.id,
            "kind": kind.value,
            "before": row.before,
            "after": row.after,
            "at": row.at.isoformat(),
            "method": row.method_sha256,
        },
    )
    match kind:
        case TransitionKind.RISE:
            return _rise(session, desk, after, move, row, now)
        case TransitionKind.FALL:
            return _fall(session, desk, after, move, row, now)
        case TransitionKind.LOST | TransitionKind.REGAINED:
            return _health(session, desk, move, row, now)
        case TransitionKind.BEGAN:
            # A risk that the method in force has added: its first level is told, and is no rise.
            return _began(session, desk, replace(after, risks=(move.after,)), [row], now)


def _health(
    session: Session, desk: Desk, move: Move, row: TransitionRow, now: datetime
) -> NoticeRow | None:
    lost = move.transition.kind is TransitionKind.LOST
    trouble = Trouble(
        topic="level_lost" if lost else "level_regained",
        about=row.id,
        detail={
            "coverage": f"{move.after.coverage:.0%}",
            "gate": f"{move.after.coverage_gate:.0%}",
        },
        risk=move.transition.risk,
        level=move.transition.after,
    )
    return raise_operations(session, desk, trouble, now)


def open_alert(session: Session, risk: Risk, *, exercise: bool) -> AlertRow | None:
    """Return the open alert of a risk, if there is one."""
    query = select(AlertRow).where(
        AlertRow.risk == risk.value,
        AlertRow.state == AlertState.OPEN,
        AlertRow.exercise == exercise,
    )
    return session.exec(query.order_by(col(AlertRow.id).desc())).first()


def _new_alert(session: Session, desk: Desk, move: Move, exercise: bool) -> AlertRow:
    at = move.transition.at
    year = at.astimezone(ZoneInfo(desk.zone)).year
    query = select(func.max(AlertRow.serial)).where(
        AlertRow.year == year, AlertRow.exercise == exercise
    )
    serial = (session.exec(query).one() or 0) + 1
    level = move.transition.after.value
    alert = AlertRow(
        year=year,
        serial=serial,
        exercise=exercise,
        risk=move.transition.risk.value,
        level=level,
        peak=level,
        opened_at=at,
    )
    session.add(alert)
    session.flush()
    return alert


def _rise(
    session: Session, desk: Desk, after: Assessment, move: Move, row: TransitionRow, now: datetime
) -> NoticeRow | None:
    change = move.transition
    alert = open_alert(session, change.risk, exercise=row.exercise)
    if alert is None:
        alert = _new_alert(session, desk, move, row.exercise)
    alert.level = change.after.value
    if SEVERITY[change.after] > SEVERITY[Level(alert.peak)]:
        alert.peak = change.after.value
    # A worse level wants to be seen again, whoever acknowledged the one before.
    alert.acknowledged_at = None
    row.alert_id = alert.id
    session.add_all([alert, row])
    opening = Opening(alert, row.id, change.risk, alert.level, change.at, row.exercise)
    case = open_case(session, desk.responses, desk.roster, desk.home, opening)
    return _write(session, desk, after, move, row, alert, case, NoticeKind.RISE, now)


def _fall(
    session: Session, desk: Desk, after: Assessment, move: Move, row: TransitionRow, now: datetime
) -> NoticeRow | None:
    change = move.transition
    alert = open_alert(session, change.risk, exercise=row.exercise)
    kind = NoticeKind.FALL
    if change.after is Level.GREEN:
        kind = NoticeKind.ALL_CLEAR
    if alert is not None:
        row.alert_id, alert.level = alert.id, change.after.value
        if kind is NoticeKind.ALL_CLEAR:
            alert.state, alert.closed_at = AlertState.CLOSED, change.at
        session.add_all([alert, row])
        session.flush()
    case = newest_case(session, alert)
    return _write(session, desk, after, move, row, alert, case, kind, now)


def newest_case(session: Session, alert: AlertRow | None) -> CaseRow | None:
    """Return the case that an alert opened last."""
    if alert is None:
        return None
    query = select(CaseRow).where(CaseRow.alert_id == alert.id).order_by(col(CaseRow.id).desc())
    return session.exec(query).first()


def _write(
    session: Session,
    desk: Desk,
    after: Assessment,
    move: Move,
    row: TransitionRow,
    alert: AlertRow | None,
    case: CaseRow | None,
    kind: NoticeKind,
    now: datetime,
) -> NoticeRow | None:
    change, risk, rises = move.transition, move.after, kind is NoticeKind.RISE
    view = NoticeView(
        kind=kind,
        at=change.at,
        zone=desk.zone,
        year=alert.year if alert else None,
        serial=alert.serial if alert else None,
        exercise=row.exercise,
        risk=change.risk,
        before=change.before,
        after=change.after,
        levels=(level_line(risk),),
        reasons=reasons(risk),
        changes=change_lines(risk),
        deadlines=deadlines(session, desk.responses, case) if rises and case else (),
        duties=duties(desk, change.risk, change.after) if rises else (),
        override=risk.override,
        flapping=row.flapping,
        watch_days=(risk.watch_until - change.at.date()).days if risk.watch_until else None,
        method=after.method,
        url=desk.address(f"zh/alerts/{alert.number}.html") if alert else "",
    )
    facts = None
    if alert is not None:
        facts = AlertFacts(
            id=alert.number,
            year=alert.year,
            number=alert.serial,
            transition=change,
            assessment=after,
            before=move.before,
            created_at=now,
            case=case_view(session, desk.responses, desk.roster, case) if case else None,
            zone=desk.zone,
            exercise=row.exercise,
        )
    draft = Draft(f"transition:{row.id}", view, alert, case.id if case else None, facts)
    return write_notice(session, desk, draft, now)
