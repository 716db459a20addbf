"""`tocsin assess`: levels as known at a moment, or now."""

from typing import Annotated

import typer
from rich.markup import escape

from monitor.assess import Judged, assess_at, moment_of
from monitor.cli.console import JsonFlag, err, installation, level, out, print_json, progress
from monitor.context import Context
from monitor.cycle import conclude
from monitor.missing import WORDS
from monitor.standing import current_document
from reports.status import status_document

AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="T", help="As known then: 2026-08-22, or a moment with zone."),
]
Reconstructed = Annotated[
    bool,
    typer.Option(
        "--reconstructed",
        help="As the world could have known it, from the shipped facts; marked so everywhere.",
    ),
]
MethodOption = Annotated[
    str | None, typer.Option("--method", metavar="V", help="By this version of the method.")
]


def assess(
    context: typer.Context,
    as_of: AsOf = None,
    reconstructed: Reconstructed = False,
    method: MethodOption = None,
    json: JsonFlag = False,
) -> None:
    """Judge the levels.

    Without --as-of: as a cycle does, stored, with its alerts. With --as-of: as known then, stored
    nowhere, the same document every time. A version that runs beside the method in force
    (--method) is never stored either.
    """
    opened = installation(context)
    if as_of is None and method is None and not reconstructed:
        with progress(quiet=json) as bars:
            bars.add_task("judging", total=None, said="")
            concluded = conclude(opened)
        if json:
            print_json(current_document(opened) or concluded.document)
            return
        judged = Judged(concluded.assessment, concluded.record.fold, opened.method)
    else:
        judged = judge(opened, as_of, reconstructed=reconstructed, version=method, quiet=json)
    if json:
        units = {i.id: i.unit.en for i in judged.method.indicators}
        print_json(status_document(judged.assessment, units=units))
        return
    _print(judged)
    if as_of is not None or method is not None or reconstructed:
        err.print("stored nowhere", style="dim")


def judge(
    opened: Context, as_of: str | None, *, reconstructed: bool, version: str | None, quiet: bool
) -> Judged:
    """Return the levels as of the named moment (None: now), with progress on stderr."""
    now = opened.now().replace(microsecond=0)
    moment = moment_of(as_of, now) if as_of else now
    with progress(quiet=quiet) as bars:
        task = bars.add_task("folding", total=1.0, said="")
        return assess_at(
            opened,
            moment,
            reconstructed=reconstructed,
            version=version,
            tell=lambda day, done: bars.update(task, completed=done, said=f"{day:%Y-%m-%d}"),
        )


def _print(judged: Judged) -> None:
    found = judged.assessment
    mark = "  [bold]reconstructed / 重建[/]" if found.reconstructed else ""
    out.print(f"as of {found.as_of:%Y-%m-%dT%H:%M:%SZ}  method {found.method}{mark}")
    for risk in found.risks:
        beside = "" if risk.level is risk.model_level else f"  model {level(risk.model_level)}"
        out.print(
            f"[bold]{risk.risk}[/]  {level(risk.level)}{beside}  since {risk.since}  "
            f"coverage {risk.coverage:.0%} of weight {risk.weight_in_force:g}, "
            f"gate {risk.coverage_gate:.0%}"
        )
        for clause in risk.clauses:
            if clause.holds:
                out.print(f"  {level(clause.level)}  {escape(clause.because['en'])}")
        for held in risk.indicators:
            reading = held.reading
            if reading.missing is not None:
                said = f"missing: {WORDS[reading.missing.why]}"
            else:
                said = f"{reading.value:g} {judged.method.by_id[held.id].unit.en}"
            note = f"  ({held.note})" if held.note else ""
            out.print(f"    {held.code}  {level(held.level)}  {escape(said)}{note}")
