"""`tocsin confirm`: two people confirm what a tripwire reported."""

from typing import Annotated, Any

import typer
from rich.markup import escape

from monitor.cli.acting import KeyOption, acting, iso, looking, moment_or_span, sign_second
from monitor.cli.console import JsonFlag, out, print_json
from monitor.response.confirmations import end_confirmation, propose_confirmation
from monitor.response.four_eyes import every
from monitor.store.response import ConfirmationRow

app = typer.Typer(no_args_is_help=True, help="Tripwires: propose, sign, end, list.")
Number = Annotated[int, typer.Argument(metavar="ID", help="Number of the confirmation.")]


def summary(row: ConfirmationRow) -> dict[str, Any]:
    """Return a confirmation as one JSON object."""
    return {
        "id": row.id,
        "indicator": row.indicator,
        "reason": row.reason,
        "author": row.author,
        "second": row.second,
        "in_force_from": iso(row.in_force_from),
        "until": iso(row.until),
        "ended_at": iso(row.ended_at),
    }


@app.command()
def propose(
    context: typer.Context,
    indicator: Annotated[str, typer.Argument(help="Tripwire, by id or code (S06).")],
    reason: Annotated[str, typer.Option(help="What was verified, and where it is documented.")],
    until: Annotated[str | None, typer.Option(help="Span or ISO moment; default open.")] = None,
    key: KeyOption = None,
) -> None:
    """Confirm a tripwire as the first of two people."""
    with acting(context, key) as person:
        row = propose_confirmation(
            person.session,
            person.context.method,
            indicator=indicator,
            reason=reason,
            author=person.identity,
            until=moment_or_span(until, person.now) if until else None,
            now=person.now,
        )
    out.print(f"confirmation {row.id} waits for a second person: tocsin confirm sign {row.id}")


@app.command()
def sign(context: typer.Context, number: Number, key: KeyOption = None) -> None:
    """Confirm as the second person."""
    sign_second(context, ConfirmationRow, number, key)


@app.command()
def end(
    context: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Option(help="Why it no longer holds.")],
    key: KeyOption = None,
) -> None:
    """Take a confirmation back."""
    with acting(context, key) as person:
        end_confirmation(
            person.session, number, identity=person.identity, reason=reason, now=person.now
        )
    out.print(f"confirmation {number} ended")


@app.command("list")
def list_(context: typer.Context, json: JsonFlag = False) -> None:
    """List confirmations, the newest first."""
    with looking(context) as session:
        found = [summary(row) for row in every(session, ConfirmationRow)]
    if json:
        print_json({"confirmations": found})
        return
    for one in found:
        state = "ended" if one["ended_at"] else ("in force" if one["in_force_from"] else "unsigned")
        out.print(
            f"{one['id']}  {one['indicator']}  {state}, {escape(one['author'])}: "
            f"{escape(one['reason'])}"
        )
    if not found:
        out.print("no confirmation")
