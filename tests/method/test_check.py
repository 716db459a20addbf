"""What may not be put in force: SQL outside the subset, words, bases, countries."""

from pathlib import Path

import pytest

from config.method import FOLDER, Method, parse_method
from monitor.method_check import Finding, check_method
from monitor.method_sql import outside_subset

SHARE = "indicators/misuse/safety_removed_share.yaml"


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("SELECT a FROM t; SELECT b FROM t", "exactly one SELECT"),
        ("COPY t TO 'x.csv'", "exactly one SELECT"),
        ("INSERT INTO t VALUES (1)", "exactly one SELECT"),
        ("DROP TABLE t", "exactly one SELECT"),
        ("SELECT FROM WHERE (", "not SQL"),
        ("SELECT a FROM t QUALIFY row_number() OVER (ORDER BY a) = 1", "QUALIFY"),
        ("SELECT median(a) AS a FROM t", "MEDIAN"),
        ("SELECT date_trunc('month', a) AS a FROM t", "not one that every engine has"),
        ("SELECT read_text('/etc/passwd') AS a", "not one that every engine has"),
        ("SELECT a FROM read_csv('/etc/passwd')", "not one that every engine has"),
        ("SELECT a / b AS c FROM t", "divides"),
        ("SELECT a // b AS c FROM t", "//"),
        ("SELECT 0.5 AS a", "no whole number"),
        ("SELECT CAST(a AS DOUBLE) AS a FROM t", "CAST to DOUBLE"),
        ("SELECT a FROM t LIMIT 3", "LIMIT"),
        ("SELECT DISTINCT ON (a) a, b FROM t", "DISTINCT ON"),
        ("SELECT * EXCLUDE (a) FROM t", "EXCLUDE"),
        ("SELECT row_number() OVER (PARTITION BY a) AS n FROM t", "without ORDER BY"),
        ("WITH RECURSIVE r AS (SELECT 1 AS a UNION ALL SELECT a FROM r) SELECT a FROM r", "recurs"),
        ("SELECT a FROM t WHERE a ILIKE 'x%'", "ILIKE"),
        ("SELECT unnest([1, 2]) AS a", "outside the portable subset"),
    ],
)
def test_what_leaves_the_subset_is_refused(sql: str, problem: str) -> None:
    found = outside_subset(sql)
    assert any(problem in line for line in found), found


def test_what_the_method_uses_is_inside(method: Method) -> None:
    for sql in [*method.views.values(), *(i.sql for i in method.indicators)]:
        assert outside_subset(sql) == []


def findings(method: Method, file: str, old: str, new: str) -> list[Finding]:
    """Return the findings on one file after one edit, that file's indicator alone."""
    assert old in method.files[file]
    keep = {
        name: text
        for name, text in method.files.items()
        if not name.startswith("indicators/") or name == file
    }
    keep[file] = keep[file].replace(old, new, 1)
    spoilt = parse_method(Path(FOLDER / "2026"), keep)
    return [f for f in check_method(spoilt) if f.file in (file, "levels.yaml")]


@pytest.mark.parametrize(
    ("old", "new", "key", "expected"),
    [
        ("max(u.observed_day) AS newest_day", "max(u.observed_day) AS day", "sql", "newest_day"),
        ("sum(u.no_pipeline)", "sum(u.no_such)", "sql", "DuckDB"),
        ("FROM universe AS u", "FROM nowhere AS u", "sql", "nowhere"),
        ("name: ratio", "name: average", "reducer", "no reducer"),
        ("without_largest: 1}", "without_largest: yes please}", "reducer", "a number"),
        ("without_largest: 1}", "without_smallest: 1}", "reducer", "takes no"),
        ("views: [universe,", "views: [origin, universe,", "views", "which the query reads"),
        ("value: 3\n", "value: 0.5\n", "red", "beyond yellow"),
        ("占比上升说明", "中国的占比上升说明", "line", "no country"),
        ("A rising share says", "A rising Chinese share says", "line", "no country"),
        (
            "WHEN u.in_wide = 1 AND s.by_name = 1",
            "WHEN 'US' = 'US' AND s.by_name = 1",
            "line",
            "US",
        ),
        ("zh: 去护栏模型下载占比", "zh: 去护栏模型相关下载占比", "name.zh", "相关"),
        ("zh: 去护栏模型下载占比", "zh: 去护栏模型 HF 下载占比", "name.zh", "full-width"),
        ("en: Download share of safety-removed models", "en: 下载占比", "name.en", "English"),
        ("value: 5.0\n", "value: 5.1\n", "cases", "expected 5.1"),
    ],
)
def test_what_is_wrong_is_found(
    method: Method, old: str, new: str, key: str, expected: str
) -> None:
    found = findings(method, SHARE, old, new)
    assert any(key in f.key and expected in f.expected for f in found), found
