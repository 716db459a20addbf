"""The root of the command line: lists every command, imports the one that is called."""

import importlib
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from monitor.cli.groups import COMMANDS, GROUPS

PLAIN = None
"""Typer's help without Rich: importing its panels costs more than all the rest of `--help`."""


class LazyGroup(TyperGroup):
    """Names and one line of help stand in `groups`; a command's module is imported when called.

    The modules bring the lake, the store and the sources with them: seconds that `--help`,
    `--version` and the completion of a command's name must not cost.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, entry in (COMMANDS | GROUPS).items():
            self.commands[name] = TyperCommand(name, help=entry.help, short_help=entry.help)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Put the command that is called in place of its line of help."""
        if args and args[0] in self.commands:
            self.commands[args[0]] = load(args[0])
        return super().resolve_command(ctx, args)


def load(name: str) -> Any:
    """Import one command or group of commands by its name, and return it built."""
    holder = typer.Typer(
        add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=PLAIN
    )
    holder.callback()(_nothing)  # keeps a lone command inside a group
    entry = (COMMANDS | GROUPS)[name]
    module = importlib.import_module(f"monitor.cli.{entry.module}")
    if name in GROUPS:
        holder.add_typer(module.app, name=name)
    else:
        holder.command(name)(getattr(module, name.replace("-", "_")))
    built: Any = typer.main.get_command(holder)
    return built.commands[name]


def _nothing() -> None:
    """Do nothing: the root's own callback has opened the installation."""
