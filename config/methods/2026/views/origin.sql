-- Each model's own publisher and its root's publisher, by the dated registry as of the clock.
-- is_home is 1 (home), 0 (foreign) or NULL (unknown): unknown stays out of every denominator.
WITH valid AS (
  SELECT p.hub, p.account, p.organisation, p.family, p.jurisdiction, p.kind,
         row_number() OVER (PARTITION BY p.hub, p.account
                            ORDER BY p.valid_from_day DESC, p.source) AS nth
  FROM publishers AS p CROSS JOIN clock AS c
  WHERE p.valid_from_day <= c.as_of_day AND (p.valid_to_day IS NULL OR p.valid_to_day > c.as_of_day)
), named AS (
  SELECT m.source, m.model_id, coalesce(r.root_id, m.model_id) AS root_id,
         coalesce(r.depth, 0) AS depth, coalesce(r.unanimous, 1) AS unanimous,
         lower(substr(m.model_id, 1, instr(m.model_id, '/') - 1)) AS account,
         lower(substr(coalesce(r.root_id, m.model_id), 1,
                      instr(coalesce(r.root_id, m.model_id), '/') - 1)) AS root_account
  FROM models AS m
  LEFT JOIN roots AS r ON r.source = m.source AND r.model_id = m.model_id
)
SELECT n.source, n.model_id, n.root_id, n.depth, n.unanimous, n.account, n.root_account,
       coalesce(own.organisation, n.account) AS organisation,
       coalesce(base.organisation, n.root_account) AS root_organisation,
       coalesce(base.family, base.organisation, n.root_account) AS root_family,
       CASE WHEN own.jurisdiction IS NULL OR own.jurisdiction = 'unknown' THEN NULL
            WHEN own.jurisdiction = c.home THEN 1 ELSE 0 END AS publisher_is_home,
       CASE WHEN base.jurisdiction IS NULL OR base.jurisdiction = 'unknown' THEN NULL
            WHEN base.jurisdiction = c.home THEN 1 ELSE 0 END AS is_home
FROM named AS n
CROSS JOIN clock AS c
LEFT JOIN valid AS own ON own.nth = 1 AND own.hub = n.source AND own.account = n.account
LEFT JOIN valid AS base ON base.nth = 1 AND base.hub = n.source AND base.account = n.root_account
