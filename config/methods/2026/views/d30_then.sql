-- D30 half a year (182 days) before the newest counters: the hub's own 30-day counter of the day
-- nearest to it within ten days, the earlier of two. Without such a day a model has no row, and a
-- change is not known. nearest holds how far off, the day and the counter in one number, so that the
-- smallest is the one that is wanted.
WITH newest AS (
  SELECT source, max(observed_day) AS day FROM counters GROUP BY source
), near_then AS (
  SELECT c.source, c.model_id,
         min((CAST(abs(c.observed_day - (w.day - 182)) AS BIGINT) * 100000 + c.observed_day)
             * 1000000000 + c.downloads_30d) AS nearest
  FROM counters AS c JOIN newest AS w ON w.source = c.source
  WHERE c.observed_day BETWEEN w.day - 192 AND w.day - 172
    AND c.downloads_30d BETWEEN 0 AND 500000000
  GROUP BY c.source, c.model_id
)
SELECT source, model_id, nearest % 1000000000 AS d30,
       CAST((nearest - nearest % 1000000000) / 1000000000 AS BIGINT) % 100000 AS observed_day
FROM near_then
