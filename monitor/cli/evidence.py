"""`tocsin evidence`: what people enter, by file."""

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.acting import KeyOption, acting
from monitor.cli.console import JsonFlag, out, print_json
from monitor.intake import take_in

app = typer.Typer(no_args_is_help=True, help="Evidence entered by people.")


@app.callback()
def _group() -> None:
    """Keep `add` a command of its own."""


@app.command()
def add(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or YAML.")],
    key: KeyOption = None,
    json: JsonFlag = False,
) -> None:
    """Take in evaluations, verified incidents, scores, policy codes or attested reviews.

    A CSV holds one table (column `table`, default `evidence`), a YAML file lists of entries by
    table. Each entry names its source (`source_url`); a second pair of eyes goes in `attested_by`.
    Nothing is taken from a file of which one entry is wrong; the error names row and column.
    """
    with acting(context, key) as person:
        author, opened = person.who, person.context
    batch, rows = take_in(opened, file, author)
    if json:
        print_json({"batch": batch, "rows": rows, "author": author})
    else:
        out.print(f"{rows} entries taken in as {batch}, entered by {author}")
