"""The figures as a page of Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Return a Markdown table; the first column is text, the others are figures."""
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return lines + ["| " + " | ".join(str(c) for c in row) + " |" for row in rows]


def sweep_lines(found: Mapping[str, Any]) -> list[str]:
    """Return (a): the sweep against its floor and against the client."""
    pages = max(1, found["pages"])

    def row(name: str, seconds: float) -> list[object]:
        ratio = seconds / found["floor_s"]
        return [name, f"{seconds:.1f}", f"{1000 * seconds / pages:.1f}", f"{ratio:.2f}"]

    whole = found["pipeline_s"] - found["start_s"]
    memory = ", ".join(f"{second:.0f} s {mb:.0f} MB" for second, mb in found["memory"])
    return [
        f"## (a) Census sweep of {found['models']:,} generated models",
        "",
        *table(
            ["", "CPU s", "CPU ms a page", "of the floor"],
            [
                row("decoding alone (gzip, msgspec)", found["decode_s"]),
                row("floor: decoding, and writing the same Parquet", found["floor_s"]),
                row("whole pipeline, its start-up left out", whole),
                row("`HfApi.list_models` feeding the same writer", found["client_s"]),
            ],
        ),
        "",
        f"The pipeline is `tocsin collect huggingface`, whole: loopback network, decoding, checks, "
        f"quarantine, Parquet, manifest; {found['rows']:,} rows, "
        f"{found['lake_mb']:.0f} MB of lake, {found['wall_s']:.0f} s of wall time. "
        f"Its start-up ({found['start_s']:.1f} s of CPU, "
        "measured as `tocsin doctor` on an empty home) is taken off; the other three rows leave "
        "start-up out too.",
        "",
        f"- pipeline to floor: **{whole / found['floor_s']:.2f}** (asked: at most 1.5)",
        f"- client to pipeline: **{found['client_s'] / whole:.2f}** (asked: at least 2)",
        f"- resident memory, peak: **{found['peak_mb']:.0f} MB** (asked: under 600); "
        f"the client's process: {found['client_peak_mb']:.0f} MB",
        f"- over time: {memory}",
        "",
    ]


def judge_lines(models: int, found: Mapping[str, Any]) -> list[str]:
    """Return (b): all indicators on the catalogue."""
    if "ours" not in found or "typed" not in found:
        return ["## (b) Indicators: not measured", "", *found.get("notes", ()), ""]
    ours, typed = found["ours"], found["typed"]
    return [
        f"## (b) All {ours['indicators']:.0f} indicators on the catalogue of {models:,} models",
        "",
        *table(
            ["", "tables and views s", "indicators s", "together s", "peak MB"],
            [
                [
                    "the program",
                    f"{ours['open_s'] + ours['cut_s']:.2f}",
                    f"{ours['indicators_s']:.2f}",
                    f"{ours['total_s']:.2f}",
                    f"{found['ours_mb']:.0f}",
                ],
                [
                    "the same SQL typed into DuckDB",
                    f"{typed['prepare_s']:.2f}",
                    f"{typed['indicators_s']:.2f}",
                    f"{typed['total_s']:.2f}",
                    f"{found['typed_mb']:.0f}",
                ],
            ],
        ),
        "",
        f"- program to typed: **{ours['total_s'] / typed['total_s']:.2f}** (asked: at most 1.3); "
        f"peak {found['ours_mb']:.0f} MB (asked: under 2,000)",
        f"- {ours['values']:.0f} of {ours['indicators']:.0f} had a value: the generated catalogue "
        "has no scores, incidents or evidence, and those indicators say so",
        "",
    ]


def small_lines(models: int, found: Mapping[str, Any]) -> list[str]:
    """Return the comparison at the size that the others can hold."""
    rows: list[list[str]] = []
    if ours := found.get("ours"):
        total, peak = f"{ours['total_s']:.2f}", f"{found['ours_mb']:.0f}"
        rows.append(["the program (DuckDB)", "", total, peak])
    if sqlite := found.get("sqlite"):
        rows.append(
            [
                "SQLite, same SQL, in memory, indexed",
                f"{sqlite['load_s']:.2f}",
                f"{sqlite['total_s']:.2f}",
                f"{found['sqlite_mb']:.0f}",
            ]
        )
    if pandas := found.get("pandas"):
        rows.append(
            [
                "pandas, shared part alone (newest rows, roots, downloads by root)",
                "",
                f"{pandas['total_s']:.2f}",
                f"{found['pandas_mb']:.0f}",
            ]
        )
    notes = [f"- {note}" for note in found.get("notes", ())]
    head = ["", "loading s", "views and indicators s", "peak MB"]
    return [f"### Beside others, at {models:,} models", "", *table(head, rows), "", *notes, ""]


def growth_lines(rows: Rows) -> list[str]:
    """Return (c): how sweep and indicators grow."""
    first = rows[0]
    body = [
        [
            f"{r['models']:,}",
            f"{r['sweep_s']:.1f}",
            f"{1e6 * r['sweep_s'] / r['models']:.0f}",
            f"{r['judge_s']:.2f}",
            f"{1e6 * r['judge_s'] / r['models']:.0f}",
            f"{r['sweep_mb']:.0f}",
            f"{r['judge_mb']:.0f}",
        ]
        for r in rows
    ]
    last = rows[-1]
    times = last["models"] / first["models"]
    grown = last["sweep_s"] / first["sweep_s"]
    head = [
        "models", "sweep CPU s", "µs a model", "indicators s", "µs a model", "sweep MB",
        "indicators MB",
    ]  # fmt: skip
    said = f"{times:.0f} times the models: {grown:.1f} times the sweep, "
    said += f"{last['judge_s'] / first['judge_s']:.1f} times the indicators."
    return ["## (c) Growth", "", *table(head, body), "", said, ""]


def plain_lines(title: str, rows: Sequence[Sequence[object]], head: Sequence[str]) -> list[str]:
    """Return a section of one table."""
    return [f"## {title}", "", *table(head, rows), ""]
