"""`tocsin pendulum`: how hard to regulate at all: ideal stance, practice, deviation."""

from typing import Annotated

import typer
from rich.markup import escape

from monitor.assess import moment_of
from monitor.baseline import load_baseline
from monitor.cli.assess import AsOf, Reconstructed
from monitor.cli.console import JsonFlag, err, installation, out, print_json
from monitor.pendulum import pendulum_document, pendulum_report, pendulum_rule
from monitor.record import open_view
from rules.pendulum.types import CaseResult, PendulumReading, PredictionScore

Jurisdiction = Annotated[
    str | None,
    typer.Option("--jurisdiction", "-j", metavar="CODE", help="CN, US, EU …; default: all."),
]


def pendulum(
    context: typer.Context,
    jurisdiction: Jurisdiction = None,
    as_of: AsOf = None,
    reconstructed: Reconstructed = False,
    json: JsonFlag = False,
) -> None:
    """Show the pendulum: stance, ideal, practice and deviation; the paper's seven cases."""
    opened = installation(context)
    load_baseline(opened)
    rule = pendulum_rule(opened.method)
    only = (jurisdiction.upper(),) if jurisdiction else ()
    if only and only[0] not in rule.names:
        err.print(f"no jurisdiction {only[0]}: one of {', '.join(rule.names)}")
        raise typer.Exit(2)
    now = opened.now()
    moment = moment_of(as_of, now) if as_of else now
    view = open_view(opened, opened.method, reconstructed=reconstructed)
    try:
        found = pendulum_report(view, opened.method, moment, only)
    finally:
        view.close()
    if json:
        print_json({**pendulum_document(found, opened.method), "reconstructed": reconstructed})
        return
    mark = "  reconstructed / 重建" if reconstructed else ""
    out.print(f"as of {found.as_of}  method {opened.method.version}{mark}")
    for reading in found.readings:
        _reading(reading)
    out.print("[bold]cases of the paper[/] (reproduced, which is not validated)")
    for case in found.cases:
        _case(case)
    for prediction in found.predictions:
        _prediction(prediction)


def _number(value: float | None) -> str:
    return "not known" if value is None else f"{value:+.2f}"


def _reading(reading: PendulumReading) -> None:
    control = ", with risk control" if reading.controlled else ""
    out.print(
        f"[bold]{reading.jurisdiction}[/]  {reading.stance_name.en} / {reading.stance_name.zh}"
        f"{control}  X {reading.x:+.2f}  R {reading.r.value:+.2f}  "
        f"Y {_number(reading.practice.value)}  D {_number(reading.deviation.value)} "
        f"{reading.deviation.verdict}"
    )
    for coded in reading.coded:
        seen = coded.observation
        said = "no figures" if seen is None else f"figures give {seen.gives} ({seen.source})"
        out.print(f"  {coded.code} {coded.used:+d}  {coded.by}; {escape(said)}", style="dim")
    for proposal in reading.proposals:
        if proposal.verified_by is None:
            detail = ", ".join(f"{k} {v}" for k, v in proposal.detail.items())
            out.print(f"  proposed, not verified: {proposal.kind} {escape(detail)}")


def _case(case: CaseResult) -> None:
    fits = {True: "as the paper", False: "not as the paper", None: "no expectation"}
    fragile = "  fragile" if case.robustness.fragile else ""
    out.print(
        f"  {case.phase:6} R {case.result.value:+.2f} {case.result.stance}  "
        f"{fits[case.reproduced]}  equal {case.equal:+.2f} linear {case.linear:+.2f}  "
        f"kept {case.robustness.kept:.0%}{fragile}  practice {case.deviation.verdict}"
        f"{', beyond the ideal' if case.deviation.overshoot else ''}"
        f"{', risk control: ' + case.deviation.control if case.deviation.control else ''}"
    )


def _prediction(found: PredictionScore) -> None:
    out.print(
        f"prediction {found.id} of {found.made_on}: {found.stance}, R {found.low:+.2f} to "
        f"{found.high:+.2f}  {found.state}"
    )
    out.print(f"  {escape(found.words.en)}", style="dim")
