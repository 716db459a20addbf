"""What the joint meeting and the clock on a page show: the case as a view."""

from datetime import timedelta

from sqlmodel import Session, col, select

from config.method import Words
from config.responses import Responses, RiskResponse
from config.roster import Roster
from monitor.response.cases import steps_of, tasks_of
from monitor.store.response import CaseRow, VoteRow
from reports.model import (
    AgendaItem,
    CaseView,
    OptionView,
    PartyView,
    SignatureView,
    StepView,
    TaskView,
)


def _agenda(responses: Responses) -> tuple[AgendaItem, ...]:
    items, start = [], 0
    for entry in responses.agenda:
        end = start + entry.minutes
        items.append(AgendaItem(start, end, entry.item, entry.outcome, entry.speaker))
        start = end
    return tuple(items)


def _steps(session: Session, case: CaseRow, responses: Responses) -> tuple[StepView, ...]:
    clocks = responses.levels["red" if case.level == "red" else "yellow"].clocks
    views = [StepView("opened", case.opened_at, case.opened_at)]
    for step in steps_of(session, case.id):
        clock = clocks.get(step.name)  # type: ignore[call-overload]
        views.append(
            StepView(
                kind=step.name,
                due_at=step.due_at,
                done_at=step.done_at,
                who=step.done_by or "",
                hours=clock.hours if clock else None,
                working=bool(clock and clock.count == "working"),
            )
        )
    return tuple(views)


def _tasks(session: Session, case: CaseRow, plan: RiskResponse) -> tuple[TaskView, ...]:
    given = tasks_of(session, case.id)
    if given:
        return tuple(
            TaskView(
                Words(zh=t.title, en=t.title),
                Words(zh=t.owner, en=t.owner),
                t.due_at.date(),
                t.done_at is not None,
            )
            for t in given
        )
    return tuple(  # nothing decided yet: the method's draft plan
        TaskView(t.words, t.owner, (case.opened_at + timedelta(days=t.days)).date())
        for t in plan.plan
    )


def _signatures(session: Session, case: CaseRow, roster: Roster) -> tuple[SignatureView, ...]:
    query = select(VoteRow).where(VoteRow.case_id == case.id).order_by(col(VoteRow.id))
    latest = {vote.person: vote for vote in session.exec(query)}
    return tuple(
        SignatureView(
            party=roster.people[v.person].name.zh if v.person in roster.people else v.person,
            agreed=v.agrees,
            signed_at=v.at,
            dissent="" if v.agrees else v.reason,
        )
        for v in latest.values()
    )


def case_view(session: Session, responses: Responses, roster: Roster, case: CaseRow) -> CaseView:
    """Return the case as pages show it: clock, agenda, options with costs, parties, plan, votes."""
    plan = responses.risks[case.risk]  # type: ignore[index]
    return CaseView(
        id=str(case.id),
        steps=_steps(session, case, responses),
        agenda=_agenda(responses),
        options=tuple(OptionView(o.title, o.words, o.cost) for o in plan.options),
        parties=tuple(PartyView(p.side, p.seats, p.brings) for p in plan.parties.values()),
        tasks=_tasks(session, case, plan),
        signatures=_signatures(session, case, roster),
    )
