-- name: try_lock
-- Takes the named turn until the transaction ends; false when somebody else has it.
SELECT pg_try_advisory_xact_lock(hashtextextended('wenyue:' || %(task)s, 0))
