"""Diffusion classes: boundary models, order, missing evidence, release form, dry run."""

from dataclasses import replace
from datetime import date
from math import log10
from pathlib import Path

import pytest
import yaml

from config.diffusion import Diffusion, parse_diffusion
from config.errors import ConfigError
from config.method import Words
from config.responses import parse_responses
from rules.diffusion import (
    DiffusionClass,
    DutyRule,
    Facts,
    compute_class,
    dry_run,
    judge,
)

HOME = Path(__file__).parents[2] / "config" / "methods" / "2026"
RULE: Diffusion = parse_diffusion(
    yaml.safe_load((HOME / "diffusion.yaml").read_text(encoding="utf-8"))
)

HIGH, MEDIUM, UNKNOWN, LOW = (
    DiffusionClass.HIGH,
    DiffusionClass.MEDIUM,
    DiffusionClass.UNKNOWN,
    DiffusionClass.LOW,
)
FAR = Facts("org/far", log10_compute=23.0, lag_days=800, hazard=0.1)


@pytest.mark.parametrize(
    ("model", "flop", "cls"),
    [
        ("Llama-2-7B", 8.0e22, LOW),
        ("Qwen2.5-7B", 8.2e23, LOW),
        ("DeepSeek-V3", 3.3e24, MEDIUM),
        ("Kimi K2", 3.0e24, MEDIUM),
        ("Qwen2.5-72B", 7.9e24, MEDIUM),
        ("Llama-3.1-405B", 3.8e25, HIGH),
    ],
)
def test_boundary_models_by_the_compute_clause_as_of_release(
    model: str, flop: float, cls: DiffusionClass
) -> None:
    assert compute_class(log10(flop), RULE) is cls, model


@pytest.mark.parametrize(
    ("log", "cls"), [(23.999999, LOW), (24.0, MEDIUM), (24.999999, MEDIUM), (25.0, HIGH)]
)
def test_compute_at_and_under_each_bound(log: float, cls: DiffusionClass) -> None:
    assert compute_class(log, RULE) is cls
    assert compute_class(None, RULE) is UNKNOWN


def test_low_needs_evidence_on_all_three() -> None:
    assert judge(FAR, RULE).cls is LOW
    for gone in ({"hazard": None}, {"lag_days": None}, {"log10_compute": None}):
        found = judge(replace(FAR, **gone), RULE)  # type: ignore[arg-type]
        assert found.cls is UNKNOWN
        assert len(found.missing) == 1
    assert judge(Facts("org/nothing"), RULE).missing == ("hazard", "lag", "compute")


@pytest.mark.parametrize(
    ("facts", "cls", "triggers"),
    [
        (replace(FAR, hazard=1.0), HIGH, ("hazard",)),
        (replace(FAR, hazard=0.99), MEDIUM, ("hazard_half",)),
        (replace(FAR, hazard=0.49), LOW, ()),
        (replace(FAR, red_zone=True), HIGH, ("zone",)),
        (replace(FAR, log10_compute=25.0, lag_days=547), HIGH, ("compute",)),
        (replace(FAR, log10_compute=25.0, lag_days=548), MEDIUM, ("compute_medium",)),
        (replace(FAR, log10_compute=25.0, lag_days=None), MEDIUM, ("compute_medium",)),
        (replace(FAR, lag_days=91, hazard=0.75), HIGH, ("near_and_hazard",)),
        (replace(FAR, lag_days=92, hazard=0.75), MEDIUM, ("lag", "hazard_half")),
        (replace(FAR, lag_days=365), MEDIUM, ("lag",)),
        (replace(FAR, lag_days=366), LOW, ()),
        (replace(FAR, special=True), MEDIUM, ("special",)),
        (replace(FAR, hazard=1.0, is_public=False), LOW, ()),
    ],
)
def test_first_class_that_matches(
    facts: Facts, cls: DiffusionClass, triggers: tuple[str, ...]
) -> None:
    found = judge(facts, RULE)
    assert found.cls is cls
    assert found.triggers == triggers


def test_medium_comes_before_unknown() -> None:
    assert judge(Facts("org/m", log10_compute=24.5), RULE).cls is MEDIUM


def test_controlled_release_lowers_high_to_medium_and_nothing_else() -> None:
    high = replace(FAR, hazard=1.2, controlled=True)
    found = judge(high, RULE)
    assert found.cls is MEDIUM
    assert found.lowered
    assert found.triggers == ("hazard", "controlled")
    assert judge(replace(FAR, lag_days=100, controlled=True), RULE).cls is MEDIUM
    assert judge(replace(FAR, controlled=True), RULE).cls is LOW


