-- name: touched_days
-- Sessions of a venue (or of one of its products) in a range of dates that are open, or closed but not by the calendar, and the
-- places taken in them.
SELECT count(*), coalesce(sum(p.held + p.sold), 0)::bigint
FROM booking.slot s
JOIN booking.pool p ON p.id = s.pool_ids[1]
WHERE s.venue_id = %(venue_id)s AND s.on_date BETWEEN %(from_day)s AND %(to_day)s
  AND (%(product_id)s::bigint IS NULL OR s.product_id = %(product_id)s) AND s.is_open = %(is_open)s
  AND (s.is_open OR coalesce(s.closed_reason ->> 'zh-CN', '') <> ALL(%(of_calendar)s::text[]))

-- name: touched_everywhere
-- Sessions of every venue in a range of dates, and the places taken in them.
SELECT count(*), coalesce(sum(p.held + p.sold), 0)::bigint
FROM booking.slot s
JOIN booking.pool p ON p.id = s.pool_ids[1]
WHERE s.on_date BETWEEN %(from_day)s AND %(to_day)s

-- name: touched_dates
-- A product's sessions on some dates, and the places taken in them.
SELECT count(*), coalesce(sum(p.held + p.sold), 0)::bigint
FROM booking.slot s
JOIN booking.pool p ON p.id = s.pool_ids[1]
WHERE s.product_id = %(product_id)s AND s.on_date IN (SELECT d.value::date FROM json_array_elements_text(%(dates)s::json) AS d)

-- name: slot_prices
-- What a product's sessions on some dates cost.
SELECT s.on_date, s.starts_at, s.price_minor
FROM booking.slot s
WHERE s.product_id = %(product_id)s AND s.on_date IN (SELECT d.value::date FROM json_array_elements_text(%(dates)s::json) AS d)

-- name: touched_slot
-- One session: the places taken, and its capacity or the one it is on its way to.
SELECT 1, p.held + p.sold, coalesce(p.target, p.capacity)
FROM booking.slot s
JOIN booking.pool p ON p.id = s.pool_ids[1]
WHERE s.id = %(slot_id)s

-- name: touched_day_pool
-- A venue's day: its sessions, the places taken, and its carrying capacity or the one it is on its way to.
SELECT (SELECT count(*) FROM booking.slot s WHERE s.venue_id = p.venue_id AND s.on_date = p.on_date),
       p.held + p.sold, coalesce(p.target, p.capacity)
FROM booking.pool p
WHERE p.venue_id = %(venue_id)s AND p.on_date = %(on_date)s AND p.kind = 'day' AND p.product_id IS NULL
  AND p.starts_at IS NULL AND p.channel IS NULL

-- name: slot_at
-- A product's session that starts at an instant.
SELECT id FROM booking.slot WHERE product_id = %(product_id)s AND on_date = %(on_date)s AND starts_at = %(starts_at)s

-- name: venue_days
-- The days of a venue that are open or have a figure: sessions, those that are closed, places taken and there are, the day's own.
SELECT coalesce(s.on_date, d.on_date), coalesce(s.sessions, 0), coalesce(s.closed, 0), coalesce(s.taken, 0)::bigint,
       coalesce(s.capacity, 0)::bigint, coalesce(d.target, d.capacity)
FROM (SELECT one.on_date, count(*) AS sessions, count(*) FILTER (WHERE NOT one.is_open) AS closed,
             sum(p.held + p.sold) AS taken, sum(coalesce(p.target, p.capacity)) AS capacity
      FROM booking.slot one JOIN booking.pool p ON p.id = one.pool_ids[1]
      WHERE one.venue_id = %(venue_id)s AND one.on_date BETWEEN %(from_day)s AND %(to_day)s
      GROUP BY one.on_date) AS s
FULL JOIN (SELECT p.on_date, p.target, p.capacity
           FROM booking.pool p
           WHERE p.venue_id = %(venue_id)s AND p.on_date BETWEEN %(from_day)s AND %(to_day)s AND p.kind = 'day'
             AND p.product_id IS NULL AND p.starts_at IS NULL AND p.channel IS NULL) AS d ON d.on_date = s.on_date
ORDER BY 1
