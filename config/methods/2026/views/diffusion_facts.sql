-- What is known of each model, of the catalogue or only of a release list, for its diffusion class:
-- compute, lag behind the closed frontier (ECI, not older than 180 days), hazard (attested evidence of
-- the past 180 days), special field, release form. NULL is not known, never none.
WITH released AS (
  SELECT r.hub_id AS model_id, max(r.compute_log10_micro) AS compute_micro,
         max(r.parameters) AS parameters,
         min(coalesce(r.weights_released_day, r.released_day)) AS released_day
  FROM releases AS r WHERE r.hub_id IS NOT NULL AND r.openness = 'open' GROUP BY r.hub_id
), scored AS (
  SELECT r.hub_id AS model_id, max(f.score_micro) AS score_micro, max(f.board_day) AS board_day
  FROM releases AS r
  JOIN frontier AS f ON f.board = 'eci' AND lower(f.model_name) = lower(r.model_name)
  CROSS JOIN clock AS c
  WHERE r.hub_id IS NOT NULL AND f.board_day >= c.as_of_day - 180
  GROUP BY r.hub_id
), reached AS (
  SELECT s.model_id, s.score_micro, s.board_day, min(f.day) AS reached_day
  FROM scored AS s
  LEFT JOIN frontier AS f ON f.board = 'eci' AND f.is_open = 0 AND f.score_micro >= s.score_micro
  GROUP BY s.model_id, s.score_micro, s.board_day
), ranked AS (
  SELECT s.model_id, rank() OVER (ORDER BY s.score_micro DESC) AS open_rank FROM scored AS s
), danger AS (
  SELECT e.item AS model_id, max(e.value_micro) AS hazard_micro,
         max(CASE WHEN e.domain LIKE 'red_zone%' THEN 1 ELSE 0 END) AS red_zone,
         max(e.period_to_day) AS hazard_day
  FROM evidence AS e CROSS JOIN clock AS c
  WHERE e.indicator = 'S06' AND e.item <> '' AND e.attested_by IS NOT NULL
    AND e.attested_by <> e.author AND e.period_to_day >= c.as_of_day - 180
  GROUP BY e.item
), special AS (
  SELECT DISTINCT t.source, t.model_id
  FROM tags AS t JOIN lexicon AS w ON w.list = 'hazardous_fields' AND lower(t.tag) = w.word
), every AS (
  SELECT m.source, m.model_id, m.created_day, m.gated, m.disabled, m.parameters, 1 AS in_catalogue
  FROM models AS m
  UNION ALL
  SELECT 'huggingface' AS source, r.model_id, CAST(NULL AS INTEGER) AS created_day,
         'unknown' AS gated, CAST(NULL AS INTEGER) AS disabled,
         CAST(NULL AS BIGINT) AS parameters, 0 AS in_catalogue
  FROM released AS r
  WHERE NOT EXISTS (SELECT 1 FROM models AS m
                    WHERE m.source = 'huggingface' AND m.model_id = r.model_id)
)
SELECT e.source, e.model_id, e.in_catalogue, e.gated,
       CASE WHEN e.disabled = 1 THEN 0 ELSE 1 END AS is_public,
       coalesce(r.parameters, e.parameters) AS parameters,
       coalesce(r.released_day, e.created_day) AS released_day,
       r.compute_micro, s.score_micro, s.board_day,
       CASE WHEN s.model_id IS NULL THEN NULL
            WHEN s.reached_day IS NULL THEN 0
            WHEN c.as_of_day - s.reached_day < 0 THEN 0
            ELSE c.as_of_day - s.reached_day END AS lag_days,
       k.open_rank, d.hazard_micro, coalesce(d.red_zone, 0) AS red_zone, d.hazard_day,
       CASE WHEN x.model_id IS NULL THEN 0 ELSE 1 END AS special
FROM every AS e
CROSS JOIN clock AS c
LEFT JOIN released AS r ON r.model_id = e.model_id
LEFT JOIN reached AS s ON s.model_id = e.model_id
LEFT JOIN ranked AS k ON k.model_id = e.model_id
LEFT JOIN danger AS d ON d.model_id = e.model_id
LEFT JOIN special AS x ON x.source = e.source AND x.model_id = e.model_id
