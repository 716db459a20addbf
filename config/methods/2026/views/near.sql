-- Open models near the frontier: ECI at least that of the best closed model twelve months before,
-- with their repositories on the hub where a catalogue names one.
WITH past AS (
  SELECT max(f.score_micro) AS score_micro
  FROM frontier AS f CROSS JOIN clock AS c
  WHERE f.board = 'eci' AND f.is_open = 0 AND f.day <= c.as_of_day - 365
), named AS (
  SELECT lower(model_name) AS model_name, min(hub_id) AS hub_id, max(parameters) AS parameters
  FROM releases GROUP BY lower(model_name)
)
SELECT f.model_name, n.hub_id, n.parameters, f.score_micro, f.day, f.is_home, f.board_day
FROM frontier AS f
CROSS JOIN past AS p
LEFT JOIN named AS n ON n.model_name = lower(f.model_name)
WHERE f.board = 'eci' AND f.is_open = 1 AND f.score_micro >= p.score_micro
