"""Stories of batches: what holds one back, what only flags it, at each limit."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import msgspec
import pyarrow as pa
import pytest

from collectors.base import Columns, Payload, Refused, Seen, Source
from collectors.quarantine import Severity, check, held
from collectors.quarantine_facts import (
    BatchFacts,
    CounterChange,
    PathSeen,
    decode,
    encode,
)
from collectors.quarantine_gather import (
    Gathering,
    compare_counters,
    encoding_doubt,
    kind_of,
)
from collectors.record import Counter, Model, Presence

NOW = datetime(2026, 8, 22, 6, tzinfo=UTC)
SOURCE = Source(
    id="hub", title="Hub", base_url="https://hub.example", homepage="https://hub.example",
    licence="", redistributable=True, every=timedelta(days=1), stale_after=timedelta(days=2),
    seen=Seen.DOCUMENTED, inventory=("census",),
)  # fmt: skip


def payload(body: bytes, content_type: str = "application/json", status: int = 200) -> Payload:
    headers = {"content-type": content_type}
    return Payload("hub", "models", "https://hub.example/", status, headers, body, NOW)


def counted(
    ids: Sequence[str],
    month: Sequence[int | None],
    ever: Sequence[int | None],
    likes: Sequence[int | None] = (),
) -> Columns:
    columns: dict[str, Sequence[object]] = {
        "model_id": list(ids),
        "downloads_30d": list(month),
        "downloads_all_time": list(ever),
        "likes": list(likes) or [100] * len(ids),
    }
    return Columns(Counter, columns, {"observed_on": NOW.date(), "source_url": "https://h/"})


def facts(*parsed: object, bodies: Sequence[bytes] = (), scope: str = "census") -> BatchFacts:
    gathering = Gathering(SOURCE, scope)
    for body in bodies:
        gathering.answer(payload(body))
    for item in parsed:
        gathering.rows(item)  # type: ignore[arg-type]
    return gathering.facts()


def codes(
    batch: BatchFacts, previous: BatchFacts | None = None, severity: Severity | None = None
) -> list[str]:
    return [f.code for f in check(batch, previous) if severity in (None, f.severity)]


def rows(number: int) -> BatchFacts:
    ids = [f"a/m{n}" for n in range(number)]
    return facts(counted(ids, [50] * number, [500] * number))


def test_a_batch_like_the_last_one_is_read() -> None:
    assert check(rows(100), rows(100)) == []
    assert check(rows(100), None) == []


@pytest.mark.parametrize(("now", "holds"), [(71, False), (70, False), (69, True), (0, True)])
def test_more_than_thirty_percent_of_the_rows_lost_is_a_collapse(now: int, holds: bool) -> None:
    findings = check(rows(now), rows(100))
    assert held(findings) is holds
    assert [f.code for f in findings] == ["rows_collapsed"] * holds


def test_a_pass_that_lists_only_what_is_new_may_be_short() -> None:
    assert check(replace_scope(rows(3), "new"), replace_scope(rows(100), "new")) == []


def replace_scope(given: BatchFacts, scope: str) -> BatchFacts:
    return msgspec.structs.replace(given, scope=scope, inventory=False)


def test_batches_of_two_passes_are_not_compared() -> None:
    assert check(rows(10), replace_scope(rows(100), "active")) == []


@pytest.mark.parametrize(("halved", "holds"), [(40, False), (41, True)])
def test_counters_that_fall_together_are_held_over_forty_percent(halved: int, holds: bool) -> None:
    before = table([f"a/{n}" for n in range(100)], [100] * 100, [1000] * 100)
    now = table([f"a/{n}" for n in range(100)], [49] * halved + [50] * (100 - halved), [1000] * 100)
    change = compare_counters(before, [now])
    assert (change.compared, change.halved) == (100, halved)
    findings = check(BatchFacts(source="hub", counters=change), None)
    assert held(findings) is holds


@pytest.mark.parametrize(("fell", "holds"), [(5, False), (6, True)])
def test_all_time_counters_that_run_backwards_are_held(fell: int, holds: bool) -> None:
    before = table([f"a/{n}" for n in range(100)], [100] * 100, [1000] * 100)
    now = table([f"a/{n}" for n in range(100)], [100] * 100, [999] * fell + [1001] * (100 - fell))
    findings = check(BatchFacts(source="hub", counters=compare_counters(before, [now])), None)
    assert held(findings) is holds


def table(
    ids: Sequence[str],
    month: Sequence[int | None],
    ever: Sequence[int | None],
    likes: Sequence[int | None] = (),
) -> pa.Table:
    return pa.table(
        {
            "model_id": pa.array(ids, pa.string()),
            "downloads_30d": pa.array(month, pa.int64()),
            "downloads_all_time": pa.array(ever, pa.int64()),
            "likes": pa.array(list(likes) or [100] * len(ids), pa.int64()),
        }
    )


def test_small_unknown_and_missing_counters_are_not_compared() -> None:
    before = table(["a/tiny", "a/gone", "a/null", "a/some"], [9, 100, None, 100], [9, 99, None, 99])
    now = table(["a/tiny", "a/null", "a/some", "a/new"], [0, 5, None, 7], [9, 5, 99, 7])
    assert compare_counters(before, [now]) == CounterChange(
        compared=0, halved=0, all_time_compared=1, all_time_fell=0
    )


def test_pieces_add_up_and_an_empty_before_is_no_news() -> None:
    before = table(["a/b", "a/c"], [100, 100], [1000, 1000])
    pieces = [table(["a/b"], [1], [1000]), table(["a/c"], [100], [1]), table([], [], [])]
    change = compare_counters(before, pieces)
    assert (change.compared, change.halved, change.all_time_fell) == (2, 1, 1)
    assert compare_counters(table([], [], []), pieces) == CounterChange()


def test_a_leap_that_nobody_likes_is_flagged_by_name() -> None:
    before = table(["a/bot", "a/hit"], [100, 100], [1000, 1000])
    now = table(["a/bot", "a/hit"], [900_000, 900_000], [901_000, 901_000], [3, 4000])
    change = compare_counters(before, [now])
    assert change.sprung == ["a/bot"]
    (found,) = check(BatchFacts(source="hub", counters=change), None)
    assert (found.code, found.severity, found.detail["ids"]) == ("spike", "flag", ["a/bot"])


def test_a_young_repository_with_downloads_and_no_likes_is_flagged_not_held() -> None:
    young = Columns(
        Model,
        {"model_id": ["a/young", "a/old"], "created_on": [date(2026, 8, 10), date(2024, 1, 1)]},
        {"source_url": "https://h/"},
    )
    batch = facts(young, counted(["a/young", "a/old"], [700_000] * 2, [700_000] * 2, [2, 2]))
    (found,) = check(batch, None)
    assert (found.code, found.severity, found.detail["ids"]) == ("young_spike", "flag", ["a/young"])


def test_counters_that_contradict_each_other_are_flagged_by_name() -> None:
    batch = facts(counted(["a/odd", "a/fine"], [1, 5_000], [71_152_684, 71_152_684]))
    (found,) = check(batch, None)
    assert (found.code, found.severity, found.detail["ids"]) == ("absurd", "flag", ["a/odd"])


def test_a_batch_full_of_contradictions_is_held() -> None:
    ids = [f"a/{n}" for n in range(1000)]
    few = facts(counted(ids, [1] * 10 + [50] * 990, [20_000_000] * 10 + [500] * 990))
    many = facts(counted(ids, [1] * 20 + [50] * 980, [20_000_000] * 20 + [500] * 980))
    assert not held(check(few, None))
    assert held(check(many, None))


def test_an_older_day_than_the_last_batch_is_held() -> None:
    older = msgspec.structs.replace(rows(100), newest_day=20_000)
    assert "back_in_time" in codes(older, rows(100), Severity.HOLD)


def test_a_web_page_that_calls_itself_data_is_held() -> None:
    page = b"<!doctype html><html><body>Sign in</body></html>"
    assert codes(facts(bodies=[page]), None, Severity.HOLD) == ["html_for_data"]


def test_a_source_of_web_pages_may_send_web_pages() -> None:
    page = b"<!doctype html><html><body>List</body></html>"
    gathering = Gathering(SOURCE)
    gathering.answer(payload(page, "text/html"))
    assert check(gathering.facts(), gathering.facts()) == []


def test_another_kind_of_answer_than_ever_before_is_held_if_it_is_a_page() -> None:
    was = facts(bodies=[b"[1]"])
    gathering = Gathering(SOURCE, "census")
    gathering.answer(payload(b"<html><body>x</body></html>", "text/html"))
    assert codes(gathering.facts(), was, Severity.HOLD) == ["kind_changed"]


ITEM = b'{"id": "a/b%d", "downloads": %s, "card": {"licence": "mit"}}'


def page(downloads: bytes, number: int = 30) -> bytes:
    return b"[" + b",".join(ITEM % (n, downloads) for n in range(number)) + b"]"


def test_a_field_that_is_gone_is_held_by_its_place() -> None:
    before = facts(bodies=[page(b"1")])
    now = facts(bodies=[page(b"1").replace(b'"licence"', b'"other"')])
    findings = check(now, before)
    assert [(f.code, f.severity) for f in findings] == [
        ("field_gone", "hold"),
        ("field_new", "flag"),
    ]
    assert findings[0].detail["fields"] == ["models$[*].card.licence"]


def test_a_type_that_changed_is_held_and_null_is_no_type() -> None:
    before = facts(bodies=[page(b"1")])
    assert codes(facts(bodies=[page(b'"1"')]), before) == ["type_changed"]
    assert codes(facts(bodies=[page(b"null")]), before) == []
    assert codes(facts(bodies=[page(b"1.5")]), before) == []


def test_a_field_that_was_rare_may_be_absent() -> None:
    rare = {"models$[*].rare": PathSeen(["string"], 3, 100)}
    before = BatchFacts(source="hub", paths=rare)
    assert codes(BatchFacts(source="hub"), before) == []


def test_a_column_that_used_to_be_full_and_is_empty_is_held() -> None:
    ids = [f"a/{n}" for n in range(100)]
    before = facts(counted(ids, [50] * 100, [500] * 100))
    now = facts(counted(ids, [50] * 100, [None] * 100))
    assert codes(now, before, Severity.HOLD) == ["column_empty"]


def test_refused_rows_are_told_and_many_are_held() -> None:
    ids = [f"a/{n}" for n in range(100)]
    refusals = [Refused("models", "x", "id without owner")] * 6
    few = facts(counted(ids, [50] * 100, [500] * 100), *refusals[:5])
    many = facts(counted(ids, [50] * 100, [500] * 100), *refusals)
    assert (codes(few), held(check(few, None))) == (["rows_refused"], False)
    assert (codes(many), held(check(many, None))) == (["rows_refused"], True)
    assert check(few, None)[0].detail["reasons"] == ["models: id without owner: 5"]


def test_rows_that_come_twice_are_counted() -> None:
    batch = facts(counted(["a/b", "a/c"], [1, 2], [1, 2]), counted(["a/b"], [3], [3]))
    assert batch.repeated == 1
    assert codes(batch) == ["repeated"]


@pytest.mark.parametrize(("gone", "holds"), [(2, False), (3, True)])
def test_a_watch_list_that_is_mostly_gone_is_a_failing_source(gone: int, holds: bool) -> None:
    states = ["gone"] * gone + ["present"] * 2
    records = [
        Presence(source_url="https://h/", model_id=f"a/{n}", observed_on=NOW.date(), state=s)
        for n, s in enumerate(states)
    ]
    assert held(check(facts(*records, scope="detail"), None)) is holds


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "empty"), (b" \n", "empty"), (b'{"a": 1}', "json"), (b"\xef\xbb\xbf[1]", "json"),
        (b"<?xml version='1.0'?><rss/>", "xml"), (b"<!DOCTYPE html><html>", "html"),
        (b"PK\x03\x04....", "binary"), (b"PAR1....", "binary"), (b"a,b\n1,2\n", "text"),
    ],
)  # fmt: skip
def test_what_the_bytes_are_counts_not_what_they_are_called(body: bytes, kind: str) -> None:
    assert kind_of(body) == kind


@pytest.mark.parametrize(
    ("body", "doubt"),
    [
        ("警钟".encode(), None),
        ("警钟".encode("gb18030"), "not UTF-8 and not declared"),
        (b"<?xml encoding='gb2312'?>" + "警钟".encode("gb18030"), None),
        ("a\ufffdb".encode(), "replacement characters"),
    ],
)
def test_an_encoding_in_doubt_is_named(body: bytes, doubt: str | None) -> None:
    assert encoding_doubt(body) == doubt


def test_facts_survive_the_store() -> None:
    batch = facts(counted(["a/b"], [1], [1]), bodies=[page(b"1")])
    assert decode(encode(batch)) == batch
    assert encode(batch) == encode(batch)
    assert decode("{}") is None
    assert decode("no json") is None


def test_hundreds_of_keys_are_a_map_and_not_a_shape() -> None:
    names = b",".join(b'"model-%d": {"id": 1}' % n for n in range(300))
    assert set(facts(bodies=[b"{" + names + b"}"]).paths) == {"models${*}.id"}


def test_every_finding_speaks_both_languages() -> None:
    batch = facts(
        counted(["a/b", "a/b"], [1, 1], [71_152_684, 71_152_684]),
        Refused("models", "x", "id without owner"),
    )
    for found in check(batch, None):
        assert found.zh.endswith("。")
        assert found.en.endswith(".")
        assert not set(found.zh) & set(",;:()")


def test_an_error_page_with_an_error_status_is_no_document() -> None:
    gathering = Gathering(SOURCE)
    gathering.answer(replace(payload(b"<html>404</html>", "application/json"), status=404))
    assert check(gathering.facts(), None) == []
