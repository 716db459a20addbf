"""Tables behind the pages of families and publishers: who is whose, what was released, scored.

They are made for the length of one publication on the connection of a view, each in one pass over
the lake; `monitor.profiles` reads them. What the registry does not know as a laboratory, company or
university never enters: its names would be those of anybody's repositories.
"""

from duckdb import DuckDBPyConnection

FIRST_PARTY = "('laboratory', 'company', 'university')"

NAMELESS = """EXISTS (SELECT 1 FROM lexicon AS w
    WHERE w.list IN ('safety_removed', 'person_likeness', 'malicious')
      AND instr(lower({name}), w.word) > 0)"""
"""Whether a name bears a word by which a repository is never named."""

MOST_D30 = 500_000_000
"""A 30-day counter above this is a fault of the hub (as in the method's view `d30`)."""

_HAND = f"""
CREATE OR REPLACE TEMP TABLE hand AS
SELECT p.hub, p.account, lower(p.organisation) AS organisation, lower(p.family) AS family
FROM publishers AS p CROSS JOIN clock AS c
WHERE p.valid_from_day <= c.as_of_day AND (p.valid_to_day IS NULL OR p.valid_to_day > c.as_of_day)
  AND p.kind IN {FIRST_PARTY}
QUALIFY row_number() OVER (PARTITION BY p.hub, p.account
                           ORDER BY p.valid_from_day DESC, p.source) = 1
"""

# A plain name in catalogues, else the organisation's own name, else its account on the hub.
_CALLED = """
CREATE OR REPLACE TEMP TABLE called AS
SELECT alias, organisation FROM (
  SELECT account AS alias, organisation, 1 AS rank FROM hand WHERE hub = 'name'
  UNION ALL SELECT organisation, organisation, 2 FROM hand
  UNION ALL SELECT account, organisation, 3 FROM hand WHERE hub = 'huggingface'
) QUALIFY row_number() OVER (PARTITION BY alias ORDER BY rank, organisation) = 1
"""

_KIN = """
CREATE OR REPLACE TEMP TABLE kin AS
SELECT DISTINCT organisation, family, count(*) OVER (PARTITION BY organisation) AS families
FROM (SELECT DISTINCT organisation, family FROM hand WHERE family IS NOT NULL) AS pairs
"""

# Of equal rank the first by name: two pages of the same record must not differ.
_BY_RANK = "ORDER BY rank, source, model_name"

# One release listed by several catalogues is one; the names differ in punctuation and owner only.
# A release is of the family whose name its own name contains (the longest), else of its account's.
_RELEASED = f"""
CREATE OR REPLACE TEMP TABLE released AS
WITH listed AS (
  SELECT r.*, lower(split_part(r.hub_id, '/', 1)) AS account,
         regexp_replace(lower(split_part(coalesce(r.hub_id, r.model_name), '/', -1)),
                        '[^a-z0-9]', '', 'g') AS same,
         CASE r.source WHEN 'epoch' THEN 1 WHEN 'lmarena' THEN 2 WHEN 'models_dev' THEN 3
              ELSE 4 END AS rank
  FROM releases AS r CROSS JOIN clock AS c
  WHERE (r.released_day IS NULL OR r.released_day <= c.as_of_day)
    AND NOT {NAMELESS.format(name="r.model_name || ' ' || coalesce(r.hub_id, '')")}
), owned AS (
  SELECT l.*, coalesce(h.organisation, a.organisation, b.organisation) AS owner,
         h.family AS account_family
  FROM listed AS l
  LEFT JOIN hand AS h ON h.hub = 'huggingface' AND h.account = l.account
  LEFT JOIN called AS a ON a.alias = lower(l.organisation)
  LEFT JOIN called AS b ON b.alias = lower(trim(split_part(l.organisation, ',', 1)))
), known AS (
  SELECT o.*, coalesce(n.family, o.account_family) AS kindred
  FROM owned AS o
  LEFT JOIN kin AS n ON n.organisation = o.owner AND instr(lower(o.model_name), n.family) > 0
  WHERE o.owner IS NOT NULL
  QUALIFY row_number() OVER (PARTITION BY o.source, o.model_name
                             ORDER BY length(n.family) DESC NULLS LAST, n.family) = 1
)
SELECT owner AS organisation, max(kindred) AS family, first(model_name {_BY_RANK}) AS model_name,
       min(released_day) AS released_day, min(weights_released_day) AS weights_day,
       CASE WHEN bool_or(openness = 'open') THEN 'open'
            WHEN bool_or(openness = 'closed') THEN 'closed' ELSE 'unknown' END AS openness,
       coalesce(first(licence {_BY_RANK}) FILTER (WHERE licence IS NOT NULL), '') AS licence,
       max(parameters) AS parameters, first(source {_BY_RANK}) AS source,
       first(source_url {_BY_RANK}) AS source_url
FROM known GROUP BY owner, same
"""

