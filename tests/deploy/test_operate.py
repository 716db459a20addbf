"""The manual names only what exists: commands, metrics, alerts, settings, files."""

import re
from pathlib import Path

from config.settings import Settings
from monitor.cli.groups import COMMANDS, GROUPS

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs/operate.md").read_text("utf-8")


def test_every_command_of_the_manual_exists() -> None:
    said = re.findall(r"\btocsin (?:--home \S+ )?([a-z][a-z-]+)\b", MANUAL)
    known = {*COMMANDS, *GROUPS}

    assert {"backup", "restore", "doctor", "run"} <= set(said)
    for line in re.findall(r"^(?:\S*/)?tocsin (?:--home \S+ )?([a-z-]+)", MANUAL, re.MULTILINE):
        assert line in known, line
    for name in re.findall(r"`tocsin (?:--home \S+ )?([a-z-]+)", MANUAL):
        assert name in known, name


def test_every_setting_of_the_manual_exists() -> None:
    for name in re.findall(r"`(notify|retention|method|sources|store|serve)\b[.:`]", MANUAL):
        assert name in Settings.model_fields, name


def test_every_metric_and_alert_of_the_manual_exists() -> None:
    rules = (ROOT / "deploy/prometheus/tocsin.rules.yaml").read_text("utf-8")
    metrics = (ROOT / "monitor/metrics.py").read_text("utf-8")

    for name in set(re.findall(r"\btocsin_[a-z_]+", MANUAL)) - {"tocsin_root"}:
        assert name.removesuffix("_total") in metrics, name
    for alert in re.findall(r"\bTocsin[A-Z][A-Za-z]+", MANUAL):
        assert f"alert: {alert}" in rules, alert


def test_every_file_that_the_manual_names_is_there() -> None:
    for name in set(re.findall(r"\b(?:deploy|tests|benchmarks)/[\w./-]+\w", MANUAL)):
        assert (ROOT / name).exists(), name
