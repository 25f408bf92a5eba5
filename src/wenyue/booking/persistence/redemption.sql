-- name: bookings_of_person
-- Bookings in which this person has a live place near the day: the nearest day first, and on it the asking venue. Then confirmed
-- before held, and of every account its first before anybody's second: whoever books for somebody else, under identifiers of their
-- own making, hides none of that person's own.
SELECT near.booking_id
  FROM (SELECT booking_id, far, is_held, created_at, row_number() OVER (PARTITION BY far, is_held, holder_id ORDER BY created_at, booking_id) AS nth
          FROM (SELECT p.booking_id, b.holder_id, b.created_at, b.state = 1 AS is_held,
                       min(2 * abs(p.on_date - %(on_date)s::date) + (l.venue_id <> %(venue_id)s)::int) AS far
                  FROM booking.place p
                  JOIN booking.line l ON l.booking_id = p.booking_id AND l.line_no = p.line_no
                  JOIN booking.booking b ON b.id = p.booking_id
                 WHERE p.person_key = %(person_key)s AND p.is_live
                   AND p.on_date BETWEEN %(from_day)s::date AND %(to_day)s::date
                 GROUP BY p.booking_id, b.holder_id, b.created_at, b.state) AS of_person) AS near
 ORDER BY near.far, near.is_held, near.nth, near.created_at, near.booking_id
 LIMIT %(limit)s

-- name: bookings_on_card
-- Bookings with a line near the day that this card pays, or paid, for: live ones first, then as above.
SELECT l.booking_id
  FROM booking.line l
 WHERE l.card_id = %(card_id)s
   AND l.on_date BETWEEN %(from_day)s::date AND %(to_day)s::date
 GROUP BY l.booking_id
 ORDER BY bool_or(l.is_live) DESC,
          min(2 * abs(l.on_date - %(on_date)s::date) + (l.venue_id <> %(venue_id)s)::int), l.booking_id
 LIMIT %(limit)s

-- name: bookings_of_holder
-- Bookings that this account made with a live line near the day, as above.
SELECT b.id
  FROM booking.booking b
  JOIN booking.line l ON l.booking_id = b.id
 WHERE b.holder_id = %(holder_id)s AND l.is_live
   AND l.on_date BETWEEN %(from_day)s::date AND %(to_day)s::date
 GROUP BY b.id
 ORDER BY min(2 * abs(l.on_date - %(on_date)s::date) + (l.venue_id <> %(venue_id)s)::int), b.id
 LIMIT %(limit)s

-- name: bookings_between
-- Bookings whose identifier lies in a typed code's range, and when they were made: first those made when it was minted.
SELECT id, created_at
  FROM booking.booking
 WHERE id BETWEEN %(low)s AND %(high)s
 ORDER BY abs(extract(epoch FROM created_at - %(minted_at)s)), id
 LIMIT %(limit)s

-- name: admissions
-- Every place of these bookings with what became of it; the asking venue and day first.
SELECT b.id AS booking_id, b.state, b.holder_id, l.line_no, coalesce(p.visitor_no, 0) AS visitor_no, p.person_key,
       CASE WHEN p.visitor_no IS NULL THEN l.quantity ELSE 1 END AS quantity,
       l.venue_id, c.venue, c.timezone, l.product_id, c.product, c.policy_code,
       s.label, l.on_date, s.starts_at, s.ends_at,
       l.is_live AND coalesce(p.is_live, true) AS is_live,
       s.is_open, s.closed_reason, l.card_id,
       r.id AS redemption_id, r.at AS redeemed_at, r.gate AS redeemed_gate
  FROM booking.booking b
  JOIN booking.line l ON l.booking_id = b.id
  JOIN booking.slot s ON s.id = l.slot_id
  JOIN catalogue.bookable_v c ON c.product_id = l.product_id
  LEFT JOIN booking.place p ON p.booking_id = l.booking_id AND p.line_no = l.line_no
  LEFT JOIN booking.redemption r ON r.booking_id = l.booking_id AND r.line_no = l.line_no
       AND r.visitor_no = coalesce(p.visitor_no, 0) AND r.undone_at IS NULL
 WHERE b.id = ANY (%(ids)s::uuid[])
 ORDER BY l.venue_id <> %(venue_id)s, abs(l.on_date - %(on_date)s::date), s.starts_at, b.id, l.line_no, visitor_no
 LIMIT %(limit)s

-- name: parties
-- The sealed parties of these bookings.
SELECT id, party FROM booking.booking WHERE id = ANY (%(ids)s::uuid[])

-- name: hold_still
-- Keep the booking from being cancelled or moved until this transaction ends; other gates may pass.
SELECT state FROM booking.booking WHERE id = %(booking_id)s FOR SHARE

-- name: redeem
-- Redeem one live place; the unique index lets exactly one gate win.
INSERT INTO booking.redemption (id, booking_id, line_no, visitor_no, at, gate)
SELECT %(id)s, l.booking_id, l.line_no, %(visitor_no)s, %(at)s, %(gate)s
  FROM booking.line l
  LEFT JOIN booking.place p ON p.booking_id = l.booking_id AND p.line_no = l.line_no AND p.is_live
       AND p.visitor_no = %(visitor_no)s
 WHERE l.booking_id = %(booking_id)s AND l.line_no = %(line_no)s AND l.is_live
   AND (p.visitor_no IS NOT NULL
        OR %(visitor_no)s = 0 AND NOT EXISTS (SELECT 1 FROM booking.place q
                                               WHERE q.booking_id = l.booking_id AND q.line_no = l.line_no))
ON CONFLICT DO NOTHING

-- name: redemption_of
-- The standing redemption of a place.
SELECT id, at, gate
  FROM booking.redemption
 WHERE booking_id = %(booking_id)s AND line_no = %(line_no)s AND visitor_no = %(visitor_no)s AND undone_at IS NULL

-- name: undo
-- Take a redemption back; the row stays.
UPDATE booking.redemption
   SET undone_at = %(at)s, undo_reason = %(reason)s
 WHERE id = %(id)s AND undone_at IS NULL