# Ranks are among all models of a vintage; a score is of the family whose name the model's contains,
# else, if
# open, of the organisation's only one (a house of one open family may sell others closed).
_SCORED = f"""
CREATE OR REPLACE TEMP TABLE scored AS
WITH opened AS (
  SELECT s.board, s.board_day, s.model_name, s.organisation, s.released_day, s.score_micro,
         s.low_micro, s.high_micro,
         CASE WHEN s.openness <> 'unknown' THEN s.openness
              ELSE coalesce(l.openness, 'unknown') END AS openness
  FROM scores AS s
  LEFT JOIN (SELECT spelling, min(openness) AS openness FROM licences GROUP BY spelling) AS l
    ON l.spelling = s.licence
), ranked AS (
  SELECT *, rank() OVER (PARTITION BY board, board_day ORDER BY score_micro DESC) AS place,
         count(*) OVER (PARTITION BY board, board_day) AS places,
         max(CASE WHEN openness = 'open' THEN score_micro END)
           OVER (PARTITION BY board, board_day) AS best_open
  FROM opened
)
SELECT r.* EXCLUDE (organisation), coalesce(a.organisation, b.organisation) AS organisation,
       coalesce(n.family, CASE WHEN r.openness = 'open' THEN sole.family END) AS family
FROM ranked AS r
LEFT JOIN called AS a ON a.alias = lower(r.organisation)
LEFT JOIN called AS b ON b.alias = lower(trim(split_part(r.organisation, ',', 1)))
LEFT JOIN kin AS n ON n.organisation = coalesce(a.organisation, b.organisation)
                  AND instr(lower(r.model_name), n.family) > 0
LEFT JOIN kin AS sole ON sole.organisation = coalesce(a.organisation, b.organisation)
                     AND sole.families = 1
WHERE coalesce(a.organisation, b.organisation) IS NOT NULL
  AND NOT {NAMELESS.format(name="r.model_name")}
QUALIFY row_number() OVER (PARTITION BY r.board, r.board_day, r.model_name
                           ORDER BY length(n.family) DESC NULLS LAST, n.family) = 1
"""

_NOTHING_REMOVED = """CREATE OR REPLACE TEMP VIEW stripped AS
SELECT '' AS source, '' AS model_id WHERE 1 = 0"""


def make_tables(
    connection: DuckDBPyConnection, *, removed_known: bool, releases: bool = True
) -> None:
    """Create `hand`, `called`, `kin`, `released`, `scored` and `stripped` on the connection.

    Without `releases` there is no `released`, which costs more than all others.
    Without the method's view `safety_removed` nothing is known to be stripped (`stripped` is
    empty), and whoever reads it must say so.
    """
    for sql in (_HAND, _CALLED, _KIN, *((_RELEASED,) if releases else ()), _SCORED):
        connection.execute(sql)
    connection.execute(
        "CREATE OR REPLACE TEMP VIEW stripped AS SELECT source, model_id FROM safety_removed"
        if removed_known
        else _NOTHING_REMOVED
    )
