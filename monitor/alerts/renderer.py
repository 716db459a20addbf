"""Alert report and meeting pack out of what was concluded: facts to views, views to bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from config.method import Indicator
from config.responses import Responses
from monitor.because import because
from reports.alert import render_alert, render_pack
from reports.build import build_alert, build_assessment
from reports.model import (
    AlertView,
    Audience,
    EvidenceRow,
    MeasureView,
    SourceView,
    TransitionView,
)
from reports.notice import AlertFacts
from rules.types import Level, Risk


@dataclass(frozen=True)
class ReportRenderer:
    """The program's own reports, over one method."""

    indicators: Sequence[Indicator]
    responses: Responses
    sources: tuple[SourceView, ...] = ()
    evidence: Mapping[str, Sequence[EvidenceRow]] | None = None
    """Source rows behind the indicators of the assessment that is told, by id."""

    def alert_report(self, facts: AlertFacts, lang: str, audience: Audience) -> bytes:
        """Return the alert report, one self-contained HTML page."""
        return render_alert(self.view(facts), lang, audience)

    def meeting_pack(self, facts: AlertFacts, lang: str) -> bytes:
        """Return the joint-meeting pack, one self-contained HTML page; always internal."""
        return render_pack(self.view(facts), lang)

    def view(self, facts: AlertFacts) -> AlertView:
        """Return the view that report and pack are rendered from."""
        change = facts.transition
        moved = TransitionView(
            risk=change.risk,
            kind=change.kind,
            before=change.before,
            after=change.after,
            at=change.at,
            because=because(next(r for r in facts.assessment.risks if r.risk is change.risk)),
            alert=facts.id,
        )
        assessed = build_assessment(
            facts.assessment,
            self.indicators,
            sources=self.sources,
            evidence=self.evidence,
            transitions=(moved,),
            measures={change.risk: self._measures(change.risk)},
        )
        before = replace(facts.assessment, risks=(facts.before,)) if facts.before else None
        return build_alert(
            facts.id,
            facts.year,
            facts.number,
            moved,
            assessed,
            created_at=facts.created_at,
            before=before,
            case=facts.case,
            sources=self.sources,
            exercise=facts.exercise,
            retracted=facts.retracted,
            zone=facts.zone,
        )

    def _measures(self, risk: Risk) -> tuple[MeasureView, ...]:
        by_level = self.responses.risks[risk.value].measures
        return tuple(
            MeasureView(Level(level), measure.words)
            for level, measures in by_level.items()
            for measure in measures
        )
