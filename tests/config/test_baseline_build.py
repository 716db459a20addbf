"""The tables can be made again from the copies of the sources, to the byte."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from config import baseline, registry
from config.baseline.build import __main__ as build
from config.baseline.build import advisories, incidents, places, redact
from config.baseline.build.table import write


@pytest.mark.parametrize("table", sorted(build.BUILD))
def test_rebuild_gives_the_same_bytes(table: str, shared: Path, tmp_path: Path) -> None:
    home = tmp_path / "baseline"
    rows: Iterable[dict[str, object]] = build.BUILD[table](shared / "data")  # type: ignore[assignment]
    write(table, rows, home)
    made = home / baseline.spec()[table].file
    assert made.resolve().read_bytes() == baseline.path(table).read_bytes()


def test_repeated_countries_are_one() -> None:
    assert places.by_country("United States of America,United States of America") == "US"
    assert places.by_country("United States of America,France") == "FR,US"
    assert places.by_country("") == ""
    assert places.jurisdictions("", "Moonshot") == "CN"
    with pytest.raises(places.UnknownCountryError):
        places.by_country("Atlantis")


def test_pseudonym_keeps_the_word_and_hides_the_rest() -> None:
    ids = {
        "someone/Model-7B-Uncensored": ["gguf", "license:mit", "base_model:org/Model-7B"],
        "someone/plain": ["Abliterated", "someone-special"],
        "org/Model-7B": ["safetensors"],
    }
    names = redact.pseudonyms(b"batch", ids, ["other/Thing-heretic"])
    hidden = names("someone/Model-7B-Uncensored")
    assert hidden.startswith("redacted/")
    assert "-uncensored-" in hidden
    assert "Model" not in hidden
    assert names("org/Model-7B") == "org/Model-7B"
    assert "-heretic-" in names("other/Thing-heretic")
    assert "-tag-" in names("someone/plain")
    assert names.tags("someone/plain", ids["someone/plain"]) == ["Abliterated"]
    assert redact.pseudonyms(b"batch", ids, []).batch == names.batch


def test_base_score_comes_from_the_vector() -> None:
    v3 = {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}
    assert advisories.base_score_x10([v3]) == 98
    assert advisories.base_score_x10([]) is None
    assert advisories.word(98) == "critical"
    assert advisories.word(None) is None
    assert advisories.flaw_id("BIT-x-1", ["GHSA-a", "CVE-2025-1"]) == "CVE-2025-1"


def test_open_family_is_read_from_slugs() -> None:
    assert incidents.open_family(["users-of-llama.cpp-servers"]) == "Llama"
    assert incidents.open_family(["openai"]) is None


def test_listed_moment_is_the_identifiers() -> None:
    assert (
        incidents.listed_at("ObjectId(625763db343edc875fe639ff)").date().isoformat() == "2022-04-13"
    )


def test_every_organisation_of_the_list_has_a_seat(shared: Path) -> None:
    tracked = [p for p in registry.publishers() if p["source"] == "tracked_models"]
    assert len(tracked) == 118
    assert sum(p["jurisdiction"] == "CN" for p in tracked) == 38
    assert shared.exists()
