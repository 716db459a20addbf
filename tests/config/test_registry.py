"""Word lists, packages, licences, publishers, jurisdictions: whole, consistent, or refused."""

from pathlib import Path

import pytest

from config import registry
from config.errors import ConfigError


def test_lists_that_indicators_read_are_there() -> None:
    words = registry.lexicon()
    assert words["safety_removed"] == (
        "abliterated", "abliteration", "uncensored", "heretic", "decensored", "refusal-removed",
    )  # fmt: skip
    for name in (
        "safety_removed_exclusions", "person_likeness", "hazardous_fields", "safety_benchmarks",
        "serialisation_unsafe_ext", "serialisation_safe_ext", "generative_pipelines",
    ):  # fmt: skip
        assert words[name]


def test_extensions_are_safe_or_unsafe_never_both() -> None:
    words = registry.lexicon()
    assert not set(words["serialisation_unsafe_ext"]) & set(words["serialisation_safe_ext"])
    assert all(w.startswith(".") for w in words["serialisation_unsafe_ext"])


def test_packages_hold_the_set_of_b08() -> None:
    on_path = {p.package for p in registry.packages() if p.on_load_path}
    assert on_path >= {
        "transformers", "torch", "vllm", "sglang", "llama-cpp-python", "keras", "tensorflow",
        "onnx", "diffusers", "picklescan", "safetensors", "huggingface-hub", "modelscope",
    }  # fmt: skip
    keys = [(p.ecosystem, p.package) for p in registry.packages()]
    assert len(set(keys)) == len(keys)


def test_licence_spellings_agree_however_they_are_folded() -> None:
    folded: dict[str, str] = {}
    for spelling, openness in registry.licences().items():
        plain = " ".join(spelling.casefold().replace("-", " ").replace("_", " ").split())
        assert folded.setdefault(plain, openness) == openness, spelling
    assert registry.licences()["Proprietary"] == "closed"
    assert registry.licences()["Qwen"] == "unknown"


def test_publishers_have_seats_and_name_conflicts() -> None:
    by_account = {(p["hub"], p["account"]): p for p in registry.publishers()}
    assert by_account["huggingface", "mistralai"]["jurisdiction"] == "FR"
    assert by_account["huggingface", "thudm"]["organisation"] == "Z.ai"
    assert by_account["huggingface", "zai-org"]["organisation"] == "Z.ai"
    assert by_account["modelscope", "shanghai_ai_laboratory"]["family"] == "InternLM"
    assert by_account["huggingface", "eleutherai"]["jurisdiction"] == "unknown"
    assert by_account["name", "anthropic"]["jurisdiction"] == "US"
    assert registry.group("FR") == "EU"
    assert registry.group("US") == "US"
    assert registry.group("JP") == "JP"


def test_a_broken_list_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "lexicons.yaml").write_text("words_here:\n  words: [Upper]\n")
    (tmp_path / "packages.yaml").write_text("packages:\n  - {ecosystem: PyPI}\n")
    (tmp_path / "licences.csv").write_text("spelling,openness,source,note\nx,maybe,y,\n")
    monkeypatch.setattr(registry, "_HOME", tmp_path)
    registry.lexicon.cache_clear()
    registry.packages.cache_clear()
    registry.licences.cache_clear()
    try:
        with pytest.raises(ConfigError, match=r"lexicons\.yaml: words_here\.words: expected lower"):
            registry.lexicon()
        with pytest.raises(ConfigError, match=r"packages\.yaml: packages\[0\]: expected"):
            registry.packages()
        with pytest.raises(ConfigError, match=r"licences\.csv: x: expected open"):
            registry.licences()
    finally:
        registry.lexicon.cache_clear()
        registry.packages.cache_clear()
        registry.licences.cache_clear()
