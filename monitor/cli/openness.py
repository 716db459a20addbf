"""`tocsin openness`: when weights were opened, closed or put under another licence."""

import typer
from rich.markup import escape

from monitor.assess import moment_of
from monitor.baseline import load_baseline
from monitor.cli.assess import AsOf, Reconstructed
from monitor.cli.console import JsonFlag, installation, out, print_json
from monitor.openness import changes, document
from monitor.record import open_view


def openness(
    context: typer.Context,
    as_of: AsOf = None,
    reconstructed: Reconstructed = False,
    json: JsonFlag = False,
) -> None:
    """List changes of openness and licence between vintages, oldest first.

    Each happened after the day it was last seen otherwise, and no later than the day it was seen.
    Of single repositories only the number is told.
    """
    opened = installation(context)
    load_baseline(opened)
    now = opened.now()
    moment = moment_of(as_of, now) if as_of else now
    view = open_view(opened, opened.method, reconstructed=reconstructed)
    try:
        found = changes(view, moment)
    finally:
        view.close()
    if json:
        print_json(document(found, moment, reconstructed=reconstructed))
        return
    for change in found:
        if change.table != "models":
            said = f"{change.name}: {change.turn} ({change.before} → {change.now}), {change.source}"
            out.print(f"{change.last_seen_on} … {change.seen_on}  {escape(said)}")
    repositories = sum(change.table == "models" for change in found)
    out.print(f"{len(found) - repositories} releases and scores, {repositories} repositories")
