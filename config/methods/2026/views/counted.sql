-- Every model whose counters were seen within 7 days of the newest ones of its hub. fresh is the day
-- of its newest usable 30-day counter × 1,000,000,000 + that counter: the largest is the newest, and
-- both are read from it again. A window larger than all time, below zero or over 500 million is a
-- correction or a fault. late_day is the newest day on which all-time downloads were seen.
WITH newest AS (
  SELECT source, max(observed_day) AS day FROM counters GROUP BY source
)
SELECT c.source, c.model_id,
       max(CASE WHEN c.downloads_30d BETWEEN 0 AND 500000000
                 AND (c.downloads_all_time IS NULL OR c.downloads_30d <= c.downloads_all_time)
                THEN CAST(c.observed_day AS BIGINT) * 1000000000 + c.downloads_30d END) AS fresh,
       max(CASE WHEN c.downloads_all_time IS NOT NULL THEN c.observed_day END) AS late_day
FROM counters AS c JOIN newest AS w ON w.source = c.source
WHERE c.observed_day >= w.day - 7
GROUP BY c.source, c.model_id
