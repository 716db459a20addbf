"""From a rise to a closed case: six steps in order, tasks, a written conclusion."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, select

from config.responses import STEPS
from monitor.alerts.desk import Desk
from monitor.alerts.raising import raise_alerts
from monitor.audit import verify_store
from monitor.errors import ResponseError
from monitor.response.cases import (
    acknowledge,
    add_task,
    finish_step,
    finish_task,
    steps_of,
)
from monitor.response.pack import case_view
from monitor.store.alerts import AlertRow
from monitor.store.audit import AuditEntry
from monitor.store.response import CaseRow
from rules.types import Assessment

Assess = Callable[..., Assessment]


@pytest.fixture
def case(session: Session, desk: Desk, assess: Assess, now: datetime) -> CaseRow:
    before = assess(at=now - timedelta(hours=1))
    raise_alerts(session, None, before, desk, now)
    raise_alerts(session, before, assess("yellow", at=now), desk, now)
    session.flush()
    return session.exec(select(CaseRow)).one()


def test_the_whole_way_from_a_rise_to_a_closed_case(
    session: Session, case: CaseRow, now: datetime
) -> None:
    alert = session.exec(select(AlertRow)).one()
    acknowledge(session, alert, identity="os:li", note="seen", now=now)
    later = now + timedelta(days=1)
    task = add_task(
        session, case.id, title="补测S06", owner="lab", due=later, identity="os:wu", now=now
    )
    for name in STEPS[1:5]:
        finish_step(session, case.id, name, identity="os:wu", note=f"{name} held", now=later)
    with pytest.raises(ResponseError, match="still owed: 补测S06"):
        finish_step(session, case.id, "close", identity="os:wu", note="x" * 20, now=later)
    finish_task(session, task.id, identity="os:li", note="measured", now=later)
    with pytest.raises(ResponseError, match="written conclusion"):
        finish_step(session, case.id, "close", identity="os:wu", note="ok", now=later)
    conclusion = "三方同意维持黄色，三十日后复核。"
    finish_step(session, case.id, "close", identity="os:wu", note=conclusion, now=later)
    assert (case.state, case.conclusion, case.closed_at) == ("closed", conclusion, later)
    assert [s.done_by for s in steps_of(session, case.id)] == ["os:li"] + ["os:wu"] * 5
    actions = [e.action for e in session.exec(select(AuditEntry))]
    assert [a for a in actions if a.startswith("response.")] == [f"response.{s}" for s in STEPS]
    assert verify_store(session).sound


def test_steps_follow_their_order(session: Session, case: CaseRow, now: datetime) -> None:
    with pytest.raises(ResponseError, match="assess comes after acknowledge, convene"):
        finish_step(session, case.id, "assess", identity="os:li", note="", now=now)


def test_a_step_done_twice_keeps_who_did_it_first(
    session: Session, case: CaseRow, now: datetime
) -> None:
    finish_step(session, case.id, "acknowledge", identity="os:li", note="1", now=now)
    finish_step(session, case.id, "acknowledge", identity="os:wu", note="2", now=now)
    assert steps_of(session, case.id)[0].done_by == "os:li"


def test_a_closed_case_takes_nothing_more(session: Session, case: CaseRow, now: datetime) -> None:
    case.state = "closed"
    with pytest.raises(ResponseError, match="is closed"):
        add_task(session, case.id, title="t", owner="o", due=now, identity="os:li", now=now)


def test_the_pack_has_three_parties_options_with_costs_and_a_draft_plan(
    session: Session, desk: Desk, case: CaseRow
) -> None:
    view = case_view(session, desk.responses, desk.roster, case)
    assert [p.side.zh for p in view.parties] == ["政府", "产业", "研究"]
    assert len(view.options) >= 2
    assert all(o.cost and o.cost.zh and o.cost.en for o in view.options)
    assert view.agenda[0].start == 0
    assert view.agenda[-1].end == desk.responses.levels["yellow"].meeting_minutes
    assert view.tasks
    assert all(t.due_on and t.due_on > case.opened_at.date() for t in view.tasks)
    assert [s.kind for s in view.steps] == ["opened", *STEPS]
