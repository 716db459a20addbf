-- The 1,000 most downloaded models of foreign root on the hub, with D30 and rank.
WITH ranked AS (
  SELECT d.source, d.model_id, d.d30, d.observed_day, o.publisher_is_home,
         row_number() OVER (ORDER BY d.d30 DESC, d.model_id) AS nth
  FROM d30 AS d
  JOIN origin AS o ON o.source = d.source AND o.model_id = d.model_id
  WHERE d.source = 'huggingface' AND o.is_home = 0
)
SELECT source, model_id, d30, observed_day, nth FROM ranked WHERE nth <= 1000
