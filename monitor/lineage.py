"""Lineage to the root, materialised once a cycle: who a model descends from.

The *root* follows the first listed base, drops self edges, stops at a repeat or after 10 edges; a
base that is not in the catalogue is a root (DEFINITIONS.md "Root"). A merge has several terminals:
`n_terminals` counts them over all listed bases, `unanimous` is 1 where there is only one.
"""

from duckdb import DuckDBPyConnection

HOPS = 10

_EDGES = """
CREATE OR REPLACE TEMP TABLE edge AS
SELECT DISTINCT source, model_id, base_id, position FROM bases WHERE base_id <> model_id
"""

_FIRST = """
CREATE OR REPLACE TEMP TABLE first_edge AS
SELECT source, model_id, base_id FROM (
  SELECT source, model_id, base_id,
         row_number() OVER (PARTITION BY source, model_id ORDER BY position, base_id) AS n
  FROM edge
) AS ranked WHERE n = 1
"""

# The path is kept so that a walk stops at the last node before it would meet itself.
_STEP = """
CREATE OR REPLACE TEMP TABLE walk AS
SELECT w.source, w.model_id, e.base_id AS node, list_append(w.path, e.base_id) AS path
FROM walk AS w JOIN first_edge AS e ON e.source = w.source AND e.model_id = w.node
WHERE NOT list_contains(w.path, e.base_id)
"""


def materialise_roots(connection: DuckDBPyConnection) -> None:
    """Create `roots(source, model_id, root_id, depth, unanimous, n_terminals)` from `bases`.

    One row for every model of `models`; a model without base is its own root at depth 0.
    """
    run = connection.execute
    run(_EDGES)
    run(_FIRST)
    run("""CREATE OR REPLACE TEMP TABLE walk AS
           SELECT source, model_id, base_id AS node, [model_id, base_id] AS path FROM first_edge""")
    run("""CREATE OR REPLACE TEMP TABLE reached AS
           SELECT source, model_id, node, 1 AS depth FROM walk""")
    for depth in range(2, HOPS + 1):
        run(_STEP)
        if not _count(connection, "walk"):
            break
        run(f"INSERT INTO reached SELECT source, model_id, node, {depth} FROM walk")
    _terminals(connection)
    run("""
CREATE OR REPLACE TABLE roots AS
SELECT m.source, m.model_id, coalesce(f.node, m.model_id) AS root_id,
       coalesce(f.depth, 0) AS depth,
       CASE WHEN coalesce(t.n, 1) = 1 THEN 1 ELSE 0 END AS unanimous,
       coalesce(t.n, 1) AS n_terminals
FROM models AS m
LEFT JOIN (SELECT source, model_id, arg_max(node, depth) AS node, max(depth) AS depth
           FROM reached GROUP BY source, model_id) AS f
  ON f.source = m.source AND f.model_id = m.model_id
LEFT JOIN terminals AS t ON t.source = m.source AND t.model_id = m.model_id
""")
    for name in ("edge", "first_edge", "walk", "reached", "terminals", "spread", "seen"):
        run(f"DROP TABLE IF EXISTS {name}")


def _terminals(connection: DuckDBPyConnection) -> None:
    """Count the distinct terminals of models whose ancestry forks; others have one."""
    run = connection.execute
    run("""CREATE OR REPLACE TEMP TABLE spread AS
           SELECT DISTINCT source, model_id, base_id AS node FROM edge""")
    run("CREATE OR REPLACE TEMP TABLE seen AS SELECT * FROM spread")
    for _ in range(HOPS - 1):
        run("""CREATE OR REPLACE TEMP TABLE spread AS
               SELECT DISTINCT s.source, s.model_id, e.base_id AS node
               FROM spread AS s
               JOIN edge AS e ON e.source = s.source AND e.model_id = s.node
               ANTI JOIN seen AS k
                 ON k.source = s.source AND k.model_id = s.model_id AND k.node = e.base_id
               WHERE e.base_id <> s.model_id""")
        if not _count(connection, "spread"):
            break
        run("INSERT INTO seen SELECT * FROM spread")
    run("""CREATE OR REPLACE TEMP TABLE terminals AS
           SELECT s.source, s.model_id, greatest(1, count(*)) AS n
           FROM seen AS s
           ANTI JOIN edge AS e ON e.source = s.source AND e.model_id = s.node
           GROUP BY s.source, s.model_id""")


def _count(connection: DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0
