"""`tocsin status`: the three levels as last concluded."""

from typing import Any

import typer
from rich.markup import escape

from monitor import missing
from monitor.cli.console import JsonFlag, err, installation, level, out, print_json
from monitor.standing import current_document


def status(context: typer.Context, json: JsonFlag = False) -> None:
    """Show the levels of the last cycle, their indicators, the sources and the outbox."""
    opened = installation(context)
    document = current_document(opened)
    if document is None:
        err.print("nothing has been assessed yet: start with `tocsin run`")
        raise typer.Exit(1)
    if json:
        print_json(document)
        return
    names = opened.method.by_code
    out.print(f"as of {document['as_of']}  method {document['method']}")
    for slug, risk in document["risks"].items():
        out.print(
            f"[bold]{slug}[/]  {level(risk['level'])}  model {level(risk['model_level'])}  "
            f"since {risk['since']}  coverage {risk['coverage']:.0%}"
        )
        for indicator in risk["indicators"]:
            absent = indicator["missing"]
            value = f"missing: {missing.said(absent)}" if absent else _figure(indicator)
            name = names[indicator["code"]].name.en if indicator["code"] in names else ""
            out.print(
                f"  {indicator['code']}  {level(indicator['level'])}  {escape(f'{name}: {value}')}"
            )
    for source in document["sources"]:
        out.print(
            f"{source['id']}: {source['state']}  {escape(source['error'] or '')}", style="dim"
        )
    waiting = ", ".join(f"{n} {state}" for state, n in document["outbox"].items())
    out.print(f"outbox: {waiting or 'empty'}", style="dim")


def _figure(indicator: dict[str, Any]) -> str:
    return f"{indicator['value']:g} {indicator['unit']}"
