"""`tocsin daemon` and `tocsin serve`: what runs for years."""

from typing import Annotated

import typer

from monitor.cli.console import err, installation
from monitor.daemon import Daemon
from monitor.server import serving
from monitor.timetable import check


def daemon(context: typer.Context) -> None:
    """Run cycles on schedule until SIGTERM; finishes or rolls back what is in hand.

    SIGHUP reads the settings again after checking them. One daemon acts: a second one on the same
    store waits and takes over when the first is gone.
    """
    opened = installation(context)
    check(opened)
    raise typer.Exit(Daemon(opened).run())


def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address; default serve.host.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; default serve.port.")] = None,
) -> None:
    """Serve the site, /healthz and /metrics; on this machine alone unless told otherwise."""
    opened = installation(context)
    settings = opened.settings.serve
    server = serving(opened, host or settings.host, settings.port if port is None else port)
    err.print(
        f"serving {opened.site / settings.audience} on http://{server.config.host}:{server.config.port}"
    )
    server.run()
