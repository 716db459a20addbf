"""A large table read in place shows the same rows as one that is loaded and ranked."""

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from collectors.record import Base, Counter, Model, Record, Tag
from monitor.asof import View
from monitor.batch import BatchWriter
from monitor.lake import Lake
from monitor.store.engine import open_store, sqlite_url
from monitor.store.runs import Batch, BatchState

FIRST = datetime(2026, 8, 3, 6, tzinfo=UTC)
URL = "https://hub.example/api/models"
TABLES = ("models", "tags", "bases", "counters", "roots")


def pages(chance: random.Random, moment: datetime, models: int) -> list[list[Record]]:
    """Return pages of a batch; a model may stand on two of them."""
    found = []
    for _ in range(chance.randint(1, 4)):
        rows: list[Record] = []
        for number in chance.sample(range(models), chance.randint(1, models)):
            name = f"o/m{number}"
            day = moment.date() - timedelta(days=chance.randint(0, 1))
            known = moment - timedelta(days=chance.randint(0, 3))
            rows += [
                Model(source_url=URL, model_id=name, sha=f"{chance.random()}", known_from=known),
                Tag(source_url=URL, model_id=name, tag=f"t{chance.randint(0, 3)}"),
                Counter(
                    source_url=URL, model_id=name, observed_on=day, known_from=known,
                    downloads_30d=chance.randint(0, 99),
                ),
            ]  # fmt: skip
            if chance.random() < 0.6:
                base = f"o/m{chance.randint(0, models)}"
                rows.append(Base(source_url=URL, model_id=name, position=0, base_id=base))
        found.append(rows)
    return found


def fill(lake: Lake, chance: random.Random) -> list[datetime]:
    """Write batches of two sources, shipped and collected, one held for a day; return moments."""
    moments = []
    for number in range(chance.randint(2, 6)):
        at = FIRST + timedelta(days=chance.randint(0, 4), seconds=number)
        name, source = f"b{chance.randint(10, 99)}-{number}", chance.choice(("hub", "hub", "scope"))
        live = chance.random() < 0.7
        writer, files, rows = BatchWriter(lake, name, source, is_live=live), [], 0
        for part, page in enumerate(pages(chance, at, chance.choice((3, 12))), 1):
            writer.add(page, at + timedelta(seconds=part))
            rows += len(page)
            if chance.random() < 0.3:
                files += writer.finish()
                writer = BatchWriter(lake, name, source, is_live=live, part=part)
        files += writer.finish()
        held = timedelta(days=chance.choice((0, 0, 1)), seconds=chance.choice((2, 9)))
        batch = Batch(
            id=name, run_id=name, source=source, state=BatchState.VISIBLE, is_live=live,
            fetched_at=at, visible_at=at + held, rows=rows,
        )  # fmt: skip
        with Session(lake.engine) as session:
            lake.commit(session, batch, files)
            session.commit()
        moments += [at, at + held, at + held + timedelta(days=2)]
    return moments


