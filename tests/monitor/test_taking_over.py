"""A method file changed while the daemon runs is checked first, then taken over, never half."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.method import FOLDER
from monitor.context import Context, open_context
from monitor.taking_over import method_in_force

NOW = datetime(2026, 8, 3, 6, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
pytestmark = pytest.mark.long


@pytest.fixture
def context(tmp_path: Path) -> Context:
    shutil.copytree(FOLDER / "2026", tmp_path / "methods" / "2026")
    (tmp_path / "tocsin.yaml").write_text(f"method_folder: {tmp_path / 'methods'}\n")
    return open_context(tmp_path, now=lambda: NOW)


def indicator(tmp_path: Path) -> Path:
    return tmp_path / "methods" / "2026" / "indicators" / "misuse" / "safety_removed_share.yaml"


def change(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_a_sound_change_is_taken_over(context: Context, tmp_path: Path) -> None:
    first, _ = method_in_force(context, NOW)
    change(tmp_path / "methods" / "2026" / "levels.yaml", "gate: 0.60", "gate: 0.65")
    second, refused = method_in_force(context, LATER)
    assert refused == ""
    assert second.sha256 != first.sha256
    assert second.levels["coverage"]["gate"] == 0.65


def test_a_broken_file_leaves_the_method_in_force(context: Context, tmp_path: Path) -> None:
    first, _ = method_in_force(context, NOW)
    indicator(tmp_path).write_text("id: [", encoding="utf-8")
    second, refused = method_in_force(context, LATER)
    assert second.sha256 == first.sha256
    assert "safety_removed_share.yaml" in refused


def test_sql_that_leaves_the_portable_subset_is_not_taken_over(
    context: Context, tmp_path: Path
) -> None:
    first, _ = method_in_force(context, NOW)
    change(indicator(tmp_path), "SELECT", "SELECT current_date AS today,")
    second, refused = method_in_force(context, LATER)
    assert second.sha256 == first.sha256
    assert refused


def test_without_anything_to_fall_back_on_the_error_is_said(
    context: Context, tmp_path: Path
) -> None:
    indicator(tmp_path).write_text("id: [", encoding="utf-8")
    with pytest.raises(ConfigError):
        method_in_force(context, NOW)
