"""Every command teaches: `--help` ends well and begins with a sentence."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from monitor.cli import app
from monitor.cli.groups import COMMANDS, GROUPS

_ROOT: Any = typer.main.get_command(app)


def commands() -> Iterator[tuple[str, ...]]:
    """Yield every command by its words, groups before what they hold."""
    yield ()
    for name in (*COMMANDS, *GROUPS):
        yield (name,)
        for inner in getattr(_ROOT.commands[name], "commands", {}):
            yield (name, inner)


def test_the_lists_name_every_command() -> None:
    assert set(_ROOT.commands) == {*COMMANDS, *GROUPS}


@pytest.mark.parametrize("words", list(commands()), ids=lambda words: " ".join(words) or "tocsin")
def test_help_ends_well_and_begins_with_a_sentence(
    words: tuple[str, ...], tocsin: Callable[..., Any], tmp_path: Path
) -> None:
    answer = tocsin("--home", str(tmp_path / "none"), *words, "--help")
    assert answer.code == 0, answer.said
    assert "Usage: tocsin" in answer.out
    command = _ROOT
    for word in words:
        command = command.commands[word]
    first = (command.help or "").strip().split("\n\n")[0]
    assert len(first.split()) >= 3, first
    assert first.rstrip()[-1] in ".:;"
    assert not (tmp_path / "none").exists()
