"""Every hand-computed case of every indicator, on DuckDB and on SQLite, with equal answers."""

import pytest

from config.method import Case, Method, load_method
from monitor.method_cases import Engines, mismatches, run_case
from monitor.method_check import check_method

CODES = {
    *(f"S{n:02}" for n in range(1, 13)),
    *(f"G{n:02}" for n in range(1, 12)),
    *(f"B{n:02}" for n in range(1, 13)),
}


@pytest.mark.parametrize("code", sorted(CODES))
def test_cases_of_an_indicator_agree_on_both_engines(
    code: str, method: Method, engines: Engines
) -> None:
    indicator = method.indicator(code)
    for case in indicator.cases:
        result = run_case(method, indicator, case, engines)
        assert not result.wrong, f"{code} {case.name}: {result.wrong}"
        assert result.duckdb == result.sqlite


def test_there_are_thirty_five_and_each_says_when_it_is_missing() -> None:
    method = load_method("2026")
    assert {i.code for i in method.indicators} == CODES
    for indicator in method.indicators:
        says = {case.expect.get("why") for case in indicator.cases}
        assert says - {None}, f"{indicator.code} has no case without a value"


def test_values_by_home_differ_for_every_indicator_that_looks_from_home(method: Method) -> None:
    """Home is in the clock alone: G and B cases are told from two countries."""
    told_twice = {i.code for i in method.indicators if len({c.home for c in i.cases}) > 1}
    assert told_twice >= {
        "G01", "G02", "G03", "G04", "G05", "G06", "G07", "G10", "G11",
        "B01", "B02", "B03", "B04", "B05", "B06", "B09", "B10",
    }  # fmt: skip


def test_a_wrong_case_is_found_out(method: Method, engines: Engines) -> None:
    indicator = method.indicator("S02")
    first = indicator.cases[0]
    wrong = Case(**{**first.model_dump(), "expect": {"value": 4.9, "votes": {"point": 4.9}}})
    result = run_case(method, indicator, wrong, engines)
    assert len(result.wrong) == 2
    assert mismatches({"why": "stale", "value": None}, result.duckdb) == [
        "why: expected 'stale', found None",
        "value: expected None, found 5.0",
    ]


@pytest.mark.long
def test_the_method_that_ships_may_be_put_in_force(method: Method) -> None:
    assert check_method(method) == []
