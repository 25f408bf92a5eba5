-- name: lock_day
-- Locks every pool of a date, in id order as the engine does.
SELECT id FROM booking.pool WHERE on_date = %(on_date)s ORDER BY id FOR UPDATE

-- name: open_venues
-- The venues that are open on a date: sessions of it are there. A day's pool alone is planned and opens nothing.
SELECT DISTINCT venue_id FROM booking.slot WHERE on_date = %(on_date)s

-- name: slots_of_day
-- The slots of a date with what was planned for them and what is taken; whoever changes them has locked the date's pools.
SELECT s.id, s.product_id, s.starts_at, s.is_open, s.closed_reason, s.price_minor, s.pool_ids[1], p.capacity,
       p.held + p.sold, s.channel_pools <> '{}', cardinality(s.pool_ids) > 1, p.target
FROM booking.slot s
JOIN booking.pool p ON p.id = s.pool_ids[1]
WHERE s.on_date = %(on_date)s AND s.product_id = ANY(%(product_ids)s::bigint[])
ORDER BY s.id

-- name: day_pools
-- The day pools of venues on a date: id, venue, capacity, taken. Not those on their way down to a target: somebody set it.
SELECT id, venue_id, capacity, held + sold
FROM booking.pool
WHERE on_date = %(on_date)s AND venue_id = ANY(%(venue_ids)s::bigint[]) AND kind = 'day' AND target IS NULL
ORDER BY id

-- name: replan_slots
-- Sets whether slots are open, why not, and their price; their pools are locked.
UPDATE booking.slot s
SET is_open = w.is_open, closed_reason = w.reason, price_minor = w.price_minor
FROM json_to_recordset(%(slots)s::json) AS w(
    id bigint, is_open boolean, reason jsonb, price_minor bigint)
WHERE s.id = w.id

-- name: replan_pools
-- Sets capacity and openness of locked pools and makes workers read them again, through a function that writes each new
-- capacity into the record; the table's CHECK is the last guard.
SELECT booking.set_capacities(%(pools)s::json)
