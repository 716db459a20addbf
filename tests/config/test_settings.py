"""Settings: file, then environment; unknown keys refused with file, key and what was expected."""

from pathlib import Path

import pytest

from config.errors import ConfigError
from config.settings import load_settings


def write(folder: Path, text: str) -> Path:
    file = folder / "tocsin.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_defaults_need_no_file() -> None:
    settings = load_settings(None)
    assert (settings.home, settings.method, settings.serve.host) == ("CN", "2026", "127.0.0.1")


def test_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(
        tmp_path, "sources:\n  epoch:\n    base_url: https://mirror.example\n    floor: 5\n"
    )
    monkeypatch.setenv("TOCSIN_SOURCES__EPOCH__BASE_URL", "http://127.0.0.1:9/epoch")
    epoch = load_settings(file).sources["epoch"]
    assert (epoch.base_url, epoch.floor) == ("http://127.0.0.1:9/epoch", 5)


def test_the_folder_variable_is_not_the_country(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_HOME", "/srv/tocsin")
    assert load_settings(None).home == "CN"
    monkeypatch.setenv("TOCSIN_HOME_COUNTRY", "US")
    assert load_settings(None).home == "US"


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("sorces: {}\n", "sorces", "sources"),
        ("serve:\n  prot: 1\n", "serve.prot", "port"),
        ("sources:\n  epoch:\n    flor: 1\n", "sources.epoch.flor", "floor"),
        ("sources:\n  epoch:\n    floor: many\n", "sources.epoch.floor", "integer"),
        ("home: china\n", "home", "pattern"),
        ("- a\n", "top level", "keys and values"),
        ("home: [\n", "file", "valid YAML"),
    ],
)
def test_what_is_wrong_is_named_by_file_key_and_expectation(
    tmp_path: Path, text: str, key: str, expected: str
) -> None:
    file = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_settings(file)
    assert caught.value.file == str(file)
    assert caught.value.key == key
    assert expected in caught.value.expected


def test_an_unknown_variable_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_SOURCE__EPOCH__FLOOR", "1")
    with pytest.raises(ConfigError, match="TOCSIN_SOURCE__EPOCH__FLOOR"):
        load_settings(None)


def test_secrets_come_from_files_and_are_never_shown(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text("hunter2\n", encoding="utf-8")
    file = write(
        tmp_path,
        f"sources:\n  openrouter:\n    key_file: {secret}\n  epoch:\n    key: swordfish\n",
    )
    settings = load_settings(file)
    assert settings.sources["openrouter"].secret() == "hunter2"
    assert "swordfish" not in repr(settings)
    assert "swordfish" not in settings.model_dump_json()


def test_a_wrong_secret_is_not_quoted_in_the_error(tmp_path: Path) -> None:
    file = write(tmp_path, "sources:\n  epoch:\n    key: [swordfish]\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(file)
    assert "swordfish" not in str(caught.value)
