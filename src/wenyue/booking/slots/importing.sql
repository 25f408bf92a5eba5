-- name: one_importer
-- One import of a source at a time, until the end of the transaction.
SELECT pg_advisory_xact_lock(hashtextextended('wenyue.import:' || %(source)s::text, 0))

-- name: open_pools
-- Pools of slots that do not exist yet.
INSERT INTO booking.pool (kind, venue_id, product_id, on_date, starts_at, capacity, is_open)
SELECT 'session', r.venue_id, r.product_id, r.on_date, r.starts_at, r.capacity, r.is_open
  FROM json_to_recordset(%(rows)s::json)
       AS r (venue_id bigint, product_id bigint, on_date date, starts_at timestamptz, capacity integer, is_open boolean)
 WHERE NOT EXISTS (SELECT 1 FROM booking.slot s WHERE s.product_id = r.product_id AND s.on_date = r.on_date)
 ORDER BY r.product_id, r.on_date
ON CONFLICT ON CONSTRAINT pool_natural_key DO NOTHING

-- name: open_slots
-- … and the slots that draw from them (through a first gate from the pool of the venue's day, too, where it has one), one long over as settled: whoever did not come is not asked after again; a date that has a slot of the product already keeps it as it is.
INSERT INTO booking.slot (product_id, venue_id, on_date, starts_at, ends_at, release_at, closes_at, price_minor,
                          currency, pool_ids, settled_at, is_open, closed_reason)
SELECT r.product_id, r.venue_id, r.on_date, r.starts_at, r.ends_at, r.release_at, r.closes_at, r.price_minor,
       r.currency, CASE WHEN day.id IS NULL THEN ARRAY[p.id] ELSE ARRAY[p.id, day.id] END, CASE WHEN r.ends_at < now() - interval '1 day' THEN now() END, r.is_open, r.closed_reason
  FROM json_to_recordset(%(rows)s::json)
       AS r (venue_id bigint, product_id bigint, on_date date, starts_at timestamptz, ends_at timestamptz,
             release_at timestamptz, closes_at timestamptz, price_minor bigint, currency text, is_open boolean,
             closed_reason jsonb)
  JOIN booking.pool p ON p.kind = 'session' AND p.venue_id = r.venue_id AND p.product_id = r.product_id
                     AND p.on_date = r.on_date AND p.starts_at = r.starts_at AND p.channel IS NULL
  LEFT JOIN catalogue.bookable_v c ON c.product_id = r.product_id
  LEFT JOIN booking.pool day ON c.is_first_gate AND day.venue_id = r.venue_id AND day.on_date = r.on_date
                            AND day.kind = 'day' AND day.product_id IS NULL AND day.starts_at IS NULL
                            AND day.channel IS NULL
 WHERE NOT EXISTS (SELECT 1 FROM booking.slot s WHERE s.product_id = r.product_id AND s.on_date = r.on_date)
 ORDER BY r.product_id, r.on_date
ON CONFLICT (product_id, on_date, starts_at) DO NOTHING

-- name: draws
-- What a booking of these products draws from on each date; the last row of a date is its earliest slot.
SELECT id, product_id, venue_id, on_date, pool_ids
  FROM booking.slot
 WHERE product_id = ANY (%(product_ids)s::bigint[]) AND on_date BETWEEN %(from_day)s AND %(to_day)s
 ORDER BY product_id, on_date, starts_at DESC

-- name: known
-- Which of these reservations an earlier run wrote.
SELECT source_key, id, body_hash
  FROM booking.booking
 WHERE source = %(source)s AND source_key = ANY (%(keys)s::text[])

-- name: lock_pools
-- Places left in the pools that a batch draws from, locked in id order as the engine does.
SELECT id, capacity - held - sold
  FROM booking.pool
 WHERE id = ANY (%(ids)s::bigint[])
 ORDER BY id
   FOR UPDATE

-- name: move_pools
-- The counters of locked pools; the CHECK is the last word on overselling.
UPDATE booking.pool p
   SET sold = p.sold + r.sold
  FROM json_to_recordset(%(rows)s::json) AS r (id bigint, sold integer)
 WHERE p.id = r.id

-- name: places_left
-- Places left in pools, for a dry run: nothing is locked.
SELECT id, capacity - held - sold
  FROM booking.pool
 WHERE id = ANY (%(ids)s::bigint[])

-- name: insert_bookings
-- Bookings in their final state, with the instants at which they really happened.
INSERT INTO booking.booking (id, body_hash, state, channel, created_at, changed_at, total_minor, currency, party,
                             source, source_key)
SELECT r.id, decode(r.body_hash, 'base64'), r.state, r.channel, r.created_at, r.changed_at, r.total_minor, r.currency,
       decode(r.party, 'base64'), %(source)s, r.source_key
  FROM json_to_recordset(%(rows)s::json)
       AS r (id uuid, body_hash text, state smallint, channel smallint, created_at timestamptz,
             changed_at timestamptz, total_minor bigint, currency text, party text, source_key text)

-- name: insert_lines
-- … their lines; those of cancelled bookings are not live.
INSERT INTO booking.line (booking_id, line_no, slot_id, product_id, venue_id, on_date, quantity, price_minor, pool_ids,
                          is_live)
SELECT r.booking_id, r.line_no, r.slot_id, r.product_id, r.venue_id, r.on_date, r.quantity, r.price_minor, r.pool_ids,
       r.is_live
  FROM json_to_recordset(%(rows)s::json)
       AS r (booking_id uuid, line_no smallint, slot_id bigint, product_id bigint, venue_id bigint, on_date date,
             quantity smallint, price_minor bigint, pool_ids bigint[], is_live boolean)

-- name: insert_redemptions
-- … and the nights that were really used.
INSERT INTO booking.redemption (id, booking_id, line_no, visitor_no, at, gate)
SELECT r.id, r.booking_id, r.line_no, 0, r.at, %(gate)s
  FROM json_to_recordset(%(rows)s::json) AS r (id uuid, booking_id uuid, line_no smallint, at timestamptz)

-- name: pools_that_differ
-- Pools of a venue whose counters are not what its bookings add up to (invariant I2); none, when all is well.
SELECT p.id, p.capacity, p.held, p.sold, coalesce(d.held, 0) AS held_due, coalesce(d.sold, 0) AS sold_due
  FROM booking.pool p
  LEFT JOIN (SELECT u.pool_id,
                    sum(l.quantity) FILTER (WHERE b.state = 1) AS held,
                    sum(l.quantity) FILTER (WHERE b.state <> 1) AS sold
               FROM booking.line l
               JOIN booking.booking b ON b.id = l.booking_id
              CROSS JOIN LATERAL unnest(l.pool_ids) AS u (pool_id)
              WHERE l.is_live AND l.venue_id = %(venue_id)s
              GROUP BY u.pool_id) d ON d.pool_id = p.id
 WHERE p.venue_id = %(venue_id)s
   AND (p.held <> coalesce(d.held, 0) OR p.sold <> coalesce(d.sold, 0) OR p.held + p.sold > p.capacity)
 LIMIT 100
