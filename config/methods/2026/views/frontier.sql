-- What each capability board knows at the clock: one row per model with release day and score.
-- A refitted index (ECI, AA) is read from its newest vintage alone. Arena is one running scale: each
-- model with its newest rating, dated by its release where known, else by the first board it is on.
-- is_open, is_home: 1, 0 or NULL (unknown stays out, and is counted).
WITH newest AS (
  SELECT board, max(board_day) AS board_day FROM scores GROUP BY board
), spelled AS (
  SELECT spelling, min(openness) AS openness FROM licences GROUP BY spelling
), known AS (
  SELECT s.board, s.board_day, s.model_name, s.score_micro, s.released_day, s.jurisdictions, s.licence,
         CASE WHEN s.openness <> 'unknown' THEN s.openness
              ELSE coalesce(l.openness, 'unknown') END AS openness
  FROM scores AS s
  LEFT JOIN spelled AS l ON l.spelling = s.licence
), told AS (
  SELECT k.board, k.model_name, max(k.board_day) AS last_day, min(k.board_day) AS first_day,
         min(k.released_day) AS released_day,
         max(CASE WHEN k.openness = 'open' THEN 1 ELSE 0 END) AS ever_open,
         max(CASE WHEN k.openness = 'closed' THEN 1 ELSE 0 END) AS ever_closed,
         max(CASE WHEN k.jurisdictions <> 'unknown' THEN k.jurisdictions END) AS jurisdictions
  FROM known AS k WHERE k.board = 'arena_text'
  GROUP BY k.board, k.model_name
), running AS (
  SELECT t.board, t.model_name, k.score_micro, k.licence, t.first_day, t.released_day, t.ever_open,
         t.ever_closed, t.jurisdictions,
         row_number() OVER (PARTITION BY t.board, t.model_name ORDER BY k.score_micro DESC) AS nth
  FROM told AS t
  JOIN scores AS k ON k.board = t.board AND k.model_name = t.model_name
                  AND k.board_day = t.last_day
), every AS (
  SELECT k.board, k.board_day, k.model_name, k.score_micro, k.released_day AS day,
         k.jurisdictions, k.licence, k.openness
  FROM known AS k JOIN newest AS w ON w.board = k.board AND w.board_day = k.board_day
  WHERE k.board <> 'arena_text'
  UNION ALL
  SELECT r.board, w.board_day, r.model_name, r.score_micro,
         CASE WHEN r.released_day IS NOT NULL AND r.released_day < r.first_day
              THEN r.released_day ELSE r.first_day END AS day,
         coalesce(r.jurisdictions, 'unknown') AS jurisdictions, r.licence,
         CASE WHEN r.ever_open = 1 THEN 'open' WHEN r.ever_closed = 1 THEN 'closed'
              ELSE 'unknown' END AS openness
  FROM running AS r JOIN newest AS w ON w.board = r.board
  WHERE r.nth = 1
)
SELECT e.board, e.board_day, e.model_name, e.score_micro, e.day, e.licence,
       CASE WHEN e.openness = 'open' THEN 1 WHEN e.openness = 'closed' THEN 0 END AS is_open,
       CASE WHEN e.jurisdictions = 'unknown' THEN NULL
            WHEN ',' || e.jurisdictions || ',' LIKE '%,' || c.home || ',%' THEN 1
            ELSE 0 END AS is_home
FROM every AS e CROSS JOIN clock AS c
WHERE e.day IS NOT NULL AND e.day <= c.as_of_day
