"""The procedure of the method in force: the paper's clocks, and mistakes named by key."""

from typing import Any

import pytest

from config.errors import ConfigError
from config.method import load_method
from config.responses import STEPS, Responses, parse_responses


def document() -> dict[str, Any]:
    return dict(load_method("2026").responses)


def test_the_shipped_procedure_has_the_clocks_and_parties_of_the_design() -> None:
    responses = parse_responses(document())
    hours = {
        level: {step: clock.hours for step, clock in found.clocks.items()}
        for level, found in responses.levels.items()
    }
    assert hours == {
        "yellow": {"acknowledge": 24, "convene": 72, "plan": 240},
        "red": {"acknowledge": 4, "convene": 24, "plan": 72},
    }
    assert tuple(responses.steps) == STEPS
    assert set(responses.risks) == {"misuse", "spillover", "backdoor"}
    for risk in responses.risks.values():
        assert set(risk.parties) == {"government", "industry", "research"}
        assert set(risk.measures) == {"green", "yellow", "red"}
    assert [g.level for g in responses.crosswalk] == ["green", "yellow", "red"]
    minutes = sum(item.minutes for item in responses.agenda)
    assert {level.meeting_minutes for level in responses.levels.values()} == {minutes}


def test_no_prose_uses_the_words_the_house_avoids() -> None:
    text = load_method("2026").files["responses.yaml"]
    for word in ("进行", "对于", "呈现出", "赋能"):
        assert word not in text


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"clokcs": 1}, "clokcs"),
        ({"steps": {}}, "(whole file)"),
        ({"flap": {"moves": 1, "days": 30}}, "flap.moves"),
    ],
)
def test_a_mistake_is_named_by_key(change: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_responses({**document(), **change})
    assert caught.value.key == key


def test_an_unknown_role_is_refused() -> None:
    broken = document()
    broken["steps"] = {**broken["steps"], "close": {**broken["steps"]["close"], "owner": "ghost"}}
    with pytest.raises(ConfigError, match="ghost"):
        parse_responses(broken)


def test_a_ladder_climbs() -> None:
    broken = document()
    red = dict(broken["levels"]["red"])
    red["ladder"] = [{"late_hours": 2, "role": "lead"}, {"late_hours": 2, "role": "group"}]
    broken["levels"] = {**broken["levels"], "red": red}
    with pytest.raises(ConfigError, match="rung to rung"):
        parse_responses(broken)


def test_responses_are_frozen() -> None:
    assert Responses.model_config.get("frozen")
