"""`tocsin calibrate`: thresholds that the record proposes, with their 2×2 tables."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from config.levels import parse_levels
from monitor.cli.backtest import reconstructed
from monitor.cli.console import JsonFlag, err, installation, out, print_json
from monitor.scorecard import proposal_document, proposals


def calibrate(
    context: typer.Context,
    indicator: Annotated[str | None, typer.Option(help="Only this indicator (id or code).")] = None,
    json: JsonFlag = False,
) -> None:
    """Propose thresholds by the rule of the Bank for International Settlements.

    Yellow: least noise-to-signal with at least 90 % of events caught; red: 67 %. Proposed on the
    record before the split, tested on what came after; nothing is written.
    """
    opened = installation(context)
    method = opened.method
    rule = parse_levels(method.levels).backtest
    chosen = [method.indicator(indicator)] if indicator else list(method.indicators)
    record = reconstructed(opened, quiet=json)
    found = [
        proposal_document(one, proposal) for one in chosen for proposal in proposals(record, one)
    ]
    if json:
        print_json(
            {"method": method.version, "split_on": rule.split_on.isoformat(), "proposals": found}
        )
        return
    out.print(f"method {method.version}; proposed before {rule.split_on}, tested from then on")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("", "colour", "in force", "proposed", "train: n/s, caught", "test: n/s, caught"):
        table.add_column(title)
    for row in found:
        proposed = row["proposed"]
        table.add_row(
            str(row["code"]),
            str(row["colour"]),
            f"{row['in_force']} ({row['basis']})",
            escape(str(row["why_not"]).replace("_", " ")) if proposed is None else f"{proposed:g}",
            _trial(row["train"]),
            _trial(row["test"]),
        )
    out.print(table)
    err.print("nothing was written: a threshold changes by a revision of the method", style="dim")


def _trial(found: object) -> str:
    if not isinstance(found, dict):
        return ""
    weeks = found["weeks"]
    low, high = found["wilson"]
    table = "/".join(
        str(weeks[k]) for k in ("signal_event", "signal_none", "silent_event", "silent_none")
    )
    return (
        f"{found['noise_to_signal']}, {found['caught']} of {found['events']} "
        f"({low:.0%}–{high:.0%}), weeks {table}"
    )
