"""Loading: whole or not at all, with file, key and what was expected."""

import shutil
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.method import FOLDER, Method, available, load_method

SHARE = "2026/indicators/misuse/safety_removed_share.yaml"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a folder of methods with a copy of 2026 to spoil."""
    shutil.copytree(FOLDER / "2026", tmp_path / "2026")
    return tmp_path


def edit(file: Path, old: str, new: str) -> None:
    """Replace a text that must be there."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def refusal(folder: Path) -> ConfigError:
    """Return the error that loading ends with."""
    with pytest.raises(ConfigError) as caught:
        load_method("2026", folder)
    return caught.value


def test_order_lookup_and_hash(method: Method, copy: Path) -> None:
    assert [i.code for i in method.indicators][:2] == ["S01", "S02"]
    assert method.indicator("s05") is method.indicator("misuse.open_closed_lag")
    with pytest.raises(KeyError):
        method.indicator("S99")
    assert list(method.views).index("d30") < list(method.views).index("universe")
    assert available() == ("2026",)
    assert load_method("2026", copy).sha256 == method.sha256
    edit(copy / SHARE, "value: 3", "value: 4")
    assert load_method("2026", copy).sha256 != method.sha256


def test_unknown_version_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match="one of 2026"):
        load_method("1999")


@pytest.mark.parametrize(
    ("old", "new", "key", "expected"),
    [
        ("grade: A", "grade: Z", "grade", "'A', 'B' or 'C'"),
        ("grade: A", "grade: A\nhold: 3", "hold", "no such key"),
        ("grade: A", "grade: A\ngrade: B", "line", "twice"),
        ("code: S02", "code: S01", "S01", "once"),
        ("  en: Download share of safety-removed models\n", "", "name.en", "required"),
        ("risk: misuse", "risk: backdoor", "id", "misuse"),
        ("sql: |", "sql: [", "line", "YAML"),
    ],
)
def test_a_spoilt_file_is_named_with_key_and_expectation(
    copy: Path, old: str, new: str, key: str, expected: str
) -> None:
    edit(copy / SHARE, old, new)
    error = refusal(copy)
    assert key in error.key
    assert expected in error.expected
    assert "indicators" in error.file


def test_views_that_need_each_other_are_refused(copy: Path) -> None:
    (copy / "2026/views/one_view.sql").write_text("SELECT x FROM two_view", "utf-8")
    (copy / "2026/views/two_view.sql").write_text("SELECT x FROM one_view", "utf-8")
    assert refusal(copy).key == "one_view, two_view"


def test_bytes_that_are_no_text_are_refused(copy: Path) -> None:
    (copy / SHARE).write_bytes(b"\xff\xfe")
    assert refusal(copy).expected == "UTF-8 text"
