"""Every story holds under the method in force; a story that does not hold says where."""

from pathlib import Path

import pytest

from config.errors import ConfigError
from config.method import load_method
from monitor.stories import load_story, tell

FOLDER = Path(__file__).parents[1] / "stories"
STORIES = sorted(FOLDER.glob("*.yaml"))


def test_there_are_stories() -> None:
    assert len(STORIES) >= 5


@pytest.mark.parametrize("file", STORIES, ids=lambda f: f.stem)
def test_story(file: Path) -> None:
    assert tell(load_story(file), load_method("2026"), file).faults == ()


def test_a_story_that_does_not_hold_says_where() -> None:
    story = load_story(FOLDER / "in_the_band.yaml")
    wrong = story.model_copy(
        update={"expect": (story.expect[0].model_copy(update={"level": "red"}),)}
    )
    (fault,) = tell(wrong, load_method("2026")).faults
    assert fault == "2026-01-01: level should be red, is green"


def test_an_unknown_code_is_refused_by_file_and_key(tmp_path: Path) -> None:
    text = (FOLDER / "in_the_band.yaml").read_text("utf-8").replace("S05", "S99")
    file = tmp_path / "story.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"story\.yaml: values\.S99: expected one of S01"):
        tell(load_story(file), load_method("2026"), file)
