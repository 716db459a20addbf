"""Measure what is asked for and write the page: `python -m benchmarks [--models N] [--write]`."""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks import machine, results, sweep
from benchmarks.hub import serving
from benchmarks.judge import figures
from benchmarks.measure import ROOT, Failed, Measured, task, tocsin

_SMALL = 30_000


def _said(line: str) -> None:
    print(f"… {line}", file=sys.stderr, flush=True)


def _judged(home: Path, names: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in names:
        _said(f"indicators: {name}")
        try:
            measured = task(name, str(home))
        except Failed as error:
            found.setdefault("notes", []).append(f"{name}: {str(error).splitlines()[-1][:200]}")
            continue
        found[name], found[f"{name}_mb"] = figures(measured.output), measured.peak_mb
    return found


def _grown(models: int, home: Path) -> dict[str, Any]:
    """Return sweep and indicators at one size, in a home of its own."""
    _said(f"growth: {models:,} models")
    start = tocsin("--home", str(home / "empty"), "doctor").cpu_s
    with serving(models) as url:
        swept = sweep.pipeline(url, home)
    judged = task("ours", str(home))
    return {
        "models": models,
        "sweep_s": swept.cpu_s - start,
        "sweep_mb": swept.peak_mb,
        "judge_s": figures(judged.output)["total_s"],
        "judge_mb": judged.peak_mb,
    }


def _small(home: Path) -> list[str]:
    with serving(_SMALL) as url:
        sweep.pipeline(url, home)
    names = ["ours", "sqlite"] + (["pandas"] if find_spec("pandas") else [])
    found = _judged(home, names)
    if "pandas" not in names:
        found.setdefault("notes", []).append("pandas is not installed here: not measured")
    return results.small_lines(_SMALL, found)


def _command(name: str, home: Path, *arguments: str) -> list[object]:
    _said(f"tocsin {' '.join(arguments)}")
    try:
        took: Measured = tocsin("--home", str(home), *arguments)
    except Failed as error:
        return [name, "failed", str(error).splitlines()[-1][:80], ""]
    return [name, f"{took.wall_s:.1f}", f"{took.cpu_s:.1f}", f"{took.peak_mb:.0f}"]


def _everyday(home: Path) -> list[str]:
    """Return (d) and (f) on the shipped facts: commands as a person gives them."""
    head = ["", "wall s", "CPU s", "peak MB"]
    first = [
        _command("`tocsin --version`", home, "--version"),
        _command("first `tocsin run --offline` on a fresh machine", home, "run", "--offline"),
        _command("second `tocsin run --offline`", home, "run", "--offline"),
        _command("`tocsin status --json`", home, "status", "--json"),
    ]
    out = str(home / "out")
    reports = [
        _command("the whole site", home, "report", "site"),
        _command(
            "annual report 2025, zh", home, "report", "annual", "--year", "2025", "--out", out
        ),
    ]
    return [
        *results.plain_lines("(d) Site and annual report", reports, head),
        *results.plain_lines("(f) Cold start", first, head),
    ]


def _outbox(count: int) -> list[str]:
    _said(f"outbox: {count:,} deliveries")
    found = json.loads(task("outbox", str(count)).output)
    row = [
        f"{count:,} signed webhooks of 4 kB, one worker",
        f"{found['wall_s']:.1f}",
        f"{found['cpu_s']:.1f}",
        f"{found['per_second']:.0f}",
    ]
    return results.plain_lines("(e) Outbox", [row], ["", "wall s", "CPU s", "a second"])


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--models", type=int, default=300_000, help="size of (a) and (b)")
    parser.add_argument(
        "--sizes", default="10000,30000,100000", help="further sizes of (c), comma-separated"
    )
    parser.add_argument("--only", default="abcdef", help="letters of the parts to run")
    parser.add_argument("--deliveries", type=int, default=2000)
    parser.add_argument(
        "--work", type=Path, help="folder to work in; kept. Default: a temporary one"
    )
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    return parser


def measure(options: argparse.Namespace, work: Path) -> list[str]:
    """Return the page of everything that was asked for."""
    lines = ["# What it costs", "", *machine.lines(), ""]
    lines += [f"Made by `python -m benchmarks {' '.join(sys.argv[1:])}`.", ""]
    grown: list[dict[str, Any]] = []
    large = work / "large"
    if "a" in options.only:
        _said(f"sweep of {options.models:,} models")
        swept = sweep.compare(options.models, large)
        lines += results.sweep_lines(swept)
        print("\n".join(results.sweep_lines(swept)), file=sys.stderr, flush=True)
        grown.append(
            {
                "models": options.models,
                "sweep_s": swept["pipeline_s"] - swept["start_s"],
                "sweep_mb": swept["peak_mb"],
            }
        )
    if "b" in options.only:
        judged = _judged(large, ["ours", "typed"])
        lines += results.judge_lines(options.models, judged) + _small(work / "small")
        if grown and "ours" in judged:
            grown[0] |= {"judge_s": judged["ours"]["total_s"], "judge_mb": judged["ours_mb"]}
    if "c" in options.only:
        sizes = [int(s) for s in options.sizes.split(",") if s]
        rows = [_grown(n, work / f"grown-{n}") for n in sizes]
        rows += [g for g in grown if "judge_s" in g]
        lines += results.growth_lines(sorted(rows, key=lambda r: int(r["models"])))
    if "d" in options.only or "f" in options.only:
        lines += _everyday(work / "everyday")
    if "e" in options.only:
        lines += _outbox(options.deliveries)
    return lines


def main() -> int:
    """Measure, print, and write if told to."""
    options = _arguments().parse_args()
    work = options.work or Path(tempfile.mkdtemp(prefix="tocsin-benchmarks-"))
    try:
        lines = measure(options, work)
    finally:
        if options.work is None:
            shutil.rmtree(work, ignore_errors=True)
    text = "\n".join(lines).rstrip() + "\n"
    print(text)
    if options.write:
        (ROOT / "benchmarks/RESULTS.md").write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
