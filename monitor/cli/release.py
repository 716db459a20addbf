"""`tocsin release`: leave to leave red, signed by two people."""

from typing import Annotated, Any

import typer
from rich.markup import escape

from config.responses import parse_responses
from monitor.cli.acting import KeyOption, acting, iso, looking, sign_second
from monitor.cli.console import JsonFlag, out, print_json
from monitor.response.decisions import propose_release
from monitor.response.four_eyes import every
from monitor.store.response import ReleaseRow
from rules.types import Risk

app = typer.Typer(no_args_is_help=True, help="Leave to leave red: propose, sign, list.")


def summary(row: ReleaseRow) -> dict[str, Any]:
    """Return a release as one JSON object."""
    return {
        "id": row.id,
        "risk": row.risk,
        "reason": row.reason,
        "author": row.author,
        "second": row.second,
        "in_force_from": iso(row.in_force_from),
        "until": iso(row.until),
    }


@app.command()
def propose(
    context: typer.Context,
    risk: Risk,
    reason: Annotated[str, typer.Option(help="Why the risk may leave red.")],
    key: KeyOption = None,
) -> None:
    """Propose that a risk may leave red; the rule must agree, and a second person must sign."""
    with acting(context, key) as person:
        row = propose_release(
            person.session,
            parse_responses(person.context.method.responses),
            risk=risk,
            reason=reason,
            author=person.identity,
            now=person.now,
        )
    waits = "" if row.in_force_from else f"; a second person signs: tocsin release sign {row.id}"
    out.print(f"release {row.id} of {risk.value}, void after {iso(row.until)}{waits}")


@app.command()
def sign(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID")],
    key: KeyOption = None,
) -> None:
    """Sign someone else's release, as another person than its author."""
    sign_second(context, ReleaseRow, number, key)


@app.command("list")
def list_(context: typer.Context, json: JsonFlag = False) -> None:
    """List releases, the newest first."""
    with looking(context) as session:
        found = [summary(row) for row in every(session, ReleaseRow)]
    if json:
        print_json({"releases": found})
        return
    for one in found:
        state = f"in force since {one['in_force_from']}" if one["in_force_from"] else "unsigned"
        out.print(
            f"{one['id']}  {one['risk']}  {state}, {escape(one['author'])}: {escape(one['reason'])}"
        )
    if not found:
        out.print("no release")
