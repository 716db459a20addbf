"""Whatever keeps an indicator without a value is said in words."""

import pytest

from monitor.missing import WORDS, said
from rules.types import Why


@pytest.mark.parametrize("why", Why)
def test_every_reason_has_words_of_its_own(why: Why) -> None:
    assert said({"why": why.value, "detail": {}}) == WORDS[why]
    assert said({"why": why.value, "detail": {"newest": "2026-08-02"}}).endswith(
        " (newest 2026-08-02)"
    )
    assert list(WORDS.values()).count(WORDS[why]) == 1
