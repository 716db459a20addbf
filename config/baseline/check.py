"""`python -m config.baseline.check`: says how each shipped table is checked, and whether it holds.

Exit 1 if anything does not. The checks are those that `tables.yaml` promises in words.
"""

import csv
import hashlib
import io
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files

from config import baseline, registry

Row = dict[str, object]

EARLIEST = date(1980, 1, 1)
"""The oldest incident of the record is of 1983."""

_LISTING = ("incidents", "policy_events", "advisories")
"""Tables whose rows list what happened before: never known before they occurred."""

_WORDS: dict[str, frozenset[str]] = {
    "openness": frozenset({"open", "closed", "unknown"}),
    "gated": frozenset({"no", "auto", "manual", "unknown"}),
    "relation": frozenset({"finetune", "adapter", "quantized", "merge", "unknown"}),
    "kind": frozenset(
        {"laboratory", "company", "university", "redistributor", "individual", "unknown"}
        | {"vulnerability", "malware", "policy", "incident", "advisory", "research", "release"}
    ),
    "force": frozenset({"law", "regulation", "guidance", "hearing"}),
    "field": frozenset({"social", "economic", "political"}),
    "target": frozenset({"app", "weights", "chips", "hosting", "model", "platform"}),
}


@cache
def sources() -> dict[str, dict[str, str]]:
    """Return the register of sources by id."""
    text = (files("config") / "baseline" / "sources.csv").read_text(encoding="utf-8")
    return {line["source"]: line for line in csv.DictReader(io.StringIO(text, newline=""))}


def _keys(table: str, rows: list[Row]) -> Iterator[str]:
    key = baseline.spec()[table].key
    counts = Counter(tuple(str(row[k]) for k in key) for row in rows)
    for found, times in counts.items():
        if times > 1:
            yield f"key {found} stands {times} times"


def _sources(table: str, rows: list[Row]) -> Iterator[str]:
    for source, licence in {(str(r["source"]), str(r["row_licence"])) for r in rows}:
        entry = sources().get(source)
        if entry is None:
            yield f"source {source} is not in sources.csv"
        elif table not in entry["holds"].split():
            yield f"source {source} is not registered for this table"
        elif licence not in (entry["licence"], "facts"):
            yield f"source {source}: row licence {licence}, register {entry['licence']}"
    for row in rows:
        if not str(row["source_url"]).startswith("https://"):
            yield f"source_url {row['source_url']}"


def _dates(table: str, rows: list[Row]) -> Iterator[str]:
    cutoff = baseline.manifest().cutoff
    for row in rows:
        known = row["known_from"]
        if not isinstance(known, datetime) or known > cutoff + timedelta(days=1):
            yield f"known_from {known} is missing or after the cut-off"
            continue
        for name in ("occurred_on", "published_on"):
            day = row[name]
            if isinstance(day, date) and not EARLIEST <= day <= cutoff.date():
                yield f"{name} {day} lies outside the record"
        happened = row["occurred_on"]
        listing = table in _LISTING and isinstance(happened, date)
        if listing and str(known.date()) < str(happened):
            yield f"known from {known} but occurred {happened}"


def _closed_words(table: str, rows: list[Row]) -> Iterator[str]:
    for column, words in _WORDS.items():
        if column in baseline.spec()[table].columns:
            for value in {r[column] for r in rows} - {None}:
                if value not in words:
                    yield f"{column} {value!r} is not one of the closed list"


def _places(table: str, rows: list[Row]) -> Iterator[str]:
    known = registry.jurisdictions()
    for column in ("jurisdiction", "jurisdictions", "against"):
        if column in baseline.spec()[table].columns:
            for value in {str(r[column]) for r in rows}:
                codes = [c for c in value.split(",") if c]
                if sorted(set(codes)) != codes or any(c not in known for c in codes):
                    yield f"{column} {value!r}: unknown code, repeated or not sorted"


