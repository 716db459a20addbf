-- Downloads in 30 days. The hub's own 30-day counter where it was seen within 7 days of the newest
-- counters; else the difference of all-time counters some 30 days apart (25 to 40), brought to 30.
-- Overlapping windows are never added. A counter that went backwards, a window larger than all
-- time, or more than 500 million a month is a correction or a fault, and says nothing.
WITH late AS (
  SELECT d.source, d.model_id, d.late_day, r.downloads_all_time
  FROM counted AS d
  JOIN counters AS r ON r.source = d.source AND r.model_id = d.model_id
                    AND r.observed_day = d.late_day
  WHERE d.fresh IS NULL
), pair AS (
  SELECT l.source, l.model_id, l.late_day, l.downloads_all_time - e.downloads_all_time AS gain,
         l.late_day - e.observed_day AS gap,
         row_number() OVER (PARTITION BY l.source, l.model_id
                            ORDER BY abs(l.late_day - 30 - e.observed_day), e.observed_day DESC)
           AS nth
  FROM late AS l
  JOIN counters AS e ON e.source = l.source AND e.model_id = l.model_id
  WHERE e.downloads_all_time IS NOT NULL
    AND e.observed_day BETWEEN l.late_day - 40 AND l.late_day - 25
)
SELECT source, model_id, fresh % 1000000000 AS d30,
       CAST((fresh - fresh % 1000000000) / 1000000000 AS BIGINT) AS observed_day, 0 AS by_difference
FROM counted WHERE fresh IS NOT NULL
UNION ALL
SELECT source, model_id, CAST((gain * 30 - (gain * 30) % gap) / gap AS BIGINT) AS d30,
       late_day AS observed_day, 1 AS by_difference
FROM pair WHERE nth = 1 AND gain BETWEEN 0 AND 500000000
