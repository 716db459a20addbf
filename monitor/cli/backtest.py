"""`tocsin backtest`: would it have warned? Each dated event by itself, over the shipped record."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from config import baseline
from monitor.cli.console import JsonFlag, installation, out, print_json, progress
from monitor.context import Context
from monitor.record import Record, fold
from monitor.scorecard import Card, card_document, cards
from rules.backtest import Scorecard, Verdict, smallness
from rules.types import Risk


def backtest(
    context: typer.Context,
    risk: Annotated[Risk | None, typer.Option(help="Only this risk.")] = None,
    indicators: Annotated[
        bool, typer.Option("--indicators/--no-indicators", help="Cards of single indicators too.")
    ] = True,
    json: JsonFlag = False,
) -> None:
    """Score the reconstructed record against events whose day is verified.

    Hits, misses, false alarms a year, lead time and reversals, per event: the numbers are too
    small for a single figure of merit.
    """
    opened = installation(context)
    record = reconstructed(opened, quiet=json)
    found = [
        card
        for one in ([risk] if risk else Risk)
        for card in cards(record, one, with_indicators=indicators)
    ]
    if json:
        print_json(
            {
                "method": record.last.method,
                "home": record.last.home,
                "reconstructed": True,
                "as_of": record.last.as_of.isoformat(timespec="seconds"),
                "cards": [card_document(card) for card in found],
            }
        )
        return
    out.print(
        f"method {record.last.method}, [bold]reconstructed / 重建[/] "
        f"{record.assessments[0].as_of:%Y-%m-%d} to {record.last.as_of:%Y-%m-%d}"
    )
    for card in found:
        _print(card, record)


def reconstructed(opened: Context, *, quiet: bool) -> Record:
    """Return the record the world could have kept, with progress on stderr."""
    with progress(quiet=quiet) as bars:
        task = bars.add_task("reconstructing", total=1.0, said="")
        return fold(
            opened,
            opened.method,
            baseline.CUTOFF,
            reconstructed=True,
            tell=lambda day, done: bars.update(task, completed=done, said=f"{day:%Y-%m-%d}"),
        )


def _print(card: Card, record: Record) -> None:
    by_id = record.fold.method.by_id
    name = by_id[card.subject].code if card.subject in by_id else card.subject
    found = card.yellow
    out.print(f"\n[bold]{name}[/]  horizon {found.horizon_days // 7} weeks")
    out.print(f"  {smallness(found.judged, found.count(Verdict.HIT))['en']}")
    out.print("  at yellow: " + _figures(found))
    out.print("  at red: " + _figures(card.red))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("  event", "on", "verdict", "lead, weeks", "what"):
        table.add_column(title)
    for scored in found.events:
        lead = "" if scored.lead_days is None else f"{scored.lead_days / 7:.1f}"
        table.add_row(
            f"  {scored.event.id}",
            scored.event.on.isoformat(),
            scored.verdict.value.replace("_", " "),
            lead,
            escape(scored.event.title),
        )
    if card.subject == card.risk.value:
        out.print(table)


def _figures(found: Scorecard) -> str:
    def said(number: float | None) -> str:
        return "not to be said" if number is None else f"{number:g}"

    return (
        f"{found.count(Verdict.HIT)} caught, {found.count(Verdict.MISSED)} missed, "
        f"{found.count(Verdict.BLIND)} blind (unassigned), false alarms a year "
        f"{said(found.false_alarms_a_year)}, reversals a year {said(found.reversals_a_year)}, "
        f"median lead in weeks {said(found.median_lead_weeks)}, "
        f"{found.days_assigned} of {found.days} days assigned"
    )
