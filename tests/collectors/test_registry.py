"""The register of sources: every source once, its terms in words, looked up by its name."""

from urllib.parse import urlsplit

import pytest

from collectors import registry

HUBS = {"huggingface", "modelscope", "models_dev", "openrouter", "civitai", "ollama"}


def test_every_source_is_listed_once() -> None:
    names = [collector.source.id for collector in registry.COLLECTORS]
    assert len(set(names)) == len(names)
    assert set(names) >= HUBS


def test_a_source_is_found_by_its_name_and_nobody_else_is() -> None:
    assert registry.by_id("modelscope").source.title.startswith("ModelScope")
    with pytest.raises(KeyError):
        registry.by_id("nobody")


def test_the_register_says_for_each_source_what_a_reader_must_know() -> None:
    rows = registry.register_rows()
    assert [row["id"] for row in rows] == [c.source.id for c in registry.COLLECTORS]
    for row in rows:
        assert urlsplit(row["url"]).scheme in ("https", "")  # our own files have no address
        assert row["licence"]
        assert row["redistributable"] in ("yes", "no")
        assert row["seen"] in ("recorded", "documented", "recalled")
        assert int(row["every_hours"]) > 0
        assert int(row["stale_after_hours"]) >= int(row["every_hours"])
        assert row["tables"]


def test_what_may_not_be_passed_on_is_marked() -> None:
    closed = {r["id"] for r in registry.register_rows() if r["redistributable"] == "no"}
    assert {"civitai", "ollama"} <= closed
