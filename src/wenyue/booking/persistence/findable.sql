-- name: near_visits
-- Venues and days of the bookings' lines within these days, live or not.
SELECT DISTINCT l.booking_id, l.venue_id, l.on_date
  FROM booking.line l
 WHERE l.booking_id = ANY (%(ids)s::uuid[]) AND l.on_date BETWEEN %(from_day)s::date AND %(to_day)s::date

-- name: who_booked
-- Who these bookings name and who made them, and their numbers in another system.
SELECT b.id, b.party, b.holder_id, b.source_key,
       ARRAY (SELECT DISTINCT p.person_key FROM booking.place p WHERE p.booking_id = b.id) AS persons
  FROM booking.booking b
 WHERE b.id = ANY (%(ids)s::uuid[])

-- name: persons_near
-- Those of these persons who have a live place near the day; each is looked up by the index that keeps one person's places.
SELECT k.person_key
  FROM unnest(%(person_keys)s::bytea[]) AS k (person_key)
 WHERE EXISTS (SELECT FROM booking.place p
                WHERE p.person_key = k.person_key AND p.is_live
                  AND p.on_date BETWEEN %(from_day)s::date AND %(to_day)s::date)
