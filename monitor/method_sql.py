"""Is this SQL inside the portable subset? Parsed, walked, then compiled on two engines.

The subset is what gave exactly equal answers on DuckDB, SQLite, Spark, PostgreSQL and DataFusion
(DESIGN of the lake): one SELECT, whole numbers out, flat tables, no function that only one engine
has. The engine's own sandbox is not enough: it still lets COPY write into a folder it may read.
"""

import sqlite3
from collections.abc import Collection, Iterator, Mapping

import duckdb
import sqlglot
from sqlglot import exp

from monitor.method_cases import empty_tables

FUNCTIONS = frozenset(
    {"SUM", "COUNT", "MIN", "MAX", "COALESCE", "LOWER", "ABS", "ROW_NUMBER", "LAG", "CASE", "CAST",
     "RANK", "DENSE_RANK", "IF", "SUBSTRING", "STR_POSITION", "AND", "OR", "NOT", "EXISTS"}
)  # fmt: skip
"""Functions every engine spells alike (SQLGlot's names; STR_POSITION is `instr`)."""

WHOLE = ("BIGINT", "INT")

REFUSED: Mapping[type[exp.Expr], str] = {
    exp.Qualify: "QUALIFY",
    exp.Lateral: "LATERAL",
    exp.Unnest: "UNNEST",
    exp.Pivot: "PIVOT",
    exp.ILike: "ILIKE (lower both sides and use LIKE)",
    exp.SimilarTo: "SIMILAR TO",
    exp.IntDiv: "// (SQLite has none)",
    exp.Array: "an array",
    exp.Struct: "a struct",
    exp.Lambda: "a lambda",
    exp.Parameter: "a parameter",
    exp.TableSample: "TABLESAMPLE",
}


def outside_subset(sql: str) -> list[str]:
    """Return what leaves the portable subset, in words; empty if nothing does."""
    try:
        statements = sqlglot.parse(sql, dialect="duckdb")
    except sqlglot.errors.SqlglotError as error:
        return [f"not SQL: {str(error).splitlines()[0]}"]
    if len(statements) != 1 or not isinstance(statements[0], exp.Select | exp.SetOperation):
        return ["expected exactly one SELECT"]
    return list(_problems(statements[0]))


def _problems(tree: exp.Expr) -> Iterator[str]:
    for node in tree.walk():
        if word := REFUSED.get(type(node)):
            yield f"{word} is outside the portable subset"
        elif isinstance(node, exp.Anonymous):
            yield f"function {node.name} is not one that every engine has"
        elif isinstance(node, exp.Func) and node.sql_name() not in FUNCTIONS:
            yield f"function {node.sql_name()} is not one that every engine has"
        elif isinstance(node, exp.Cast) and node.to.sql("duckdb") not in WHOLE:
            yield f"CAST to {node.to.sql('duckdb')}: only to BIGINT or INTEGER"
        elif isinstance(node, exp.Literal) and not node.is_string and not node.is_int:
            yield f"{node.this} is no whole number"
        else:
            yield from _shape(node)


def _shape(node: exp.Expr) -> Iterator[str]:
    """Problems of shape: stars, division, recursion, LIMIT and row_number without order."""
    if isinstance(node, exp.Star) and (node.args.get("except_") or node.args.get("replace")):
        yield "* EXCLUDE or REPLACE is outside the portable subset"
    elif isinstance(node, exp.Div) and not isinstance(node.find_ancestor(exp.Cast), exp.Cast):
        yield "/ divides differently by engine: return numerator and denominator"
    elif isinstance(node, exp.With) and node.recursive:
        yield "a recursive query (lineage is in the table roots)"
    elif isinstance(node, exp.Select) and node.args.get("limit") and not node.args.get("order"):
        yield "LIMIT without a total ORDER BY"
    elif isinstance(node, exp.Distinct) and node.args.get("on"):
        yield "DISTINCT ON is outside the portable subset"
    elif (
        isinstance(node, exp.Window)
        and isinstance(node.this, exp.RowNumber | exp.Lag)
        and not node.args.get("order")
    ):
        yield f"{node.this.sql_name().lower()} without ORDER BY"


def tables_of(sql: str) -> frozenset[str]:
    """Return the tables that one SELECT reads, its own CTEs left out."""
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    own = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
    return frozenset(t.name for t in tree.find_all(exp.Table)) - own


class Compiler:
    """Empty tables on DuckDB and SQLite, on which views and queries must compile."""

    def __init__(self) -> None:
        self.fast = duckdb.connect(":memory:")
        self.plain = sqlite3.connect(":memory:")
        for ddl in empty_tables():
            self.fast.execute(ddl)
            self.plain.execute(ddl)

    def view(self, name: str, sql: str) -> list[str]:
        """Create a view; return what either engine says against it."""
        return self._both(f"CREATE TABLE {name} AS {sql}")

    def query(self, sql: str, wanted: Collection[str]) -> list[str]:
        """Run a query over nothing; return errors and the columns its reducer would miss."""
        if wrong := self._both(sql):
            return wrong
        found = {str(c[0]) for c in self.fast.execute(sql).description or []}
        lacking = sorted(set(wanted) - found)
        return [f"no column {', '.join(lacking)}, which the reducer needs"] if lacking else []

    def close(self) -> None:
        """Give both databases back."""
        self.fast.close()
        self.plain.close()

    def _both(self, sql: str) -> list[str]:
        wrong = []
        try:
            self.fast.execute(sql)
        except duckdb.Error as error:
            wrong.append(f"DuckDB: {str(error).splitlines()[0]}")
        try:
            self.plain.execute(sql)
        except sqlite3.Error as error:
            wrong.append(f"SQLite: {error}")
        return wrong
