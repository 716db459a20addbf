"""Every command teaches: `--help` ends well, begins with a sentence, and imports little."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from monitor.cli import app
from monitor.cli.groups import COMMANDS, GROUPS
from monitor.cli.lazy import load

_ROOT: Any = typer.main.get_command(app)
_BUILT = {name: load(name) for name in (*COMMANDS, *GROUPS)}
_HEAVY = {
    *(
        "alembic",
        "duckdb",
        "huggingface_hub",
        "lxml",
        "numpy",
        "pandas",
        "pyarrow",
        "pydantic_settings",
    ),
    *("requests", "scipy", "sqlalchemy", "sqlglot", "sqlmodel", "starlette", "apscheduler"),
}


def commands() -> Iterator[tuple[str, ...]]:
    """Yield every command by its words, groups before what they hold."""
    yield ()
    for name in (*COMMANDS, *GROUPS):
        yield (name,)
        for inner in getattr(_BUILT[name], "commands", {}):
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
    command = _BUILT[words[0]] if words else _ROOT
    for word in words[1:]:
        command = command.commands[word]
    first = (command.help or "").strip().split("\n\n")[0]
    assert len(first.split()) >= 3, first
    assert first.rstrip()[-1] in ".:;"
    assert not (tmp_path / "none").exists()


def first_paragraph(text: str) -> str:
    return " ".join(text.strip().split("\n\n")[0].split())


@pytest.mark.parametrize("name", [*COMMANDS, *GROUPS])
def test_the_list_says_of_a_command_what_the_command_says(name: str) -> None:
    assert (COMMANDS | GROUPS)[name].help == first_paragraph(_BUILT[name].help)


def tocsin_in_its_own_process(words: list[str], **environment: str) -> tuple[str, set[str]]:
    """Run the command line, and return what it said and which packages it had imported."""
    script = (
        "import sys\n"
        "from monitor.cli import main\n"
        "try:\n    main()\n"
        "finally:\n    print('\\nIMPORTED', *{n.split('.')[0] for n in sys.modules})"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, *words],
        env=os.environ | {"COLUMNS": "200"} | environment,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    said, _, imported = ran.stdout.rpartition("IMPORTED")
    assert ran.returncode == 0, ran.stderr
    return said, set(imported.split())


@pytest.mark.parametrize("words", [["--help"], ["--version"]], ids=" ".join)
def test_help_and_version_import_nothing_heavy(words: list[str]) -> None:
    said, imported = tocsin_in_its_own_process(words)
    assert "tocsin" in said
    assert "typer" in imported
    assert not imported & _HEAVY


def test_the_status_is_read_without_lake_migrations_and_reports(home: Path) -> None:
    said, imported = tocsin_in_its_own_process(["--home", str(home), "status", "--json"])
    assert '"risks"' in said
    assert not imported & {"alembic", "duckdb", "jinja2", "scipy", "sqlglot"}


def test_the_shell_completes_names_without_importing_a_command() -> None:
    said, imported = tocsin_in_its_own_process(
        [], _TOCSIN_COMPLETE="complete_bash", COMP_WORDS="tocsin qu", COMP_CWORD="1"
    )
    assert said.split() == ["quarantine"]
    assert not imported & _HEAVY


def test_the_shell_completes_within_a_group() -> None:
    said, _ = tocsin_in_its_own_process(
        [], _TOCSIN_COMPLETE="complete_bash", COMP_WORDS="tocsin quarantine re", COMP_CWORD="2"
    )
    assert said.split() == ["release", "revoke"]
