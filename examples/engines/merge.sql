-- Merges parts of a table of statistics (docs/statistics.md) into one, in one statement.
--
-- `parts` are the rows of all parts of one run. What comes out is what `qviz merge` makes of them: integers are added up,
-- and bins come to the widest grid that a part has for the tensor, which is a division by a power of two, rounded down;
-- floats do that exactly. Weights are the same in all parts, and count once.
-- DuckDB, Polars and Spark take this text as it is.
--
-- `parts` stands in it four times: what stands once in a WITH and is used often, engines keep in memory.
WITH named AS ( -- one row a tensor, or a channel of it
    SELECT
        run, kind, tensor, COALESCE(axis, -1) AS along, COALESCE(channel, -1) AS place,
        MAX(op) AS op, MAX(axis) AS axis, MAX(channel) AS channel,
        MAX(CASE row WHEN 'bins' THEN exp END) AS widest
    FROM parts
    GROUP BY run, kind, tensor, COALESCE(axis, -1), COALESCE(channel, -1)
),

known AS (
    SELECT *, ROW_NUMBER() OVER (ORDER BY run, kind, tensor, along, place) AS id
    FROM named
),

-- Nearly all rows are these: they are grouped by numbers, and have their names again afterwards.
placed AS (
    SELECT
        known.id, known.kind, parts.sign, parts.n,
        CAST(FLOOR(parts.idx / POWER(2.0, known.widest - parts.exp)) AS INT) AS idx
    FROM parts
    JOIN known
        ON parts.run = known.run AND parts.kind = known.kind AND parts.tensor = known.tensor
        AND COALESCE(parts.axis, -1) = known.along AND COALESCE(parts.channel, -1) = known.place
    WHERE parts.row = 'bins'
),

bins AS (
    SELECT id, sign, idx, CASE MAX(kind) WHEN 'weight' THEN MAX(n) ELSE SUM(n) END AS n
    FROM placed
    GROUP BY id, sign, idx
),

sums AS (
    SELECT
        run, kind, tensor, COALESCE(axis, -1) AS along, COALESCE(channel, -1) AS place, sign, exp,
        CASE kind WHEN 'weight' THEN MAX(n) ELSE SUM(n) END AS n,
        CASE kind WHEN 'weight' THEN MAX(s0) ELSE SUM(s0) END AS s0,
        CASE kind WHEN 'weight' THEN MAX(s1) ELSE SUM(s1) END AS s1,
        CASE kind WHEN 'weight' THEN MAX(q0) ELSE SUM(q0) END AS q0,
        CASE kind WHEN 'weight' THEN MAX(q1) ELSE SUM(q1) END AS q1,
        CASE kind WHEN 'weight' THEN MAX(q2) ELSE SUM(q2) END AS q2
    FROM parts
    WHERE row = 'sums'
    GROUP BY run, kind, tensor, COALESCE(axis, -1), COALESCE(channel, -1), sign, exp
),

sized AS (
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
    WHERE row = 'tensor'
),

totals AS (
    SELECT
        run, kind, tensor, along, place,
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
            WHEN kind = 'weight' THEN MIN(shape)
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
        CASE WHEN MIN(dtype) = MAX(dtype) THEN MIN(dtype) WHEN MIN(dtype) = '' THEN '' ELSE 'mixed' END AS dtype
    FROM sized
    GROUP BY run, kind, tensor, along, place
),

numbers AS (
    SELECT
        known.id, 'tensor' AS row, CAST(NULL AS INT) AS sign, CAST(NULL AS INT) AS exp, CAST(NULL AS INT) AS idx,
        CAST(n AS BIGINT) AS n, CAST(zeros AS BIGINT) AS zeros, CAST(nan AS BIGINT) AS nan,
        CAST(pos_inf AS BIGINT) AS pos_inf, CAST(neg_inf AS BIGINT) AS neg_inf, min, max, CAST(samples AS BIGINT) AS samples,
        shape, dtype, CAST(NULL AS BIGINT) AS s0, CAST(NULL AS BIGINT) AS s1, CAST(NULL AS BIGINT) AS q0,
        CAST(NULL AS BIGINT) AS q1, CAST(NULL AS BIGINT) AS q2
    FROM totals
    JOIN known
        ON totals.run = known.run AND totals.kind = known.kind AND totals.tensor = known.tensor
        AND totals.along = known.along AND totals.place = known.place
    UNION ALL
    SELECT
        known.id, 'sums' AS row, CAST(sign AS INT) AS sign, CAST(exp AS INT) AS exp, CAST(NULL AS INT) AS idx,
        CAST(n AS BIGINT) AS n, CAST(NULL AS BIGINT) AS zeros, CAST(NULL AS BIGINT) AS nan, CAST(NULL AS BIGINT) AS pos_inf,
        CAST(NULL AS BIGINT) AS neg_inf, CAST(NULL AS REAL) AS min, CAST(NULL AS REAL) AS max, CAST(NULL AS BIGINT) AS samples,
        CAST(NULL AS VARCHAR(20)) AS shape, CAST(NULL AS VARCHAR(20)) AS dtype, CAST(s0 AS BIGINT) AS s0,
        CAST(s1 AS BIGINT) AS s1, CAST(q0 AS BIGINT) AS q0, CAST(q1 AS BIGINT) AS q1, CAST(q2 AS BIGINT) AS q2
    FROM sums
    JOIN known
        ON sums.run = known.run AND sums.kind = known.kind AND sums.tensor = known.tensor
        AND sums.along = known.along AND sums.place = known.place
    UNION ALL
    SELECT
        id, 'bins' AS row, CAST(sign AS INT) AS sign, CAST(NULL AS INT) AS exp, CAST(idx AS INT) AS idx,
        CAST(n AS BIGINT) AS n, CAST(NULL AS BIGINT) AS zeros, CAST(NULL AS BIGINT) AS nan, CAST(NULL AS BIGINT) AS pos_inf,
        CAST(NULL AS BIGINT) AS neg_inf, CAST(NULL AS REAL) AS min, CAST(NULL AS REAL) AS max, CAST(NULL AS BIGINT) AS samples,
        CAST(NULL AS VARCHAR(20)) AS shape, CAST(NULL AS VARCHAR(20)) AS dtype, CAST(NULL AS BIGINT) AS s0,
        CAST(NULL AS BIGINT) AS s1, CAST(NULL AS BIGINT) AS q0, CAST(NULL AS BIGINT) AS q1, CAST(NULL AS BIGINT) AS q2
    FROM bins
)

SELECT
    known.run,
    CASE known.kind WHEN 'weight' THEN 'weights' ELSE 'merged' END AS shard,
    known.tensor, known.kind, known.op, known.axis, known.channel, numbers.row, numbers.sign,
    CASE numbers.row WHEN 'bins' THEN known.widest ELSE numbers.exp END AS exp,
    numbers.idx, numbers.n, numbers.zeros, numbers.nan, numbers.pos_inf, numbers.neg_inf, numbers.min, numbers.max,
    numbers.samples, numbers.shape, numbers.dtype, numbers.s0, numbers.s1, numbers.q0, numbers.q1, numbers.q2
FROM numbers
JOIN known ON numbers.id = known.id
ORDER BY numbers.id, numbers.row DESC, numbers.sign, exp, numbers.idx
