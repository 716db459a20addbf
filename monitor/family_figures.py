"""Which model families are behind the figures of a risk, as known at a moment.

Families are those of the registry; what goes back to other roots is one figure without names.
Nothing here colours a level: it opens up the figures that do.
"""

from collections.abc import Sequence
from datetime import date

from duckdb import DuckDBPyConnection

from collectors.schema import from_days
from config.method import Method
from monitor.credit import credit
from monitor.profile_tables import make_tables
from reports.chapters import FamilyFigure, ShareLine
from rules.types import Risk

MOST = 8
"""Families of one figure; the rest is one line."""

Cell = tuple[object, ...]

# What each figure counts, by model: `n` is added up; the last column is the newest day of the data.
SHARED: tuple[tuple[Risk, str, str, str, str], ...] = (
    (
        Risk.MISUSE,
        "removed",
        "misuse.safety_removed_share",
        "huggingface",
        """SELECT o.source, o.root_account, 1 AS n, m.created_day AS day
           FROM stripped AS s
           JOIN origin AS o ON o.source = s.source AND o.model_id = s.model_id
           JOIN models AS m ON m.source = s.source AND m.model_id = s.model_id
           WHERE s.source = 'huggingface' AND o.depth > 0""",
    ),
    (
        Risk.SPILLOVER,
        "downloads",
        "spillover.download_share",
        "huggingface",
        """SELECT o.source, o.root_account, u.d30 AS n, u.observed_day AS day
           FROM universe AS u
           JOIN origin AS o ON o.source = u.source AND o.model_id = u.model_id
           WHERE u.in_wide = 1 AND o.is_home = 1""",
    ),
    (
        Risk.SPILLOVER,
        "derivatives",
        "spillover.derivative_share",
        "huggingface",
        """SELECT o.source, o.root_account, 1 AS n, m.created_day AS day
           FROM origin AS o
           JOIN models AS m ON m.source = o.source AND m.model_id = o.model_id
           WHERE o.source = 'huggingface' AND o.depth > 0 AND o.is_home = 1""",
    ),
    (
        Risk.BACKDOOR,
        "foreign_roots",
        "backdoor.foreign_root_dependence",
        "huggingface",
        """SELECT o.source, o.root_account, 1 AS n, m.created_day AS day
           FROM origin AS o
           JOIN models AS m ON m.source = o.source AND m.model_id = o.model_id
           WHERE o.depth > 0 AND o.publisher_is_home = 1 AND o.is_home = 0""",
    ),
    (
        Risk.BACKDOOR,
        "foreign_downloads",
        "backdoor.remote_code",
        "huggingface",
        """SELECT o.source, o.root_account, d.d30 AS n, d.observed_day AS day
           FROM d30 AS d
           JOIN origin AS o ON o.source = d.source AND o.model_id = d.model_id
           WHERE d.source = 'huggingface' AND o.is_home = 0""",
    ),
)

BY_FAMILY = """
SELECT coalesce(p.family, p.organisation) AS name, p.organisation, p.jurisdiction,
       sum(c.n) AS n, max(c.day) AS day, count(DISTINCT c.root_account) AS roots
FROM ({counted}) AS c
LEFT JOIN (SELECT h.hub, h.account, min(p.family) AS family, min(p.organisation) AS organisation,
                  min(p.jurisdiction) AS jurisdiction
           FROM hand AS h JOIN publishers AS p ON p.hub = h.hub AND p.account = h.account
           GROUP BY h.hub, h.account) AS p
  ON p.hub = c.source AND p.account = c.root_account
GROUP BY 1, 2, 3 ORDER BY n DESC, name"""

FRONTIER = """
SELECT coalesce(family, organisation) AS name, organisation, max(score_micro) AS best,
       max(board_day) AS day
FROM scored
WHERE board = 'eci' AND openness = 'open'
  AND board_day = (SELECT max(board_day) FROM scores WHERE board = 'eci')
GROUP BY 1, 2 ORDER BY best DESC, name"""


def family_figures(
    connection: DuckDBPyConnection, method: Method
) -> dict[Risk, tuple[FamilyFigure, ...]]:
    """Return by risk the figures that families can be told apart in; empty before any data.

    The connection must be cut to the moment, with the method's views.
    """
    make_tables(connection, removed_known="safety_removed" in method.views, releases=False)
    views = frozenset(method.views)
    found: dict[Risk, list[FamilyFigure | None]] = {risk: [] for risk in Risk}
    found[Risk.MISUSE].append(_frontier(connection, method))
    for risk, key, indicator, source, sql in SHARED:
        if indicator in method.by_id and {"origin", "universe", "d30"} <= views:
            code = method.by_id[indicator].code
            found[risk].append(_shared(connection, key, code, source, sql))
    return {risk: tuple(f for f in figures if f is not None) for risk, figures in found.items()}


def _shared(
    connection: DuckDBPyConnection, key: str, code: str, source: str, sql: str
) -> FamilyFigure | None:
    rows: Sequence[Cell] = connection.execute(BY_FAMILY.format(counted=sql)).fetchall()
    total = sum(int(str(r[3])) for r in rows if r[3] is not None)
    if not total:
        return None
    named = [r for r in rows if r[0] is not None]
    lines = tuple(
        ShareLine(str(name), str(owner), str(where), float(str(n)), int(str(n)) / total)
        for name, owner, where, n, *_ in named[:MOST]
    )
    title, licence = credit(source)
    counted = connection.execute(
        "SELECT max(observed_day) FROM counters WHERE source = ?", [source]
    ).fetchall()
    return FamilyFigure(
        key=key, code=code, lines=lines, total=float(total),
        further=float(sum(int(str(r[3])) for r in named[MOST:])),
        further_families=len(named[MOST:]),
        unnamed=float(sum(int(str(r[3])) for r in rows if r[0] is None)),
        unnamed_roots=sum(int(str(r[5])) for r in rows if r[0] is None),
        as_of=_newest([*(r[4] for r in rows), *(r[0] for r in counted)]),
        source=title, licence=licence,
    )  # fmt: skip


def _frontier(connection: DuckDBPyConnection, method: Method) -> FamilyFigure | None:
    indicator = method.by_id.get("misuse.open_closed_lag")
    rows: Sequence[Cell] = connection.execute(FRONTIER).fetchall()
    if indicator is None or not rows:
        return None
    spelled = {
        str(folded): (str(name), str(where))
        for folded, name, where in connection.execute(
            """SELECT lower(coalesce(family, organisation)), min(coalesce(family, organisation)),
                      min(jurisdiction)
               FROM publishers GROUP BY 1
               UNION ALL SELECT lower(organisation), min(organisation), min(jurisdiction)
               FROM publishers GROUP BY 1"""
        ).fetchall()
    }
    title, licence = credit("epoch")
    lines = tuple(
        ShareLine(
            spelled[str(name)][0], spelled[str(owner)][0], spelled[str(owner)][1],
            int(str(best)) / 1_000_000, None,
        )
        for name, owner, best, _ in rows[:MOST]
    )  # fmt: skip
    return FamilyFigure(
        key="frontier", code=indicator.code, lines=lines, total=None,
        further=0.0, further_families=len(rows[MOST:]), unnamed=0.0, unnamed_roots=0,
        as_of=_newest([r[3] for r in rows]), source=title, licence=licence,
    )  # fmt: skip


def _newest(cells: Sequence[object]) -> date:
    return from_days(max(int(str(c)) for c in cells if c is not None))
