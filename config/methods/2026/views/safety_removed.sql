-- Models whose safeguards were removed, as their own name or tags say. By name: the part after the
-- slash contains a word of the lexicon. By tag: one tag equals a word (a substring would match
-- base_model: and dataset: tags nine times as often). Exclusions are a list in the lexicon.
WITH by_name AS (
  SELECT DISTINCT m.source, m.model_id
  FROM models AS m
  JOIN lexicon AS w ON w.list = 'safety_removed'
  WHERE lower(m.model_id) LIKE '%/%' || w.word || '%'
), by_tag AS (
  SELECT DISTINCT t.source, t.model_id
  FROM tags AS t JOIN lexicon AS w ON w.list = 'safety_removed' AND lower(t.tag) = w.word
), excluded AS (
  SELECT DISTINCT m.source, m.model_id
  FROM models AS m JOIN lexicon AS w ON w.list = 'safety_removed_exclusions'
  WHERE lower(m.model_id) LIKE '%' || w.word || '%'
)
SELECT m.source, m.model_id,
       CASE WHEN n.model_id IS NULL THEN 0 ELSE 1 END AS by_name,
       CASE WHEN t.model_id IS NULL THEN 0 ELSE 1 END AS by_tag
FROM models AS m
LEFT JOIN by_name AS n ON n.source = m.source AND n.model_id = m.model_id
LEFT JOIN by_tag AS t ON t.source = m.source AND t.model_id = m.model_id
LEFT JOIN excluded AS x ON x.source = m.source AND x.model_id = m.model_id
WHERE (n.model_id IS NOT NULL OR t.model_id IS NOT NULL) AND x.model_id IS NULL
