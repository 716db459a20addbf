"""`tocsin run`: one whole cycle, then exit."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from monitor.asking import chosen
from monitor.cli.console import JsonFlag, err, installation, level, out, print_json, progress
from monitor.collect import Outcome
from monitor.cycle import CycleResult, run_cycle
from monitor.store.runs import RunState
from monitor.timetable import check


def run(
    context: typer.Context,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask no live source; they count as skipped.")
    ] = False,
    source: Annotated[
        list[str] | None, typer.Option("--source", help="Only these sources (repeatable).")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Run one whole cycle: collect, indicate, judge, act, tell.

    The first run on a fresh machine loads the shipped facts, tries the live sources, says which it
    could not reach, and still ends with levels, reasons and a site.

    Exit code 3: done, but some source or delivery failed.
    """
    opened = installation(context)
    check(opened)
    chosen(source)  # a wrong name is said before the shipped facts are loaded and folded
    with progress(quiet=json) as bars:
        task = bars.add_task("starting", total=None, said="")

        def tell(step: str, said: str, done: float | None = None) -> None:
            total = None if done is None else 1.0
            bars.update(task, description=step, said=escape(said), total=total, completed=done or 0)

        result = run_cycle(opened, offline=offline, only=source, tell=tell)
    if json:
        print_json(result.document)
    else:
        _print(result)
    raise typer.Exit(result.exit_code)


def _print(result: CycleResult) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("risk", "today", "coverage", f"reconstructed, as known {result.cutoff:%Y-%m-%d}"):
        table.add_column(title)
    beside = {r.risk: r for r in result.reconstructed.risks}
    for risk in result.assessment.risks:
        past = beside.get(risk.risk)
        table.add_row(
            risk.risk,
            level(risk.level),
            f"{risk.coverage:.0%}",
            f"{level(past.level)}  coverage {past.coverage:.0%}" if past else "",
        )
    out.print(table)
    for outcome in result.outcomes:
        if outcome.failed:
            out.print(f"[bold]{outcome.source}[/]: {_said(outcome)}")
    skipped = [o for o in result.outcomes if o.state is RunState.SKIPPED]
    if skipped:
        names = ", ".join(f"{o.source} ({o.message})" for o in skipped)
        out.print(f"skipped: {escape(names)}", style="dim")
    out.print(
        f"indicators: {result.values} with a value, {result.missing} missing with a reason "
        f"(reconstructed: {result.values_reconstructed} of {result.values + result.missing})"
    )
    for line in result.notices:
        out.print(escape(line))
    out.print(f"site: {escape(str(result.site))}")
    if result.exit_code:
        err.print("done, but not everything was reached (exit 3)", style="dim")


def _said(outcome: Outcome) -> str:
    return f"{outcome.state.value}: {escape(outcome.message)}"
