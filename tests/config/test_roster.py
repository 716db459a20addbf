"""The roster: rotas by day, people behind roles, mistakes named by file and key."""

from datetime import date
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.roster import Roster, load_roster

EXAMPLE = Path(__file__).parents[2] / "docs" / "roster.example.yaml"


def test_the_example_is_a_roster_and_its_rota_holds_by_day() -> None:
    roster = load_roster(EXAMPLE, {"duty-li", "lead", "liaison"})
    assert roster.holder("duty", date(2026, 11, 22)) == "wu"
    assert roster.holder("duty", date(2026, 11, 23)) == "li"
    assert roster.holder("duty", date(2026, 12, 6)) == "li"
    assert roster.holder("duty", date(2026, 12, 7)) == "wu"
    assert roster.reach("group", date(2026, 12, 7)) == ("liaison",)
    assert roster.holder("cook", date(2026, 12, 7)) is None
    assert {p.sector for p in roster.people.values()} == {
        "centre", "government", "industry", "research",
    }  # fmt: skip


def test_no_roster_is_an_empty_one() -> None:
    assert load_roster(None) == Roster()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("people: {li: {name: {zh: 李}}}", "people.li.name.en"),
        ("people: {li: {name: {zh: 李, en: Li}, nmae: 1}}", "people.li.nmae"),
        ("roles: {duty: [{person: ghost}]}", "(whole file)"),
        ("people: {li: {name: {zh: 李, en: Li}, receivers: [x]}}", "people.li.receivers"),
        ("people: [", "file"),
    ],
)
def test_a_mistake_is_named_by_file_and_key(tmp_path: Path, text: str, key: str) -> None:
    file = tmp_path / "roster.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_roster(file, {"duty"})
    assert caught.value.key == key
    assert caught.value.file == str(file)
