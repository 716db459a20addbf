"""The lines of a notice, taken from an assessment and the method."""

from sqlmodel import Session

from config.method import Words
from config.responses import Responses
from monitor.alerts.desk import Desk
from monitor.response.cases import steps_of
from monitor.store.response import CaseRow
from reports.notice import ChangeLine, Deadline, LevelLine
from rules.types import Clause, Level, Risk, RiskAssessment


def level_line(risk: RiskAssessment) -> LevelLine:
    """Return a risk's level as a notice states it."""
    return LevelLine(risk.risk, risk.level, risk.model_level, risk.coverage, risk.coverage_gate)


def clause_words(clause: Clause) -> Words:
    """Return why a clause holds; one that has no words is named by its id."""
    said = clause.because
    return Words(zh=said.get("zh") or clause.id, en=said.get("en") or clause.id)


def reasons(risk: RiskAssessment) -> tuple[Words, ...]:
    """Return the clauses that hold, in the order of the rule."""
    return tuple(clause_words(clause) for clause in risk.clauses if clause.holds)


def change_lines(risk: RiskAssessment) -> tuple[ChangeLine, ...]:
    """Return what would change the level, the nearest first, three at most."""
    codes = {i.id: i.code for i in risk.indicators}
    lines = [
        ChangeLine(codes.get(c.indicator, c.indicator), c.to_level, c.threshold, c.weeks)
        for c in risk.changes
    ]
    far = float("inf")
    return tuple(sorted(lines, key=lambda c: (far if c.weeks is None else c.weeks, c.code))[:3])


def deadlines(session: Session, responses: Responses, case: CaseRow) -> tuple[Deadline, ...]:
    """Return the steps on which a clock runs, with their deadlines."""
    return tuple(
        Deadline(responses.steps[step.name].name, step.due_at)  # type: ignore[index]
        for step in steps_of(session, case.id)
        if step.due_at is not None
    )


def duties(desk: Desk, risk: Risk, level: Level) -> tuple[Words, ...]:
    """Return the measures that the method recommends at a level."""
    measures = desk.responses.risks[risk.value].measures
    return tuple(m.words for m in measures.get(level.value, ()))  # type: ignore[call-overload]
