-- name: within
-- The deadline of the statements that follow in this transaction; they take one core at most.
SELECT set_config('statement_timeout', %(ms)s, true), set_config('max_parallel_workers_per_gather', '0', true)

-- name: rooms_on_day
-- For each venue of a list, in its order: a byte with the room of its best session on a day (`most`: as much or more), and a
-- byte with the quarter of an hour of the day at which its first free session begins (255: none). What is booked by the room
-- or the table has room for everybody.
WITH free AS (
    SELECT s.venue_id, s.product_id, s.starts_at, min(p.capacity - p.held - p.sold) AS room
      FROM booking.slot s
      JOIN booking.pool p ON p.id = ANY (s.pool_ids || coalesce((s.channel_pools ->> 'online')::bigint, s.pool_ids[1]))
     WHERE s.on_date = %(day)s AND s.is_open AND s.release_at <= %(now)s AND s.closes_at > %(now)s
     GROUP BY s.id
    HAVING bool_and(p.is_open) AND min(p.capacity - p.held - p.sold) > 0
     LIMIT %(limit)s),
best AS (
    SELECT f.venue_id, max(CASE WHEN o.is_unit THEN %(most)s ELSE least(f.room, %(most)s) END)::int AS room,
           least(254, greatest(0, extract(epoch FROM min(f.starts_at) - %(begins)s) / 900))::int AS quarter
      FROM free f
      JOIN unnest(%(offers)s::bigint[], %(units)s::boolean[]) AS o(id, is_unit) ON o.id = f.product_id
     GROUP BY f.venue_id)
SELECT string_agg(set_byte('\x00'::bytea, 0, coalesce(b.room, 0)), ''::bytea ORDER BY w.no),
       string_agg(set_byte('\x00'::bytea, 0, coalesce(b.quarter, 255)), ''::bytea ORDER BY w.no)
  FROM unnest(%(venues)s::bigint[]) WITH ORDINALITY AS w(id, no)
  LEFT JOIN best b ON b.venue_id = w.id

-- name: days_of_venues
-- The days of some venues: the first session on which a party finds room, how much, and why there is none.
WITH slot AS (
    SELECT s.id, s.venue_id, s.product_id, s.on_date, s.starts_at, s.price_minor, s.currency, s.release_at, s.closes_at,
           s.is_open AND bool_and(p.is_open) AS is_open, min(p.capacity - p.held - p.sold) AS room,
           min(p.capacity) AS capacity
      FROM booking.slot s
      JOIN booking.pool p ON p.id = ANY (s.pool_ids || coalesce((s.channel_pools ->> 'online')::bigint, s.pool_ids[1]))
     WHERE s.venue_id = ANY (%(venues)s::bigint[]) AND s.on_date BETWEEN %(from)s AND %(to)s
     GROUP BY s.id
     LIMIT %(limit)s),
judged AS (
    SELECT s.id, s.venue_id, s.product_id, s.on_date, s.starts_at, s.price_minor, s.currency, s.release_at, s.is_open, s.room,
           s.capacity,
           s.is_open AND s.release_at <= %(now)s AND s.closes_at > %(now)s AS is_sold,
           s.room >= CASE WHEN o.is_unit THEN 1 ELSE %(party)s END AS has_room
      FROM slot s
      JOIN unnest(%(offers)s::bigint[], %(units)s::boolean[]) AS o(id, is_unit) ON o.id = s.product_id),
fitting AS (
    SELECT DISTINCT ON (venue_id, on_date) venue_id, on_date, id, product_id, starts_at, room, capacity
      FROM judged WHERE is_sold AND has_room ORDER BY venue_id, on_date, starts_at, price_minor, id),
day AS (
    SELECT venue_id, on_date, count(*) FILTER (WHERE is_sold AND has_room) AS fitting,
           (array_agg(id ORDER BY starts_at DESC) FILTER (WHERE is_sold AND has_room))[1] AS last_id,
           coalesce(min(price_minor) FILTER (WHERE is_sold AND has_room), min(price_minor)) AS least,
           coalesce(max(price_minor) FILTER (WHERE is_sold AND has_room), max(price_minor)) AS most,
           min(currency) AS currency, bool_or(is_sold) AS is_sold, bool_or(is_open) AS is_open,
           min(release_at) FILTER (WHERE is_open AND release_at > %(now)s) AS release_at
      FROM judged GROUP BY venue_id, on_date)
SELECT d.venue_id, d.on_date, d.fitting, f.id, d.last_id, f.product_id, f.starts_at, f.room, f.capacity, d.least, d.most,
       d.currency, d.is_sold, d.is_open, d.release_at
  FROM day d
  LEFT JOIN fitting f ON f.venue_id = d.venue_id AND f.on_date = d.on_date
 ORDER BY d.venue_id, d.on_date
