-- name: slots_by_id
-- Slots with the revision of their own pool, read in one snapshot: equal revisions later mean the facts still hold.
SELECT s.id, s.product_id, s.venue_id, s.on_date, s.starts_at, s.ends_at, s.release_at, s.closes_at, s.price_minor,
       s.currency, s.pool_ids, s.channel_pools, s.is_open, own.revision, c.product_kind, c.person_rule,
       c.needs_visitors, c.policy_code, c.is_first_gate, c.venue_code, c.venue_kind, c.venue_tags, c.timezone
  FROM booking.slot s
  JOIN booking.pool own ON own.id = s.pool_ids[1]
  JOIN catalogue.bookable_v c ON c.product_id = s.product_id
 WHERE s.id = ANY (%(ids)s::bigint[])

-- name: lock_bookings
-- Bookings that a change is about, locked in id order, before any card or pool; last, the person whose account booked, if
-- staff saw that it is theirs.
SELECT b.id, b.body_hash, b.state, b.channel, b.holder_id, b.card_id, b.hold_until, b.total_minor, b.currency,
       (SELECT h.person_key FROM accounts.holder_v h WHERE h.traveller_id = b.holder_id AND h.is_seen) AS own_key
  FROM booking.booking b
 WHERE b.id = ANY (%(ids)s::uuid[])
 ORDER BY b.id
   FOR UPDATE

-- name: lines_of
-- Every line of the locked bookings, with the visitors who went in.
SELECT l.booking_id, l.line_no, l.slot_id, l.venue_id, l.on_date, l.quantity, l.price_minor, l.pool_ids, l.card_id,
       l.entitlement_no, l.is_live, l.missed_at IS NOT NULL AS is_missed,
       ARRAY (SELECT r.visitor_no FROM booking.redemption r
               WHERE r.booking_id = l.booking_id AND r.line_no = l.line_no AND r.undone_at IS NULL) AS came
  FROM booking.line l
 WHERE l.booking_id = ANY (%(ids)s::uuid[])
 ORDER BY l.booking_id, l.line_no

-- name: places_of
-- The live named places of the locked bookings.
SELECT booking_id, line_no, visitor_no, person_key, scope, number_key
  FROM booking.place
 WHERE booking_id = ANY (%(ids)s::uuid[]) AND is_live
 ORDER BY booking_id, line_no, visitor_no

-- name: existing
-- Earlier answers for these ids: a replay is answered from them. And, under no id, the logins of the batch that were ended: whoever
-- ends one waits for the lock of its holder, which the batch has (lock_holders).
SELECT id, body_hash, state, channel, holder_id, card_id, hold_until, total_minor, currency
  FROM booking.booking
 WHERE id = ANY (%(ids)s::uuid[])
 UNION ALL
SELECT NULL, login.token_hash, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM accounts.login_v AS login
 WHERE login.token_hash = ANY (%(logins)s::bytea[])
   AND (login.ended_at IS NOT NULL OR login.expires_at <= %(now)s)

-- name: card_uses
-- What each card's live lines use near the wanted dates, for the per-day, per-week and interval rules.
SELECT l.card_id, l.venue_id, l.on_date, l.entitlement_no, l.quantity,
       EXISTS (SELECT FROM booking.redemption r
                WHERE r.booking_id = l.booking_id AND r.line_no = l.line_no AND r.undone_at IS NULL) AS is_redeemed
  FROM booking.line l
 WHERE l.card_id = ANY (%(ids)s::bigint[]) AND l.is_live AND l.on_date >= %(from)s

-- name: places_taken
-- Which of the wanted (person, date, scope) places are taken.
SELECT p.person_key, p.on_date, p.scope
  FROM json_to_recordset(%(wanted)s::json) AS w (k text, d date, s bigint)
  JOIN booking.place p ON p.person_key = decode(w.k, 'hex') AND p.on_date = w.d AND p.scope = w.s AND p.is_live

-- name: numbers_taken
-- Which of the wanted places are taken by a document with the same number, whatever its kind and nationality.
SELECT p.number_key, p.on_date, p.scope
  FROM json_to_recordset(%(wanted)s::json) AS w (k text, d date, s bigint)
  JOIN booking.place p ON p.number_key = decode(w.k, 'hex') AND p.on_date = w.d AND p.scope = w.s AND p.is_live

-- name: names_known
-- The names under which these persons proved their documents, and whose account they have.
SELECT k.person_key, k.name_key, k.traveller_id
  FROM accounts.known_name_v k
 WHERE k.person_key = ANY (%(keys)s::bytea[])

