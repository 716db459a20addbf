"""Lineage to the root, materialised once a cycle: who a model descends from.

The *root* follows the first listed base, drops self edges, stops at a repeat or after 10 edges; a
base that is not in the catalogue is a root (DEFINITIONS.md "Root"). A merge has several terminals:
`n_terminals` counts them over all listed bases, `unanimous` is 1 where there is only one.

Nearly all models that have a base are nobody's base themselves. Only the few in between (`inner`)
are walked; all others take what their bases reached, one edge further.
"""

from duckdb import DuckDBPyConnection

HOPS = 10

_EDGES = """
CREATE OR REPLACE TEMP TABLE edge AS
SELECT source, model_id, base_id, position FROM bases WHERE base_id <> model_id
"""

_CHILDREN = """
CREATE OR REPLACE TEMP TABLE child AS
SELECT source, model_id, min(base_id) AS first_id,
       CASE WHEN min(base_id) = max(base_id) THEN 0 ELSE 1 END AS forks
FROM edge GROUP BY source, model_id
"""

# Where several bases are listed, the first is the one of the lowest position.
_FIRST = """
UPDATE child AS c SET first_id = f.base_id FROM (
  SELECT source, model_id, base_id,
         row_number() OVER (PARTITION BY source, model_id ORDER BY position, base_id) AS n
  FROM edge AS e
  SEMI JOIN (SELECT source, model_id FROM child WHERE forks = 1) AS m
    ON m.source = e.source AND m.model_id = e.model_id
) AS f
WHERE f.n = 1 AND c.source = f.source AND c.model_id = f.model_id
"""

_INNER = """
CREATE OR REPLACE TEMP TABLE inner_node AS
SELECT c.source, c.model_id, c.first_id
FROM child AS c SEMI JOIN edge AS e ON e.source = c.source AND e.base_id = c.model_id
"""

# The path is kept so that a walk stops at the last node before it would meet itself.
_STEP = """
CREATE OR REPLACE TEMP TABLE walk AS
SELECT w.source, w.model_id, i.first_id AS node, list_append(w.path, i.first_id) AS path
FROM walk AS w JOIN inner_node AS i ON i.source = w.source AND i.model_id = w.node
WHERE NOT list_contains(w.path, i.first_id)
"""

_SPREAD = """
CREATE OR REPLACE TEMP TABLE spread AS
SELECT DISTINCT s.source, s.model_id, u.base_id AS node
FROM spread AS s
JOIN up AS u ON u.source = s.source AND u.model_id = s.node
ANTI JOIN seen AS k ON k.source = s.source AND k.model_id = s.model_id AND k.node = u.base_id
WHERE u.base_id <> s.model_id
"""

# A model that is nobody's base stands one edge behind each of its bases.
_TERMINALS = f"""
CREATE OR REPLACE TEMP TABLE terminals AS
WITH above AS (
  SELECT source, model_id, node FROM seen
  UNION
  SELECT e.source, e.model_id, e.base_id AS node
  FROM edge AS e JOIN forked AS f ON f.source = e.source AND f.model_id = e.model_id
  UNION
  SELECT e.source, e.model_id, s.node
  FROM edge AS e
  JOIN forked AS f ON f.source = e.source AND f.model_id = e.model_id
  JOIN seen AS s ON s.source = e.source AND s.model_id = e.base_id AND s.depth < {HOPS}
)
SELECT a.source, a.model_id, count(*) AS n
FROM above AS a
ANTI JOIN inner_node AS i ON i.source = a.source AND i.model_id = a.node
GROUP BY a.source, a.model_id
"""

# Of two bases or more each model is counted for itself; of one, its base's terminals are its own.
_NEAR = f"""
CREATE OR REPLACE TEMP TABLE near_terminals AS
SELECT s.source, s.model_id, count(*) AS n
FROM seen AS s
ANTI JOIN inner_node AS i ON i.source = s.source AND i.model_id = s.node
WHERE s.depth < {HOPS}
GROUP BY s.source, s.model_id
"""

