"""Settings that name nothing are refused by every command that would act on them, with the key."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

COMMANDS = (("run", "--offline"), ("daemon",))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("settings", "key", "expected"),
    [
        ("sources: {hugingface: {enabled: false}}", "sources.hugingface", "huggingface"),
        ("sources: {epoch: {schedule: often}}", "sources.epoch.schedule", "cron line"),
        ("daemon: {judge: '5 * * * * Mars/Base'}", "daemon.judge", "Mars/Base"),
        ("daemon: {zone: Mars/Base}", "daemon.zone", "tz database"),
        ("sources: {epoch: {jitter_seconds: -1}}", "sources.epoch.jitter_seconds", "greater"),
    ],
)
def test_what_names_nothing_is_refused_before_anything_starts(
    tocsin: Callable[..., Any],
    tmp_path: Path,
    command: tuple[str, ...],
    settings: str,
    key: str,
    expected: str,
) -> None:
    (tmp_path / "tocsin.yaml").write_text(settings)
    answer = tocsin("--home", str(tmp_path), *command)
    assert answer.code == 2
    assert key in answer.said
    assert expected in answer.said


def test_doctor_tells_of_it_and_of_everything_else(
    tocsin: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "tocsin.yaml").write_text("sources: {hugingface: {enabled: false}}")
    answer = tocsin("--home", str(tmp_path), "doctor")
    assert answer.code == 1
    assert "sources.hugingface" in answer.said
    assert "35 indicators" in answer.said