def _unnamed(table: str, rows: list[Row]) -> Iterator[str]:
    """No text cell but a title may name a safety-removed, likeness or malicious repository."""
    words = [
        word
        for kind in ("safety_removed", "person_likeness")
        for word in registry.lexicon()[kind]
        if word != "heretic" or table in ("models", "bases", "counters", "releases")
    ]
    for row in rows:
        for column in ("model_id", "base_id", "hub_id", "source_url", "model_name"):
            text = str(row.get(column) or "").lower()
            if text.startswith("redacted/"):
                continue
            if any(word in text for word in words):
                yield f"{column} names a repository that must stay unnamed"


def _models(_: str, rows: list[Row]) -> Iterator[str]:
    for row in rows:
        created, known = row["created_on"], row["known_from"]
        if isinstance(created, date) and isinstance(known, datetime) and created > known.date():
            yield f"{row['model_id']} was created after it was known"
        if str(row["model_id"]).startswith("redacted/") and row["author"] is not None:
            yield f"{row['model_id']} bears an author"


def _of_models(table: str, rows: list[Row]) -> Iterator[str]:
    known = {r["model_id"] for r in baseline.rows("models")}
    for model_id in {r["model_id"] for r in rows} - known:
        yield f"{model_id} is not in models"
    if table == "tags":
        for row in rows:
            if str(row["tag"]).startswith(("base_model:", "dataset:", "arxiv:")):
                yield f"tag {row['tag']} should not be carried"


def _bases(_: str, rows: list[Row]) -> Iterator[str]:
    positions: dict[object, list[int]] = defaultdict(list)
    for row in rows:
        positions[row["model_id"]].append(int(str(row["position"])))
    for model_id, found in positions.items():
        if sorted(found) != list(range(len(found))):
            yield f"{model_id}: positions {found}"


def _counters(_: str, rows: list[Row]) -> Iterator[str]:
    series: dict[object, list[tuple[object, int]]] = defaultdict(list)
    for row in rows:
        for column in ("downloads_30d", "downloads_all_time", "likes"):
            value = row[column]
            if isinstance(value, int) and value < 0:
                yield f"{row['model_id']} {row['observed_on']}: {column} {value}"
        total = row["downloads_all_time"]
        if isinstance(total, int):
            series[row["model_id"]].append((row["observed_on"], total))
    for model_id, found in series.items():
        highest = 0
        for day, total in sorted(found, key=lambda f: str(f[0])):
            if total < highest * 0.97:
                yield f"{model_id} falls from {highest} to {total} on {day}"
            highest = max(highest, total)


def _scores(_: str, rows: list[Row]) -> Iterator[str]:
    for row in rows:
        score, low, high = row["score_micro"], row["low_micro"], row["high_micro"]
        if not isinstance(score, int) or score <= 0:
            yield f"{row['model_name']} {row['board_on']}: score {score}"
        elif isinstance(low, int) and isinstance(high, int) and not low <= score <= high:
            yield f"{row['model_name']} {row['board_on']}: {low} … {high} does not hold {score}"


def _releases(_: str, rows: list[Row]) -> Iterator[str]:
    for row in rows:
        total, active = row["parameters"], row["active_parameters"]
        if isinstance(total, int) and isinstance(active, int) and active > total:
            yield f"{row['model_name']}: {active} active of {total}"
        compute = row["compute_log10_micro"]
        if isinstance(compute, int) and not 6_000_000 <= compute <= 28_000_000:
            yield f"{row['model_name']}: compute 10^{compute / 1e6}"
        if row["hub_id"] is not None and row["openness"] != "open":
            yield f"{row['model_name']}: a repository for a model that is not open"


def _incidents(_: str, rows: list[Row]) -> Iterator[str]:
    for row in rows:
        if row["title"] is not None:
            yield f"{row['incident_id']} carries prose"
        if row["risk_domain"] is not None and row["risk_domain"] not in set("1234567"):
            yield f"{row['incident_id']}: domain {row['risk_domain']}"


