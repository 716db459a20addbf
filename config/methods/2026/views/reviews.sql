-- Per indicator coded by hand: how many attested reviews hold on the day of the clock. A review
-- holds for its period and 31 days after, when the next is due. Two persons stand behind each: who
-- entered it and who attested it; one name twice is no second pair of eyes.
SELECT e.indicator, count(*) AS attested,
       max(CASE WHEN e.period_to_day < c.as_of_day THEN e.period_to_day ELSE c.as_of_day END)
         AS newest_day,
       min(e.period_from_day) AS oldest_day
FROM evidence AS e CROSS JOIN clock AS c
WHERE e.item IN ('', 'review') AND e.attested_by IS NOT NULL AND e.attested_by <> e.author
  AND e.period_from_day <= c.as_of_day AND e.period_to_day >= c.as_of_day - 31
GROUP BY e.indicator
