-- Per hub: how many models were counted within 7 days of the newest counters (seen), and for how
-- many of them 30-day downloads are known. Where few are known, the universe is another one, and a
-- share over it must not be compared: coverage says so.
SELECT s.source, s.seen, coalesce(k.known, 0) AS known
FROM (SELECT source, count(*) AS seen FROM counted GROUP BY source) AS s
LEFT JOIN (SELECT source, count(*) AS known FROM d30 GROUP BY source) AS k ON k.source = s.source
