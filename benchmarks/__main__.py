"""Measure what is asked for and write the page: `python -m benchmarks [--models N] [--write]`.

Each part leaves its figures as JSON in the working folder; the page is made of all that are there,
each with its time, load and commit. So parts can be measured one by one with `--work DIR --only b`.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import machine, results
from benchmarks.measure import ROOT
from benchmarks.parts import PARTS, Asked


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--models", type=int, default=300_000, help="size of (a), (b) and (d)")
    parser.add_argument("--small", type=int, default=100_000, help="what SQLite and pandas hold")
    parser.add_argument("--snapshots", type=int, default=30, help="of the catalogue, in (b)")
    parser.add_argument(
        "--sizes", default="10000,100000,1000000", help="further sizes of (c), comma-separated"
    )
    parser.add_argument("--only", default="".join(PARTS), help="letters of the parts to run")
    parser.add_argument("--deliveries", type=int, default=2000)
    parser.add_argument(
        "--work", type=Path, help="folder to work in; kept. Default: a temporary one"
    )
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    return parser


def measure(letter: str, asked: Asked) -> dict[str, Any]:
    """Return one part's figures with the circumstances under which they were taken."""
    around = machine.circumstances()
    begun = time.monotonic()
    found = PARTS[letter](asked)
    return around | {"took_s": time.monotonic() - begun, "found": found}


def _keep(folder: Path, letter: str, part: dict[str, Any]) -> None:
    """Keep a part; of (c) the sizes measured before stay, unless they were measured again."""
    path = folder / f"{letter}.json"
    if letter == "c" and path.exists():
        before = json.loads(path.read_text("utf-8"))["found"]["rows"]
        again = {row["models"] for row in part["found"]["rows"]}
        part["found"]["rows"] += [row for row in before if row["models"] not in again]
    path.write_text(json.dumps(part, indent=1), "utf-8")


def main() -> int:
    """Measure, print, and write if told to."""
    options = _arguments().parse_args()
    work = (options.work or Path(tempfile.mkdtemp(prefix="tocsin-benchmarks-"))).absolute()
    kept = work / "parts"
    kept.mkdir(parents=True, exist_ok=True)
    asked = Asked(
        options.models, options.small, options.snapshots,
        tuple(int(s) for s in options.sizes.split(",") if s), options.deliveries, work,
    )  # fmt: skip
    try:
        for letter in (x for x in PARTS if x in options.only):
            _keep(kept, letter, measure(letter, asked))
        parts = {f.stem: json.loads(f.read_text("utf-8")) for f in sorted(kept.glob("?.json"))}
    finally:
        if options.work is None:
            shutil.rmtree(work, ignore_errors=True)
    text = results.page(parts)
    print(text, end="")
    if options.write:
        (ROOT / "benchmarks/RESULTS.md").write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
