-- D30 half a year (182 days) before the newest counters: the hub's own 30-day counter of the day
-- nearest to it within ten days. Without such a day a model has no row, and a change is not known.
WITH newest AS (
  SELECT source, max(observed_day) AS day FROM counters GROUP BY source
), near_then AS (
  SELECT c.source, c.model_id, c.downloads_30d AS d30, c.observed_day,
         row_number() OVER (PARTITION BY c.source, c.model_id
                            ORDER BY abs(c.observed_day - (w.day - 182)), c.observed_day) AS nth
  FROM counters AS c JOIN newest AS w ON w.source = c.source
  WHERE c.observed_day BETWEEN w.day - 192 AND w.day - 172
    AND c.downloads_30d BETWEEN 0 AND 500000000
)
SELECT source, model_id, d30, observed_day FROM near_then WHERE nth = 1
