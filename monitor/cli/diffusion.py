"""`tocsin diffusion`: high, medium, low or unknown per model, why, and whom a rule would touch."""

from typing import Annotated

import typer
from rich.markup import escape

from config.diffusion import Diffusion
from monitor.assess import moment_of
from monitor.baseline import load_baseline
from monitor.cli.assess import AsOf, Reconstructed
from monitor.cli.console import JsonFlag, err, installation, out, print_json
from monitor.diffusion import (
    DiffusionReport,
    diffusion_document,
    diffusion_report,
    diffusion_rule,
    explain,
    judgement_document,
)
from monitor.pendulum import pendulum_rule
from monitor.record import open_view
from rules.diffusion import Judgement

Model = Annotated[
    str | None, typer.Argument(metavar="MODEL", help="owner/name; without: the whole catalogue.")
]
StanceOption = Annotated[
    str | None,
    typer.Option("--stance", metavar="S", help="Dry run: if the pendulum stood there."),
]


def diffusion(
    context: typer.Context,
    model: Model = None,
    stance: StanceOption = None,
    as_of: AsOf = None,
    reconstructed: Reconstructed = False,
    json: JsonFlag = False,
) -> None:
    """Show the diffusion classes: counts, first-party releases of the upper classes, reasons."""
    opened = installation(context)
    load_baseline(opened)
    method = opened.method
    rule, pendulum = diffusion_rule(method), pendulum_rule(method)
    known = [s.id for s in pendulum.classes]
    if stance is not None and stance not in known:
        err.print(f"no stance {stance}: one of {', '.join(known)}")
        raise typer.Exit(2)
    now = opened.now()
    moment = moment_of(as_of, now) if as_of else now
    view = open_view(opened, method, reconstructed=reconstructed)
    try:
        if model is not None:
            found = explain(view, method, moment, model)
            if found is None:
                err.print("this model is not in the catalogue as known then")
                raise typer.Exit(1)
            _one(found, rule, json=json)
            return
        report = diffusion_report(view, method, moment, pendulum)
    finally:
        view.close()
    if json:
        print_json({**diffusion_document(report, method), "reconstructed": reconstructed})
        return
    _whole(report, rule, stance)


def _one(found: Judgement, rule: Diffusion, *, json: bool) -> None:
    if json:
        print_json(judgement_document(found, rule))
        return
    words = rule.classes[found.cls.value]
    name = "(safety-removed, not named)" if found.safety_removed else found.facts.model_id
    out.print(f"[bold]{escape(name)}[/]  {words.en} / {words.zh}")
    for trigger in found.triggers:
        out.print(f"  because: {escape(rule.triggers[trigger].en)}")
    for missing in found.missing:
        out.print(f"  not known: {escape(rule.missing[missing].en)}")
    if found.inherited_from:
        out.print(f"  root: {escape(found.inherited_from)}")
    if found.review:
        out.print("  candidate for the high class: a person should look")
    if found.expires_on:
        out.print(f"  evidence of {found.evidence_on}, expires {found.expires_on}")


def _whole(report: DiffusionReport, rule: Diffusion, stance: str | None) -> None:
    out.print(f"as of {report.as_of}")
    for cls, words in rule.classes.items():
        out.print(
            f"  {words.en} / {words.zh}: {report.counts.first_party[cls]} first-party, "
            f"{report.counts.others[cls]} others"
        )
    for title, models in (("high", report.high), ("for review", report.review)):
        for found in models:
            reasons = "; ".join(rule.triggers[t].en for t in found.triggers)
            out.print(f"  {title}: {escape(found.facts.model_id)}  {escape(reasons)}")
    for run in report.runs:
        if stance is not None and run.stance != stance:
            continue
        out.print(f"[bold]if the stance were {run.stance}[/]  (dry run)")
        for load in run.loads:
            named = ", ".join(f"{name} {n}" for name, n in load.publishers[:5])
            out.print(
                f"  {load.models} first-party, {load.others} others: {escape(load.words.en)}"
                f"  {escape(named)}"
            )
