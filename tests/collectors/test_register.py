"""The register of sources is complete, and its page is not old."""

from datetime import timedelta
from pathlib import Path

import pytest

from collectors import registry
from collectors.register import page, span

PAGE = Path(__file__).parents[2] / "docs" / "sources.md"


def test_the_page_is_not_old() -> None:
    said = "run `python -m collectors.register > docs/sources.md`"
    assert PAGE.read_text(encoding="utf-8") == page(), said


def test_every_module_tells_of_its_source_and_how_to_misread_it() -> None:
    for module in registry.MODULES:
        told = module.__doc__ or ""
        assert len(told.splitlines()) >= 4, module.__name__
        assert "https://" in told, module.__name__


def test_what_may_not_be_passed_on_says_so() -> None:
    rows = {row["id"]: row for row in registry.register_rows()}
    assert rows["artificial_analysis"]["redistributable"] == "no"
    assert "**no**: used, never exported" in page()


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(days=1), "1 day"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(days=14), "14 days"),
        (timedelta(minutes=90), "90 minutes"),
    ],
)
def test_spans(length: timedelta, words: str) -> None:
    assert span(length) == words
