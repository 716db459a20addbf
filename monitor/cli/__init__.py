"""The command line: a contract that scripts rely on (exit codes, `--json`, stderr for the rest)."""

import errno
import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from collectors.errors import CollectError
from config.errors import ConfigError
from monitor.cli.lazy import PLAIN, LazyGroup
from monitor.errors import BackupError, LakeError, ResponseError, StoreError
from monitor.version import version

app = typer.Typer(
    name="tocsin",
    cls=LazyGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=PLAIN,
    help=(
        "Watch the risks of open-weight AI: three levels, why, and what has to happen now.\n\n"
        "Start with `tocsin run`; then `tocsin status`, `tocsin explain misuse`, "
        "`tocsin doctor`.\n\n"
        "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, "
        "3 done but some source or delivery failed."
    ),
)

GLOBAL = {"--home", "--config"}
FULL = "no room is left on the disk; free some and call again, nothing half was kept"


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"tocsin {version()}")
        raise typer.Exit


@app.callback()
def _installation(
    context: typer.Context,
    home: Annotated[
        Path, typer.Option(envvar="TOCSIN_HOME", help="Folder of database, lake and site.")
    ] = Path("var"),
    config: Annotated[
        Path | None,
        typer.Option(
            envvar="TOCSIN_CONFIG",
            help="Settings file; default HOME/tocsin.yaml, then ./tocsin.yaml.",
        ),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    if context.resilient_parsing:
        return
    from config.secret import secrets_of
    from monitor.context import open_context  # not for --help and --version: seconds
    from monitor.logs import configure_logging, hide

    context.obj = open_context(home, config)
    context.call_on_close(context.obj.close)
    hide(secrets_of(context.obj.settings))
    quiet = context.invoked_subcommand not in ("daemon", "serve")
    configure_logging(context.obj.settings.daemon.log, verbose=verbose, quiet=quiet)


def global_first(arguments: list[str]) -> list[str]:
    """Return the arguments with --home and --config in front, wherever they stood."""
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            rest += [argument, *waiting]
        elif argument in GLOBAL:
            front += [argument, next(waiting, "")]
        elif argument.split("=")[0] in GLOBAL:
            front.append(argument)
        else:
            rest.append(argument)
    return front + rest


def main() -> None:
    """Run the command line; every expected failure is one sentence and an exit code."""
    try:
        app(args=global_first(sys.argv[1:]), prog_name="tocsin")
    except ConfigError as error:
        _say("configuration", error)
        sys.exit(2)
    except (BackupError, CollectError, LakeError, ResponseError, StoreError) as error:
        _say("failed", error)
        sys.exit(1)
    except _store_errors() as error:
        _say("failed", StoreError(f"store: {_first_line(error)}"))
        sys.exit(1)
    except BrokenPipeError:
        # The reader of our output went away; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        logging.shutdown()
        sys.exit(1)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _say("failed", LakeError(f"{FULL}: {error}"))
        sys.exit(1)


def _store_errors() -> tuple[type[Exception], ...]:
    """Return what a store raises that goes away or cannot write; nothing where none was opened."""
    module = sys.modules.get("sqlalchemy.exc")  # asked of every exit, `--help` too: loads nothing
    return () if module is None else (module.DBAPIError,)


def _first_line(error: Exception) -> str:
    """Return what the database said; the statement, with what was to be written, is left out."""
    said = str(getattr(error, "orig", error)).strip().partition("\n")[0]
    return f"{FULL}: {said}" if "disk is full" in said or "No space" in said else said


def _say(kind: str, error: Exception) -> None:
    from rich.console import Console
    from rich.markup import escape

    Console(stderr=True, soft_wrap=True).print(f"[bold]{kind}[/bold] {escape(str(error))}")
