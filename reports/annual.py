"""The annual report as one page, and its machine-readable data file."""

import json

from reports.chapters import (
    AnnualView,
    Comparison,
    CountSeries,
    DiffusionRow,
    EventView,
    FamilyFigure,
    Scorecard,
    StanceView,
)
from reports.environment import Page, environment, render_page
from reports.marking import marking
from reports.model import RiskView, TransitionView
from reports.status import stamp, status_document


def render_annual(view: AnnualView, lang: str) -> bytes:
    """Return the year's report as one self-contained page that prints as a book."""
    brand = "警钟" if lang == "zh" else "Tocsin"
    prose = environment(lang, view.zone).get_template(f"{lang}/annual.j2").module
    title = str(prose.title(view)).replace("|", "")  # type: ignore[attr-defined]
    page = Page(
        title=f"{title} | {brand}",
        running=f"{brand} {view.year}",
        dated=view.assessment.as_of.date().isoformat(),
        marking=marking(view.audience, lang),
    )
    return render_page("shared/annual.j2", lang, view.zone, page, a=view)


def _comparison(chart: Comparison) -> dict[str, object]:
    return {
        "key": chart.key,
        "unit": chart.unit.en,
        "source": chart.source,
        "licence": chart.licence,
        "as_of": chart.as_of.isoformat(),
        "series": {
            code: [[p.on.isoformat(), p.value] for p in points]
            for code, points in chart.series.items()
        },
    }


def annual_document(view: AnnualView) -> dict[str, object]:
    """Return the figures of the report; `reports/schemas/annual.json` describes it."""
    assessment = view.assessment
    return {
        "year": view.year,
        "to_date": view.to_date,
        "status": status_document(
            assessment.assessment,
            units={i.spec.id: i.spec.unit.en for i in assessment.indicators},
            sources=view.sources,
        ),
        "levels": {str(r.risk): _levels(r) for r in assessment.risks},
        "transitions": [_transition(t) for t in view.transitions],
        "history": {
            i.spec.id: [[p.on.isoformat(), p.value, p.low, p.high] for p in i.history]
            for i in assessment.indicators
        },
        "comparisons": [_comparison(c) for c in view.comparisons],
        "families": {str(r): [_family(f) for f in fs] for r, fs in view.families.items()},
        "pendulum": [_stance(s) for s in view.pendulum],
        "diffusion": [_diffusion(d) for d in view.diffusion],
        "events": [_event(e) for e in view.events],
        "counts": [_count(c) for c in view.counts],
        "scorecard": None if view.scorecard is None else _scorecard(view.scorecard),
    }


def _levels(risk: RiskView) -> list[dict[str, str]]:
    return [
        {"from": x.start.isoformat(), "until": x.end.isoformat(), "level": str(x.level)}
        for x in risk.band
    ]


def _transition(t: TransitionView) -> dict[str, object]:
    return {
        "at": stamp(t.at),
        "risk": str(t.risk),
        "kind": str(t.kind),
        "before": str(t.before),
        "after": str(t.after),
        "reconstructed": t.reconstructed,
        "because": None if t.because is None else {"zh": t.because.zh, "en": t.because.en},
    }


def _family(figure: FamilyFigure) -> dict[str, object]:
    return {
        "key": figure.key,
        "indicator": figure.code,
        "as_of": figure.as_of.isoformat(),
        "source": figure.source,
        "licence": figure.licence,
        "total": figure.total,
        "lines": [
            {
                "family": line.name,
                "organisation": line.organisation,
                "jurisdiction": line.jurisdiction,
                "value": line.value,
                "share": line.share,
            }
            for line in figure.lines
        ],
        "further": figure.further,
        "further_families": figure.further_families,
        "unnamed": figure.unnamed,
        "unnamed_roots": figure.unnamed_roots,
    }


def _stance(s: StanceView) -> dict[str, object]:
    return {
        "jurisdiction": s.jurisdiction,
        "as_of": s.as_of.isoformat(),
        "ideal": s.ideal,
        "practice": s.practice,
        "stance": s.stance.en,
    }


def _diffusion(d: DiffusionRow) -> dict[str, object]:
    return {
        "model": d.model,
        "organisation": d.organisation,
        "class": d.cls,
        "floor": d.floor,
        "hazard": d.hazard,
        "lag_months": d.lag_months,
        "log10_compute": d.log10_compute,
        "triggers": list(d.triggers),
    }


def _event(e: EventView) -> dict[str, object]:
    return {
        "on": e.on.isoformat(),
        "kind": e.kind,
        "zh": e.words.zh,
        "en": e.words.en,
        "source": e.source,
        "url": e.url,
        "verified": e.verified,
    }


def _count(c: CountSeries) -> dict[str, object]:
    return {
        "key": c.key,
        "parts": [p.en for p in c.parts],
        "months": [[m.month.isoformat(), *m.counts] for m in c.months],
        "source": c.source,
        "licence": c.licence,
        "as_of": c.as_of.isoformat(),
    }


def _scorecard(card: Scorecard) -> dict[str, object]:
    return {
        "first": card.first.isoformat(),
        "last": card.last.isoformat(),
        "false_alarms": card.false_alarms,
        "level_changes": card.level_changes,
        "days_red": card.days_red,
        "reconstructed": card.reconstructed,
        "events": [
            {
                "on": e.on.isoformat(),
                "risk": str(e.risk),
                "en": e.words.en,
                "zh": e.words.zh,
                "result": e.result,
                "lead_days": e.lead_days,
            }
            for e in card.events
        ],
    }


def annual_data(view: AnnualView) -> bytes:
    """Return the data file that stands beside the report."""
    return (json.dumps(annual_document(view), ensure_ascii=False, indent=1) + "\n").encode()
