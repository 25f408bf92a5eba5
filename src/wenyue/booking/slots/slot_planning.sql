-- name: add_pools
-- Pools that are not there yet; one that exists keeps its figures.
INSERT INTO booking.pool (kind, venue_id, product_id, on_date, starts_at, channel, capacity, is_open)
SELECT w.kind, w.venue_id, w.product_id, w.on_date, w.starts_at, w.channel, w.capacity, w.is_open
FROM json_to_recordset(%(pools)s::json) AS w(
    kind text, venue_id bigint, product_id bigint, on_date date, starts_at timestamptz, channel text,
    capacity integer, is_open boolean)
ON CONFLICT ON CONSTRAINT pool_natural_key DO NOTHING

-- name: add_slots
-- Slots that are not there yet, each tied to its session pool, its channel pools and, where its visitors count in it, the pool of
-- the venue's day: whichever product stated that.
INSERT INTO booking.slot (product_id, venue_id, on_date, starts_at, ends_at, release_at, closes_at, price_minor, currency,
                          label, pool_ids, channel_pools, is_open, closed_reason, source)
SELECT w.product_id, w.venue_id, w.on_date, w.starts_at, w.ends_at, w.release_at, w.closes_at, w.price_minor, w.currency,
       w.label,
       CASE WHEN day.id IS NULL THEN ARRAY[own.id] ELSE ARRAY[own.id, day.id] END,
       coalesce((SELECT jsonb_object_agg(c.key, p.id)
                 FROM json_each_text(w.channels) AS c
                 JOIN booking.pool p ON p.venue_id = w.venue_id AND p.on_date = w.on_date AND p.kind = 'channel'
                  AND p.product_id = w.product_id AND p.starts_at = w.starts_at AND p.channel = c.value), '{}'),
       w.is_open, w.closed_reason, w.source
FROM json_to_recordset(%(slots)s::json) AS w(
    product_id bigint, venue_id bigint, on_date date, starts_at timestamptz, ends_at timestamptz,
    release_at timestamptz, closes_at timestamptz, price_minor bigint, currency text, label jsonb,
    counts_in_day boolean, channels json, is_open boolean, closed_reason jsonb, source text)
JOIN booking.pool own ON own.venue_id = w.venue_id AND own.on_date = w.on_date AND own.kind = 'session'
 AND own.product_id = w.product_id AND own.starts_at = w.starts_at AND own.channel IS NULL
LEFT JOIN booking.pool day ON w.counts_in_day AND day.venue_id = w.venue_id AND day.on_date = w.on_date
 AND day.kind = 'day' AND day.product_id IS NULL AND day.starts_at IS NULL AND day.channel IS NULL
ON CONFLICT (product_id, on_date, starts_at) DO NOTHING

-- name: has_slots_on
-- Whether any session of the venue's day is there.
SELECT EXISTS (SELECT FROM booking.slot s WHERE s.venue_id = %(venue_id)s AND s.on_date = %(on_date)s)

-- name: lock_slots
-- Locks the session pools of a venue's (or product's) slots in a range, in id order as the engine does.
SELECT p.id
FROM booking.pool p
WHERE p.id IN (SELECT s.pool_ids[1] FROM booking.slot s
               WHERE s.venue_id = %(venue_id)s AND s.on_date BETWEEN %(from_day)s AND %(to_day)s
                 AND (%(product_id)s::bigint IS NULL OR s.product_id = %(product_id)s))
ORDER BY p.id
FOR UPDATE

-- name: close_slots
-- Closes open slots whose session pools are locked; returns their pools.
UPDATE booking.slot
SET is_open = false, closed_reason = %(reason)s::jsonb
WHERE venue_id = %(venue_id)s AND on_date BETWEEN %(from_day)s AND %(to_day)s
  AND (%(product_id)s::bigint IS NULL OR product_id = %(product_id)s) AND is_open
RETURNING pool_ids[1]

-- name: reopen_slots
-- Opens slots that were closed for another reason than the calendar's own; returns their pools.
UPDATE booking.slot
SET is_open = true, closed_reason = '{}'
WHERE venue_id = %(venue_id)s AND on_date BETWEEN %(from_day)s AND %(to_day)s
  AND (%(product_id)s::bigint IS NULL OR product_id = %(product_id)s) AND NOT is_open
  AND coalesce(closed_reason ->> 'zh-CN', '') <> ALL(%(of_calendar)s::text[])
RETURNING pool_ids[1]

-- name: switch_pools
-- Opens or closes session pools and makes workers read their slots' facts again.
UPDATE booking.pool SET is_open = %(is_open)s AND target IS NULL, revision = revision + 1 WHERE id = ANY(%(ids)s::bigint[])

-- name: reprice_slots
-- Sets the price of slots whose session pools are locked, where it differs; returns their pools.
UPDATE booking.slot s
SET price_minor = w.price_minor
FROM json_to_recordset(%(prices)s::json) AS w(on_date date, price_minor bigint)
WHERE s.product_id = %(product_id)s AND s.on_date = w.on_date AND s.price_minor <> w.price_minor
RETURNING s.pool_ids[1]

-- name: lock_priced
-- Locks the session pools of a product's slots in a range, in id order.
SELECT p.id
FROM booking.pool p
WHERE p.id IN (SELECT s.pool_ids[1] FROM booking.slot s
               WHERE s.product_id = %(product_id)s AND s.on_date BETWEEN %(from_day)s AND %(to_day)s)
ORDER BY p.id
FOR UPDATE

-- name: bump_pools
-- Makes workers read the facts of these pools' slots again.
UPDATE booking.pool SET revision = revision + 1 WHERE id = ANY(%(ids)s::bigint[])

-- name: lock_slot_pools
-- Locks one slot's own pool and its channel pools, in id order, with their figures.
SELECT p.id, p.kind, coalesce(p.channel, ''), p.capacity, p.held + p.sold, p.target, s.is_open OR p.kind <> 'session'
FROM booking.slot s
JOIN booking.pool p ON p.id = s.pool_ids[1]
  OR p.id IN (SELECT c.value::bigint FROM jsonb_each_text(s.channel_pools) AS c)
WHERE s.id = %(slot_id)s
ORDER BY p.id
FOR UPDATE OF p

-- name: lock_day_pool
-- Locks a venue's day pool, with its figures.
SELECT id, kind, '', capacity, held + sold, target, true
FROM booking.pool
WHERE venue_id = %(venue_id)s AND on_date = %(on_date)s AND kind = 'day' AND product_id IS NULL AND starts_at IS NULL
  AND channel IS NULL
FOR UPDATE

-- name: set_capacities
-- Sets the capacity of locked pools, through a function that writes each change into the record; the table's CHECK is the last guard.
SELECT booking.set_capacities(%(pools)s::json)

-- name: slots_on
-- The slots of a product on a date, in time order.
SELECT id FROM booking.slot
WHERE product_id = %(product_id)s AND on_date = %(on_date)s
ORDER BY starts_at
LIMIT 1000

-- name: venue_of_slot
-- The venue of a slot.
SELECT venue_id FROM booking.slot WHERE id = %(slot_id)s
