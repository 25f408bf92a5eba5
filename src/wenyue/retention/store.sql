-- name: periods
-- The periods in force, and how far erasing has come.
SELECT kind, days, through, due_before, changed_at FROM retention.period_v ORDER BY kind

-- name: erase
-- One step: (how many values were overwritten, whether nothing of the kind is left that is due).
SELECT erased, is_done FROM retention.erase(%(kind)s, %(most)s)

-- name: due
-- run by: owner
-- How many values of each kind are due.
SELECT kind, due FROM retention.due(%(most)s)

-- name: set_period
-- run by: owner
-- Another period, with what it was before.
UPDATE retention.period AS p SET days = %(days)s, changed_at = clock_timestamp()
  FROM (SELECT o.kind, o.days FROM retention.period AS o WHERE o.kind = %(kind)s FOR UPDATE) AS was
 WHERE p.kind = was.kind
RETURNING was.days
