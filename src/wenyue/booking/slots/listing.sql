-- name: sold_products
-- Which of these products have sessions.
SELECT p.id FROM unnest(%(ids)s::bigint[]) AS p (id)
 WHERE EXISTS (SELECT FROM booking.slot s WHERE s.product_id = p.id)

-- name: sessions_there
-- The sessions of products on a range of dates, with the capacity of each.
SELECT s.product_id, s.on_date, s.starts_at, s.ends_at, p.capacity, s.price_minor, s.label, s.source, s.is_open
  FROM booking.slot s
  JOIN booking.pool p ON p.id = s.pool_ids[1]
 WHERE s.product_id = ANY (%(product_ids)s::bigint[]) AND s.on_date BETWEEN %(from_day)s AND %(to_day)s
 ORDER BY s.product_id, s.on_date, s.starts_at
 LIMIT %(limit)s
