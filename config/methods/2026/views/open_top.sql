-- Open models of the capability index by rank, overall and among domestic ones, with their
-- repositories on the hub where a catalogue names one.
WITH named AS (
  SELECT lower(model_name) AS model_name, min(hub_id) AS hub_id
  FROM releases WHERE hub_id IS NOT NULL GROUP BY lower(model_name)
)
SELECT f.model_name, n.hub_id, f.score_micro, f.day, f.is_home, f.licence, f.board_day,
       row_number() OVER (ORDER BY f.score_micro DESC, f.model_name) AS nth,
       row_number() OVER (PARTITION BY f.is_home ORDER BY f.score_micro DESC, f.model_name)
         AS nth_of_origin
FROM frontier AS f
LEFT JOIN named AS n ON n.model_name = lower(f.model_name)
WHERE f.board = 'eci' AND f.is_open = 1
