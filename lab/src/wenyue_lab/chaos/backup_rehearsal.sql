-- name: drop_tables
-- The worst mistake: what people booked is gone.
DROP TABLE booking.line, booking.place CASCADE

-- name: stop_writers
-- Nobody commits a booking until the deletion has: so the moment before it holds everything that was acknowledged.
LOCK TABLE booking.booking, booking.line, booking.place IN EXCLUSIVE MODE

-- name: lose_places
-- The persons' places at one venue …
DELETE FROM booking.place p USING booking.line l
 WHERE p.booking_id = l.booking_id AND p.line_no = l.line_no
   AND l.venue_id = (SELECT v.id FROM catalogue.venue v WHERE v.code = %(code)s)

-- name: lose_bookings
-- … its bookings …
DELETE FROM booking.booking b USING booking.line l
 WHERE b.id = l.booking_id AND l.venue_id = (SELECT v.id FROM catalogue.venue v WHERE v.code = %(code)s)

-- name: lose_lines
-- … and their lines.
DELETE FROM booking.line l WHERE l.venue_id = (SELECT v.id FROM catalogue.venue v WHERE v.code = %(code)s)

-- name: lose_slots
-- With them its sessions …
DELETE FROM booking.slot s WHERE s.venue_id = (SELECT v.id FROM catalogue.venue v WHERE v.code = %(code)s)

-- name: lose_pools
-- … its pools …
DELETE FROM booking.pool p WHERE p.venue_id = (SELECT v.id FROM catalogue.venue v WHERE v.code = %(code)s)

-- name: lose_products
-- … its products …
DELETE FROM catalogue.product p WHERE p.venue_id = (SELECT v.id FROM catalogue.venue v WHERE v.code = %(code)s)

-- name: lose_venue
-- … and itself.
DELETE FROM catalogue.venue WHERE code = %(code)s