_DERIVED = f"""
CREATE OR REPLACE TEMP TABLE derived AS
SELECT i.source, i.model_id, r.node AS root_id, r.depth, coalesce(t.n, 1) AS n_terminals
FROM inner_node AS i
JOIN (SELECT source, model_id, arg_max(node, depth) AS node, max(depth) AS depth
      FROM reached GROUP BY source, model_id) AS r
  ON r.source = i.source AND r.model_id = i.model_id
LEFT JOIN terminals AS t ON t.source = i.source AND t.model_id = i.model_id
UNION ALL
SELECT c.source, c.model_id, coalesce(r.node, c.first_id) AS root_id,
       coalesce(r.depth, 0) + 1 AS depth,
       CASE WHEN c.forks = 1 THEN coalesce(t.n, 1) ELSE coalesce(b.n, 1) END AS n_terminals
FROM child AS c
ANTI JOIN inner_node AS i ON i.source = c.source AND i.model_id = c.model_id
LEFT JOIN (SELECT source, model_id, arg_max(node, depth) AS node, max(depth) AS depth
           FROM reached WHERE depth < {HOPS} GROUP BY source, model_id) AS r
  ON r.source = c.source AND r.model_id = c.first_id
LEFT JOIN terminals AS t ON t.source = c.source AND t.model_id = c.model_id AND c.forks = 1
LEFT JOIN near_terminals AS b ON b.source = c.source AND b.model_id = c.first_id
"""

_ROOTS = """
CREATE OR REPLACE TABLE roots AS
SELECT m.source, m.model_id, coalesce(d.root_id, m.model_id) AS root_id,
       coalesce(d.depth, 0) AS depth,
       CASE WHEN coalesce(d.n_terminals, 1) = 1 THEN 1 ELSE 0 END AS unanimous,
       coalesce(d.n_terminals, 1) AS n_terminals
FROM models AS m
LEFT JOIN derived AS d ON d.source = m.source AND d.model_id = m.model_id
"""


def materialise_roots(connection: DuckDBPyConnection) -> None:
    """Create `roots(source, model_id, root_id, depth, unanimous, n_terminals)` from `bases`.

    One row for every model of `models`; a model without base is its own root at depth 0.
    """
    run = connection.execute
    for statement in (_EDGES, _CHILDREN, _FIRST, _INNER):
        run(statement)
    _walk(connection)
    _spread(connection)
    for statement in (_TERMINALS, _NEAR, _DERIVED, _ROOTS):
        run(statement)
    for name in (
        "edge", "child", "inner_node", "walk", "reached", "up", "spread", "seen", "forked",
        "terminals", "near_terminals", "derived",
    ):  # fmt: skip
        run(f"DROP TABLE IF EXISTS {name}")


def _walk(connection: DuckDBPyConnection) -> None:
    """Follow the first base of each inner node; `reached` says where it stood at each depth."""
    run = connection.execute
    run("""CREATE OR REPLACE TEMP TABLE walk AS
           SELECT source, model_id, first_id AS node, [model_id, first_id] AS path
           FROM inner_node""")
    run("""CREATE OR REPLACE TEMP TABLE reached AS
           SELECT source, model_id, node, 1 AS depth FROM walk""")
    for depth in range(2, HOPS + 1):
        run(_STEP)
        if not _count(connection, "walk"):
            break
        run(f"INSERT INTO reached SELECT source, model_id, node, {depth} FROM walk")


def _spread(connection: DuckDBPyConnection) -> None:
    """Find all that lies above each inner node, over every listed base, with the fewest edges."""
    run = connection.execute
    run("""CREATE OR REPLACE TEMP TABLE up AS
           SELECT DISTINCT e.source, e.model_id, e.base_id
           FROM edge AS e
           SEMI JOIN inner_node AS i ON i.source = e.source AND i.model_id = e.model_id""")
    run("""CREATE OR REPLACE TEMP TABLE spread AS
           SELECT source, model_id, base_id AS node FROM up""")
    run("CREATE OR REPLACE TEMP TABLE seen AS SELECT *, 1 AS depth FROM spread")
    for depth in range(2, HOPS + 1):
        run(_SPREAD)
        if not _count(connection, "spread"):
            break
        run(f"INSERT INTO seen SELECT *, {depth} FROM spread")
    run("""CREATE OR REPLACE TEMP TABLE forked AS
           SELECT c.source, c.model_id FROM child AS c
           ANTI JOIN inner_node AS i ON i.source = c.source AND i.model_id = c.model_id
           WHERE c.forks = 1""")


def _count(connection: DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0
