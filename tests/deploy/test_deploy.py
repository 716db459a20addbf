"""The deployment files say what they promise; the tools of their trade read them too."""

import ast
import configparser
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FAMILY = re.compile(r"\btocsin_[a-z_]+\b")


def tool(name: str) -> str:
    """Return the place of a program; its absence is a skip, in CI a failure."""
    place = shutil.which(name)
    if place is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must have it: {name}")
        pytest.skip(f"{name} is not installed")
    return place


def exposed() -> set[str]:
    """Return the names that the program exposes, as its metrics module spells them."""
    tree = ast.parse((ROOT / "monitor/metrics.py").read_text("utf-8"))
    names: set[str] = set()
    for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
        kind = getattr(call.func, "id", "")
        if kind.endswith("MetricFamily") and isinstance(call.args[0], ast.Constant):
            counted = "_total" if kind.startswith("Counter") else ""
            names.add(f"{call.args[0].value!s}{counted}")
    return names


def instructions(text: str) -> list[tuple[str, str]]:
    """Return a Dockerfile's instructions, continued lines joined, comments left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    pairs = (line.strip().split(None, 1) for line in joined.splitlines() if line.strip())
    return [(p[0].upper(), p[1] if len(p) > 1 else "") for p in pairs]


def test_the_image_runs_without_root_and_says_how_it_is() -> None:
    steps = instructions((DEPLOY / "Dockerfile").read_text("utf-8"))
    last = max(i for i, (name, _) in enumerate(steps) if name == "FROM")
    final = steps[last:]
    names = [name for name, _ in final]

    user = next(text for name, text in final if name == "USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user), "a number, so that a cluster can check it"
    assert names.index("USER") < names.index("ENTRYPOINT")
    health = next(text for name, text in final if name == "HEALTHCHECK")
    assert "/healthz/live" in health
    assert '["tocsin"]' in next(t for n, t in final if n == "ENTRYPOINT")


def test_the_image_takes_no_floating_tag_nothing_remote_and_no_secret() -> None:
    steps = instructions((DEPLOY / "Dockerfile").read_text("utf-8"))

    assert all(":latest" not in text for name, text in steps if name == "FROM")
    assert all(name != "ADD" for name, _ in steps)
    told = [text.lower() for name, text in steps if name in ("ENV", "ARG")]
    assert not any(word in text for text in told for word in ("password", "secret", "token="))
    assert any("--require-hashes" in text for name, text in steps if name == "RUN")
    assert not any("sudo" in text or "apt-get upgrade" in text for _, text in steps)


def test_what_the_image_copies_exists_and_is_let_through() -> None:
    steps = instructions((DEPLOY / "Dockerfile").read_text("utf-8"))
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    let_through = {line[1:] for line in ignored if line.startswith("!")}
    copied = [t for n, t in steps if n == "COPY" and not t.startswith("--from")]

    for text in copied:
        for name in text.split()[:-1]:
            assert (ROOT / name).exists(), name
            assert name.split("/")[0] in let_through, name
    assert ignored[1] == "*", "everything else stays outside"


def test_compose_runs_it_read_only_and_private() -> None:
    services: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    ours, database = services["services"]["tocsin"], services["services"]["postgres"]

    assert ours["read_only"] is True
    assert ours["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in ours["security_opt"]
    assert all(p.startswith("127.0.0.1:") for p in ours["ports"])
    assert ours["depends_on"]["postgres"]["condition"] == "service_healthy"
    assert "ports" not in database, "nobody outside needs the database"
    assert services["networks"]["inner"]["internal"] is True
    environment = {**ours["environment"], **database["environment"]}
    assert all(v.startswith("/run/secrets/") for k, v in environment.items() if "FILE" in k)
    assert (DEPLOY / ours["build"]["context"] / ours["build"]["dockerfile"]).exists()


def test_every_setting_named_in_the_files_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from config.settings import NOT_SETTINGS, load_settings

    text = (DEPLOY / "Dockerfile").read_text("utf-8") + (
        DEPLOY / "systemd/tocsin.service"
    ).read_text("utf-8")
    for name, value in re.findall(r"\b(TOCSIN_[A-Z_]+)=(\S+)", text):
        monkeypatch.setenv(name, value)
        assert name in NOT_SETTINGS or name.count("__") == 1
    assert load_settings(None).serve.with_daemon is True


def test_the_unit_is_hardened_and_stops_in_time() -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / "systemd/tocsin.service", "utf-8")
    service = unit["Service"]

    assert service["User"] == "tocsin"
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    assert service["ExecStart"].endswith("/tocsin daemon")
    assert "HUP" in service["ExecReload"]
    assert "/bin/kill" not in service["ExecReload"], "not part of a small Debian"
    assert (service["Type"], int(service["WatchdogSec"])) == ("notify", 60)
    assert int(service["TimeoutStopSec"]) >= 10, "the daemon needs up to ten seconds"


def test_systemd_rates_the_unit_as_well_protected() -> None:
    place = DEPLOY / "systemd/tocsin.service"
    command = [tool("systemd-analyze"), "security", "--offline=true", str(place)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout

    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert found is not None, said[-500:]
    assert float(found[1]) <= 2.0


def test_rules_and_dashboard_use_only_names_that_are_exposed() -> None:
    rules = (DEPLOY / "prometheus/tocsin.rules.yaml").read_text("utf-8")
    dashboard = (DEPLOY / "grafana/tocsin.json").read_text("utf-8")
    used = set(FAMILY.findall(rules + dashboard))

    assert len(exposed()) >= 8
    assert used <= exposed()
    assert {"tocsin_level", "tocsin_last_cycle_timestamp_seconds"} <= used


def test_prometheus_accepts_the_rules_and_they_fire_as_told() -> None:
    place = DEPLOY / "prometheus"
    for command in (
        ["check", "rules", "tocsin.rules.yaml"],
        ["check", "config", "scrape.yaml"],
        ["test", "rules", "tocsin.rules.test.yaml"],
    ):
        done = subprocess.run(
            [tool("promtool"), *command], cwd=place, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_says_what_to_do() -> None:
    groups = yaml.safe_load((DEPLOY / "prometheus/tocsin.rules.yaml").read_text("utf-8"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]

    assert len({r["alert"] for r in rules}) == len(rules)
    for rule in rules:
        assert rule["labels"]["severity"] in ("info", "warning", "critical")
        assert set(rule["annotations"]) == {"summary", "description"}


def test_the_dashboard_is_whole_and_its_panels_do_not_overlap() -> None:
    board = json.loads((DEPLOY / "grafana/tocsin.json").read_text("utf-8"))
    taken: set[tuple[int, int]] = set()

    assert len({p["id"] for p in board["panels"]}) == len(board["panels"]) >= 10
    for panel in board["panels"]:
        assert panel["targets"], panel["title"]
        spot = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(spot["x"], spot["x"] + spot["w"])
            for y in range(spot["y"], spot["y"] + spot["h"])
        }
        assert not cells & taken, panel["title"]
        assert spot["x"] + spot["w"] <= 24
        taken |= cells
