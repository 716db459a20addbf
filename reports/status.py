"""The status document (`status.json`, `tocsin status --json`, `tocsin assess --json`)."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from reports.model import SourceView
from reports.site_view import SiteView
from rules.types import Assessment, IndicatorAssessment, RiskAssessment

JsonObject = dict[str, object]


def stamp(at: datetime | None) -> str | None:
    """Return a moment as ISO 8601 with zone, to the second."""
    return at.isoformat(timespec="seconds") if at else None


def _indicator(i: IndicatorAssessment, units: Mapping[str, str]) -> JsonObject:
    reading = i.reading
    missing = reading.missing
    return {
        "id": i.id,
        "code": i.code,
        "value": reading.value,
        "unit": units.get(i.id, ""),
        "level": str(i.level),
        "raw_level": str(i.raw_level),
        "missing": None
        if missing is None
        else {"why": str(missing.why), "detail": dict(missing.detail)},
        "observed_at": reading.newest_on.isoformat() if reading.newest_on else None,
        "low": reading.low,
        "high": reading.high,
        "coverage": reading.coverage,
        "stale": reading.stale,
        "in_force": i.in_force,
        "sources": list(reading.sources),
    }


def _risk(r: RiskAssessment, units: Mapping[str, str]) -> JsonObject:
    return {
        "level": str(r.level),
        "model_level": str(r.model_level),
        "since": r.since.isoformat() if r.since else None,
        "coverage": r.coverage,
        "coverage_gate": r.coverage_gate,
        "coverage_lost_since": r.coverage_lost_since.isoformat() if r.coverage_lost_since else None,
        "override": None
        if r.override is None
        else {
            "level": str(r.override.level),
            "reason": r.override.reason,
            "author": r.override.author,
            "until": stamp(r.override.until),
        },
        "clauses": [
            {"id": c.id, "level": str(c.level), "holds": c.holds, "because": dict(c.because)}
            for c in r.clauses
        ],
        "indicators": [_indicator(i, units) for i in r.indicators],
    }


def source_entry(s: SourceView) -> JsonObject:
    """Return one source with its health, as the document lists it."""
    return {
        "id": s.id,
        "state": str(s.state),
        "last_ok_at": stamp(s.last_ok_at),
        "newest_on": s.newest_on.isoformat() if s.newest_on else None,
        "rows": s.rows,
        "quarantined": s.quarantined,
        "seen": str(s.seen),
        "seen_live": s.seen_live,
        "error": s.error or None,
    }


def status_document(
    assessment: Assessment,
    *,
    units: Mapping[str, str] | None = None,
    sources: Sequence[SourceView] = (),
    outbox: Mapping[str, int] | None = None,
    reconstructed: Assessment | None = None,
) -> JsonObject:
    """Return the document that `reports/schemas/status.json` describes.

    `units` gives the English unit by indicator id. The reconstructed assessment stands beside
    today's on a machine whose own record is still short.
    """
    document: JsonObject = {
        "as_of": stamp(assessment.as_of),
        "method": assessment.method,
        "method_sha256": assessment.method_sha256,
        "home": assessment.home,
        "reconstructed": assessment.reconstructed,
        "risks": {str(r.risk): _risk(r, units or {}) for r in assessment.risks},
        "sources": [source_entry(s) for s in sources],
        "outbox": dict(outbox or {}),
    }
    if reconstructed is not None:
        document["beside"] = {
            "as_of": stamp(reconstructed.as_of),
            "reconstructed": reconstructed.reconstructed,
            "risks": {str(r.risk): _risk(r, units or {}) for r in reconstructed.risks},
        }
    return document


def status_bytes(view: SiteView) -> bytes:
    """Return `status.json` of a site."""
    document = status_document(
        view.now.assessment,
        units={i.spec.id: i.spec.unit.en for i in view.now.indicators},
        sources=view.sources,
        outbox=view.outbox,
        reconstructed=view.reconstructed.assessment if view.reconstructed else None,
    )
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
