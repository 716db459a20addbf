-- The diffusion class of every model: 3 high, 2 medium, 1 unknown, 0 low. High, medium, unknown, low in
-- this order; low needs evidence on hazard, lag and compute. Days are 30.4375 to a month: 3 months are
-- 91, 6 are 182, 12 are 365, 18 are 547. A derivative takes at least its root's class unless it is
-- smaller (under 0.9 of the root's parameters). A controlled release lowers high to medium only while
-- no ungated copy and no safety-removed descendant exists.
WITH stripped AS (
  SELECT o.source, o.root_id, count(*) AS descendants, coalesce(sum(d.d30), 0) AS d30,
         min(m.created_day) AS first_day
  FROM roots AS o
  JOIN safety_removed AS x ON x.source = o.source AND x.model_id = o.model_id
  JOIN models AS m ON m.source = o.source AND m.model_id = o.model_id
  LEFT JOIN d30 AS d ON d.source = o.source AND d.model_id = o.model_id
  WHERE o.root_id <> o.model_id
  GROUP BY o.source, o.root_id
), copies AS (
  SELECT o.source, o.root_id, count(*) AS ungated
  FROM roots AS o
  JOIN models AS m ON m.source = o.source AND m.model_id = o.model_id
  WHERE o.root_id <> o.model_id AND m.gated <> 'manual' AND (m.disabled IS NULL OR m.disabled = 0)
  GROUP BY o.source, o.root_id
), judged AS (
  SELECT f.*,
         coalesce(s.descendants, 0) AS stripped, coalesce(s.d30, 0) AS stripped_d30,
         CASE WHEN s.first_day IS NULL OR f.released_day IS NULL THEN NULL
              ELSE s.first_day - f.released_day END AS stripped_after_days,
         CASE WHEN f.gated = 'manual' AND coalesce(c.ungated, 0) = 0
                   AND coalesce(s.descendants, 0) = 0 THEN 1 ELSE 0 END AS controlled,
         CASE WHEN f.hazard_micro >= 1000000 THEN 1 ELSE 0 END AS t_hazard,
         f.red_zone AS t_zone,
         CASE WHEN f.compute_micro >= 25000000 AND f.lag_days <= 547 THEN 1 ELSE 0 END AS t_compute,
         CASE WHEN f.lag_days <= 91 AND f.hazard_micro >= 750000 THEN 1 ELSE 0 END AS t_near,
         CASE WHEN f.lag_days <= 365 THEN 1 ELSE 0 END AS t_lag,
         CASE WHEN f.hazard_micro >= 500000 THEN 1 ELSE 0 END AS t_hazard_half,
         CASE WHEN f.compute_micro >= 24000000 THEN 1 ELSE 0 END AS t_compute_medium,
         f.special AS t_special,
         CASE WHEN f.hazard_micro IS NOT NULL AND f.lag_days IS NOT NULL
                   AND f.compute_micro IS NOT NULL THEN 1 ELSE 0 END AS evidence
  FROM diffusion_facts AS f
  LEFT JOIN stripped AS s ON s.source = f.source AND s.root_id = f.model_id
  LEFT JOIN copies AS c ON c.source = f.source AND c.root_id = f.model_id
), own AS (
  SELECT j.*,
         CASE WHEN j.is_public = 1 AND j.t_hazard + j.t_zone + j.t_compute + j.t_near > 0
              THEN CASE WHEN j.controlled = 1 THEN 2 ELSE 3 END
              WHEN j.is_public = 1
                   AND j.t_lag + j.t_hazard_half + j.t_compute_medium + j.t_special > 0 THEN 2
              WHEN j.evidence = 0 THEN 1 ELSE 0 END AS own_class,
         CASE WHEN j.is_public = 1 AND j.t_hazard + j.t_zone + j.t_compute + j.t_near > 0
                   AND j.controlled = 1 THEN 1 ELSE 0 END AS lowered
  FROM judged AS j
), party AS (
  SELECT p.hub, p.account, min(p.organisation) AS organisation, min(p.jurisdiction) AS jurisdiction
  FROM publishers AS p CROSS JOIN clock AS c
  WHERE p.kind IN ('laboratory', 'company', 'university') AND p.valid_from_day <= c.as_of_day
    AND (p.valid_to_day IS NULL OR p.valid_to_day > c.as_of_day)
  GROUP BY p.hub, p.account
), placed AS (
  SELECT o.*, coalesce(t.root_id, o.model_id) AS root_id,
         CASE WHEN b.model_id IS NULL OR b.model_id = o.model_id THEN NULL
              WHEN o.parameters IS NOT NULL AND b.parameters IS NOT NULL
                   AND o.parameters * 10 < b.parameters * 9 THEN NULL
              ELSE b.own_class END AS root_class,
         lower(substr(o.model_id, 1, instr(o.model_id, '/') - 1)) AS account
  FROM own AS o
  LEFT JOIN roots AS t ON t.source = o.source AND t.model_id = o.model_id
  LEFT JOIN own AS b ON b.source = o.source AND b.model_id = t.root_id
)
SELECT p.source, p.model_id, p.root_id, p.in_catalogue, p.released_day, p.parameters, p.compute_micro,
       p.score_micro, p.board_day, p.lag_days, p.open_rank, p.hazard_micro, p.hazard_day, p.gated,
       p.controlled, p.lowered, p.stripped, p.stripped_d30, p.stripped_after_days, p.t_hazard,
       p.t_zone, p.t_compute, p.t_near, p.t_lag, p.t_hazard_half, p.t_compute_medium, p.t_special,
       p.evidence, p.own_class, p.root_class,
       CASE WHEN p.root_class > p.own_class THEN p.root_class ELSE p.own_class END AS class,
       CASE WHEN p.root_class > p.own_class THEN 1 ELSE 0 END AS inherited,
       CASE WHEN p.open_rank <= 5 AND p.lag_days <= 182 AND p.own_class < 3 THEN 1 ELSE 0 END
         AS review,
       CASE WHEN p.own_class = 2 AND (p.stripped_d30 >= 10000
                 OR p.stripped_after_days BETWEEN 0 AND 7) THEN 1 ELSE 0 END AS plus,
       CASE WHEN y.account IS NOT NULL AND p.root_id = p.model_id THEN 1 ELSE 0 END AS first_party,
       y.organisation, coalesce(y.jurisdiction, 'unknown') AS jurisdiction,
       CASE WHEN x.model_id IS NULL THEN 0 ELSE 1 END AS safety_removed,
       CASE WHEN p.hazard_day IS NULL THEN p.board_day
            WHEN p.board_day IS NULL OR p.hazard_day < p.board_day THEN p.hazard_day
            ELSE p.board_day END AS evidence_day
FROM placed AS p
LEFT JOIN party AS y ON y.hub = p.source AND y.account = p.account
LEFT JOIN safety_removed AS x ON x.source = p.source AND x.model_id = p.model_id
