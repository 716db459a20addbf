"""How a change of level is called; unassigned never ranks as better than a colour."""

import pytest

from rules.transition import kind_of
from rules.types import Level


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("green", "green", None),
        ("green", "yellow", "rise"),
        ("green", "red", "rise"),
        ("yellow", "red", "rise"),
        ("red", "yellow", "fall"),
        ("yellow", "green", "fall"),
        ("green", "unassigned", "lost"),
        ("yellow", "unassigned", "lost"),
        ("red", "unassigned", "lost"),
        ("unassigned", "green", "regained"),
        ("unassigned", "yellow", "rise"),
        ("unassigned", "red", "rise"),
        ("unassigned", "unassigned", None),
    ],
)
def test_kinds(before: str, after: str, kind: str | None) -> None:
    assert kind_of(Level(before), Level(after)) == kind
