-- name: flash_pool
-- A session of its own at the second attraction, with few places.
INSERT INTO booking.pool (kind, venue_id, product_id, on_date, starts_at, capacity)
VALUES ('session', %(venue)s, %(venue)s, %(day)s, %(day)s::timestamp AT TIME ZONE 'UTC' + interval '6 hours', %(places)s)
RETURNING id

-- name: flash_slot
-- Its slot, not released before somebody says when.
INSERT INTO booking.slot (product_id, venue_id, on_date, starts_at, ends_at, release_at, closes_at, price_minor, pool_ids)
SELECT own.product_id, own.venue_id, own.on_date, own.starts_at, own.starts_at + interval '45 minutes',
       own.starts_at, own.starts_at, 8000, ARRAY[own.id, day.id]
FROM booking.pool own
JOIN booking.pool day ON day.kind = 'day' AND day.venue_id = own.venue_id AND day.on_date = own.on_date
WHERE own.id = %(pool)s
RETURNING id

-- name: release
-- The second at which it can be booked.
UPDATE booking.slot SET release_at = %(at)s WHERE id = %(slot)s

-- name: places_given
-- Places of a pool that are held or sold.
SELECT held + sold FROM booking.pool WHERE id = %(pool)s

-- name: autovacuum_off
-- A fifth of a core has no room for maintenance that a whole one hardly notices.
ALTER SYSTEM SET autovacuum = off

-- name: checkpoints_later
-- Not within this run: the pages that follow one are logged whole.
ALTER SYSTEM SET max_wal_size = '8GB'

-- name: checkpoint_now
-- The last one before the run.
CHECKPOINT

-- name: autovacuum_as_before
-- Maintenance goes on.
ALTER SYSTEM RESET autovacuum

-- name: checkpoints_as_before
-- Likewise.
ALTER SYSTEM RESET max_wal_size

-- name: reload
-- Settings that were changed come into force.
SELECT pg_reload_conf()
