-- The wide universe of generative models on the hub: D30 of at least 100 and a generative pipeline. A
-- model without pipeline is kept apart (in_wide 0, no_pipeline 1), so that a share can say how many.
SELECT d.source, d.model_id, d.d30, d.observed_day, d.by_difference,
       CASE WHEN m.pipeline IS NULL THEN 0 ELSE 1 END AS in_wide,
       CASE WHEN m.pipeline IS NULL THEN 1 ELSE 0 END AS no_pipeline
FROM d30 AS d
JOIN models AS m ON m.source = d.source AND m.model_id = d.model_id
LEFT JOIN lexicon AS w ON w.list = 'generative_pipelines' AND w.word = m.pipeline
WHERE d.source = 'huggingface' AND d.d30 >= 100 AND (m.pipeline IS NULL OR w.word IS NOT NULL)
