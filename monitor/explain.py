"""Why a level is what it is, as one document: from the risk over its clauses to source rows.

Deterministic: the same moment, record and method give the same bytes. Hub rows are counted, never
listed (`monitor.behind`).
"""

from datetime import datetime

from config.errors import ConfigError
from config.method import Indicator, Method, Threshold
from monitor.assess import Judged
from monitor.behind import FileBehind, RowBehind, files_behind, rows_behind
from rules.types import (
    Change,
    IndicatorAssessment,
    Level,
    Reading,
    Risk,
    RiskAssessment,
)

JsonObject = dict[str, object]


def subject_of(name: str, method: Method) -> Risk | Indicator:
    """Return the risk or indicator that a word means (slug, id or code, any case).

    ConfigError names what there is.
    """
    if name.lower() in {r.value for r in Risk}:
        return Risk(name.lower())
    try:
        return method.indicator(name)
    except KeyError as error:
        codes = ", ".join(i.code for i in method.indicators)
        risks = ", ".join(r.value for r in Risk)
        raise ConfigError("command line", name, f"one of {risks}, {codes}, or an id") from error


def explanation(judged: Judged, subject: Risk | Indicator, *, limit: int = 5) -> JsonObject:
    """Return the tree of reasons of one risk or one indicator.

    `limit` is the number of source rows shown per table.
    """
    found = judged.assessment
    head: JsonObject = {
        "as_of": _moment(found.as_of),
        "method": found.method,
        "method_sha256": found.method_sha256,
        "home": found.home,
        "reconstructed": found.reconstructed,
    }
    if isinstance(subject, Risk):
        risk = next(r for r in found.risks if r.risk is subject)
        return head | {"subject": subject.value, "risk": _risk(judged, risk, limit)}
    risk = next(r for r in found.risks if r.risk.value == subject.risk)
    one = next(i for i in risk.indicators if i.id == subject.id)
    return head | {"subject": subject.id, "indicator": _indicator(judged, risk, one, limit)}


def _risk(judged: Judged, risk: RiskAssessment, limit: int) -> JsonObject:
    return {
        "level": risk.level.value,
        "model_level": risk.model_level.value,
        "since": _day(risk.since),
        "coverage": risk.coverage,
        "coverage_gate": risk.coverage_gate,
        "weight_in_force": risk.weight_in_force,
        "coverage_lost_since": _day(risk.coverage_lost_since),
        "release_due": risk.release_due,
        "watch_until": _day(risk.watch_until),
        "override": None
        if risk.override is None
        else {
            "level": risk.override.level.value,
            "reason": risk.override.reason,
            "author": risk.override.author,
            "until": _moment(risk.override.until),
        },
        "because": [
            {
                "clause": c.id,
                "level": c.level.value,
                "holds": c.holds,
                "zh": c.because["zh"],
                "en": c.because["en"],
                "indicators": list(c.indicators),
            }
            for c in risk.clauses
        ],
        "would_change": [_change(c) for c in risk.changes],
        "unknown": _unknown(judged, risk),
        "indicators": [_indicator(judged, risk, i, limit) for i in risk.indicators],
    }


def _indicator(
    judged: Judged, risk: RiskAssessment, one: IndicatorAssessment, limit: int
) -> JsonObject:
    spec, reading = judged.method.by_id[one.id], one.reading
    share = one.weight / risk.weight_in_force if risk.weight_in_force else 0.0
    tables = judged.fold.tables_of(one.id)
    judged.fold.view.at(judged.assessment.as_of, tables)
    return {
        "id": one.id,
        "code": one.code,
        "name": {"zh": spec.name.zh, "en": spec.name.en},
        "value": reading.value,
        "unit": {"zh": spec.unit.zh, "en": spec.unit.en},
        "level": one.level.value,
        "raw_level": one.raw_level.value,
        "note": str(one.note),
        "since": _day(one.since),
        "grade": spec.grade,
        "group": spec.group,
        "weight": one.weight,
        "share": round(share, 6),
        "votes_in": [c.id for c in risk.clauses if one.id in c.indicators],
        "direction": spec.direction,
        "thresholds": {
            "yellow": _threshold(spec.yellow),
            "red": _threshold(spec.red),
        },
        "missing": _missing(reading),
        "votes": dict(sorted(reading.votes.items())),
        "low": reading.low,
        "high": reading.high,
        "companions": dict(sorted(reading.companions.items())),
        "sources_disagree": one.sources_disagree,
        "coverage": reading.coverage,
        "newest_on": _day(reading.newest_on),
        "stale": reading.stale,
        "read_at": _moment(reading.as_of),
        "rows": reading.rows,
        "would_change": [_change(c) for c in risk.changes if c.indicator == one.id],
        "files": [_file(f) for f in files_behind(judged.fold.view, tables, spec.sources)],
        "source_rows": [
            _row(r) for r in rows_behind(judged.fold.view, tables, spec.sources, limit)
        ],
    }


def _unknown(judged: Judged, risk: RiskAssessment) -> list[JsonObject]:
    """Return what is not known, each with its words: missing, stale, disagreeing, provisional."""
    found: list[JsonObject] = []
    for one in risk.indicators:
        spec = judged.method.by_id[one.id]
        missing = _missing(one.reading)
        if missing is not None:
            found.append({"id": one.id, "what": "missing", "in_force": one.in_force, **missing})
        elif one.reading.stale:
            found.append({"id": one.id, "what": "stale", "newest": _day(one.reading.newest_on)})
        if one.sources_disagree:
            found.append({"id": one.id, "what": "sources_disagree"})
        if one.level in (Level.YELLOW, Level.RED):
            threshold = spec.red if one.level is Level.RED else spec.yellow
            if threshold is not None and threshold.provisional:
                found.append({"id": one.id, "what": "provisional_threshold"})
    return found


def _missing(reading: Reading) -> JsonObject | None:
    if reading.missing is None:
        return None
    return {
        "why": reading.missing.why.value,
        "detail": dict(sorted(reading.missing.detail.items())),
    }


def _threshold(threshold: Threshold | None) -> JsonObject | None:
    if threshold is None:
        return None
    return {
        "value": threshold.value,
        "basis": threshold.basis.kind.value,
        "source": threshold.basis.source,
        "provisional": threshold.provisional,
    }


def _change(change: Change) -> JsonObject:
    return {
        "indicator": change.indicator,
        "direction": change.direction,
        "to_level": change.to_level.value,
        "threshold": change.threshold,
        "value": change.value,
        "distance": change.distance,
        "weeks": change.weeks,
        "weeks_low": change.weeks_low,
        "weeks_high": change.weeks_high,
        "risk_to": change.risk_to.value if change.risk_to else None,
    }


def _file(file: FileBehind) -> JsonObject:
    return {
        "table": file.table,
        "source": file.source,
        "batch": file.batch,
        "path": file.path,
        "sha256": file.sha256,
        "rows": file.rows,
        "fetched_at": _moment(file.fetched_at),
        "baseline": file.is_baseline,
    }


def _row(row: RowBehind) -> JsonObject:
    return {
        "table": row.table,
        "says": row.words,
        "on": _day(row.on),
        "source": row.source,
        "url": row.url,
        "fetched_at": _moment(row.fetched_at),
        "known_from": _moment(row.known_from),
        "sha256": row.sha256,
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _day(day: object) -> str | None:
    return str(day) if day is not None else None
