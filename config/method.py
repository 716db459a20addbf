"""One version of the assessment method, as typed values; unknown keys are refused.

A method is a folder: `method.yaml` (version, adoption, review), `levels.yaml`, `responses.yaml`,
`diffusion.yaml`, `pendulum.yaml`, `views/*.sql` and `indicators/RISK/*.yaml`. Nothing that decides
a level stands in Python.
"""

import re
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from config.documents import digest, read_document, read_files
from config.errors import ConfigError

T = TypeVar("T", bound=BaseModel)

HOME = "XH"
"""Home of the cases: a code that ISO 3166 leaves to users, so that no file names a country."""

FOLDER = Path(__file__).parent / "methods"
"""The methods that ship with the program, one folder a version."""


class Strict(BaseModel):
    """Frozen, and a key we do not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Strict):
    """The same thing said in Chinese and in English, each written by hand."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class BasisKind(StrEnum):
    """Where a threshold comes from; `expert` and `derived` are printed as provisional."""

    PUBLISHED = "published"
    CALIBRATED = "calibrated"
    DERIVED = "derived"  # from the quantiles of the shipped record; provisional
    EXPERT = "expert"


class Basis(Strict):
    kind: BasisKind
    source: str
    """Citation or record; for `expert`, who proposed it."""
    note: Words


class Threshold(Strict):
    """Where a colour begins, in the indicator's unit; equal counts as reached."""

    value: float
    basis: Basis

    @property
    def provisional(self) -> bool:
        """Whether no published figure or calibration carries it."""
        return self.basis.kind in (BasisKind.EXPERT, BasisKind.DERIVED)


class Reducer(Strict):
    """One of the closed list of `rules.reduce`, with its parameters."""

    name: str
    params: dict[str, float | int | str | list[str] | list[float] | list[int]] = {}


class Case(Strict):
    """A hand-computed example: rows of the tables it reads, and the value that must come out."""

    name: str
    as_of: date
    """Evaluated at the first second of this day; rows are given as the lake would show them."""
    home: str = HOME
    given: dict[str, list[dict[str, Any]]]
    """Rows by table, in the lake's column names; a `*_day` may be written as an ISO date."""
    expect: dict[str, Any]
    """`value` (null = missing), and where given `why`, `votes`, `coverage`, `low`, `high`,
    `companions`, `newest_on`, `stale`, `rows`: each must agree to six decimals."""


class Indicator(Strict):
    """One indicator: words, query, reducer, thresholds with their basis, a test case."""

    id: str
    code: str
    risk: Literal["misuse", "spillover", "backdoor"]
    name: Words
    measures: Words
    why: Words
    reading: Words
    weaknesses: Words
    unit: Words
    decimals: int = Field(ge=0, le=6)
    direction: Literal["up", "down"]
    """`up`: higher is riskier."""
    grade: Literal["A", "B", "C"]
    group: str | None = None
    tripwire: bool = False
    colourless: bool = False
    """Has no colour of its own (B06 only lowers the coverage of `backdoor`)."""
    every_days: int = Field(ge=1)
    stale_after_days: int = Field(ge=1)
    missing_after_days: int = Field(ge=1)
    sources: tuple[str, ...]
    """Sources it draws on: in force if any is enabled; independence is judged by them."""
    agree: Literal["least_severe", "bounds"] = "least_severe"
    min_coverage: float | None = None
    yellow: Threshold | None = None
    red: Threshold | None = None
    for_: int = Field(default=2, alias="for", ge=1)
    keep_days: int = Field(default=28, ge=0)
    band: float = Field(default=0.10, ge=0, lt=1)
    """Dead band on the way down, as a share of the threshold…"""
    band_absolute: float | None = None
    """…or in the indicator's unit."""
    views: tuple[str, ...] = ()
    """Method views the query reads (the lake's tables need no mention)."""
    sql: str
    reducer: Reducer
    cases: tuple[Case, ...] = Field(min_length=1)


class Card(Strict):
    """What `method.yaml` says: which version this is, since when, and when it is due for review."""

    version: str = Field(pattern=r"^[0-9]{4}(\.[0-9]+)?$")
    adopted_on: date
    review_due: date
    title: Words


