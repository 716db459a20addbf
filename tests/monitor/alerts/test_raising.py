"""A change of level becomes transition, alert, case, artefacts and outbox rows, all at once."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from config.roster import Roster
from monitor.alerts.desk import Desk
from monitor.alerts.notices import VIEW
from monitor.alerts.raising import raise_alerts
from monitor.store.alerts import AlertRow, ArtefactRow, NoticeRow, TransitionRow
from monitor.store.outbox import OutboxRow
from monitor.store.response import CaseRow, StepRow
from rules.types import Assessment, Level, Override

Assess = Callable[..., Assessment]


def kinds(session: Session) -> list[str]:
    return list(session.exec(select(NoticeRow.kind).order_by(col(NoticeRow.at))))


def test_the_first_assessment_fixes_a_start_and_is_no_rise(
    session: Session, desk: Desk, assess: Assess, now: datetime
) -> None:
    notices = raise_alerts(session, None, assess("red", "unassigned"), desk, now)
    session.commit()
    assert [n.kind for n in notices] == ["began"]
    assert session.exec(select(AlertRow)).all() == []
    assert len(session.exec(select(TransitionRow)).all()) == 3
    subject = session.exec(select(ArtefactRow).where(ArtefactRow.kind == "subject")).first()
    assert subject is not None
    assert "滥用风险红" in subject.body.decode()


def test_a_rise_is_one_transaction_with_the_bytes_that_will_be_delivered(
    session: Session, desk: Desk, assess: Assess, now: datetime
) -> None:
    first, later = assess(), assess("yellow", at=now + timedelta(hours=1))
    raise_alerts(session, None, first, desk, now)
    session.commit()
    raise_alerts(session, first, later, desk, now)
    session.rollback()
    assert session.exec(select(AlertRow)).all() == []
    assert len(session.exec(select(OutboxRow)).all()) == 1

    notices = raise_alerts(session, first, later, desk, now)
    session.commit()
    alert = session.exec(select(AlertRow)).one()
    assert (alert.number, alert.risk, alert.level) == ("2026-1", "misuse", "yellow")
    case = session.exec(select(CaseRow)).one()
    due = {s.name: s.due_at for s in session.exec(select(StepRow))}
    assert due["acknowledge"] == later.as_of + timedelta(hours=24)
    assert due["convene"] == later.as_of + timedelta(hours=72)
    assert due["plan"] == later.as_of + timedelta(days=10)
    assert due["assess"] is None
    row = session.exec(select(OutboxRow).where(OutboxRow.notice_id == notices[0].id)).one()
    assert hashlib.sha256(row.body).hexdigest() == row.sha256
    stored = session.exec(select(ArtefactRow).where(ArtefactRow.notice_id == notices[0].id)).all()
    assert {(a.kind, a.lang, a.audience) for a in stored} >= {
        ("report", "zh", "internal"),
        ("report", "en", "public"),
        ("pack", "zh", "internal"),
        ("cap", "mul", "public"),
    }
    assert not [a for a in stored if a.kind == "pack" and a.audience == "public"]
    assert case.alert_id == alert.id


def test_the_same_assessment_judged_twice_tells_nothing_twice(
    session: Session, desk: Desk, assess: Assess, now: datetime
) -> None:
    first, later = assess(), assess("yellow", at=now + timedelta(hours=1))
    raise_alerts(session, None, first, desk, now)
    raise_alerts(session, first, later, desk, now)
    session.commit()
    assert raise_alerts(session, first, later, desk, now) == []
    assert raise_alerts(session, None, later, desk, now) == []
    assert kinds(session) == ["began", "rise"]


def test_rises_and_falls_are_both_told_and_grouped_in_one_alert(
    session: Session, desk: Desk, assess: Assess, now: datetime
) -> None:
    before = assess()
    raise_alerts(session, None, before, desk, now)
    for hour, word in enumerate(["yellow", "red", "yellow", "green"], 1):
        after = assess(word, at=now + timedelta(hours=hour))
        raise_alerts(session, before, after, desk, after.as_of)
        before = after
    session.commit()
    assert kinds(session) == ["began", "rise", "rise", "fall", "all-clear"]
    alert = session.exec(select(AlertRow)).one()
    assert (alert.state, alert.peak, alert.level) == ("closed", "red", "green")
    cases = session.exec(select(CaseRow).order_by(col(CaseRow.id))).all()
    assert [(c.level, c.state) for c in cases] == [("yellow", "superseded"), ("red", "open")]
    keys = [o.key for o in session.exec(select(OutboxRow).order_by(col(OutboxRow.id)))]
    last = session.exec(select(OutboxRow).order_by(col(OutboxRow.id).desc())).first()
    assert last is not None
    assert f"In-Reply-To: <{keys[-2]}@centre.example>".encode() in last.body


def test_a_second_episode_gets_the_next_number(
    session: Session, desk: Desk, assess: Assess, now: datetime
) -> None:
    before = assess()
    raise_alerts(session, None, before, desk, now)
    for hour, word in enumerate(["yellow", "green", "yellow"], 1):
        after = assess(word, at=now + timedelta(hours=hour))
        raise_alerts(session, before, after, desk, after.as_of)
        before = after
    numbers = [a.number for a in session.exec(select(AlertRow).order_by(col(AlertRow.id)))]
    assert numbers == ["2026-1", "2026-2"]


def test_a_reconstructed_assessment_raises_nothing(
    session: Session, desk: Desk, assess: Assess, now: datetime
) -> None:
    assert raise_alerts(session, None, assess("red", reconstructed=True), desk, now) == []
    assert session.exec(select(TransitionRow)).all() == []


def test_coverage_lost_under_a_held_colour_alarms_operations_only(
    session: Session, desk: Desk, assess: Assess, now: datetime
) -> None:
    before = assess("yellow")
    raise_alerts(session, None, before, desk, now)
    after = assess("yellow", at=now + timedelta(hours=1), coverage_lost=True)
    notices = raise_alerts(session, before, after, desk, now)
    assert {(n.kind, n.topic) for n in notices} == {("operations", "coverage_lost")}
    assert session.exec(select(AlertRow)).all() == []


def test_a_model_that_rises_under_an_override_is_told(
    session: Session, desk: Desk, assess: Assess, now: datetime
) -> None:
    override = Override(Level.YELLOW, "verified false positives", "li", now + timedelta(days=9))
    before = assess("yellow", override=override)
    raise_alerts(session, None, before, desk, now)
    after = assess("yellow", model="red", override=override, at=now + timedelta(hours=1))
    notices = raise_alerts(session, before, after, desk, now)
    assert ("escalation", "model_differs") in {(n.kind, n.topic) for n in notices}
    assert "verified false positives" in VIEW.validate_json(notices[0].view).override.reason  # type: ignore[union-attr]


def test_a_public_receiver_gets_no_duties_and_no_operations(
    session: Session, make_desk: Callable[..., Desk], assess: Assess, now: datetime
) -> None:
    desk = make_desk(
        {
            "in": {"channel": "email", "to": "in@centre.example"},
            "out": {"channel": "email", "to": "out@press.example", "audience": "public"},
        }
    )
    before, after = assess(), assess("yellow", "unassigned", at=now + timedelta(hours=1))
    raise_alerts(session, None, before, desk, now)
    raise_alerts(session, before, after, desk, now)
    query = select(OutboxRow, NoticeRow).join(
        NoticeRow, col(NoticeRow.id) == col(OutboxRow.notice_id)
    )
    told = {(o.receiver, n.kind) for o, n in session.exec(query)}
    assert ("in", "operations") in told
    assert ("out", "operations") not in told
    assert ("out", "rise") in told
    texts = {
        a.audience: a.body.decode()
        for a in session.exec(
            select(ArtefactRow).where(ArtefactRow.kind == "text", ArtefactRow.lang == "zh")
        )
        if "升为" in a.body.decode()
    }
    assert "时限" in texts["internal"]
    assert "内部" in texts["internal"]
    assert "时限" not in texts["public"]
    assert "内部" not in texts["public"]


def test_routes_by_risk_level_and_role(
    session: Session, make_desk: Callable[..., Desk], assess: Assess, now: datetime
) -> None:
    roster = Roster.model_validate(
        {
            "people": {
                "li": {"name": {"zh": "李", "en": "Li"}, "receivers": ["li"]},
                "wu": {"name": {"zh": "吴", "en": "Wu"}, "receivers": ["wu"]},
            },
            "roles": {
                "duty": [
                    {"person": "li", "until": "2026-11-22"},
                    {"person": "wu", "from": "2026-11-23"},
                ]
            },
        }
    )
    mail = {"channel": "email"}
    desk = make_desk(
        {name: {**mail, "to": f"{name}@centre.example"} for name in ("li", "wu", "boss", "ops")},
        roster=roster,
        routes=[
            {"risks": ["misuse"], "roles": ["duty"]},
            {"levels": ["red"], "receivers": ["boss"]},
            {"kinds": ["operations"], "receivers": ["ops"]},
        ],
    )
    before = assess()
    raise_alerts(session, None, before, desk, now)
    after = assess("yellow", "red", "unassigned", at=now + timedelta(hours=1))
    raise_alerts(session, before, after, desk, now)
    query = select(OutboxRow.receiver, NoticeRow.risk, NoticeRow.kind).join(
        NoticeRow, col(NoticeRow.id) == col(OutboxRow.notice_id)
    )
    told = {(a, b, c) for a, b, c in session.exec(query) if b is not None}
    assert told == {
        ("wu", "misuse", "rise"),
        ("boss", "spillover", "rise"),
        ("ops", "backdoor", "operations"),
    }