def shown(view: View, moment: datetime) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of the tables at a moment; the loaded ones have one column more."""
    run = view.at(moment).execute
    found = {}
    for table in TABLES:
        columns = [str(r[0]) for r in run(f"DESCRIBE {table}").fetchall() if r[0] != "seen_s"]
        query = f"SELECT {', '.join(sorted(columns))} FROM {table} ORDER BY ALL"
        found[table] = run(query).fetchall()
    return found


@pytest.mark.parametrize("reconstructed", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_read_in_place_is_the_same_as_loaded(
    tmp_path: Path, seed: int, *, reconstructed: bool
) -> None:
    chance = random.Random(seed)
    lake = Lake(str(tmp_path / "lake"), open_store(sqlite_url(tmp_path / "tocsin.db")))
    moments = fill(lake, chance)
    files, few = lake.visible(), chance.choice((0, 6, 20))
    loaded = View(lake, files, home="CN", views={}, reconstructed=reconstructed)
    in_place = View(
        lake, files, home="CN", views={}, reconstructed=reconstructed, in_memory_rows=0,
        ranked_rows=few,
    )  # fmt: skip
    assert in_place.moments() == loaded.moments()
    for moment in chance.sample(moments, 5) if len(moments) > 5 else moments:
        assert shown(in_place, moment) == shown(loaded, moment)
        for table in ("models", "counters"):
            assert in_place.stamp(table, moment) == loaded.stamp(table, moment)
            for source in ("hub", "scope"):
                knows = loaded.knows([table], [source], moment)
                assert in_place.knows([table], [source], moment) == knows
    for view in (loaded, in_place):
        view.close()


def test_a_day_apart_is_never_ranked_and_a_key_seen_twice_is(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"), open_store(sqlite_url(tmp_path / "tocsin.db")))
    for day in (3, 4):
        at, name = datetime(2026, 8, day, 6, tzinfo=UTC), f"day{day}"
        writer = BatchWriter(lake, name, "hub", is_live=True)
        for number, moment in ((1, at), (2, at + timedelta(seconds=9))):
            page = [
                Counter(
                    source_url=URL, model_id=f"o/{n}", observed_on=date(2026, 8, day),
                    downloads_30d=number,
                )
                for n in (range(3) if day == 3 or number == 1 else (2,))
            ]  # fmt: skip
            if number == 1 or day == 4:
                writer.add(page, moment)
        batch = Batch(
            id=name, run_id=name, source="hub", state=BatchState.VISIBLE, is_live=True,
            fetched_at=at, visible_at=at + timedelta(minutes=1), rows=4,
        )  # fmt: skip
        with Session(lake.engine) as session:
            lake.commit(session, batch, writer.finish())
            session.commit()
    view = View(lake, lake.visible(), home="CN", views={}, in_memory_rows=0, ranked_rows=0)
    run = view.at(datetime(2026, 8, 5, tzinfo=UTC)).execute
    query = "SELECT observed_day, model_id, downloads_30d FROM counters ORDER BY ALL"
    assert [row[2] for row in run(query).fetchall()] == [1, 1, 1, 1, 1, 2]
    assert run("SELECT model_id FROM counters_apart").fetchall() == [("o/2",)]


def test_a_large_table_made_only_for_others_is_given_back_and_made_again_when_read(
    tmp_path: Path,
) -> None:
    lake = Lake(str(tmp_path / "lake"), open_store(sqlite_url(tmp_path / "tocsin.db")))
    moments = fill(lake, random.Random(1))
    views = {
        "middle": "SELECT source, model_id FROM roots",
        "told": "SELECT count(*) AS n FROM middle",
    }
    view = View(lake, lake.visible(), home="CN", views=views, in_memory_rows=0)
    last = max(moments)
    told = view.at(last, ("told",)).execute("SELECT n FROM told").fetchall()
    assert told[0][0] > 0
    query = "SELECT count(*) FROM duckdb_tables() WHERE table_name IN ('middle', 'roots')"
    assert view.connection.execute(query).fetchall() == [(0,)]
    made = view.made("told")
    run = view.at(last, ("told", "middle")).execute
    assert run("SELECT count(*) FROM middle").fetchall() == told
    assert view.made("told") == made
    assert view.at(last).execute("SELECT count(*) FROM roots").fetchall() == told


@pytest.mark.parametrize(("again", "looked_up"), [("o/other", False), ("o/m1", True)])
def test_rows_of_models_are_looked_up_only_where_a_model_lost(
    tmp_path: Path, again: str, *, looked_up: bool
) -> None:
    lake = Lake(str(tmp_path / "lake"), open_store(sqlite_url(tmp_path / "tocsin.db")))
    for number, names in enumerate((["o/m0", "o/m1", "o/m2"], [again])):
        at = FIRST + timedelta(hours=number)
        writer = BatchWriter(lake, f"b{number}", "hub", is_live=True)
        writer.add([Model(source_url=URL, model_id=n, sha=f"{number}") for n in names], at)
        writer.add([Tag(source_url=URL, model_id=n, tag=f"t{number}") for n in names], at)
        batch = Batch(
            id=f"b{number}", run_id="r", source="hub", state=BatchState.VISIBLE, is_live=True,
            fetched_at=at, visible_at=at, rows=len(names),
        )  # fmt: skip
        with Session(lake.engine) as session:
            lake.commit(session, batch, writer.finish())
            session.commit()
    view = View(
        lake, lake.visible(), home="CN", views={}, reconstructed=False, in_memory_rows=0,
        ranked_rows=2,
    )  # fmt: skip
    run = view.at(FIRST + timedelta(days=1)).execute
    sql = run("SELECT sql FROM duckdb_views() WHERE view_name = 'tags'").fetchall()[0][0]
    assert ("models_lost" in sql) is looked_up
    tags = dict(run("SELECT model_id, tag FROM tags").fetchall())
    assert tags == dict.fromkeys(("o/m0", "o/m1", "o/m2"), "t0") | {again: "t1"}
    view.close()
