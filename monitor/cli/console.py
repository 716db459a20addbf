"""Two streams: documents on stdout, everything else on stderr; levels never by colour alone."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from monitor.context import Context

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]

SHAPE = {"green": "●", "yellow": "▲", "red": "◆", "unassigned": "◌"}
STYLE = {"green": "green", "yellow": "yellow", "red": "bold red", "unassigned": "dim"}


def level(word: str) -> str:
    """Return a level as shape and word, styled for terminals that have colour."""
    return f"[{STYLE[word]}]{SHAPE[word]} {word}[/]"


def installation(context: typer.Context) -> Context:
    """Return the installation that the command runs on."""
    found = context.obj
    if not isinstance(found, Context):
        raise TypeError("the command was called without its installation")
    return found


def print_json(document: object) -> None:
    """Print one JSON document, keys in order, and nothing else, on stdout."""
    json.dump(document, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Progress]:
    """Show progress on stderr while something long runs; silent where nobody looks."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[said]}"),
        TimeElapsedColumn(),
    )
    silent = quiet or not err.is_terminal
    with Progress(*columns, console=err, transient=True, disable=silent) as bars:
        yield bars
