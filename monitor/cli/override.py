"""`tocsin override` and `tocsin release`: a person's word beside the model's."""

import json
from typing import Annotated, Any

import typer
from rich.markup import escape
from sqlmodel import Session, col, select

from config.responses import parse_responses
from monitor.cli.acting import KeyOption, acting, iso, looking, moment_or_span, sign_second
from monitor.cli.console import JsonFlag, level, out, print_json
from monitor.errors import ResponseError
from monitor.response.decisions import propose_override
from monitor.response.four_eyes import end as end_early
from monitor.response.four_eyes import every, find
from monitor.store.conclusions import AssessmentRow
from monitor.store.response import OverrideRow
from rules.types import Level, Risk

app = typer.Typer(no_args_is_help=True, help="Overrides: set, sign, end, list.")
Number = Annotated[int, typer.Argument(metavar="ID", help="Number of the override.")]


def model_level_of(session: Session, risk: Risk) -> Level:
    """Return the model's level of a risk as last concluded. Raises ResponseError before that.

    Reads in the caller's own transaction: SQLite has one writer, and the caller is it.
    """
    query = (
        select(AssessmentRow.document)
        .where(col(AssessmentRow.reconstructed).is_(False))
        .order_by(col(AssessmentRow.as_of).desc(), col(AssessmentRow.id).desc())
        .limit(1)
    )
    document = session.exec(query).first()
    if document is None:
        raise ResponseError("nothing has been judged yet (tocsin run)")
    return Level(json.loads(document)["risks"][risk.value]["model_level"])


def summary(row: OverrideRow) -> dict[str, Any]:
    """Return an override as one JSON object."""
    return {
        "id": row.id,
        "risk": row.risk,
        "level": row.level,
        "model_level": row.model_level,
        "reason": row.reason,
        "author": row.author,
        "second": row.second,
        "needs_second": row.needs_second,
        "in_force_from": iso(row.in_force_from),
        "until": iso(row.until),
        "ended_at": iso(row.ended_at),
        "case": row.case_id,
    }


@app.command("set")
def set_(
    context: typer.Context,
    risk: Risk,
    to: Annotated[Level, typer.Argument(metavar="LEVEL")],
    reason: Annotated[str, typer.Option(help="Printed wherever the level is shown.")],
    until: Annotated[str, typer.Option(help="Span (30d) or ISO moment; an end is required.")],
    key: KeyOption = None,
) -> None:
    """Set a level beside the model's. Below the model's level a second person must sign."""
    with acting(context, key) as person:
        row = propose_override(
            person.session,
            parse_responses(person.context.method.responses),
            risk=risk,
            level=to,
            model_level=model_level_of(person.session, risk),
            reason=reason,
            author=person.identity,
            until=moment_or_span(until, person.now),
            now=person.now,
        )
    if row.needs_second:
        out.print(f"override {row.id} waits for a second person: tocsin override sign {row.id}")
    else:
        out.print(f"override {row.id}: {risk.value} {level(to.value)} from the next assessment on")


@app.command()
def sign(context: typer.Context, number: Number, key: KeyOption = None) -> None:
    """Sign someone else's override, as another person than its author."""
    sign_second(context, OverrideRow, number, key)


@app.command()
def end(context: typer.Context, number: Number, key: KeyOption = None) -> None:
    """End an override early."""
    with acting(context, key) as person:
        row = find(person.session, OverrideRow, number)
        end_early(person.session, row, identity=person.identity, now=person.now)
    out.print(f"override {number} ended")


@app.command("list")
def list_(context: typer.Context, json: JsonFlag = False) -> None:
    """List overrides, the newest first."""
    with looking(context) as session:
        found = [summary(row) for row in every(session, OverrideRow)]
    if json:
        print_json({"overrides": found})
        return
    for one in found:
        state = "ended" if one["ended_at"] else ("in force" if one["in_force_from"] else "unsigned")
        out.print(
            f"{one['id']}  {one['risk']}  {level(one['level'])} (model {one['model_level']})  "
            f"{state}, until {one['until']}, {escape(one['author'])}: {escape(one['reason'])}"
        )
    if not found:
        out.print("no override")
