-- Models whose safeguards were removed, as their own name or tags say. By name: the part after the
-- slash contains a word of the lexicon. By tag: one tag equals a word (a substring would match
-- base_model: and dataset: tags nine times as often). Exclusions are a list in the lexicon.
WITH named AS (
  SELECT source, model_id, substr(lower(model_id), instr(model_id, '/') + 1) AS name FROM models
), by_name AS (
  SELECT DISTINCT n.source, n.model_id
  FROM named AS n JOIN lexicon AS w ON w.list = 'safety_removed' AND instr(n.name, w.word) > 0
), by_tag AS (
  SELECT DISTINCT t.source, t.model_id
  FROM tags AS t JOIN lexicon AS w ON w.list = 'safety_removed' AND lower(t.tag) = w.word
), marked AS (
  SELECT source, model_id, max(by_name) AS by_name, max(by_tag) AS by_tag
  FROM (SELECT source, model_id, 1 AS by_name, 0 AS by_tag FROM by_name
        UNION ALL
        SELECT source, model_id, 0 AS by_name, 1 AS by_tag FROM by_tag) AS either
  GROUP BY source, model_id
), excluded AS (
  SELECT DISTINCT m.source, m.model_id
  FROM marked AS m
  JOIN lexicon AS w ON w.list = 'safety_removed_exclusions'
                   AND instr(lower(m.model_id), w.word) > 0
)
SELECT m.source, m.model_id, m.by_name, m.by_tag
FROM marked AS m
JOIN models AS known ON known.source = m.source AND known.model_id = m.model_id
LEFT JOIN excluded AS x ON x.source = m.source AND x.model_id = m.model_id
WHERE x.model_id IS NULL
