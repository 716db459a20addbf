"""`tocsin collect`: collection alone; or a batch made anew from pages that were kept."""

from typing import Annotated

import typer
from rich.markup import escape

from monitor.asking import chosen, collect_all
from monitor.cli.console import JsonFlag, installation, out, print_json, progress


def collect(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]…", help="Sources; default all enabled.")
    ] = None,
    kept: Annotated[
        list[str] | None,
        typer.Option(
            metavar="BATCH|FILE",
            help="Ask nobody: parse the kept pages of this batch again (identifier, its beginning, "
            "or tar files of it). May be repeated.",
        ),
    ] = None,
    incomplete: Annotated[
        bool,
        typer.Option("--incomplete", help="With --kept: also where not all of its pages are kept."),
    ] = False,
    list_kept: Annotated[
        bool, typer.Option("--list-kept", help="List the batches whose pages are kept.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Ask the sources and keep what they say; judge nothing.

    Example: `tocsin collect huggingface epoch`

    Pages are kept as they came for retention.raw_days. Once a parser was mended:
    `tocsin collect epoch --list-kept`, then `tocsin collect epoch --kept 20261123T0612`.
    The rows bear the day they were fetched, the batch is known from now on, no mark is moved;
    `tocsin quarantine revoke OLD` then takes back the batch that it stands for.
    """
    opened = installation(context)
    if kept or list_kept or incomplete:
        from monitor.cli import kept as pages  # audit and identity: not for who only asks

        chosen(names)
        if list_kept:
            pages.list_(opened, names, json=json)
        else:
            pages.parse_again(opened, names, kept or [], incomplete=incomplete, json=json)
        return
    with progress(quiet=json) as bars:
        task = bars.add_task("collecting", total=None, said="")

        def tell(step: str, said: str, done: float | None = None) -> None:
            bars.update(task, description=step, said=escape(said), completed=done or 0)

        outcomes = collect_all(opened, only=names, tell=tell)
    if json:
        print_json([o.document() for o in outcomes])
    else:
        for outcome in outcomes:
            said = f" — {escape(outcome.message)}" if outcome.message else ""
            out.print(f"{outcome.source}: {outcome.state.value}, {outcome.rows:,} rows{said}")
    raise typer.Exit(3 if any(o.failed for o in outcomes) else 0)
