"""The SQL and the rule agree over the whole shipped catalogue, on two engines; nobody is named."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
from duckdb import DuckDBPyConnection
from typer.testing import CliRunner

from config.method import Method, load_method
from monitor.asof import View
from monitor.baseline import load_baseline
from monitor.cli import app
from monitor.context import open_context
from monitor.diffusion import (
    diffusion_report,
    diffusion_rows,
    diffusion_rule,
    duties,
    explain,
    judged,
)
from monitor.pendulum import pendulum_report, pendulum_rule
from monitor.record import open_view
from reports.matrix import matrix
from reports.schema import schema
from rules.diffusion import DiffusionClass, Judgement, judge

AT = datetime(2026, 8, 22, 23, 59, 59, tzinfo=UTC)


@dataclass(frozen=True)
class Opened:
    """One installation with the shipped facts, seen as the world could at the cut-off."""

    home: Path
    method: Method
    view: View
    models: dict[str, Judgement]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    home = tmp_path_factory.mktemp("home")
    context = open_context(home, None)
    load_baseline(context)
    method = load_method("2026")
    view = open_view(context, method, reconstructed=True)
    models = {j.facts.model_id: j for j in judged(view, method, AT)}
    yield Opened(home, method, view, models)
    view.close()


def test_view_and_rule_give_the_same_class_for_every_model(opened: Opened) -> None:
    rule = diffusion_rule(opened.method)
    assert len(opened.models) > 5_000
    for found in opened.models.values():
        root = opened.models.get(found.inherited_from or "")
        again = judge(found.facts, rule, root.facts if root else None)
        assert (again.own, again.cls) == (found.own, found.cls), found.facts.model_id
    connection = opened.view.at(AT, ("diffusion",))
    flags = connection.execute(
        "SELECT model_id, review, plus, lowered FROM diffusion ORDER BY source, model_id"
    ).fetchall()
    for model_id, review, plus, lowered in flags:
        found = opened.models[model_id]
        assert (found.review, found.plus, found.lowered) == (review == 1, plus == 1, lowered == 1)


TABLES = (
    "clock", "models", "roots", "releases", "evidence", "tags", "lexicon", "publishers",
    "frontier", "safety_removed", "d30",
)  # fmt: skip


def _copy(fast: DuckDBPyConnection, slow: sqlite3.Connection, table: str) -> None:
    cursor = fast.execute(f"SELECT * FROM {table}")
    names = [d[0] for d in cursor.description]
    slow.execute(f"CREATE TABLE {table} ({', '.join(names)})")
    marks = ", ".join("?" * len(names))
    slow.executemany(f"INSERT INTO {table} VALUES ({marks})", cursor.fetchall())


def test_both_engines_agree_on_every_row(opened: Opened) -> None:
    fast = opened.view.at(AT, ("diffusion",))
    slow = sqlite3.connect(":memory:")
    for table in TABLES:
        _copy(fast, slow, table)
    for name in ("models", "roots", "d30", "safety_removed"):
        slow.execute(f"CREATE INDEX {name}_id ON {name} (source, model_id)")
    slow.execute("CREATE INDEX roots_root ON roots (source, root_id)")
    for view in ("diffusion_facts", "diffusion"):
        slow.execute(f"CREATE TABLE {view} AS {opened.method.views[view]}")
        slow.execute(f"CREATE INDEX {view}_id ON {view} (source, model_id)")
    query = "SELECT * FROM diffusion ORDER BY source, model_id"
    first = [
        tuple(int(c) if isinstance(c, int) else c for c in r)
        for r in fast.execute(query).fetchall()
    ]
    second = slow.execute(query).fetchall()
    slow.close()
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        assert [str(c) for c in one] == [str(c) for c in other]


def test_boundary_models_today(opened: Opened) -> None:
    """Today's class, apart from the compute clause as of release (405B is 27 months behind)."""
    by_id = opened.models
    assert by_id["meta-llama/Llama-3.1-405B"].cls is DiffusionClass.MEDIUM
    assert by_id["deepseek-ai/DeepSeek-V3"].cls is DiffusionClass.MEDIUM
    assert by_id["moonshotai/Kimi-K2-Instruct"].cls is DiffusionClass.MEDIUM
    assert by_id["Qwen/Qwen2.5-72B"].cls is DiffusionClass.MEDIUM
    assert by_id["meta-llama/Llama-2-7b-hf"].cls is DiffusionClass.UNKNOWN  # no hazard evidence
    kimi = by_id["moonshotai/Kimi-K3"]
    assert kimi.review
    assert kimi.lag_months == pytest.approx(5.6, abs=0.1)


