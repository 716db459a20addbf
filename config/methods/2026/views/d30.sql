-- Downloads in 30 days. The hub's own 30-day counter where it was seen within 7 days of the newest
-- counters; else the difference of all-time counters some 30 days apart (25 to 40), brought to 30.
-- Overlapping windows are never added. A counter that went backwards, a window larger than all
-- time, or more than 500 million a month is a correction or a fault, and says nothing.
WITH newest AS (
  SELECT source, max(observed_day) AS day FROM counters GROUP BY source
), fresh AS (
  SELECT c.source, c.model_id, c.downloads_30d, c.observed_day,
         row_number() OVER (PARTITION BY c.source, c.model_id ORDER BY c.observed_day DESC) AS nth
  FROM counters AS c JOIN newest AS w ON w.source = c.source
  WHERE c.observed_day >= w.day - 7 AND c.downloads_30d BETWEEN 0 AND 500000000
    AND (c.downloads_all_time IS NULL OR c.downloads_30d <= c.downloads_all_time)
), late AS (
  SELECT c.source, c.model_id, c.downloads_all_time, c.observed_day,
         row_number() OVER (PARTITION BY c.source, c.model_id ORDER BY c.observed_day DESC) AS nth
  FROM counters AS c
  JOIN newest AS w ON w.source = c.source
  LEFT JOIN fresh AS f ON f.source = c.source AND f.model_id = c.model_id AND f.nth = 1
  WHERE c.observed_day >= w.day - 7 AND c.downloads_all_time IS NOT NULL AND f.model_id IS NULL
), pair AS (
  SELECT l.source, l.model_id, l.observed_day, l.downloads_all_time - e.downloads_all_time AS gain,
         l.observed_day - e.observed_day AS gap,
         row_number() OVER (PARTITION BY l.source, l.model_id
                            ORDER BY abs(l.observed_day - 30 - e.observed_day),
                                     e.observed_day DESC) AS nth
  FROM late AS l
  JOIN counters AS e ON e.source = l.source AND e.model_id = l.model_id
  WHERE l.nth = 1 AND e.downloads_all_time IS NOT NULL
    AND e.observed_day BETWEEN l.observed_day - 40 AND l.observed_day - 25
)
SELECT source, model_id, downloads_30d AS d30, observed_day, 0 AS by_difference
FROM fresh WHERE nth = 1
UNION ALL
SELECT source, model_id, CAST((gain * 30 - (gain * 30) % gap) / gap AS BIGINT) AS d30,
       observed_day, 1 AS by_difference
FROM pair WHERE nth = 1 AND gain BETWEEN 0 AND 500000000
