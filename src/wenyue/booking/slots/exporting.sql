-- name: longer
-- run by: owner
-- Sorting every booking may take a while.
SET LOCAL statement_timeout = '10min'

-- name: export_counts
-- run by: owner
-- How many bookings there are, and how many holds that are not paid for or have lapsed.
SELECT count(*) FILTER (WHERE b.state IN (2, 3, 5)), count(*) FILTER (WHERE b.state IN (1, 4))
  FROM booking.booking b
 WHERE (%(is_all)s::boolean
        OR EXISTS (SELECT FROM booking.line l
                    WHERE l.booking_id = b.id AND (%(venue_id)s::bigint IS NULL OR l.venue_id = %(venue_id)s)
                      AND l.on_date BETWEEN %(from_day)s AND %(to_day)s))

-- name: sources
-- run by: owner
-- The sources that imports brought bookings of.
WITH RECURSIVE found (source) AS (
    (SELECT b.source FROM booking.booking b WHERE b.source IS NOT NULL ORDER BY b.source LIMIT 1)
    UNION ALL
    SELECT (SELECT b.source FROM booking.booking b WHERE b.source > f.source ORDER BY b.source LIMIT 1)
      FROM found f WHERE f.source IS NOT NULL)
SELECT source FROM found WHERE source IS NOT NULL

-- name: exported
-- run by: owner
-- Bookings by number: the old system's where an import brought it, with its source where another source has the same number; else our own. Holds are left out.
SELECT b.id,
       (CASE WHEN NOT starts_with(coalesce(b.source_key, ''), 'k:') THEN upper(b.id::text)
            ELSE replace(substr(b.source_key, 3), '||', '|')
                 || CASE WHEN EXISTS (SELECT FROM unnest(%(sources)s::text[]) AS other (source)
                                        JOIN booking.booking o ON o.source = other.source
                                         AND booking.key_bucket(o.source_key) = booking.key_bucket(b.source_key)
                                       WHERE other.source <> b.source)
                         THEN '@' || upper(b.source) ELSE '' END
       END) COLLATE "C" AS number
  FROM booking.booking b
 WHERE b.state IN (2, 3, 5)
   AND (%(is_all)s::boolean
        OR EXISTS (SELECT FROM booking.line l
                    WHERE l.booking_id = b.id AND (%(venue_id)s::bigint IS NULL OR l.venue_id = %(venue_id)s)
                      AND l.on_date BETWEEN %(from_day)s AND %(to_day)s))
 ORDER BY number, b.id

-- name: whole_bookings
-- run by: owner
-- These bookings.
SELECT b.id, b.state, b.created_at, b.changed_at, b.total_minor, b.currency, b.party
  FROM booking.booking b
 WHERE b.id = ANY (%(ids)s::uuid[])

-- name: whole_lines
-- run by: owner
-- … with their lines, who is named for each (nobody whose place left it), and who came.
SELECT l.booking_id, l.venue_id, l.product_id, l.on_date, s.starts_at, s.ends_at, l.quantity, l.price_minor, l.is_live,
       l.missed_at IS NOT NULL,
       ARRAY (SELECT p.visitor_no FROM booking.place p
               WHERE p.booking_id = l.booking_id AND p.line_no = l.line_no AND (p.is_live OR NOT l.is_live AND p.disowned_at IS NULL)
               ORDER BY p.visitor_no),
       ARRAY (SELECT p.person_key FROM booking.place p
               WHERE p.booking_id = l.booking_id AND p.line_no = l.line_no AND (p.is_live OR NOT l.is_live AND p.disowned_at IS NULL)
               ORDER BY p.visitor_no),
       ARRAY (SELECT r.visitor_no FROM booking.redemption r
               WHERE r.booking_id = l.booking_id AND r.line_no = l.line_no AND r.undone_at IS NULL)
  FROM booking.line l
  JOIN booking.slot s ON s.id = l.slot_id
 WHERE l.booking_id = ANY (%(ids)s::uuid[])
 ORDER BY l.booking_id, l.line_no