def test_derivative_takes_at_least_its_roots_class() -> None:
    root = replace(FAR, model_id="org/root", hazard=1.0, parameters=70_000_000_000)
    child = Facts("someone/child", parameters=70_000_000_000)
    found = judge(child, RULE, root)
    assert (found.own, found.cls) == (UNKNOWN, HIGH)
    assert found.inherited_from == "org/root"
    assert found.triggers == ("inherited",)
    assert judge(replace(child, parameters=None), RULE, root).cls is HIGH
    assert judge(replace(child, parameters=63_000_000_000), RULE, root).cls is HIGH
    assert judge(replace(child, parameters=62_999_999_999), RULE, root).cls is UNKNOWN
    assert judge(root, RULE, root).inherited_from is None
    low_root = replace(FAR, model_id="org/root")
    assert judge(child, RULE, low_root).cls is UNKNOWN, "a root never makes a model milder"


def test_evidence_expires_after_180_days() -> None:
    found = judge(replace(FAR, board_on=date(2026, 8, 11), hazard_on=date(2026, 7, 1)), RULE)
    assert found.evidence_on == date(2026, 7, 1)
    assert found.expires_on == date(2026, 12, 28)
    assert judge(FAR, RULE).expires_on is None


def test_candidates_for_review_are_named_and_not_raised() -> None:
    near = replace(FAR, lag_days=182, open_rank=5)
    assert judge(near, RULE).review
    assert judge(near, RULE).cls is MEDIUM
    assert not judge(replace(near, lag_days=183), RULE).review
    assert not judge(replace(near, open_rank=6), RULE).review
    assert not judge(replace(near, hazard=1.0), RULE).review


def test_medium_plus_when_safeguards_fall_fast() -> None:
    medium = replace(FAR, lag_days=300)
    assert not judge(medium, RULE).plus
    assert judge(replace(medium, stripped_d30=10_000), RULE).plus
    assert not judge(replace(medium, stripped_d30=9_999), RULE).plus
    assert judge(replace(medium, stripped_after_days=7), RULE).plus
    assert not judge(replace(medium, stripped_after_days=8), RULE).plus
    assert not judge(replace(medium, stripped_after_days=-1), RULE).plus


def test_dry_run_counts_whom_a_duty_would_touch() -> None:
    words = Words(zh="报备", en="register")
    duties = [
        DutyRule("register", words, ("middle", "restrict"), (HIGH,)),
        DutyRule("watch", words, ("incentive",), (HIGH, MEDIUM)),
    ]
    high = replace(FAR, hazard=1.0)
    models = [
        replace(judge(high, RULE), organisation="A", first_party=True),
        replace(judge(high, RULE), organisation="A", first_party=True),
        replace(judge(high, RULE), organisation="B", first_party=True),
        replace(judge(high, RULE), organisation="someone"),
        replace(judge(FAR, RULE), organisation="A", first_party=True),
    ]
    found = dry_run("middle", duties, models)
    assert [(load.duty, load.models, load.others) for load in found.loads] == [("register", 3, 1)]
    assert found.loads[0].publishers == (("A", 2), ("B", 1))
    assert dry_run("slightly_restrict", duties, models).loads == ()


def test_the_methods_duties_name_known_stances_and_classes() -> None:
    responses = parse_responses(
        yaml.safe_load((HOME / "responses.yaml").read_text(encoding="utf-8"))
    )
    pendulum = yaml.safe_load((HOME / "pendulum.yaml").read_text(encoding="utf-8"))
    stances = {c["id"] for c in pendulum["classes"]}
    assert responses.duties
    assert all(set(d.stances) <= stances and d.classes for d in responses.duties)
    heavier = [sum(s in d.stances for d in responses.duties) for s in ("incentive", "restrict")]
    assert heavier[0] < heavier[1]
    assert [g.level for g in responses.crosswalk] == ["green", "yellow", "red"]


def test_a_wrong_file_is_named() -> None:
    document = yaml.safe_load((HOME / "diffusion.yaml").read_text(encoding="utf-8"))
    document["hazard"]["high"] = "much"
    with pytest.raises(ConfigError, match=r"diffusion\.yaml: hazard\.high"):
        parse_diffusion(document)
