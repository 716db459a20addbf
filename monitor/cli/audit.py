"""`tocsin audit`: the hash-chained log, exported and checked."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from sqlmodel import col, select

from monitor.audit import Head, Verdict, export, head, verify_export, verify_store
from monitor.cli.acting import iso
from monitor.cli.console import JsonFlag, err, installation, out, print_json
from monitor.store.audit import AuditEntry
from monitor.store.engine import reading

app = typer.Typer(no_args_is_help=True, help="The audit log: verify, export, list.")


def _anchor(text: str) -> Head:
    seq, _, sha256 = text.partition(":")
    if not seq.isdigit() or len(sha256) != 64:
        raise typer.BadParameter("expected SEQ:SHA256 as printed in a notice")
    return Head(int(seq), sha256)


@app.command()
def verify(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Option(help="Check this export instead of the store.", exists=True, dir_okay=False),
    ] = None,
    expect: Annotated[
        list[str] | None,
        typer.Option(help="A head known from elsewhere (SEQ:SHA256, as notices print it)."),
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Find any changed, removed or reordered entry. Exit code 1 if there is one.

    An export is checked without the store; a head printed in an old notice proves that the log was
    not cut or rewritten since.
    """
    anchors = [_anchor(text) for text in expect or ()]
    if file is not None:
        try:
            with file.open(encoding="utf-8") as lines:
                verdict = verify_export(lines, anchors)
        except (ValueError, KeyError) as error:
            err.print(f"[bold]no audit export[/bold] {escape(str(error))}")
            raise typer.Exit(1) from error
    else:
        with reading(installation(context).engine) as session:
            verdict = verify_store(session, anchors)
    if json:
        print_json(document(verdict))
    else:
        out.print(f"{verdict.entries} entries, head {verdict.head}")
        for fault in verdict.faults:
            out.print(f"✗ entry {fault.seq} {fault.what}")
        out.print("✓ unbroken" if verdict.sound else f"✗ {len(verdict.faults)} faults")
    raise typer.Exit(0 if verdict.sound else 1)


def document(verdict: Verdict) -> dict[str, object]:
    """Return a verdict as one JSON object."""
    return {
        "sound": verdict.sound,
        "entries": verdict.entries,
        "head": {"seq": verdict.head.seq, "sha256": verdict.head.sha256},
        "faults": [{"seq": f.seq, "what": f.what} for f in verdict.faults],
    }


@app.command("export")
def export_(
    context: typer.Context,
    file: Annotated[Path | None, typer.Option("--out", help="File; default stdout.")] = None,
) -> None:
    """Write the log as JSON lines, the head last; `audit verify --file` checks it anywhere."""
    with reading(installation(context).engine) as session:
        if file is None:
            export(session, sys.stdout)
        else:
            with file.open("w", encoding="utf-8") as lines:
                export(session, lines)


@app.command("list")
def list_(
    context: typer.Context,
    last: Annotated[int, typer.Option(min=1, help="How many, the newest.")] = 20,
    json: JsonFlag = False,
) -> None:
    """List the newest entries, oldest of them first."""
    with reading(installation(context).engine) as session:
        query = select(AuditEntry).order_by(col(AuditEntry.seq).desc()).limit(last)
        found = [
            {
                "seq": e.seq,
                "at": iso(e.at),
                "actor": e.actor,
                "action": e.action,
                "subject": e.subject,
                "detail": e.detail,
                "sha256": e.sha256,
            }
            for e in reversed(session.exec(query).all())
        ]
        end = head(session)
    if json:
        print_json({"entries": found, "head": {"seq": end.seq, "sha256": end.sha256}})
        return
    for e in found:
        out.print(
            f"{e['seq']}  {e['at']}  {escape(str(e['actor']))}  {e['action']}  {e['subject']}"
        )
