"""The registry's word lists as tables, so that every engine joins them the same."""

from duckdb import DuckDBPyConnection

from config import registry


def load_registry(run: DuckDBPyConnection) -> None:
    """Create `lexicon`, `packages` and `licences` as the registry of this installation has them."""
    run.execute("CREATE TABLE lexicon (list VARCHAR, word VARCHAR)")
    run.execute("CREATE TABLE packages (ecosystem VARCHAR, package VARCHAR, on_load_path INTEGER)")
    run.execute("CREATE TABLE licences (spelling VARCHAR, openness VARCHAR)")
    words = [(name, word) for name, found in registry.lexicon().items() for word in found]
    for table, rows in (
        ("lexicon", words),
        (
            "packages",
            [(p.ecosystem, p.package, int(p.on_load_path)) for p in registry.packages()],
        ),
        ("licences", list(registry.licences().items())),
    ):
        if rows:
            # One statement: DuckDB is slow at one row by one.
            marks = ", ".join([f"({', '.join('?' * len(rows[0]))})"] * len(rows))
            run.execute(f"INSERT INTO {table} VALUES {marks}", [c for row in rows for c in row])
