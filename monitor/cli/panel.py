"""`tocsin panel`: members sign or dissent; the adjudicated level follows the method's rule."""

from typing import Annotated

import typer
from rich.markup import escape

from config.responses import parse_responses
from monitor.cli.acting import KeyOption, acting, looking
from monitor.cli.console import JsonFlag, level, out, print_json
from monitor.cli.override import model_level_of
from monitor.errors import ResponseError
from monitor.response.panel import conclude as decide
from monitor.response.panel import vote, votes
from monitor.store.response import CaseRow
from rules.types import Level, Risk

app = typer.Typer(no_args_is_help=True, help="Joint meeting: sign, dissent, conclude.")
Case = Annotated[int, typer.Argument(metavar="CASE", help="Number of the case.")]
Holds = Annotated[Level, typer.Option("--level", help="The level you hold right.")]


@app.command()
def sign(
    context: typer.Context,
    case: Case,
    holds: Holds,
    reason: Annotated[str, typer.Option(help="May stay empty for a signature.")] = "",
    key: KeyOption = None,
) -> None:
    """Sign the draft plan and say which level you hold right. Your sector is the roster's."""
    _vote(context, case, holds, reason, key, agrees=True)


@app.command()
def dissent(
    context: typer.Context,
    case: Case,
    holds: Holds,
    reason: Annotated[str, typer.Option(help="Printed word for word.")],
    key: KeyOption = None,
) -> None:
    """Dissent, with your reason, and say which level you hold right."""
    _vote(context, case, holds, reason, key, agrees=False)


def _vote(
    context: typer.Context, case: int, holds: Level, reason: str, key: KeyOption, *, agrees: bool
) -> None:
    with acting(context, key) as person:
        row = vote(
            person.session,
            person.roster,
            case,
            identity=person.identity,
            level=holds,
            agrees=agrees,
            reason=reason,
            now=person.now,
        )
    word = "signed" if agrees else "dissented"
    out.print(f"{row.person} ({row.sector}) {word}, holding {level(row.level)}")


@app.command()
def show(context: typer.Context, case: Case, json: JsonFlag = False) -> None:
    """Show who has signed and who dissents."""
    with looking(context) as session:
        found = [
            {
                "person": v.person,
                "sector": v.sector,
                "level": v.level,
                "agrees": v.agrees,
                "reason": v.reason,
                "at": v.at.isoformat(),
            }
            for v in votes(session, case)
        ]
    if json:
        print_json({"case": case, "votes": found})
        return
    for v in found:
        word = "signs" if v["agrees"] else f"dissents: {escape(str(v['reason']))}"
        out.print(f"{v['person']} ({v['sector']}) holds {v['level']}, {word}")


@app.command()
def conclude(context: typer.Context, case: Case, key: KeyOption = None) -> None:
    """Apply the method's rule to the votes; a level other than the model's becomes an override."""
    with acting(context, key) as person:
        row = person.session.get(CaseRow, case)
        if row is None:
            raise ResponseError(f"there is no case {case}")
        outcome, override = decide(
            person.session,
            parse_responses(person.context.method.responses),
            case,
            model_level=model_level_of(person.session, Risk(row.risk)),
            identity=person.identity,
            now=person.now,
        )
    if outcome.decided is None:
        missing = (
            ", ".join(outcome.missing_sectors) or f"under {outcome.share_needed:.0%} of the votes"
        )
        out.print(f"the model's level stands ({missing})")
    elif override is None:
        out.print(f"the meeting holds {level(outcome.decided.value)}, as the model does")
    else:
        out.print(
            f"the meeting decides {level(outcome.decided.value)}, override {override.id}, "
            f"until {override.until.isoformat()}"
        )
