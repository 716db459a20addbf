"""The figures as a page of Markdown."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks import machine

Found = Mapping[str, Any]


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Return a Markdown table; the first column is text, the others are figures."""
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return lines + ["| " + " | ".join(str(c) for c in row) + " |" for row in rows]


def sweep_lines(found: Found) -> list[str]:
    """Return (a): the sweep against its bound, against the plain program and the client."""
    pages = max(1, found["pages"])
    whole = found["pipeline_s"]

    def row(name: str, key: str) -> list[object]:
        seconds = found[key]
        ratios = [f"{seconds / found[against]:.2f}" for against in ("bound_s", "plain_s")]
        rounds = ", ".join(f"{s:.1f}" for s in found["rounds"].get(key, ()))
        return [name, f"{seconds:.1f}", f"{1000 * seconds / pages:.1f}", *ratios, rounds]

    memory = ", ".join(f"{second:.0f} s {mb:.0f} MB" for second, mb in found["memory"])
    return [
        f"## (a) Census sweep of {found['models']:,} generated models",
        "",
        *table(
            ["", "CPU s", "CPU ms a page", "of the bound", "of the plain program", "each round s"],
            [
                row("decoding alone (gzip, msgspec)", "decode_s"),
                row("bound: decoding, and writing columns got for nothing", "bound_s"),
                row("plain program: decoding, a list a column, writing", "plain_s"),
                row("whole pipeline, its start-up left out", "pipeline_s"),
                row("`HfApi.list_models` feeding the same writer", "client_s"),
            ],
        ),
        "",
        f"CPU is the least of {len(found['rounds']['pipeline_s'])} rounds (the client: once). "
        f"The pipeline is `tocsin collect huggingface`, whole: loopback network, decoding, checks, "
        f"quarantine, Parquet, manifest; {found['rows']:,} rows, "
        f"{found['lake_mb']:.0f} MB of lake, {found['wall_s']:.0f} s of wall time. "
        f"Its start-up ({found['start_s']:.1f} s of CPU, "
        "the same command with the source switched off) is taken off; the other rows leave "
        "start-up out too, bound and plain program also the network and every check. "
        "No program reaches the bound: columns have to be made from what was decoded. "
        "The plain program (`benchmarks/floor.py`) makes them and writes as many rows.",
        "",
        "- asked: at most 1.5 times the CPU of decoding the pages and writing the same Parquet. "
        f"Pipeline to the plain program, which does just that: **{whole / found['plain_s']:.2f}**; "
        f"to the bound, which gets the columns between for nothing: "
        f"**{whole / found['bound_s']:.2f}**",
        f"- client to pipeline: **{found['client_s'] / whole:.2f}** (asked: at least 2)",
        f"- resident memory, peak: **{found['peak_mb']:.0f} MB** (asked: under 600); "
        f"the client's process: {found['client_peak_mb']:.0f} MB",
        f"- over time: {memory}",
        "",
    ]


_OURS = "the program"
_RANKED = "typed, newest row of each key ranked"
_IN_PLACE = "typed by one who knows that no key stands twice, read in place"


def judge_lines(found: Found) -> list[str]:
    """Return (b): all indicators on one catalogue, on snapshots of it, and beside others."""
    one, many, beside = found["one"], found["many"], found["beside"]
    names = {"ours": _OURS, "typed": _RANKED, "typed_in_place": _IN_PLACE}
    lines = [f"## (b) Indicators on a catalogue of {found['models']:,} models", ""]
    lines += _judged(one, names) + _ratios(one)
    lines += [f"### On {found['snapshots']} snapshots of it", ""]
    lines += [
        f"One census and counters of {found['snapshots'] - 1} weeks before it: "
        f"{found['models'] * found['snapshots']:,} rows of counters.", "",
    ]  # fmt: skip
    lines += _judged(many, names) + _ratios(many)
    names = {"ours": f"{_OURS} (DuckDB)", "sqlite": "SQLite in memory, loaded and indexed before"}
    lines += [f"### Beside others, at {found['small']:,} models", "", *_judged(beside, names)]
    pandas = beside.get("pandas", {"failed": "not installed here"})
    if "failed" in pandas:
        lines += [f"pandas: not measured ({pandas['failed']}).", ""]
    else:
        lines += [
            f"pandas, for the shared part alone (newest rows, roots, downloads by root): "
            f"{pandas['total_s']:.2f} s, {pandas['mb']:.0f} MB.", "",
        ]  # fmt: skip
    return lines


def _judged(found: Found, names: Mapping[str, str]) -> list[str]:
    """Return a table of engines; one that failed says so."""
    rows = []
    for key, name in names.items():
        if (told := found.get(key)) is None:
            continue
        if "failed" in told:
            rows.append([f"{name}: {told['failed']}", "", "", "", "", ""])
            continue
        cpu = f"{told['cpu_s']:.1f}" if "cpu_s" in told else ""
        times = [f"{told[t]:.2f}" for t in ("prepare_s", "indicators_s", "total_s")]
        rows.append([name, *times, cpu, f"{told['mb']:.0f}"])
    head = ["", "tables and views s", "indicators s", "together s", "CPU s", "peak MB"]
    around = found["measured"]
    said = f"Measured {around['at']} at {around['commit']}; load before {around['load']}."
    return [*table(head, rows), "", said, ""]


