"""Evidence: what a person enters is taken whole, or refused by row and column."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from collectors.errors import PayloadChanged, PayloadTooLarge
from collectors.evidence import MAX_BYTES, parse_file
from collectors.record import Evidence, Figure, Incident, Openness, PolicyEvent, Record, Score

NOW = datetime(2026, 8, 22, 12, tzinfo=UTC)
HEAD = "source_url,evidence_id,indicator,period_from,period_to,value,attested_by,note\n"
ROW = "https://a.example.org/x,e1,S06,2026-04-01,2026-06-30,2,wang.wei,季度评测\n"


def entered(text: str | bytes, name: str = "q2.csv") -> list[Record]:
    body = text if isinstance(text, bytes) else text.encode()
    return parse_file(name, body, "li.na", NOW)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_a_spreadsheet_in_any_encoding(encoding: str) -> None:
    (found,) = entered((HEAD + ROW).encode(encoding))
    assert isinstance(found, Evidence)
    assert (found.author, found.attested_by, found.note) == ("li.na", "wang.wei", "季度评测")
    assert (found.value_micro, found.period_to) == (2_000_000, date(2026, 6, 30))
    assert found.known_from is None, "known from the moment of entry"


def test_every_table_by_yaml() -> None:
    text = """
evidence: [{source_url: "https://a.example.org", evidence_id: e1, indicator: B11,
            period_from: 2026-01-01, period_to: 2026-03-31, value: 0}]
incidents: [{source_url: "https://a.example.org", incident_id: i1, occurred_on: 2026-02-03,
             severity: 3, verification: verified, known_from: 2026-02-04T08:00:00+08:00}]
policy_events: [{source_url: "https://a.example.org", event_id: p1, title: 办法,
                 jurisdiction: CN, direction: -1, critical: true}]
scores: [{source_url: "https://a.example.org", board: bio_risk, board_on: 2026-06-30,
          model_name: m, score: 41.25, low: 39, openness: open}]
figures: [{source_url: "https://a.example.org", figure_id: f1, measure: trust,
           period_on: 2026-01-01, value: 0.5, unit: share}]
"""
    evidence, incident, event, score, figure = entered(text, "intake.yaml")
    assert isinstance(evidence, Evidence)
    assert evidence.value_micro == 0, "looked and found none is a value"
    assert isinstance(incident, Incident)
    assert incident.known_from == datetime(2026, 2, 4, tzinfo=UTC)
    assert isinstance(event, PolicyEvent)
    assert (event.direction, event.critical) == (-1, True)
    assert isinstance(score, Score)
    assert (score.score_micro, score.low_micro) == (41_250_000, 39_000_000)
    assert score.openness is Openness.OPEN
    assert isinstance(figure, Figure)
    assert figure.value_micro == 500_000


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        ("2026-04-01", "2026-04-31", "column 'period_from'"),
        ("2026-06-30", "2026-12-31", "column 'period_to'"),
        ("2026-06-30", "2026-03-31", "column 'period_to'"),
        (",2,wang", ",two,wang", "column 'value'"),
        (",2,wang", ",0.1234567,wang", "column 'value'"),
        (",2,wang", ",1e30,wang", "column 'value'"),
        (",2,wang", ",,wang", "column 'value_micro'"),
        ("wang.wei", "li.na", "four eyes"),
        ("https://a.example.org/x", "javascript:alert(1)", "column 'source_url'"),
        ("S06", "", "column 'indicator'"),
        ("季度评测", "\x1b[31m", "column 'note'"),
    ],
)
def test_a_wrong_cell_is_named_by_row_and_column(before: str, after: str, place: str) -> None:
    good = ROW.replace("e1", "e0")
    with pytest.raises(PayloadChanged, match=place) as caught:
        entered(HEAD + good + ROW.replace(before, after, 1))
    assert caught.value.path.startswith("q2.csv row 2")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.txt", "x", "csv, .yaml or .yml"),
        ("a.csv", "", "not an empty answer"),
        ("a.csv", HEAD, "at least one entry"),
        ("a.csv", HEAD + "https://a.example.org/x,e1\n", "8 cells, not 2"),
        ("a.csv", HEAD + ROW + ROW, "only once"),
        ("a.csv", HEAD.replace("note", "colour") + ROW, "column 'colour'"),
        ("a.yaml", "models: [{source_url: x}]", "column 'table'"),
        ("a.yaml", "evidence: 7", "a list of entries"),
        ("a.yaml", "[1", "YAML"),
        ("a.yaml", "evidence: [!!python/object/apply:os.system [x]]", "YAML"),
        ("a.yaml", "- 1", "lists by table"),
    ],
)
def test_a_wrong_file_is_named(name: str, text: str, said: str) -> None:
    with pytest.raises(PayloadChanged, match=said):
        entered(text, name)


def test_millionths_are_not_written_by_hand() -> None:
    with pytest.raises(PayloadChanged, match=r"one of .*value"):
        entered(HEAD.replace(",value,", ",value_micro,") + ROW)


def test_the_author_is_who_enters() -> None:
    with pytest.raises(PayloadChanged, match="column 'author'"):
        entered(HEAD.replace("note", "author") + ROW.replace("季度评测", "zhao.min"))
    with pytest.raises(PayloadChanged, match="an author"):
        parse_file("q2.csv", (HEAD + ROW).encode(), " ", NOW)


def test_a_file_too_large_is_refused() -> None:
    with pytest.raises(PayloadTooLarge):
        entered(b"x" * (MAX_BYTES + 1))


def test_nothing_of_a_file_is_taken_when_one_entry_is_wrong() -> None:
    taken: list[Record] = []
    taking: Callable[[], None] = lambda: taken.extend(entered(HEAD + ROW + ROW))  # noqa: E731
    with pytest.raises(PayloadChanged):
        taking()
    assert taken == []