-- name: lock_holders
-- One decision at a time about what is counted for a holder (open places, holds, cancellations): in id order, after cards
-- and before pools.
-- No row comes back: it runs behind the bans, in the same statement, because a statement of its own costs more than the locks.
SELECT NULL::bytea, NULL::text, NULL::timestamptz
  FROM (SELECT count(pg_advisory_xact_lock(hashint8extended(h.id, 1))) AS locks
          FROM (SELECT w.id FROM unnest(%(holders)s::bigint[]) AS w (id) ORDER BY w.id) AS h) AS locked
 WHERE locked.locks < 0

-- name: open_lines
-- What each account has: live lines on days that are not over, with the scope of their named places, and whether they are
-- only held. Bookings that were made before any session of today was released are not looked at.
SELECT b.holder_id, b.id, l.line_no, b.hold_until IS NOT NULL AS is_held, l.slot_id, l.product_id, l.venue_id, l.on_date,
       l.quantity, l.price_minor > 0 AS is_money,
       (SELECT p.scope FROM booking.place p
         WHERE p.booking_id = l.booking_id AND p.line_no = l.line_no LIMIT 1) AS scope
  FROM booking.booking b
  JOIN booking.line l ON l.booking_id = b.id
 WHERE b.holder_id = ANY (%(ids)s::bigint[]) AND b.created_at >= %(since)s AND b.state IN (1, 2)
   AND l.is_live AND l.on_date >= %(today)s

-- name: moves_of_day
-- How often each account has moved bookings today.
SELECT m.holder_id, m.moves FROM booking.moved m WHERE m.holder_id = ANY (%(ids)s::bigint[]) AND m.on_date = %(today)s

-- name: count_moves
-- Moves that were made; one row an account, which is today's from its first move on.
INSERT INTO booking.moved AS m (holder_id, on_date, moves)
SELECT r.holder, %(today)s, r.moves FROM json_to_recordset(%(rows)s::json) AS r (holder bigint, moves int)
ON CONFLICT (holder_id) DO UPDATE
   SET moves = excluded.moves + CASE WHEN m.on_date = excluded.on_date THEN m.moves ELSE 0 END, on_date = excluded.on_date

-- name: read_pools
-- The pools that the batch draws from, unlocked: enough while there is room to spare (see move_pools).
SELECT id, kind, capacity, held, sold, is_open, revision, target
  FROM booking.pool
 WHERE id = ANY (%(ids)s::bigint[])

-- name: lock_pools
-- The pools that the batch draws from or gives back to, locked in id order: the last lock taken.
SELECT id, kind, capacity, held, sold, is_open, revision, target
  FROM booking.pool
 WHERE id = ANY (%(ids)s::bigint[])
 ORDER BY id
   FOR UPDATE

-- name: release_lines
-- Lines given back, by cancellation, expiry or rescheduling.
UPDATE booking.line l
   SET is_live = false
  FROM json_to_recordset(%(rows)s::json) AS r (b uuid, n smallint)
 WHERE l.booking_id = r.b AND l.line_no = r.n

-- name: release_places
-- … and the persons' places in them, which frees the one-person-one-day key.
UPDATE booking.place p
   SET is_live = false
  FROM json_to_recordset(%(rows)s::json) AS r (b uuid, n smallint)
 WHERE p.booking_id = r.b AND p.line_no = r.n

-- name: take_places_out
-- Places that leave a line, by whoever booked them or by their persons …
UPDATE booking.place p
   SET is_live = false, disowned_at = CASE WHEN r.is_disowned THEN %(now)s::timestamptz END
  FROM json_to_recordset(%(rows)s::json)
       AS r (booking_id uuid, line_no smallint, visitor_no smallint, is_disowned boolean)
 WHERE p.booking_id = r.booking_id AND p.line_no = r.line_no AND p.visitor_no = r.visitor_no

-- name: shrink_lines
-- … which keeps the others: after all that left it in one batch.
UPDATE booking.line l
   SET quantity = r.quantity
  FROM (SELECT t.booking_id, t.line_no, min(t.quantity) AS quantity
          FROM json_to_recordset(%(rows)s::json) AS t (booking_id uuid, line_no smallint, quantity smallint)
         WHERE t.quantity > 0
         GROUP BY t.booking_id, t.line_no) AS r
 WHERE l.booking_id = r.booking_id AND l.line_no = r.line_no

-- name: mark_missed
-- Lines that nobody came to.
UPDATE booking.line l
   SET missed_at = %(now)s
  FROM json_to_recordset(%(rows)s::json) AS r (b uuid, n smallint)
 WHERE l.booking_id = r.b AND l.line_no = r.n

