"""`python -m config.baseline.build --shared DIR`: make the tables from copies of the sources."""

import argparse
import hashlib
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import yaml

from config import baseline
from config.baseline.build import advisories, hub, incidents, policy, publishers, releases, scores
from config.baseline.build.table import HOME, Row, write

CUTOFF = datetime(2026, 8, 22, 23, 59, 59, tzinfo=UTC)
REASON = (
    "The newest copies read (Arena board fetched, trending pages, event list) are of 2026-08-22; "
    "nothing later is shipped, so this is the last moment that the record can speak for."
)

BUILD: dict[str, Callable[[Path], Iterable[Row]]] = {
    "publishers": publishers.rows,
    "models": hub.models,
    "tags": hub.tags,
    "bases": hub.bases,
    "counters": hub.counters,
    "scores": scores.rows,
    "releases": releases.rows,
    "incidents": incidents.rows,
    "advisories": advisories.rows,
    "policy_events": policy.rows,
}
"""Tables made from copies; figures and evidence are written by hand, in their CSV."""


def _manifest() -> None:
    listed = {}
    for table in baseline.tables():
        body = baseline.path(table).read_bytes()
        count = sum(1 for _ in baseline.rows(table))
        listed[table] = {"sha256": hashlib.sha256(body).hexdigest(), "rows": count}
    document = {
        "cutoff": CUTOFF.isoformat().replace("+00:00", "Z"),
        "reason": REASON,
        "files": listed,
    }
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
    (HOME / "manifest.yaml").write_text(text, encoding="utf-8")


def main(argv: list[str] | None = None) -> int:
    """Write the tables named (default: all) and the manifest; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m config.baseline.build", description=__doc__)
    parser.add_argument("--shared", type=Path, required=True, help="folder that holds data/")
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=", ".join(BUILD))
    args = parser.parse_args(argv)
    for table in args.tables or BUILD:
        count = write(table, BUILD[table](args.shared / "data"))
        print(f"{table}: {count} rows", file=sys.stderr)  # noqa: T201 - a script talks to its user
    _manifest()
    return 0


if __name__ == "__main__":
    sys.exit(main())