def _advisories(_: str, rows: list[Row]) -> Iterator[str]:
    for row in rows:
        score = row["cvss_x10"]
        if isinstance(score, int) and not 0 <= score <= 100:
            yield f"{row['advisory_id']}: base score {score}"


def _policy(_: str, rows: list[Row]) -> Iterator[str]:
    for row in rows:
        if not row["title_zh"]:
            yield f"{row['event_id']} has no Chinese title"
        direction, severity = row["direction"], row["severity"]
        if isinstance(direction, int) and not -2 <= direction <= 2:
            yield f"{row['event_id']}: direction {direction}"
        if isinstance(severity, int) and not 0 <= severity <= 5:
            yield f"{row['event_id']}: severity {severity}"
        if (direction is None) != (row["force"] is None):
            yield f"{row['event_id']}: direction and force go together"


def _publishers(_: str, rows: list[Row]) -> Iterator[str]:
    for row in rows:
        if str(row["account"]) != str(row["account"]).lower():
            yield f"{row['account']} is not lower-case"
    accounts = Counter((r["hub"], r["account"]) for r in rows)
    yield from (f"{key} stands twice in one span" for key, n in accounts.items() if n > 1)


def _evidence(_: str, rows: list[Row]) -> Iterator[str]:
    for row in rows:
        if str(row["period_from"]) > str(row["period_to"]):
            yield f"{row['evidence_id']}: the period runs backward"


Check = Callable[[str, list[Row]], Iterable[str]]

EVERY: dict[str, Check] = {
    "keys unique": _keys,
    "sources and licences named": _sources,
    "dates sane, known when it could be": _dates,
    "closed word lists": _closed_words,
    "jurisdictions known, sorted, once": _places,
    "no repository that must stay unnamed": _unnamed,
}
"""Checks of every table."""

OWN: dict[str, Check] = {
    "publishers": _publishers,
    "models": _models,
    "tags": _of_models,
    "bases": _bases,
    "counters": _counters,
    "scores": _scores,
    "releases": _releases,
    "incidents": _incidents,
    "advisories": _advisories,
    "policy_events": _policy,
    "evidence": _evidence,
}
"""Each table's own check, as `tables.yaml` says it in words."""


def _manifest(table: str) -> Iterator[str]:
    listed = baseline.manifest().files.get(table)
    body = baseline.path(table).read_bytes()
    if listed is None or listed[0] != hashlib.sha256(body).hexdigest():
        yield "the file is not the one of manifest.yaml: run the build again"


def problems(table: str) -> dict[str, list[str]]:
    """Return what is wrong with a table, by the check that found it; empty lists are well."""
    rows = list(baseline.rows(table))
    found = {name: list(check(table, rows)) for name, check in EVERY.items()}
    if table in OWN:
        found["its own rules"] = list(OWN[table](table, rows))
    found["file as built"] = list(_manifest(table))
    return found


def report(tables: Iterable[str] = ()) -> tuple[str, int]:
    """Return the report and the number of problems."""
    lines: list[str] = []
    total = 0
    for table in tuple(tables) or baseline.tables():
        count = baseline.manifest().files[table][1]
        lines += [f"{table}: {count} rows", f"  rule: {baseline.spec()[table].checked}"]
        for name, found in problems(table).items():
            total += len(found)
            lines.append(f"  {'ok  ' if not found else 'FAIL'} {name}")
            lines += [f"       {text}" for text in found[:5]]
            if len(found) > 5:
                lines.append(f"       … and {len(found) - 5} more")
    cutoff = baseline.manifest().cutoff.isoformat()
    lines.append(f"cut-off {cutoff}: {baseline.manifest().reason}")
    lines.append("nothing wrong" if not total else f"{total} problems")
    return "\n".join(lines), total


def main() -> int:
    """Print the report; return 1 if anything is wrong."""
    text, total = report(sys.argv[1:])
    print(text)  # noqa: T201 - a script talks to its user
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
