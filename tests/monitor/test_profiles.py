"""Families and publishers out of a small record: counted, tied, and only first-party names."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
from sqlmodel import Session

from collectors.record import (
    Base,
    Counter,
    Incident,
    Model,
    Openness,
    Publisher,
    Record,
    Release,
    Score,
    Tag,
)
from config.method import Words
from monitor import telling
from monitor.batch import BatchWriter
from monitor.comparing import comparisons
from monitor.context import Context, open_context
from monitor.diffusion import diffusion_rows, judged
from monitor.family_figures import family_figures
from monitor.profiles import profiles
from monitor.record import open_view
from monitor.store.runs import Batch, BatchState
from reports.chapters import EventView
from reports.profile import Profile, Unnamed
from rules.types import Risk

AT = datetime(2026, 7, 1, 6, tzinfo=UTC)
END = datetime(2026, 7, 8, tzinfo=UTC)
URL = "https://hub.example/"
NEVER = ("lama-abliterated", "uncensored-lama", "someone", "celeb-lora")


def put(context: Context, source: str, rows: Sequence[Record]) -> None:
    writer = BatchWriter(context.lake, f"batch-{source}", source, is_live=True)
    writer.add(list(rows), AT)
    batch = Batch(
        id=f"batch-{source}", run_id="r", source=source, state=BatchState.VISIBLE, is_live=True,
        fetched_at=AT, visible_at=AT, rows=len(rows),
    )  # fmt: skip
    with Session(context.engine) as session:
        context.lake.commit(session, batch, writer.finish())
        session.commit()


def repository(name: str, downloads: int, base: str = "", tags: Sequence[str] = ()) -> list[Record]:
    found: list[Record] = [
        Model(source_url=URL + name, model_id=name, created_on=date(2026, 3, 1),
              pipeline="text-generation"),
        *(Tag(source_url=URL + name, model_id=name, tag=tag) for tag in tags),
    ]  # fmt: skip
    found += [
        Counter(source_url=URL + name, model_id=name, observed_on=day, downloads_30d=downloads + n)
        for n, day in enumerate((date(2026, 6, 20), date(2026, 6, 30)))
    ]
    if base:
        found.append(
            Base(source_url=URL, model_id=name, position=0, base_id=base, relation="finetune")
        )
    return found


def account(name: str, organisation: str, family: str | None, kind: str, hub: str) -> Publisher:
    return Publisher(
        source_url="https://registry.example/", hub=hub, account=name, organisation=organisation,
        family=family, jurisdiction="CN", kind=kind, valid_from=date(2023, 1, 1),
    )  # fmt: skip


def release(name: str, owner: str, licence: str, openness: Openness, month: int) -> Release:
    return Release(
        source_url="https://models.example/", model_name=name, organisation=owner,
        licence=licence, openness=openness, released_on=date(2026, month, 1), jurisdictions="CN",
    )  # fmt: skip


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """Return an installation with a laboratory, a stranger and what they made."""
    made = open_context(tmp_path_factory.mktemp("installation"), now=lambda: END)
    put(made, "huggingface", [
        *repository("lab/Lama-1", 5000),
        *repository("lab/Lama-1-chat", 1000, "lab/Lama-1"),
        *repository("someone/lama-abliterated", 300, "lab/Lama-1"),
        *repository("someone/nice", 200, "lab/Lama-1", tags=("uncensored",)),
        *repository("someone/own", 400),
    ])  # fmt: skip
    put(made, "epoch", [
        release("Lama 1", "Lab Inc", "Lama licence", Openness.OPEN, 1),
        release("Lama_2", "Lab Inc", "Zlib", Openness.OPEN, 5),  # the same: the first name stands
        release("Lama-2", "Lab Inc", "Apache 2.0", Openness.OPEN, 5),
        release("Oracle", "Lab Inc", "API access", Openness.CLOSED, 6),
        release("uncensored-lama", "Lab Inc", "Apache 2.0", Openness.OPEN, 6),
        release("lama celeb-lora", "Lab Inc", "Apache 2.0", Openness.OPEN, 6),
        *(
            Score(source_url="https://eci.example/", board="eci", board_on=day,
                  model_name=name, organisation=owner, score_micro=points * 1_000_000,
                  openness=Openness.OPEN, released_on=date(2026, 1, 1))
            for day in (date(2026, 5, 1), date(2026, 6, 1))
            for name, owner, points in (("Lama 1", "Lab Inc", 120), ("Other", "Nobody", 130))
        ),
    ])  # fmt: skip
    put(made, "models_dev", [release("lab/lama-1", "lab", "", Openness.UNKNOWN, 2)])
    put(made, "tocsin", [
        account("lab", "Lab", "Lama", "laboratory", "huggingface"),
        account("lab inc", "Lab", "Lama", "laboratory", "name"),
        account("someone", "someone", None, "individual", "huggingface"),
    ])  # fmt: skip
    put(made, "aiid", [
        Incident(source_url="https://aiid.example/1", incident_id="1", open_family="Lama",
                 published_on=date(2026, 4, 2)),
    ])  # fmt: skip
    return made


@pytest.fixture(scope="module")
def told(context: Context) -> tuple[Profile, Profile, Unnamed]:
    """Return the family, the laboratory and what has no page."""
    view = open_view(context, context.method)
    event = EventView(date(2026, 1, 2), "policy", Words(zh="实验室", en="Lab is probed"), "s")
    reads = {"S05": ("scores",), "S09": ("incidents",), "B08": ("advisories",), "G01": ("models",)}
    families, publishers, unnamed = profiles(view.at(END), reads, (event,))
    assert [p.name for p in families] == ["Lama"]
    assert [p.name for p in publishers] == ["Lab"]
    return families[0], publishers[0], unnamed


def test_releases_of_several_catalogues_are_one_and_delicate_names_are_none(
    told: tuple[Profile, Profile, Unnamed],
) -> None:
    family, lab, _ = told
    assert [r.model for r in family.releases] == ["Lama-2", "Lama 1"]
    assert [r.model for r in lab.releases] == ["Oracle", "Lama-2", "Lama 1"]
    assert (lab.released, lab.open_releases) == (3, 2)
    assert family.releases[1].openness == "open"
    assert [(s.licence, s.first) for s in family.licences] == [
        ("Lama licence", date(2026, 1, 1)),
        ("Apache 2.0", date(2026, 5, 1)),
    ]
    assert not [n for n in NEVER if n in repr(told)]


def test_derivatives_are_counted_by_relation_and_the_stripped_apart(
    told: tuple[Profile, Profile, Unnamed],
) -> None:
    standing = told[0].standing
    assert standing is not None
    assert (standing.models, standing.downloads) == (2, 6002)
    assert (standing.lineage_models, standing.lineage_downloads) == (4, 6504)
    assert (standing.derivatives, standing.removed) == (3, 2)
    assert dict(standing.relations) == {"finetune": 3}
    assert standing.derivative_share == 1.0
    assert standing.as_of == date(2026, 6, 30)
    assert [(d.on, d.downloads, d.models) for d in told[0].downloads] == [
        (date(2026, 6, 20), 6000, 2),
        (date(2026, 6, 30), 6002, 2),
    ]
    assert told[2] == Unnamed(1, 1, 401)


def test_scores_keep_their_vintages_and_rank_among_all(
    told: tuple[Profile, Profile, Unnamed],
) -> None:
    assert [(s.board_on, s.model, s.rank, s.of, s.best_open) for s in told[0].scores] == [
        (date(2026, 5, 1), "Lama 1", 2, 2, 130.0),
        (date(2026, 6, 1), "Lama 1", 2, 2, 130.0),
    ]


def test_what_the_record_ties_to_it_is_tied(told: tuple[Profile, Profile, Unnamed]) -> None:
    family, lab, _ = told
    assert family.incidents == ((2026, 1),)
    assert family.events == ()  # "Lama" is no name by which the registry knows incidents
    assert [e.words.en for e in lab.events] == ["Lab is probed"]
    assert family.indicators == ("G01", "S05", "S09")
    assert lab.indicators == ("G01", "S05")


def test_figures_open_up_by_family_and_strangers_are_one_line(context: Context) -> None:
    connection = open_view(context, context.method).at(END)
    figures = family_figures(connection, context.method)
    found = {f.key: f for r in Risk for f in figures[r]}
    assert [(x.name, x.value, x.share) for x in found["removed"].lines] == [("Lama", 2.0, 1.0)]
    assert [(x.name, x.value) for x in found["derivatives"].lines] == [("Lama", 3.0)]
    assert [(x.name, x.value) for x in found["frontier"].lines] == [("Lama", 120.0)]
    assert found["downloads"].as_of == date(2026, 6, 30)
    assert not [n for n in NEVER if n in repr(found)]


def test_pages_read_diffusion_classes_without_a_table_of_them_all(context: Context) -> None:
    view = open_view(context, context.method)
    shown = diffusion_rows(view, context.method, END)
    assert not {"diffusion", "diffusion_facts"} & {n for n in view.views if view.made(n)}
    assert shown == ()
    assert len(list(judged(view, context.method, END))) == 5
    assert view.made("diffusion")


def test_reports_find_what_a_full_cut_shows(context: Context) -> None:
    whole, narrow = (open_view(context, context.method) for _ in range(2))
    found = [
        (
            profiles(connection, {}),
            family_figures(connection, context.method),
            comparisons(connection, "CN", date(2026, 1, 1), END.date()),
        )
        for connection in (whole.at(END), telling.cut(narrow, END))
    ]
    assert found[0] == found[1]
    assert not narrow.made("foreign_top")


def test_before_any_data_there_is_nothing_to_tell(context: Context) -> None:
    connection = open_view(context, context.method).at(datetime(2025, 1, 1, tzinfo=UTC))
    families, publishers, unnamed = profiles(connection, {})
    assert (families, publishers, unnamed) == ((), (), Unnamed(0, 0, None))
    assert family_figures(connection, context.method) == dict.fromkeys(Risk, ())
