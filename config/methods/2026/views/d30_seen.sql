-- Per hub: how many models were counted within 7 days of the newest counters (seen), and for how
-- many of them 30-day downloads are known. Where few are known, the universe is another one, and a
-- share over it must not be compared: coverage says so.
WITH newest AS (
  SELECT source, max(observed_day) AS day FROM counters GROUP BY source
), seen AS (
  SELECT r.source, count(*) AS seen
  FROM (SELECT c.source, c.model_id
        FROM counters AS c JOIN newest AS w ON w.source = c.source
        WHERE c.observed_day >= w.day - 7
        GROUP BY c.source, c.model_id) AS r
  GROUP BY r.source
), known AS (
  SELECT source, count(*) AS known FROM d30 GROUP BY source
)
SELECT s.source, s.seen, coalesce(k.known, 0) AS known
FROM seen AS s LEFT JOIN known AS k ON k.source = s.source
