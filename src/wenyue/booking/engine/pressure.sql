-- name: holds_overdue
-- Holds whose time is up and that still keep places, and for how many seconds the oldest has been up.
SELECT count(*), coalesce(extract(epoch FROM %(now)s::timestamptz - min(h.hold_until)), 0)::float8
  FROM (SELECT hold_until FROM booking.booking
         WHERE hold_until IS NOT NULL AND hold_until < %(now)s::timestamptz ORDER BY hold_until LIMIT %(limit)s) AS h

-- name: sessions_tight
-- Sessions on sale that are nearly full, the fullest first, the soonest of equals first.
SELECT c.venue, c.product, s.on_date,
       to_char(s.starts_at AT TIME ZONE c.timezone, 'HH24:MI'), p.capacity - p.held - p.sold, p.capacity
  FROM booking.pool p
  JOIN booking.slot s ON s.pool_ids[1] = p.id AND s.product_id = p.product_id AND s.on_date = p.on_date
  JOIN catalogue.bookable_v c ON c.product_id = s.product_id
 WHERE p.kind = 'session' AND p.is_open AND p.capacity > 0 AND p.held + p.sold < p.capacity
   AND (p.capacity - p.held - p.sold)::float8 / p.capacity < %(share)s
   AND p.on_date BETWEEN %(first)s AND %(last)s
   AND s.is_open AND s.release_at <= %(now)s::timestamptz AND s.closes_at > %(now)s::timestamptz
 ORDER BY (p.capacity - p.held - p.sold)::float8 / p.capacity, s.starts_at, p.id
 LIMIT %(limit)s
