"""`tocsin collect`: collection alone."""

from typing import Annotated

import typer
from rich.markup import escape

from monitor.asking import collect_all
from monitor.cli.console import JsonFlag, installation, out, print_json, progress


def collect(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]…", help="Sources; default all enabled.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Ask the sources and keep what they say; judge nothing.

    Example: `tocsin collect huggingface epoch`
    """
    opened = installation(context)
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
