"""Logs: what an operator's machine reads of them, and what nobody may."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from config.notify import NotifySettings
from config.secret import secrets_of
from config.settings import Settings, SourceSettings, StoreSettings
from monitor.logs import HIDDEN, Discreet, JsonLines, hide


@pytest.fixture(autouse=True)
def _nothing_left_hidden() -> Iterator[None]:
    yield
    hide(())


def told(formatter: logging.Formatter, url: str) -> str:
    """Return what a crash with the URL in its message leaves in the log."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    log = logging.Logger("tocsin.test")
    log.addHandler(handler)
    try:
        raise ConnectionError(f"could not reach {url}")
    except ConnectionError:
        log.exception("asked %s", url, extra={"source": url})
    return stream.getvalue()


def test_no_secret_of_the_settings_reaches_a_log_line(tmp_path: Path) -> None:
    (tmp_path / "hook").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
    settings = Settings(
        store=StoreSettings(url=SecretStr("postgresql+psycopg://tocsin:sword%20fish@db/tocsin")),
        sources={"openrouter": SourceSettings(key=SecretStr("sk-or-1234567890"))},
        notify=NotifySettings.model_validate(
            {
                "smtp": {"password": "correct horse"},
                "receivers": {
                    "desk": {
                        "channel": "webhook",
                        "url": "https://desk.example/hook",
                        "secret_file": str(tmp_path / "hook"),
                    }
                },
            }
        ),
    )
    secrets = secrets_of(settings)
    assert secrets == {
        "postgresql+psycopg://tocsin:sword%20fish@db/tocsin", "sword%20fish", "sword fish",
        "sk-or-1234567890", "correct horse", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    }  # fmt: skip
    hide(secrets)
    for secret in secrets:
        for formatter in (JsonLines(), Discreet("%(message)s")):
            line = told(formatter, f"https://example.org/?key={secret}")
            assert secret not in line
            assert line.count(HIDDEN) >= 2  # in the message, and in the traceback
            assert "example.org" in line


def test_a_secret_that_json_spells_otherwise_is_kept_out_too() -> None:
    secret = 'sword"fish\\er'
    hide([secret])
    for formatter in (JsonLines(), Discreet("%(message)s")):
        line = told(formatter, f"https://example.org/?key={secret}")
        assert "fish" not in line
        assert HIDDEN in line


def test_a_json_line_says_moment_level_and_traceback() -> None:
    document = json.loads(told(JsonLines(), "https://example.org/"))
    assert document["level"] == "error"
    assert document["at"].endswith("+00:00")
    assert document["source"] == "https://example.org/"
    assert "ConnectionError" in document["traceback"]


def test_short_words_are_not_taken_for_secrets() -> None:
    assert secrets_of(StoreSettings(url=SecretStr("abc"))) == frozenset()
