"""CVSS scores equal those that FIRST's examples state."""

import pytest

from collectors.severity import base_score_x10, newest_score_x10, rating


@pytest.mark.parametrize(
    ("vector", "score"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 98),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 100),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 61),
        ("CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N", 0),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 93),
        ("AV:N/AC:L/Au:N/C:C/I:C/A:C", 100),
        ("9.8", None),
        ("", None),
        ("CVSS:3.1/AV:N", None),
        ("CVSS:3.1/" + "AV:N/" * 200, None),
    ],
)
def test_base_scores(vector: str, score: int | None) -> None:
    assert base_score_x10(vector) == score


def test_the_newest_version_counts_and_its_highest_score() -> None:
    old = "AV:N/AC:L/Au:N/C:C/I:C/A:C"
    low = "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:L"
    high = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
    assert newest_score_x10([old, low, high]) == 98
    assert newest_score_x10([old]) == 100
    assert newest_score_x10([]) is None


@pytest.mark.parametrize(
    ("score", "word"),
    [
        (None, None), (0, "none"), (1, "low"), (39, "low"), (40, "medium"), (69, "medium"),
        (70, "high"), (89, "high"), (90, "critical"), (100, "critical"),
    ],
)  # fmt: skip
def test_ratings_at_under_and_over_each_bound(score: int | None, word: str | None) -> None:
    assert rating(score) == word