def _ratios(found: Found) -> list[str]:
    """Return how the program stands to the same SQL typed by hand, and to its memory."""
    ours = found["ours"]
    typed = [
        t for n in ("typed", "typed_in_place") if (t := found.get(n)) is not None
        and "failed" not in t
    ]  # fmt: skip
    if "failed" in ours or not typed:
        return []
    best, least = (min(t[unit] for t in typed) for unit in ("total_s", "cpu_s"))
    equal = all(t["answers"] == ours["answers"] for t in typed)
    return [
        f"- program to the quickest typed: **{ours['total_s'] / best:.2f}** of the time, "
        f"**{ours['cpu_s'] / least:.2f}** of the CPU (asked: at most 1.3); "
        f"peak **{ours['mb']:.0f} MB** (asked: under 2,000)",
        f"- rows of all {ours['indicators']} queries {'equal' if equal else '**DIFFER**'}; "
        f"{ours['values']} had a value today, the others say why not (the shipped facts are of "
        "another day than the generated catalogue)",
        "",
    ]


def growth_lines(found: Found) -> list[str]:
    """Return (c): how sweep and indicators grow."""
    rows = sorted(found["rows"], key=lambda r: int(r["models"]))
    body = [
        [
            f"{r['models']:,}",
            f"{r['sweep_s']:.1f}",
            f"{1e6 * r['sweep_s'] / r['models']:.0f}",
            f"{r['judge_s']:.2f}",
            f"{1e6 * r['judge_s'] / r['models']:.1f}",
            f"{r['sweep_mb']:.0f}",
            f"{r['judge_mb']:.0f}",
            f"{r['at']} at {r['commit']}, load {r['load']}",
        ]
        for r in rows
    ]
    first = rows[0]
    last = [r for r in rows if r["at"][:10] == first["at"][:10]][-1]  # a machine differs by the day
    head = [
        "models", "sweep CPU s", "µs a model", "indicators s", "µs a model", "sweep MB",
        "indicators MB", "measured",
    ]  # fmt: skip
    said = f"On {first['at'][:10]}: {last['models'] / first['models']:.0f} times the models, "
    said += f"{last['sweep_s'] / first['sweep_s']:.1f} times the sweep, "
    said += f"{last['judge_s'] / first['judge_s']:.1f} times the indicators."
    return ["## (c) Growth", "", *table(head, body), "", said, ""]


def _commands(title: str) -> Callable[[Found], list[str]]:
    def lines(found: Found) -> list[str]:
        rows = [
            [f"{r['name']}: {r['failed']}", "", "", ""] if "failed" in r
            else [r["name"], f"{r['wall_s']:.1f}", f"{r['cpu_s']:.1f}", f"{r['mb']:.0f}"]
            for r in found["rows"]
        ]  # fmt: skip
        return [f"## {title}", "", *table(["", "wall s", "CPU s", "peak MB"], rows), ""]

    return lines


def outbox_lines(found: Found) -> list[str]:
    """Return (e): the outbox."""
    name = f"{found['deliveries']:,} signed webhooks of 4 kB, one worker"
    row = [name, *(f"{found[k]:.1f}" for k in ("wall_s", "cpu_s")), f"{found['per_second']:.0f}"]
    return ["## (e) Outbox", "", *table(["", "wall s", "CPU s", "a second"], [row]), ""]


_LINES: Mapping[str, Callable[[Found], list[str]]] = {
    "a": sweep_lines,
    "b": judge_lines,
    "c": growth_lines,
    "d": _commands("(d) Site and annual report"),
    "e": outbox_lines,
    "f": _commands("(f) Cold start"),
}


def _with_the_largest(parts: Mapping[str, Found]) -> dict[str, Found]:
    """Return the parts, the growth with what (a) and (b) measured at their size."""
    found = dict(parts)
    if not {"a", "b", "c"} <= parts.keys():
        return found
    swept, judged = parts["a"]["found"], parts["b"]["found"]
    ours, rows = judged["one"]["ours"], parts["c"]["found"]["rows"]
    sizes = {row["models"] for row in rows}
    if "failed" in ours or swept["models"] != judged["models"] or swept["models"] in sizes:
        return found
    largest = {
        "models": swept["models"], "sweep_s": swept["pipeline_s"],
        "sweep_mb": swept["peak_mb"], "judge_s": ours["total_s"], "judge_mb": ours["mb"],
        **{name: parts["a"][name] for name in ("at", "commit", "load")},
    }  # fmt: skip
    return found | {"c": {**parts["c"], "found": {"rows": [*rows, largest]}}}


def page(parts: Mapping[str, Found]) -> str:
    """Return the page of all parts that were measured, each with its time, commit and load."""
    lines, parts = ["# What it costs", "", *machine.lines(), ""], _with_the_largest(parts)
    for letter, told in _LINES.items():
        if part := parts.get(letter):
            title, *rest = told(part["found"])
            around = f"Measured {part['at']} at {part['commit']}, in {part['took_s']:.0f} s; "
            around += f"load at its start {part['load']} (other work on the machine included)."
            lines += [title, "", around, *rest]
        else:
            lines += [f"## ({letter}): not measured", ""]
    return "\n".join(lines).rstrip() + "\n"
