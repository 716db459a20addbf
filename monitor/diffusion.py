"""The diffusion classes as of a moment: rows of the view, one explanation, a dry run."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from duckdb import DuckDBPyConnection

from collectors.schema import from_days
from config.diffusion import Diffusion, parse_diffusion
from config.method import Method
from config.pendulum import Pendulum
from config.responses import parse_responses
from monitor.asof import View
from monitor.pendulum import plain
from reports.chapters import DiffusionRow
from rules.diffusion import (
    BY_RANK,
    RANK,
    DiffusionClass,
    DryRun,
    DutyRule,
    Facts,
    Judgement,
    dry_run,
)
from rules.diffusion import judge as judge_one

MICRO = 1_000_000

FIELDS = (
    "model_id", "root_id", "released_day", "parameters", "compute_micro", "lag_days", "board_day",
    "open_rank", "hazard_micro", "hazard_day", "controlled", "t_zone", "t_special", "stripped",
    "stripped_d30", "stripped_after_days", "class", "own_class", "inherited", "first_party",
    "organisation", "jurisdiction", "safety_removed", "gated",
)  # fmt: skip

PAGE = 10_000


@dataclass(frozen=True)
class Counts:
    """How many models stand in each class, apart for first-party releases."""

    first_party: dict[str, int]
    others: dict[str, int]


@dataclass(frozen=True)
class DiffusionReport:
    """Everything `tocsin diffusion` says of the catalogue as of a day."""

    as_of: date
    counts: Counts
    high: tuple[Judgement, ...]
    """First-party releases of the high class, with their reasons."""
    review: tuple[Judgement, ...]
    """First-party candidates for the high class: a person should look."""
    medium: tuple[Judgement, ...]
    """First-party releases of the medium class."""
    runs: tuple[DryRun, ...]


def diffusion_rule(method: Method) -> Diffusion:
    """Return the method's diffusion rules; ConfigError where the file is missing or wrong."""
    return parse_diffusion(dict(method.documents.get("diffusion", {})))


def duties(method: Method) -> tuple[DutyRule, ...]:
    """Return the duties of `responses.yaml` that a move of the pendulum would bring."""
    found = parse_responses(method.responses).duties
    return tuple(
        DutyRule(d.id, d.words, d.stances, tuple(DiffusionClass(c) for c in d.classes))
        for d in found
    )


def _whole(cell: object) -> int | None:
    return cell if isinstance(cell, int) else None


def _day(cell: object) -> date | None:
    return from_days(cell) if isinstance(cell, int) else None


def _micro(cell: object) -> float | None:
    return cell / MICRO if isinstance(cell, int) else None


def _facts(row: dict[str, object]) -> Facts:
    return Facts(
        model_id=str(row["model_id"]),
        released_on=_day(row["released_day"]),
        parameters=_whole(row["parameters"]),
        log10_compute=_micro(row["compute_micro"]),
        lag_days=_whole(row["lag_days"]),
        board_on=_day(row["board_day"]),
        open_rank=_whole(row["open_rank"]),
        hazard=_micro(row["hazard_micro"]),
        hazard_on=_day(row["hazard_day"]),
        red_zone=row["t_zone"] == 1,
        special=row["t_special"] == 1,
        controlled=row["controlled"] == 1,
        stripped=_whole(row["stripped"]) or 0,
        stripped_d30=int(str(row["stripped_d30"] or 0)),
        stripped_after_days=_whole(row["stripped_after_days"]),
    )


def _judgement(row: dict[str, object], rule: Diffusion) -> Judgement:
    """Return a row of the view as a judgement: the class is the view's, the reasons the rule's."""
    found = judge_one(_facts(row), rule)
    inherited = row["inherited"] == 1
    organisation = row["organisation"]
    return replace(
        found,
        cls=BY_RANK[int(str(row["class"]))],
        triggers=(*found.triggers, "inherited") if inherited else found.triggers,
        inherited_from=str(row["root_id"]) if inherited else None,
        organisation=None if organisation is None else str(organisation),
        jurisdiction=str(row["jurisdiction"]),
        first_party=row["first_party"] == 1,
        safety_removed=row["safety_removed"] == 1,
    )


def _rows(
    connection: DuckDBPyConnection, where: str, *values: str, ctes: str = ""
) -> Iterator[dict[str, object]]:
    cursor = connection.cursor().execute(
        f"{ctes} SELECT {', '.join(FIELDS)} FROM diffusion WHERE {where} ORDER BY source, model_id",
        list(values),
    )
    while page := cursor.fetchmany(PAGE):
        for row in page:
            yield dict(zip(FIELDS, row, strict=True))


