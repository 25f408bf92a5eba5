-- name: bookings_of
-- A holder's bookings, newest first, from `before` on (exclusive).
SELECT id FROM booking.booking
 WHERE holder_id = %(holder_id)s AND (%(before)s::uuid IS NULL OR (created_at, id) < (
       SELECT created_at, id FROM booking.booking WHERE id = %(before)s AND holder_id = %(holder_id)s))
 ORDER BY created_at DESC, id DESC
 LIMIT %(limit)s

-- name: bookings
-- Bookings for display.
SELECT id, state, channel, holder_id, card_id, created_at, changed_at, hold_until, total_minor, currency, party
  FROM booking.booking
 WHERE id = ANY (%(ids)s::uuid[])

-- name: lines
-- Their lines, with what a person reads on them.
SELECT l.booking_id, l.line_no, l.slot_id, l.product_id, l.venue_id, l.on_date, l.quantity, l.price_minor, l.card_id,
       l.is_live, s.starts_at, s.ends_at, s.label, c.product_kind, c.policy_code, c.venue_code,
       c.venue, c.product, c.timezone,
       ARRAY (SELECT p.visitor_no FROM booking.place p
               WHERE p.booking_id = l.booking_id AND p.line_no = l.line_no AND p.disowned_at IS NULL
                 AND (p.is_live OR NOT l.is_live)
               ORDER BY p.visitor_no) AS visitors,
       ARRAY (SELECT p.visitor_no FROM booking.place p
               WHERE p.booking_id = l.booking_id AND p.line_no = l.line_no AND p.disowned_at IS NOT NULL
               ORDER BY p.visitor_no) AS disowned,
       ARRAY (SELECT p.visitor_no FROM booking.place p
               WHERE p.booking_id = l.booking_id AND p.line_no = l.line_no AND p.disowned_at IS NULL
                 AND l.is_live AND NOT p.is_live
               ORDER BY p.visitor_no) AS given_back,
       (SELECT count(*) FROM booking.redemption r
         WHERE r.booking_id = l.booking_id AND r.line_no = l.line_no AND r.undone_at IS NULL) AS redeemed,
       l.missed_at IS NOT NULL AS is_missed
  FROM booking.line l
  JOIN booking.slot s ON s.id = l.slot_id
  JOIN catalogue.bookable_v c ON c.product_id = l.product_id
 WHERE l.booking_id = ANY (%(ids)s::uuid[])
 ORDER BY l.booking_id, l.line_no

-- name: places_by_others
-- Coming places of this person (under any of these keys) in bookings that none of their own accounts made, which are those that
-- staff saw the document of. The indexes that keep a person, and a number, from having two places of a day find them. Who is not
-- staff finds by number alone only what is under a document that nobody was ever seen with.
SELECT p.booking_id, p.line_no, p.visitor_no, p.person_key, b.holder_id, l.slot_id, l.venue_id, l.on_date, s.starts_at,
       s.ends_at, s.label, c.venue, c.product, c.timezone,
       EXISTS (SELECT FROM booking.redemption r
                WHERE r.booking_id = p.booking_id AND r.line_no = p.line_no AND r.visitor_no = p.visitor_no
                  AND r.undone_at IS NULL) AS is_used
  FROM booking.place p
  JOIN booking.booking b ON b.id = p.booking_id AND b.state IN (1, 2)
  JOIN booking.line l ON l.booking_id = p.booking_id AND l.line_no = p.line_no
  JOIN booking.slot s ON s.id = l.slot_id AND s.ends_at > %(now)s
  JOIN catalogue.bookable_v c ON c.product_id = l.product_id
 WHERE (p.person_key = ANY (%(person_keys)s::bytea[]) OR p.number_key = ANY (%(number_keys)s::bytea[]))
   AND p.is_live AND p.on_date >= %(from_day)s
   AND NOT EXISTS (SELECT FROM accounts.holder_v h WHERE h.traveller_id = b.holder_id AND h.person_key = p.person_key
                      AND h.is_seen)
   AND (b.holder_id IS NOT NULL OR %(is_staff)s)
   AND (%(is_staff)s OR p.person_key = ANY (%(person_keys)s::bytea[])
        OR NOT EXISTS (SELECT FROM accounts.holder_v h WHERE h.person_key = p.person_key AND h.is_seen)
           AND NOT EXISTS (SELECT FROM accounts.known_name_v k WHERE k.person_key = p.person_key))
   AND (%(venue_id)s::bigint IS NULL OR l.venue_id = %(venue_id)s)
   AND (%(slot_id)s::bigint IS NULL OR l.slot_id = %(slot_id)s)
 ORDER BY l.slot_id IS DISTINCT FROM %(first_slot_id)s::bigint, l.on_date, s.starts_at, p.booking_id
 LIMIT %(limit)s

-- name: has_coming
-- Whether one of these accounts has a booking that is not over.
SELECT EXISTS (SELECT FROM booking.booking b
                 JOIN booking.line l ON l.booking_id = b.id AND l.is_live AND l.on_date >= %(from_day)s
                 JOIN booking.slot s ON s.id = l.slot_id AND s.ends_at > %(now)s
                WHERE b.holder_id = ANY (%(ids)s::bigint[]) AND b.state IN (1, 2))

-- name: was_disowned
-- Whether this person took a place out of this session before.
SELECT EXISTS (SELECT FROM booking.place p
                 JOIN booking.line l ON l.booking_id = p.booking_id AND l.line_no = p.line_no
                WHERE (p.person_key = %(person_key)s OR p.number_key = %(number_key)s) AND p.disowned_at IS NOT NULL
                  AND l.slot_id = %(slot_id)s)

-- name: availability
-- The slots of a product in a range of dates, with the room in the tightest pool that limits an online booking.
SELECT s.id, s.on_date, s.starts_at, s.ends_at, s.label, s.price_minor, s.currency, s.release_at,
       s.closes_at, s.is_open AND bool_and(p.is_open) AS is_open, s.closed_reason,
       min(p.capacity - p.held - p.sold) AS room, min(p.capacity) AS capacity
  FROM booking.slot s
  JOIN booking.pool p ON p.id = ANY (s.pool_ids || coalesce((s.channel_pools ->> 'online')::bigint, s.pool_ids[1]))
 WHERE s.product_id = %(product_id)s AND s.on_date BETWEEN %(from)s AND %(to)s
 GROUP BY s.id
 ORDER BY s.on_date, s.starts_at
 LIMIT %(limit)s
