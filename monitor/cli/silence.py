"""`tocsin silence`: hold notices back for a while; the record goes on."""

from typing import Annotated

import typer
from rich.markup import escape

from monitor.alerts.silences import add_silence, end_silence, silences
from monitor.cli.acting import KeyOption, acting, iso, looking, moment_or_span
from monitor.cli.console import JsonFlag, installation, out, print_json
from reports.notice import NoticeKind
from rules.types import Risk

app = typer.Typer(no_args_is_help=True, help="Silences: add, end, list.")


@app.command()
def add(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="Why.")],
    until: Annotated[str, typer.Option(help="Span (8h) or ISO moment; 30 days at most.")],
    risk: Annotated[Risk | None, typer.Option(help="One risk; default all.")] = None,
    kinds: Annotated[list[NoticeKind] | None, typer.Option("--kind", help="Default all.")] = None,
    receiver: Annotated[str | None, typer.Option(help="One receiver; default all.")] = None,
    key: KeyOption = None,
) -> None:
    """Hold notices back. When it ends, each receiver is told the newest thing it missed."""
    with acting(context, key) as person:
        row = add_silence(
            person.session,
            author=person.who,
            reason=reason,
            now=person.now,
            until=moment_or_span(until, person.now),
            risk=risk,
            kinds=tuple(kinds or ()),
            receiver=receiver,
        )
    out.print(f"silence {row.id} until {iso(row.until)}")


@app.command()
def end(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID")],
    key: KeyOption = None,
) -> None:
    """End a silence early."""
    with acting(context, key) as person:
        end_silence(person.session, number, identity=person.who, now=person.now)
    out.print(f"silence {number} ended")


@app.command("list")
def list_(context: typer.Context, json: JsonFlag = False) -> None:
    """List silences, the newest first."""
    now = installation(context).now()
    with looking(context) as session:
        found = [
            {
                "id": s.id,
                "risk": s.risk,
                "kinds": s.kinds.split(),
                "receiver": s.receiver,
                "author": s.author,
                "reason": s.reason,
                "starts_at": iso(s.starts_at),
                "until": iso(s.until),
                "active": s.ended_by is None and s.until > now,
            }
            for s in silences(session)
        ]
    if json:
        print_json({"silences": found})
        return
    for s in found:
        what = " ".join(str(x) for x in (s["risk"] or "all risks", s["receiver"] or "")).strip()
        state = "active" if s["active"] else "over"
        out.print(
            f"{s['id']}  {what}  {state}, until {s['until']}, {escape(str(s['author']))}: "
            f"{escape(str(s['reason']))}"
        )
    if not found:
        out.print("no silence")