-- name: set_states
-- New states of existing bookings.
UPDATE booking.booking b
   SET state = r.state, hold_until = r.hold_until, total_minor = r.total_minor, changed_at = %(now)s
  FROM json_to_recordset(%(rows)s::json) AS r (id uuid, state smallint, hold_until timestamptz, total_minor bigint)
 WHERE b.id = r.id

-- name: set_reasons
-- Why bookings were cancelled, sealed; retention overwrites it with the party.
UPDATE booking.booking b SET cancel_reason = decode(r.reason, 'base64')
  FROM json_to_recordset(%(rows)s::json) AS r (id uuid, reason text)
 WHERE b.id = r.id

-- name: insert_bookings
-- The batch's new bookings.
INSERT INTO booking.booking (id, body_hash, state, channel, holder_id, card_id, created_at, changed_at, hold_until,
                             total_minor, currency, party, source, source_key)
SELECT r.id, decode(r.body_hash, 'base64'), r.state, r.channel, r.holder_id, r.card_id, %(now)s, %(now)s, r.hold_until,
       r.total_minor, r.currency, decode(r.party, 'base64'), r.source, r.source_key
  FROM json_to_recordset(%(rows)s::json)
       AS r (id uuid, body_hash text, state smallint, channel smallint, holder_id bigint, card_id bigint,
             hold_until timestamptz, total_minor bigint, currency text, party text, source text, source_key text)

-- name: insert_lines
-- … their lines
INSERT INTO booking.line (booking_id, line_no, slot_id, product_id, venue_id, on_date, quantity, price_minor, pool_ids,
                          card_id, entitlement_no)
SELECT r.booking_id, r.line_no, r.slot_id, r.product_id, r.venue_id, r.on_date, r.quantity, r.price_minor, r.pool_ids,
       r.card_id, r.entitlement_no
  FROM json_to_recordset(%(rows)s::json)
       AS r (booking_id uuid, line_no smallint, slot_id bigint, product_id bigint, venue_id bigint, on_date date,
             quantity smallint, price_minor bigint, pool_ids bigint[], card_id bigint, entitlement_no smallint)

-- name: insert_places
-- … and the named places, in key order so that two batches never wait for each other crosswise.
INSERT INTO booking.place (booking_id, line_no, visitor_no, person_key, scope, on_date, number_key)
SELECT r.booking_id, r.line_no, r.visitor_no, decode(r.person_key, 'base64'), r.scope, r.on_date,
       decode(r.number_key, 'base64')
  FROM json_to_recordset(%(rows)s::json)
       AS r (booking_id uuid, line_no smallint, visitor_no smallint, person_key text, scope bigint, on_date date,
             number_key text)

-- name: move_pools
-- The counters, in id order, last before COMMIT. A guarded row was read without a lock: it moves only if it still is what
-- was decided on and has the room; otherwise the batch is decided again under lock. The CHECK is the last word.
WITH moved AS (
    UPDATE booking.pool p
       SET held = p.held + r.held, sold = p.sold + r.sold
      FROM json_to_recordset(%(rows)s::json)
           AS r (id bigint, held integer, sold integer, guard boolean, revision integer)
     WHERE p.id = r.id
       AND (NOT r.guard OR (p.is_open AND p.revision = r.revision
                            AND p.held + p.sold + r.held + r.sold <= p.capacity))
    RETURNING p.id)
SELECT booking.expect(count(*), %(expected)s) FROM moved

-- name: fence
-- A write of its own, so that answering a replay waits for the standby like the first answer did.
SELECT pg_logical_emit_message(true, 'wenyue', '')

-- name: pool_views
-- Fresh figures for the pools that this process is being asked about.
SELECT id, held + sold AS taken, capacity - held - sold AS room, is_open, revision, xmin::text
  FROM booking.pool
 WHERE id = ANY (%(ids)s::bigint[])

-- name: ids_on_slots
-- Every booking ever made on these slots: a replay of one of them is not told "sold out" from memory.
SELECT slot_id, booking_id
  FROM booking.line
 WHERE slot_id = ANY (%(ids)s::bigint[])
 LIMIT %(limit)s

-- name: due_holds
-- Holds past their time, oldest first.
SELECT id
  FROM booking.booking
 WHERE hold_until <= %(now)s
 ORDER BY hold_until
 LIMIT %(limit)s

-- name: rooms_of
-- How many places are left in these pools, now; read without a lock.
SELECT id, capacity - held - sold FROM booking.pool WHERE id = ANY (%(ids)s::bigint[])

-- name: booked_among
-- Which of these ids are booked.
SELECT id FROM booking.booking WHERE id = ANY (%(ids)s::uuid[])
