"""What time alone makes due: reminders, the ladder, the last word after a silence."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from config.roster import Roster
from monitor.alerts.desk import Desk
from monitor.alerts.due import write_due
from monitor.alerts.raising import raise_alerts
from monitor.alerts.silences import add_silence, end_silence
from monitor.errors import ResponseError
from monitor.response.cases import acknowledge, add_task
from monitor.store.alerts import AlertRow, NoticeRow, TransitionRow
from monitor.store.outbox import OutboxRow
from monitor.store.response import CaseRow
from rules.types import Assessment, Risk

Assess = Callable[..., Assessment]
MakeDesk = Callable[..., Desk]


@pytest.fixture
def roster() -> Roster:
    people = {n: {"name": {"zh": n, "en": n}, "receivers": [n]} for n in ("li", "wu", "he")}
    roles = {"duty": [{"person": "li"}], "lead": [{"person": "wu"}], "group": [{"person": "he"}]}
    return Roster.model_validate({"people": people, "roles": roles})


@pytest.fixture
def desk(make_desk: MakeDesk, roster: Roster) -> Desk:
    mail = {n: {"channel": "email", "to": f"{n}@centre.example"} for n in ("li", "wu", "he")}
    return make_desk(mail, roster=roster, routes=[{"roles": ["duty"]}])


@pytest.fixture
def raised(session: Session, desk: Desk, assess: Assess, now: datetime) -> AlertRow:
    """An alert at red since `now`; acknowledgement is due after 4 hours."""
    before = assess(at=now - timedelta(hours=1))
    raise_alerts(session, None, before, desk, now)
    raise_alerts(session, before, assess("red", at=now), desk, now)
    session.commit()
    return session.exec(select(AlertRow)).one()


def told(session: Session, kind: str) -> list[str]:
    query = (
        select(OutboxRow.receiver)
        .join(NoticeRow, col(NoticeRow.id) == col(OutboxRow.notice_id))
        .where(NoticeRow.kind == kind)
        .order_by(col(OutboxRow.id))
    )
    return list(session.exec(query))


def test_reminders_come_until_somebody_acknowledges(
    session: Session, desk: Desk, raised: AlertRow, now: datetime
) -> None:
    for minutes in (30, 61, 62, 119, 121):
        write_due(session, desk, now + timedelta(minutes=minutes))
    assert told(session, "reminder") == ["li", "li"]
    acknowledge(session, raised, identity="os:li", note="", now=now + timedelta(hours=2.5))
    write_due(session, desk, now + timedelta(hours=3.5))
    assert told(session, "reminder") == ["li", "li"]


def test_a_daemon_that_slept_through_reminders_sends_one(
    session: Session, desk: Desk, raised: AlertRow, now: datetime
) -> None:
    write_due(session, desk, now + timedelta(hours=3, minutes=50))
    assert told(session, "reminder") == ["li"]


def test_the_ladder_tells_the_boss_later_than_the_operator(
    session: Session, desk: Desk, raised: AlertRow, now: datetime
) -> None:
    write_due(session, desk, now + timedelta(hours=4) - timedelta(seconds=1))
    assert told(session, "escalation") == []
    write_due(session, desk, now + timedelta(hours=4))
    assert told(session, "escalation") == ["wu"]
    write_due(session, desk, now + timedelta(hours=5, minutes=59))
    assert told(session, "escalation") == ["wu"]
    write_due(session, desk, now + timedelta(hours=6))
    write_due(session, desk, now + timedelta(hours=6, minutes=1))
    assert told(session, "escalation") == ["wu", "he"]


def test_a_step_done_in_time_escalates_nothing(
    session: Session, desk: Desk, raised: AlertRow, now: datetime
) -> None:
    acknowledge(session, raised, identity="os:li", note="", now=now + timedelta(hours=1))
    write_due(session, desk, now + timedelta(hours=23))
    assert told(session, "escalation") == []
    write_due(session, desk, now + timedelta(hours=24))  # convene is late
    assert told(session, "escalation") == ["wu"]


def test_nothing_is_reminded_after_the_all_clear(
    session: Session, desk: Desk, raised: AlertRow, assess: Assess, now: datetime
) -> None:
    later = now + timedelta(minutes=30)
    raise_alerts(session, assess("red", at=now), assess(at=later), desk, later)
    write_due(session, desk, now + timedelta(hours=30))
    assert told(session, "reminder") == told(session, "escalation") == []


def test_an_owing_task_is_reminded_once(
    session: Session, desk: Desk, raised: AlertRow, now: datetime
) -> None:
    acknowledge(session, raised, identity="os:li", note="", now=now)
    case = session.exec(select(CaseRow)).one()
    due = now + timedelta(hours=2)
    add_task(session, case.id, title="补测S06", owner="li", due=due, identity="os:wu", now=now)
    for hours in (1, 2, 3):
        write_due(session, desk, now + timedelta(hours=hours))
    assert told(session, "reminder") == ["li"]


def test_a_silence_holds_notices_not_the_record_and_never_the_final_state(
    session: Session, desk: Desk, assess: Assess, now: datetime
) -> None:
    before = assess()
    raise_alerts(session, None, before, desk, now)
    silence = add_silence(
        session, author="os:li", reason="mail server is moved", now=now,
        until=now + timedelta(hours=8), risk=Risk.MISUSE,
    )  # fmt: skip
    for hour, word in enumerate(["yellow", "red", "yellow"], 1):
        after = assess(word, at=now + timedelta(hours=hour))
        raise_alerts(session, before, after, desk, after.as_of)
        before = after
    session.flush()
    assert len(session.exec(select(TransitionRow)).all()) == 3 + 3
    states = dict(session.exec(select(OutboxRow.notice_id, OutboxRow.state)).all())
    kinds = dict(session.exec(select(NoticeRow.id, NoticeRow.kind)).all())
    assert {states[n] for n, k in kinds.items() if k in ("rise", "fall")} == {"silenced"}

    write_due(session, desk, now + timedelta(hours=7))
    assert "pending" not in {states[n] for n, k in kinds.items() if k != "began"}
    write_due(session, desk, now + timedelta(hours=8))
    states = dict(session.exec(select(OutboxRow.notice_id, OutboxRow.state)).all())
    kinds = dict(session.exec(select(NoticeRow.id, NoticeRow.kind)).all())
    woken = [kinds[n] for n, s in states.items() if s == "pending" and kinds[n] != "began"]
    assert woken.count("fall") == 1
    assert "rise" not in woken
    assert silence.caught_up


def test_a_silence_needs_a_reason_and_an_end(session: Session, now: datetime) -> None:
    day = timedelta(days=1)
    with pytest.raises(ResponseError, match="reason"):
        add_silence(session, author="os:li", reason=" ", now=now, until=now + day)
    for until in (now, now - day, now + 31 * day):
        with pytest.raises(ResponseError, match="ends within 30 days"):
            add_silence(session, author="os:li", reason="because", now=now, until=until)


def test_a_silence_ended_early_tells_what_it_held(
    session: Session, desk: Desk, assess: Assess, now: datetime
) -> None:
    before = assess()
    raise_alerts(session, None, before, desk, now)
    silence = add_silence(
        session, author="os:li", reason="noise", now=now, until=now + timedelta(days=1)
    )
    later = now + timedelta(hours=1)
    raise_alerts(session, before, assess("yellow", at=later), desk, later)
    end_silence(session, silence.id, identity="os:wu", now=later)
    write_due(session, desk, later)
    assert {row.state for row in session.exec(select(OutboxRow))} == {"pending"}
