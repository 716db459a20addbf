"""The tree of reasons for a terminal: level, clauses, indicators, files and rows."""

from typing import Any

from rich.markup import escape
from rich.tree import Tree

from config.method import Method
from monitor import missing
from monitor.cli.console import level

Document = dict[str, Any]


def tree(document: Document, method: Method, language: str) -> Tree:
    """Return the explanation as a tree; `language` is zh or en."""
    mark = "  [bold]reconstructed / 重建[/]" if document["reconstructed"] else ""
    head = f"[bold]{document['subject']}[/]  as of {document['as_of']}  method "
    root = Tree(f"{head}{document['method']}{mark}")
    if "indicator" in document:
        _indicator(root, document["indicator"], language)
        return root
    _risk(root, document["risk"], method, language)
    return root


def _risk(root: Tree, risk: Document, method: Method, language: str) -> None:
    root.add(
        f"{level(risk['level'])}  model {level(risk['model_level'])}  since {risk['since']}  "
        f"coverage {risk['coverage']:.0%} of weight {risk['weight_in_force']:g} "
        f"(gate {risk['coverage_gate']:.0%})"
    )
    _standing(root, risk)
    because = root.add("[bold]because[/]")
    for clause in risk["because"]:
        holds = "holds" if clause["holds"] else "does not hold"
        because.add(f"{level(clause['level'])} {holds}: {escape(clause[language])}")
    change = root.add("[bold]what would change it[/]")
    for found in risk["would_change"]:
        if found["risk_to"]:
            change.add(f"{_change(found, method)} → risk {level(found['risk_to'])}")
    if not change.children:
        change.add("no single indicator: two or more would have to move")
    unknown = root.add("[bold]what is not known[/]")
    for found in risk["unknown"]:
        unknown.add(_unknown(found, method))
    parts = root.add("[bold]indicators[/]")
    for one in risk["indicators"]:
        _indicator(parts, one, language)


def _standing(root: Tree, risk: Document) -> None:
    if risk["coverage_lost_since"]:
        root.add(f"coverage lost since {risk['coverage_lost_since']}: held, not improved")
    if risk["release_due"]:
        root.add("the rule allows a step down; a person's release is awaited")
    if risk["watch_until"]:
        root.add(f"step-down watch until {risk['watch_until']}")
    if override := risk["override"]:
        root.add(
            f"override {level(override['level'])} by {escape(override['author'])} until "
            f"{override['until']}: {escape(override['reason'])}"
        )


def _indicator(parent: Tree, one: Document, language: str) -> None:
    unit = one["unit"][language]
    said = (
        f"missing: {missing.said(one['missing'])}" if one["missing"] else f"{one['value']:g} {unit}"
    )
    note = f"  ({one['note']})" if one["note"] else ""
    branch = parent.add(
        f"{level(one['level'])}  [bold]{one['code']}[/] {escape(one['name'][language])}: "
        f"{escape(said)}{note}"
    )
    branch.add(
        f"weight {one['weight']:g}, {one['share']:.0%} of the risk; votes in: "
        f"{', '.join(one['votes_in']) or 'no clause'}"
    )
    for colour in ("yellow", "red"):
        if threshold := one["thresholds"][colour]:
            provisional = ", provisional" if threshold["provisional"] else ""
            sign = "≥" if one["direction"] == "up" else "≤"
            branch.add(
                f"{level(colour)} {sign} {threshold['value']:g} {escape(unit)} "
                f"({threshold['basis']}{provisional}: {escape(threshold['source'])})"
            )
    _figures(branch, one)
    for found in one["would_change"]:
        branch.add(_change(found, None))
    _behind(branch, one)


def _figures(branch: Tree, one: Document) -> None:
    if one["votes"]:
        disagree = "  [bold]sources disagree[/]" if one["sources_disagree"] else ""
        branch.add("votes: " + _pairs(one["votes"]) + disagree)
    if one["low"] is not None and one["high"] is not None:
        branch.add(f"between {one['low']:g} and {one['high']:g}")
    if one["companions"]:
        branch.add("beside it: " + _pairs(one["companions"]))
    if one["newest_on"]:
        stale = ", stale" if one["stale"] else ""
        covered = f", coverage {one['coverage']:.0%}" if one["coverage"] is not None else ""
        branch.add(f"newest observation {one['newest_on']}{stale}, {one['rows']:,} rows{covered}")


def _behind(branch: Tree, one: Document) -> None:
    if one["files"]:
        files = branch.add(f"read from {len(one['files'])} files")
        for file in one["files"]:
            shipped = ", shipped" if file["baseline"] else ""
            files.add(
                f"{file['table']} of {file['source']}: {file['rows']:,} rows, fetched "
                f"{file['fetched_at']}{shipped}, sha256 {file['sha256'][:16]}…"
            )
    if one["source_rows"]:
        rows = branch.add("newest rows")
        for row in one["source_rows"]:
            rows.add(
                f"{row['on'] or 'undated'} {escape(row['says'])}  {escape(row['url'])}  "
                f"fetched {row['fetched_at']}, sha256 {row['sha256'][:16]}…"
            )


def _change(found: Document, method: Method | None) -> str:
    name = f"{method.by_id[found['indicator']].code} " if method else ""
    if found["distance"] == 0:
        held = "a second evaluation (for)" if found["direction"] == "up" else "its time (keep)"
        to = level(found["to_level"])
        return f"{found['direction']}: {name}{to}, across already, waits for {held}"
    when = "no pace points there"
    if found["weeks"] is not None:
        latest = f"{found['weeks_high']:g}" if found["weeks_high"] is not None else "never"
        when = f"in {found['weeks']:g} weeks at this pace ({found['weeks_low']:g}–{latest})"
    return (
        f"{found['direction']}: {name}{level(found['to_level'])} at {found['threshold']:g}, "
        f"{found['distance']:g} away; {when}"
    )


def _unknown(found: Document, method: Method) -> str:
    code = method.by_id[found["id"]].code
    if found["what"] == "missing":
        force = "" if found["in_force"] else ", not in force"
        return escape(f"{code}: {missing.said(found)}{force}")
    if found["what"] == "stale":
        return f"{code}: stale, newest observation {found['newest']}"
    return f"{code}: {found['what'].replace('_', ' ')}"


def _pairs(figures: dict[str, float]) -> str:
    return escape(", ".join(f"{k} {v:g}" for k, v in figures.items()))
