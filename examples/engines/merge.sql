-- Merges parts of a table of statistics (docs/statistics.md) into one, in one statement.
--
-- `parts` are the rows of all parts of one run. What comes out is what `qviz merge` makes of them: integers are added up,
-- and bins come to the widest grid that a part has for the tensor, which is a division by a power of two, rounded down.
-- DuckDB, Polars and Spark take this text as it is. It is exact: halving floats below 2^53 by powers of two rounds nothing.
WITH told AS (
    SELECT
        *,
        COALESCE(axis, -1) AS along,
        COALESCE(channel, -1) AS place,
        LENGTH(shape) - LENGTH(REPLACE(shape, 'x', '')) AS crosses,
        SPLIT_PART(shape, 'x', 1) AS d1,
        SPLIT_PART(shape, 'x', 2) AS d2,
        SPLIT_PART(shape, 'x', 3) AS d3,
        SPLIT_PART(shape, 'x', 4) AS d4,
        SPLIT_PART(shape, 'x', 5) AS d5,
        SPLIT_PART(shape, 'x', 6) AS d6
    FROM parts
),

grid AS (
    SELECT run, kind, tensor, along, place, MAX(exp) AS widest
    FROM told
    WHERE row = 'bins'
    GROUP BY run, kind, tensor, along, place
),

aligned AS (
    SELECT
        told.*,
        CASE WHEN told.row = 'bins' THEN grid.widest ELSE told.exp END AS e,
        CASE WHEN told.row = 'bins' THEN CAST(FLOOR(told.idx / POWER(2.0, grid.widest - told.exp)) AS INT) END AS i
    FROM told
    LEFT JOIN grid
        ON told.run = grid.run AND told.kind = grid.kind AND told.tensor = grid.tensor
        AND told.along = grid.along AND told.place = grid.place
),

-- Weights are the same in all parts, and count once.
added AS (
    SELECT
        run, kind, tensor, along, place, row, sign, e, i,
        MAX(op) AS op,
        MAX(axis) AS axis,
        MAX(channel) AS channel,
        CASE kind WHEN 'weight' THEN MAX(n) ELSE SUM(n) END AS n,
        CASE kind WHEN 'weight' THEN MAX(zeros) ELSE SUM(zeros) END AS zeros,
        CASE kind WHEN 'weight' THEN MAX(nan) ELSE SUM(nan) END AS nan,
        CASE kind WHEN 'weight' THEN MAX(pos_inf) ELSE SUM(pos_inf) END AS pos_inf,
        CASE kind WHEN 'weight' THEN MAX(neg_inf) ELSE SUM(neg_inf) END AS neg_inf,
        MIN(min) AS min,
        MAX(max) AS max,
        CASE kind WHEN 'weight' THEN MAX(samples) ELSE SUM(samples) END AS samples,
        -- Batches are added up along the first axis; a size in which they differ is not known.
        CASE
            WHEN row <> 'tensor' THEN NULL
            WHEN MIN(shape) = MAX(shape) AND kind = 'weight' THEN MIN(shape)
            WHEN MIN(crosses) <> MAX(crosses) OR MAX(crosses) > 5 THEN '?'
            ELSE CONCAT(
                CASE
                    WHEN MAX(CASE d1 WHEN '?' THEN 1 ELSE 0 END) = 1 THEN '?'
                    ELSE CAST(SUM(CAST(NULLIF(d1, '?') AS BIGINT)) AS VARCHAR(20))
                END,
                CASE WHEN MAX(crosses) < 1 THEN '' WHEN MIN(d2) = MAX(d2) THEN CONCAT('x', MIN(d2)) ELSE 'x?' END,
                CASE WHEN MAX(crosses) < 2 THEN '' WHEN MIN(d3) = MAX(d3) THEN CONCAT('x', MIN(d3)) ELSE 'x?' END,
                CASE WHEN MAX(crosses) < 3 THEN '' WHEN MIN(d4) = MAX(d4) THEN CONCAT('x', MIN(d4)) ELSE 'x?' END,
                CASE WHEN MAX(crosses) < 4 THEN '' WHEN MIN(d5) = MAX(d5) THEN CONCAT('x', MIN(d5)) ELSE 'x?' END,
                CASE WHEN MAX(crosses) < 5 THEN '' WHEN MIN(d6) = MAX(d6) THEN CONCAT('x', MIN(d6)) ELSE 'x?' END
            )
        END AS shape,
        CASE WHEN MIN(dtype) = MAX(dtype) THEN MIN(dtype) WHEN MIN(dtype) = '' THEN '' ELSE 'mixed' END AS dtype,
        CASE kind WHEN 'weight' THEN MAX(s0) ELSE SUM(s0) END AS s0,
        CASE kind WHEN 'weight' THEN MAX(s1) ELSE SUM(s1) END AS s1,
        CASE kind WHEN 'weight' THEN MAX(q0) ELSE SUM(q0) END AS q0,
        CASE kind WHEN 'weight' THEN MAX(q1) ELSE SUM(q1) END AS q1,
        CASE kind WHEN 'weight' THEN MAX(q2) ELSE SUM(q2) END AS q2
    FROM aligned
    GROUP BY run, kind, tensor, along, place, row, sign, e, i
)

SELECT
    run,
    CASE kind WHEN 'weight' THEN 'weights' ELSE 'merged' END AS shard,
    tensor, kind, op,
    CAST(axis AS INT) AS axis,
    CAST(channel AS INT) AS channel,
    row,
    CAST(sign AS INT) AS sign,
    CAST(e AS INT) AS exp,
    CAST(i AS INT) AS idx,
    CAST(n AS BIGINT) AS n,
    CAST(zeros AS BIGINT) AS zeros,
    CAST(nan AS BIGINT) AS nan,
    CAST(pos_inf AS BIGINT) AS pos_inf,
    CAST(neg_inf AS BIGINT) AS neg_inf,
    min, max,
    CAST(samples AS BIGINT) AS samples,
    shape, dtype,
    CAST(s0 AS BIGINT) AS s0,
    CAST(s1 AS BIGINT) AS s1,
    CAST(q0 AS BIGINT) AS q0,
    CAST(q1 AS BIGINT) AS q1,
    CAST(q2 AS BIGINT) AS q2
FROM added
ORDER BY run, shard, kind, tensor, along, place, row DESC, sign, e, i
