-- name: one_importer
-- One import of a source at a time, until the end of the transaction.
SELECT pg_advisory_xact_lock(hashtextextended('wenyue.import:' || %(source)s::text, 0))

-- name: open_pools
-- Pools of slots that do not exist yet.
INSERT INTO booking.pool (kind, venue_id, product_id, on_date, starts_at, capacity, is_open, fitted_by, fitted_to)
SELECT 'session', r.venue_id, r.product_id, r.on_date, r.starts_at, r.capacity, r.is_open, r.fitted_by,
       CASE WHEN r.fitted_by IS NOT NULL THEN r.capacity END
  FROM json_to_recordset(%(rows)s::json)
       AS r (venue_id bigint, product_id bigint, on_date date, starts_at timestamptz, capacity integer, is_open boolean,
             fitted_by text, is_only boolean)
 WHERE NOT EXISTS (SELECT 1 FROM booking.slot s WHERE s.product_id = r.product_id AND s.on_date = r.on_date
                      AND (r.is_only OR s.starts_at = r.starts_at))
 ORDER BY r.product_id, r.on_date
ON CONFLICT ON CONSTRAINT pool_natural_key DO NOTHING

-- name: open_slots
-- … and the slots that draw from them (through a first gate from the pool of the venue's day, too, where it has one), one long over as settled: whoever did not come is not asked after again; a date that has a slot of the product already (of several a day: one at that time) keeps it as it is.
INSERT INTO booking.slot (product_id, venue_id, on_date, starts_at, ends_at, release_at, closes_at, price_minor,
                          currency, pool_ids, settled_at, is_open, closed_reason)
SELECT r.product_id, r.venue_id, r.on_date, r.starts_at, r.ends_at, r.release_at, r.closes_at, r.price_minor,
       r.currency, CASE WHEN day.id IS NULL THEN ARRAY[p.id] ELSE ARRAY[p.id, day.id] END, CASE WHEN r.ends_at < now() - interval '1 day' THEN now() END, r.is_open, r.closed_reason
  FROM json_to_recordset(%(rows)s::json)
       AS r (venue_id bigint, product_id bigint, on_date date, starts_at timestamptz, ends_at timestamptz,
             release_at timestamptz, closes_at timestamptz, price_minor bigint, currency text, is_open boolean,
             closed_reason jsonb, is_only boolean)
  JOIN LATERAL (SELECT q.id FROM booking.pool q
                 WHERE q.kind = 'session' AND q.venue_id = r.venue_id AND q.product_id = r.product_id
                   AND q.on_date = r.on_date AND q.starts_at = r.starts_at AND q.channel IS NULL
                 LIMIT 1) p ON true -- one look for each row: while nobody knows how large a new table is, a join compares all with all
  LEFT JOIN catalogue.bookable_v c ON c.product_id = r.product_id
  LEFT JOIN booking.pool day ON c.is_first_gate AND day.venue_id = r.venue_id AND day.on_date = r.on_date
                            AND day.kind = 'day' AND day.product_id IS NULL AND day.starts_at IS NULL
                            AND day.channel IS NULL
 WHERE NOT EXISTS (SELECT 1 FROM booking.slot s WHERE s.product_id = r.product_id AND s.on_date = r.on_date
                      AND (r.is_only OR s.starts_at = r.starts_at))
 ORDER BY r.product_id, r.on_date, r.starts_at
ON CONFLICT (product_id, on_date, starts_at) DO NOTHING

-- name: draws
-- What a booking of these products draws from on each date, the earliest slot of a date first; and what a person can have once there: the venue's day, or the slot.
SELECT s.id, s.product_id, s.venue_id, s.on_date, s.starts_at, s.pool_ids,
       CASE WHEN c.person_rule = 'venue_day' THEN s.venue_id ELSE -s.id END AS scope
  FROM booking.slot s
  JOIN catalogue.bookable_v c ON c.product_id = s.product_id
 WHERE s.product_id = ANY (%(product_ids)s::bigint[]) AND s.on_date BETWEEN %(from_day)s AND %(to_day)s
 ORDER BY s.product_id, s.on_date, s.starts_at

-- name: alike
-- What earlier runs of the source brought under these keys, or under keys that may be the same number. The buckets are an array, not a subquery: that is joined by reading all that the source brought, in every batch anew.
SELECT b.source_key, b.id, b.body_hash, b.state
  FROM booking.booking b
 WHERE b.source = %(source)s AND booking.key_bucket(b.source_key)
       = ANY (ARRAY (SELECT booking.key_bucket(k.key) FROM unnest(%(keys)s::text[]) AS k (key)))

-- name: lock_bookings
-- Bookings whose rows say something else now: locked in id order, before their pools, as the engine does.
SELECT b.id FROM booking.booking b WHERE b.id = ANY (%(ids)s::uuid[]) ORDER BY b.id FOR UPDATE

-- name: bookings_now
-- … as they stand: whether nobody changed them since an import left them, and whether somebody was let in here.
SELECT b.id, b.source_key, b.body_hash, b.state, b.total_minor, b.changed_at IS NOT DISTINCT FROM b.left_at AS is_as_left,
       EXISTS (SELECT 1 FROM booking.redemption r
                WHERE r.booking_id = b.id AND r.undone_at IS NULL AND r.gate <> %(gate)s) AS has_come
  FROM booking.booking b
 WHERE b.id = ANY (%(ids)s::uuid[])

-- name: lines_of
-- … their lines, with the persons of their named places and how many of their places were used.
SELECT l.booking_id, l.line_no, l.slot_id, l.on_date, l.quantity, l.price_minor, l.pool_ids, l.is_live,
       ARRAY (SELECT p.person_key FROM booking.place p
               WHERE p.booking_id = l.booking_id AND p.line_no = l.line_no AND p.is_live ORDER BY p.visitor_no) AS persons,
       (SELECT count(*) FROM booking.redemption r
         WHERE r.booking_id = l.booking_id AND r.line_no = l.line_no AND r.undone_at IS NULL) AS came
  FROM booking.line l
 WHERE l.booking_id = ANY (%(ids)s::uuid[])
 ORDER BY l.booking_id, l.line_no

-- name: lock_pools
-- Places left in the pools that a batch draws from or gives back to, locked in id order as the engine does; and whether this source opened it for as many as it needs, and nobody set its capacity since.
SELECT id, capacity - held - sold, fitted_by IS NOT DISTINCT FROM %(source)s AND fitted_to IS NOT DISTINCT FROM capacity
  FROM booking.pool
 WHERE id = ANY (%(ids)s::bigint[])
 ORDER BY id
   FOR UPDATE

-- name: move_pools
-- run by: owner
-- The counters of locked pools, and the capacity of those that grow or are on the way to a lower one; the CHECK is the last word on overselling.
UPDATE booking.pool p
   SET sold = p.sold + r.sold,
       capacity = CASE WHEN p.target IS NOT NULL THEN greatest(p.target, p.held + p.sold + r.sold)
                       ELSE p.capacity + r.grown END,
       fitted_to = CASE WHEN p.fitted_to IS NOT NULL AND p.fitted_to = p.capacity THEN p.fitted_to + r.grown
                        ELSE p.fitted_to END,
       revision = p.revision + CASE WHEN r.grown > 0 THEN 1 ELSE 0 END
  FROM json_to_recordset(%(rows)s::json) AS r (id bigint, sold integer, grown integer)
 WHERE p.id = r.id

-- name: places_left
-- Places left in pools, for a dry run: nothing is locked.
SELECT id, capacity - held - sold, fitted_by IS NOT DISTINCT FROM %(source)s AND fitted_to IS NOT DISTINCT FROM capacity
  FROM booking.pool
 WHERE id = ANY (%(ids)s::bigint[])

-- name: persons_taken
-- Which of these persons and documents have a live place there already.
SELECT p.booking_id, p.person_key, p.number_key, p.on_date, p.scope
  FROM json_to_recordset(%(rows)s::json) AS r (person_key text, number_key text, on_date date, scope bigint)
  JOIN booking.place p ON p.on_date = r.on_date AND p.scope = r.scope AND p.is_live
                      AND (p.person_key = decode(r.person_key, 'base64') OR p.number_key = decode(r.number_key, 'base64'))

-- name: standing
-- The live bookings of a source with a visit within these days, by key: a page after a key.
SELECT b.source_key, b.id
  FROM booking.booking b
 WHERE b.source = %(source)s AND b.source_key > %(after)s AND b.state = 2
   AND EXISTS (SELECT 1 FROM booking.line l
                WHERE l.booking_id = b.id AND l.is_live AND l.on_date BETWEEN %(from_day)s AND %(to_day)s)
 ORDER BY b.source_key
 LIMIT %(limit)s

-- name: insert_bookings
-- Bookings in their final state, with the instants at which they really happened.
INSERT INTO booking.booking (id, body_hash, state, channel, created_at, changed_at, total_minor, currency, party,
                             source, source_key, left_at)
SELECT r.id, decode(r.body_hash, 'base64'), r.state, r.channel, r.created_at, r.changed_at, r.total_minor, r.currency,
       decode(r.party, 'base64'), %(source)s, r.source_key, r.changed_at
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
-- … and the nights and visits that were really used.
INSERT INTO booking.redemption (id, booking_id, line_no, visitor_no, at, gate)
SELECT r.id, r.booking_id, r.line_no, r.visitor_no, r.at, %(gate)s
  FROM json_to_recordset(%(rows)s::json)
       AS r (id uuid, booking_id uuid, line_no smallint, visitor_no smallint, at timestamptz)
ON CONFLICT (booking_id, line_no, visitor_no) WHERE undone_at IS NULL DO NOTHING

-- name: insert_places
-- … the named places.
INSERT INTO booking.place (booking_id, line_no, visitor_no, person_key, scope, on_date, number_key, is_live)
SELECT r.booking_id, r.line_no, r.visitor_no, decode(r.person_key, 'base64'), r.scope, r.on_date,
       decode(r.number_key, 'base64'), r.is_live
  FROM json_to_recordset(%(rows)s::json)
       AS r (booking_id uuid, line_no smallint, visitor_no smallint, person_key text, scope bigint, on_date date,
             number_key text, is_live boolean)

-- name: release_lines
-- Lines that a later run gave back …
UPDATE booking.line l SET is_live = false WHERE l.booking_id = ANY (%(ids)s::uuid[]) AND l.is_live

-- name: release_places
-- … and their persons' places.
UPDATE booking.place p SET is_live = false WHERE p.booking_id = ANY (%(ids)s::uuid[]) AND p.is_live

-- name: settle_bookings
-- run by: owner
-- Bookings as a later run says that they are.
UPDATE booking.booking b
   SET state = r.state, changed_at = r.changed_at, left_at = r.changed_at, total_minor = r.total_minor,
       body_hash = decode(r.body_hash, 'base64'), party = decode(r.party, 'base64')
  FROM json_to_recordset(%(rows)s::json)
       AS r (id uuid, state smallint, changed_at timestamptz, total_minor bigint, body_hash text, party text)
 WHERE b.id = r.id

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
