"""Can this method be put in force? Schema, SQL, words, thresholds, cases: all findings at once.

A method that passes has one portable SELECT per query, every text in Chinese and in English, a
basis for every threshold, and cases that give the same answer on two engines. A rising method is
checked here first and taken over at the next cycle, never half.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from config import registry
from config.errors import ConfigError
from config.levels import check_levels, parse_levels
from config.method import BasisKind, Indicator, Method, Words, load_method
from monitor.indicators import QueryError
from monitor.method_cases import Engines, case_engines, run_case
from monitor.method_sql import Compiler, outside_subset, tables_of
from rules.reduce import REDUCERS, check_reducer

STALE_WORDS = ("进行", "对于", "相关", "呈现出", "赋能")
"""Chinese filler that the house does not write."""

_HAN = "\u4e00-\u9fff"
_HALF_WIDTH = re.compile(
    rf"(?<=[{_HAN}])[,;:!?](?=\s|[{_HAN}])|[{_HAN}] +[A-Za-z0-9]|[A-Za-z0-9] +[{_HAN}]"
)
_DEMONYMS = r"China|Chinese|America|American|USA|U\.S\.|UK|Britain|European Union|中方|美方|欧盟"


@dataclass(frozen=True)
class Finding:
    """One thing wrong: in which file, at which key, and what was expected."""

    file: str
    key: str
    expected: str


def check_version(version: str, folder: Path | None = None) -> list[Finding]:
    """Return every finding of a version on disk; a file that cannot be read is one finding."""
    try:
        method = load_method(version, folder)
    except ConfigError as error:
        return [Finding(error.file, error.key, error.expected)]
    return check_method(method)


def check_method(method: Method) -> list[Finding]:
    """Return every finding of a loaded method; empty means it may be put in force."""
    findings: list[Finding] = []
    compiler = Compiler()
    try:
        for name, sql in method.views.items():
            findings += _view(method, name, sql, compiler)
        for indicator in method.indicators:
            findings += _indicator(method, indicator, compiler)
    finally:
        compiler.close()
    with case_engines() as engines:
        for indicator in method.indicators:
            file = file_of(method, indicator)
            findings += (Finding(file, k, w) for k, w in _cases(method, indicator, engines))
    findings += _levels(method)
    if method.review_due <= method.adopted_on:
        findings.append(Finding("method.yaml", "review_due", "a day after adopted_on"))
    return findings


def _view(method: Method, name: str, sql: str, compiler: Compiler) -> Iterator[Finding]:
    file = f"views/{name}.sql"
    wrong = outside_subset(sql)
    for problem in wrong or compiler.view(name, sql):
        yield Finding(file, "sql", problem)
    yield from _countries(file, sql)
    if name not in method.views:
        yield Finding(file, "name", "a view of the method")


def _indicator(method: Method, indicator: Indicator, compiler: Compiler) -> Iterator[Finding]:
    file = file_of(method, indicator)
    for key, problem in _problems(method, indicator, compiler):
        yield Finding(file, key, problem)
    for key in ("name", "measures", "why", "reading", "weaknesses", "unit"):
        yield from _words(file, key, getattr(indicator, key))
    for colour in ("yellow", "red"):
        threshold = getattr(indicator, colour)
        if threshold is not None:
            yield from _words(file, f"{colour}.basis.note", threshold.basis.note)
            yield from _basis(file, colour, threshold.basis.kind, threshold.basis.source)
    yield from _countries(file, method.files[file])


def _problems(
    method: Method, indicator: Indicator, compiler: Compiler
) -> Iterator[tuple[str, str]]:
    wrong = outside_subset(indicator.sql)
    for problem in check_reducer(indicator.reducer.name, indicator.reducer.params):
        yield "reducer", problem
    spec = REDUCERS.get(indicator.reducer.name)
    for problem in wrong or compiler.query(indicator.sql, spec.columns if spec else ()):
        yield "sql", problem
    if not wrong:
        used = set(tables_of(indicator.sql)) & set(method.views)
        if used != set(indicator.views):
            yield "views", f"{sorted(used)}, which the query reads"
    yield from _thresholds(indicator)
    if indicator.stale_after_days > indicator.missing_after_days:
        yield "stale_after_days", "no more than missing_after_days"


def _thresholds(indicator: Indicator) -> Iterator[tuple[str, str]]:
    yellow, red = indicator.yellow, indicator.red
    if indicator.colourless:
        if yellow or red:
            yield "colourless", "no thresholds"
        return
    if yellow is None or red is None:
        yield "yellow" if yellow is None else "red", "a threshold with its basis"
    elif (red.value - yellow.value) * (1 if indicator.direction == "up" else -1) <= 0:
        yield "red", f"a value beyond yellow in the direction {indicator.direction}"


def _cases(method: Method, indicator: Indicator, engines: Engines) -> Iterator[tuple[str, str]]:
    if indicator.reducer.name not in REDUCERS:
        return
    for case in indicator.cases:
        try:
            result = run_case(method, indicator, case, engines)
        except QueryError as error:
            yield f"cases[{case.name}]", str(error)
            continue
        for problem in result.wrong:
            yield f"cases[{case.name}]", problem


def _words(file: str, key: str, words: Words) -> Iterator[Finding]:
    if not re.search(rf"[{_HAN}]", words.zh) and re.search("[A-Za-z]{3}", words.zh):
        yield Finding(file, f"{key}.zh", "Chinese")
    if re.search(rf"[{_HAN}]", words.en):
        yield Finding(file, f"{key}.en", "English")
    for word in STALE_WORDS:
        if word in words.zh:
            yield Finding(file, f"{key}.zh", f"a text without {word}")
    if found := _HALF_WIDTH.search(words.zh):
        yield Finding(file, f"{key}.zh", f"full-width punctuation, no space at {found[0]!r}")


def _basis(file: str, colour: str, kind: BasisKind, source: str) -> Iterator[Finding]:
    if kind is BasisKind.PUBLISHED and not re.search(r"\b(19|20)\d\d\b|doi:|https?://", source):
        yield Finding(file, f"{colour}.basis.source", "a published source with its year or address")


@cache
def _country_names() -> re.Pattern[str]:
    places = [p for p in registry.jurisdictions().values() if len(p.code) == 2]
    english = "|".join(re.escape(p.en) for p in places)
    chinese = "|".join(re.escape(p.zh) for p in places)
    codes = "|".join(p.code for p in places)
    return re.compile(rf"\b(?:{english}|{_DEMONYMS})\b|{chinese}|'(?:{codes})'")


def _countries(file: str, text: str) -> Iterator[Finding]:
    """RULINGS 20: home comes from the clock; a name would make the method one country's own."""
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _country_names().search(line):
            yield Finding(file, f"line {number}", f"no country named ({found[0]})")


def _levels(method: Method) -> Iterator[Finding]:
    if "levels.yaml" not in method.files:
        yield Finding("levels.yaml", "(file)", "the rules of levels")
        return
    try:
        levels = parse_levels(method.levels)
    except ConfigError as error:
        yield Finding(error.file, error.key, error.expected)
        return
    groups = {g.id for g in levels.groups}
    for indicator in method.indicators:
        if indicator.group is not None and indicator.group not in groups:
            yield Finding(
                file_of(method, indicator), "group", f"one of {', '.join(sorted(groups))}"
            )
    try:
        check_levels(levels, method.indicators)
    except ConfigError as error:
        if error.key != "groups":  # said above, with the indicator's own file
            yield Finding(error.file, error.key, error.expected)


def file_of(method: Method, indicator: Indicator) -> str:
    """Return the path of an indicator's file inside the method."""
    for name, text in method.files.items():
        if name.startswith(f"indicators/{indicator.risk}/") and f"id: {indicator.id}\n" in text:
            return name
    raise KeyError(indicator.id)