def judged(view: View, method: Method, moment: datetime) -> Iterator[Judgement]:
    """Yield every model of the catalogue with its class as known at a moment, page by page."""
    rule = diffusion_rule(method)
    connection = view.at(moment, ("diffusion",))
    for row in _rows(connection, "1 = 1"):
        yield _judgement(row, rule)


def explain(view: View, method: Method, moment: datetime, model_id: str) -> Judgement | None:
    """Return one model's class with its reasons; None where it is not in the catalogue."""
    rule = diffusion_rule(method)
    connection = view.at(moment, ("diffusion",))
    for row in _rows(connection, "lower(model_id) = lower(?)", model_id):
        return _judgement(row, rule)
    return None


def diffusion_report(
    view: View, method: Method, moment: datetime, pendulum: Pendulum
) -> DiffusionReport:
    """Return counts, the first-party releases of the upper classes, and a dry run per stance."""
    every = list(judged(view, method, moment))
    own = [j for j in every if j.first_party and not j.safety_removed]
    rules = duties(method)
    return DiffusionReport(
        as_of=moment.date(),
        counts=Counts(_count(own), _count([j for j in every if not j.first_party])),
        high=tuple(j for j in own if j.cls is DiffusionClass.HIGH),
        review=tuple(j for j in own if j.review),
        medium=tuple(j for j in own if j.cls is DiffusionClass.MEDIUM),
        runs=tuple(dry_run(s.id, rules, every) for s in pendulum.classes),
    )


def diffusion_rows(view: View, method: Method, moment: datetime) -> tuple[DiffusionRow, ...]:
    """Return the first-party releases of the high and medium classes, as pages show them.

    High first, then candidates for review, then by lag; nothing safety-removed is ever among them.
    """
    rule = diffusion_rule(method)
    shown = f"first_party = 1 AND safety_removed = 0 AND class >= {RANK[DiffusionClass.MEDIUM]}"
    # A few of a whole hub: the others never leave the engine, and no table of them all is made.
    connection, ctes = view.through(moment, "diffusion")
    own = [_judgement(row, rule) for row in _rows(connection, shown, ctes=ctes)]
    own.sort(key=_prominence)
    return tuple(
        DiffusionRow(
            model=j.facts.model_id,
            organisation=j.organisation or "",
            released_on=j.facts.released_on,
            cls=str(j.cls),
            hazard=j.facts.hazard,
            lag_months=j.lag_months,
            log10_compute=j.facts.log10_compute,
            triggers=tuple(rule.marks[t] for t in j.triggers),
            floor=j.inherited_from is not None,
        )
        for j in own
    )


def _prominence(found: Judgement) -> tuple[int, bool, float, str]:
    lag = found.facts.lag_days
    far = float("inf") if lag is None else float(lag)
    return -RANK[found.cls], not found.review, far, found.facts.model_id


def _count(models: Sequence[Judgement]) -> dict[str, int]:
    counts = Counter(str(j.cls) for j in models)
    return {str(cls): counts[str(cls)] for cls in DiffusionClass}


def judgement_document(found: Judgement, rule: Diffusion) -> dict[str, object]:
    """Return one model's class as JSON holds it; a safety-removed one stays unnamed."""
    body = plain(found)
    if not isinstance(body, dict) or not isinstance(body["facts"], dict):
        raise TypeError("a judgement is a mapping")
    if found.safety_removed:
        body["facts"]["model_id"] = "(safety-removed, not named)"
    return {
        **body,
        "lag_months": found.lag_months,
        "reasons": [plain(rule.triggers[t]) for t in found.triggers],
        "not_known": [plain(rule.missing[m]) for m in found.missing],
    }


def diffusion_document(found: DiffusionReport, method: Method) -> dict[str, object]:
    """Return the document of `tocsin diffusion --json`."""
    rule = diffusion_rule(method)
    return {
        "method": method.version,
        "as_of": found.as_of.isoformat(),
        "counts": plain(found.counts),
        "high": [judgement_document(j, rule) for j in found.high],
        "review": [judgement_document(j, rule) for j in found.review],
        "medium": [judgement_document(j, rule) for j in found.medium],
        "dry_run": plain(found.runs),
    }