class Method(Strict):
    """One version of the assessment method, whole: what was loaded is what `sha256` names."""

    version: str
    adopted_on: date
    review_due: date
    title: Words
    indicators: tuple[Indicator, ...]
    """In the order of the catalogue: misuse S01…, spillover G01…, backdoor B01…."""
    views: dict[str, str]
    """Name → one SELECT, in the order in which they must be built."""
    levels: dict[str, Any]
    """`levels.yaml` as read; its meaning is typed by `rules`."""
    responses: dict[str, Any]
    """`responses.yaml` as read."""
    documents: dict[str, dict[str, Any]]
    """Every YAML of the folder itself by stem (`levels`, `responses`, `diffusion`, `pendulum`)."""
    files: dict[str, str]
    """Path inside the folder → its text."""
    sha256: str
    """Hash over all files, paths included."""

    def indicator(self, key: str) -> Indicator:
        """Return the indicator of this id or code (any case); KeyError if there is none."""
        for found in self.indicators:
            if key == found.id or key.upper() == found.code:
                return found
        raise KeyError(key)

    @property
    def by_id(self) -> dict[str, Indicator]:
        """Indicators by id (`misuse.open_closed_lag`)."""
        return {i.id: i for i in self.indicators}

    @property
    def by_code(self) -> dict[str, Indicator]:
        """Indicators by code (`S05`)."""
        return {i.code: i for i in self.indicators}


def available(folder: Path | None = None) -> tuple[str, ...]:
    """Return the versions under `folder` (default: those shipped), oldest first."""
    home = folder or FOLDER
    return tuple(sorted(p.parent.name for p in home.glob("*/method.yaml")))


def load_method(version: str, folder: Path | None = None) -> Method:
    """Return one version of the method; ConfigError names file, key and what was expected.

    `folder` holds one folder a version; None means the methods shipped with the program.
    """
    root = (folder or FOLDER) / version
    if not (root / "method.yaml").is_file():
        raise ConfigError(
            root, "method", f"one of {', '.join(available(folder)) or 'a method folder'}"
        )
    return parse_method(root, read_files(root))


def parse_method(root: Path, files: dict[str, str]) -> Method:
    """Return the method that these files make; `root` only names them in errors."""
    documents = {
        Path(name).stem: read_document(root / name, text)
        for name, text in files.items()
        if name.endswith(".yaml") and "/" not in name
    }
    card = _checked(Card, root / "method.yaml", documents.pop("method", {}))
    if card.version != root.name:
        raise ConfigError(root / "method.yaml", "version", f"{root.name}, as its folder is called")
    indicators = [
        _indicator(root / name, text)
        for name, text in files.items()
        if name.startswith("indicators/") and name.endswith(".yaml")
    ]
    _unique(root, indicators)
    views = {
        Path(name).stem: text
        for name, text in files.items()
        if name.startswith("views/") and name.endswith(".sql")
    }
    return Method(
        **card.model_dump(exclude={"title"}),
        title=card.title,
        indicators=tuple(sorted(indicators, key=_rank)),
        views={name: views[name] for name in _build_order(root, views)},
        levels=documents.get("levels", {}),
        responses=documents.get("responses", {}),
        documents=documents,
        files=files,
        sha256=digest(files),
    )


def reads(sql: str, names: "dict[str, str] | tuple[str, ...]") -> tuple[str, ...]:
    """Return which of `names` the SQL mentions as words, comments left aside."""
    bare = re.sub(r"--[^\n]*", "", sql)
    words = set(re.findall(r"[a-z_][a-z0-9_]*", bare.lower()))
    return tuple(sorted(words & set(names)))


def _rank(indicator: Indicator) -> tuple[int, str]:
    return ("misuse", "spillover", "backdoor").index(indicator.risk), indicator.code


def _indicator(file: Path, text: str) -> Indicator:
    found = _checked(Indicator, file, read_document(file, text))
    if not found.id.startswith(f"{found.risk}.") or file.parent.name != found.risk:
        raise ConfigError(file, "id", f"{file.parent.name}.… as its folder and `risk` say")
    return found


def _unique(root: Path, indicators: list[Indicator]) -> None:
    seen: set[str] = set()
    for name in [n for i in indicators for n in (i.id, i.code)]:
        if name in seen:
            raise ConfigError(root / "indicators", name, "every id and code once")
        seen.add(name)


def _build_order(root: Path, views: dict[str, str]) -> list[str]:
    """Sort views so that each comes after those it reads."""
    needs = {n: set(reads(sql, views)) - {n} for n, sql in views.items()}
    order: list[str] = []
    while len(order) < len(needs):
        ready = sorted(n for n in needs if n not in order and needs[n] <= set(order))
        if not ready:
            raise ConfigError(
                root / "views", ", ".join(sorted(set(needs) - set(order))), "no cycle"
            )
        order += ready
    return order


def _checked(kind: type[T], file: Path, document: dict[str, Any]) -> T:
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "(whole file)"
        expected = "no such key" if first["type"] == "extra_forbidden" else first["msg"]
        raise ConfigError(file, key, expected) from error
