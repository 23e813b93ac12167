-- The ten pictures most like one, over all parts: duckdb -c ".read nearest.sql", in the folder with vectors/.
SET VARIABLE query = (SELECT embedding FROM 'vectors/*.parquet' ORDER BY file LIMIT 1);

SELECT file, list_cosine_similarity(embedding, getvariable('query')) AS similarity
FROM 'vectors/*.parquet'
ORDER BY similarity DESC
LIMIT 10;