def test_evidence_that_expired_leaves_unknown(opened: Opened) -> None:
    later = datetime(2027, 3, 1, tzinfo=UTC)
    found = explain(opened.view, opened.method, later, "moonshotai/Kimi-K3")
    opened.view.at(AT, ("diffusion",))
    assert found is not None
    assert found.cls is DiffusionClass.UNKNOWN
    assert "lag" in found.missing


def test_report_names_first_party_releases_only(opened: Opened) -> None:
    pendulum = pendulum_rule(opened.method)
    found = diffusion_report(opened.view, opened.method, AT, pendulum)
    named = [*found.high, *found.review, *found.medium]
    assert len(named) > 20
    assert all(j.first_party and not j.safety_removed for j in named)
    assert sum(found.counts.first_party.values()) + sum(found.counts.others.values()) == len(
        opened.models
    )
    restrict = next(r for r in found.runs if r.stance == "restrict")
    submit = next(load for load in restrict.loads if load.duty == "evaluate_medium")
    assert submit.models == found.counts.first_party["medium"]
    assert sum(n for _, n in submit.publishers) == submit.models
    assert len(duties(opened.method)) == 7


def test_rows_of_the_pages_stand_in_cells_of_their_own_class(opened: Opened) -> None:
    rows = diffusion_rows(opened.view, opened.method, AT)
    upper = [
        j for j in opened.models.values() if j.cls in (DiffusionClass.HIGH, DiffusionClass.MEDIUM)
    ]
    assert sorted((r.model, r.cls) for r in rows) == sorted(
        (j.facts.model_id, str(j.cls)) for j in upper if j.first_party and not j.safety_removed
    )  # read through, they are those of the table that is kept
    assert rows[0].cls in ("high", "medium")
    assert {r.model for r in rows} >= {"moonshotai/Kimi-K3", "meta-llama/Llama-3.1-405B"}
    own = [r for r in rows if not r.floor and "S" not in r.triggers]
    cells = [(cls, row) for line in matrix(own) for cls, found in line for row in found]
    assert all(cls == row.cls for cls, row in cells)


def test_hazard_evidence_of_two_people_makes_high(opened: Opened) -> None:
    rule = diffusion_rule(opened.method)
    kimi = opened.models["moonshotai/Kimi-K3"]
    raised = judge(replace(kimi.facts, hazard=1.0, hazard_on=AT.date()), rule)
    assert raised.cls is DiffusionClass.HIGH


def test_pendulum_over_the_lake_gives_the_seven_cases(opened: Opened) -> None:
    found = pendulum_report(opened.view, opened.method, AT)
    assert [c.reproduced for c in found.cases] == [True] * 7
    assert {r.jurisdiction for r in found.readings} == {"US", "EU", "CN"}


def test_commands_print_one_document(opened: Opened) -> None:
    run = CliRunner()
    then = ["--as-of", "2026-08-22T23:59:59Z", "--reconstructed"]
    said = run.invoke(app, ["--home", str(opened.home), "pendulum", "--json", "-j", "cn", *then])
    assert said.exit_code == 0, said.output
    document = json.loads(said.stdout)
    jsonschema.validate(document, schema("pendulum"))
    assert [c["phase"] for c in document["cases"]] == ["CN"]
    assert round(document["cases"][0]["result"]["value"], 2) == 0.71
    wrong = run.invoke(app, ["--home", str(opened.home), "pendulum", "-j", "XX"])
    assert wrong.exit_code == 2
    command = ["--home", str(opened.home), "diffusion"]
    one = run.invoke(app, [*command, "moonshotai/Kimi-K2.6", "--json", *then])
    assert one.exit_code == 0, one.output
    assert json.loads(one.stdout)["cls"] == "medium"
    jsonschema.validate(json.loads(one.stdout), schema("diffusion"))
    every = run.invoke(app, [*command, "--json", *then])
    jsonschema.validate(json.loads(every.stdout), schema("diffusion"))
    hidden = next(m for m, j in opened.models.items() if j.safety_removed)
    shown = run.invoke(app, [*command, hidden, *then])
    assert "not named" in shown.stdout
    assert hidden not in shown.stdout
