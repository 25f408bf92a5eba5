-- name: naive_tables
-- The yardstick: one counter row per session and one row per booking, as small as such tables can be.
CREATE SCHEMA bench
  CREATE TABLE naive_slot (id integer PRIMARY KEY, places_left bigint NOT NULL) WITH (fillfactor = 50)
  CREATE TABLE naive_booking (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(), slot_id integer NOT NULL, name text NOT NULL,
      document text NOT NULL, created_at timestamptz NOT NULL DEFAULT now())

-- name: naive_slots
-- Ten thousand counters that never run out.
INSERT INTO bench.naive_slot SELECT n, 2000000000 FROM generate_series(1, 10000) n

-- name: venues
-- Attractions: the first has the hot session, the second the session that is full, the others the spread ones.
INSERT INTO catalogue.venue (id, code, kind, name, province, is_demo)
SELECT n, 'bench-' || n, 'attraction', jsonb_build_object('zh-CN', '压测景区' || n), '北京市', true FROM generate_series(1, %(venues)s) n

-- name: products
-- One ticket per attraction.
INSERT INTO catalogue.product (id, venue_id, code, kind, name, price_minor, policy_code, needs_visitors, person_rule)
SELECT n, n, 'ticket', 'session', '{"zh-CN": "门票"}', 8000, 'default', true, 'venue_day' FROM generate_series(1, %(venues)s) n

-- name: card_type
-- An annual card with a bounded number of entries, one a day and place.
INSERT INTO cards.card_type (code, name, rules, source)
VALUES (%(code)s, '{"zh-CN": "压测年卡", "en": "Benchmark annual card"}', %(rules)s::jsonb, 'made for the benchmark')

-- name: copy_travellers
-- Card holders: the n-th holds card n.
COPY accounts.traveller (id, person_key, sealed) FROM STDIN

-- name: cards
-- One active card each.
INSERT INTO cards.card (id, card_no, type_code, state, pin_hash, activated_at, valid_from, valid_to, holder_id, holder_key)
SELECT t.id, 'BENCH' || lpad(t.id::text, 11, '0'), %(code)s, 3, '', now(), current_date - 30, current_date + 330, t.id,
       t.person_key
FROM accounts.traveller t

-- name: entitlements
-- … with its entries.
INSERT INTO cards.entitlement (card_id, no, granted) SELECT id, 0, 200 FROM cards.card

-- name: logins
-- … and a login, whose token the load generator knows.
INSERT INTO accounts.login (token_hash, traveller_id, expires_at)
SELECT sha256(convert_to('bench' || lpad(t.id::text, 38, '0'), 'UTF8')), t.id, now() + interval '1 day'
FROM accounts.traveller t

-- name: day_pools
-- The day's approved carrying capacity of every attraction, on every date.
INSERT INTO booking.pool (kind, venue_id, on_date, capacity)
SELECT 'day', v, %(first_day)s::date + d, %(capacity)s
FROM generate_series(1, %(venues)s) v, generate_series(0, %(days)s - 1) d

-- name: session_pools
-- Sessions: one for the first two attractions (the second is soon full), ten for every other.
INSERT INTO booking.pool (kind, venue_id, product_id, on_date, starts_at, capacity)
SELECT 'session', v, v, %(first_day)s::date + d, (%(first_day)s::date + d + time '01:00') AT TIME ZONE 'UTC' + s * interval '50 minutes',
       CASE WHEN v = 2 THEN %(full_capacity)s ELSE %(capacity)s END
FROM generate_series(1, %(venues)s) v, generate_series(0, %(days)s - 1) d, generate_series(0, 9) s
WHERE v > 2 OR s = 0

-- name: slots
-- One slot per session, drawing from its session and its day.
INSERT INTO booking.slot (product_id, venue_id, on_date, starts_at, ends_at, release_at, closes_at, price_minor, pool_ids)
SELECT own.product_id, own.venue_id, own.on_date, own.starts_at, own.starts_at + interval '45 minutes',
       now() - interval '7 days', own.starts_at, 8000, ARRAY[own.id, day.id]
FROM booking.pool own
JOIN booking.pool day ON day.kind = 'day' AND day.venue_id = own.venue_id AND day.on_date = own.on_date
WHERE own.kind = 'session'

-- name: slots_of
-- The slots of one date.
SELECT id, venue_id FROM booking.slot WHERE on_date = %(day)s ORDER BY id

-- name: oversold
-- Places beyond capacity, plus every difference between a pool's counters and the live lines that draw from it.
SELECT coalesce(sum(greatest(0, p.held + p.sold - p.capacity) + abs(p.held + p.sold - coalesce(l.places, 0))), 0)
FROM booking.pool p
LEFT JOIN (SELECT pool_id, sum(quantity) AS places
           FROM booking.line, unnest(pool_ids) AS pool_id WHERE is_live GROUP BY pool_id) l ON l.pool_id = p.id

-- name: bookings
-- How many bookings draw from pools.
SELECT count(*) FROM booking.booking WHERE state IN (1, 2)

-- name: grow_bookings
-- Stored bookings number `first` to `last`, as a season leaves them, with ids in the order of time.
INSERT INTO booking.booking (id, body_hash, state, channel, holder_id, created_at, changed_at, total_minor, party)
SELECT (lpad(to_hex(1750000000000 + n), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid,
       decode(md5(n::text), 'hex'), 2, 1, 100000000 + n / 4, at, at, 8000, decode(repeat(md5(n::text), 6), 'hex')
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n, LATERAL (SELECT to_timestamp(1750000000 + n / 1000.0) AS at) t

-- name: grow_lines
-- … their lines, on past days of the spread attractions
INSERT INTO booking.line (booking_id, line_no, slot_id, product_id, venue_id, on_date, quantity, price_minor, pool_ids, card_id,
                          entitlement_no)
SELECT (lpad(to_hex(1750000000000 + n), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid,
       0, 100000000 + n / 500, 3 + n %% 1000, 3 + n %% 1000, date '2025-06-16' + (n / 20000)::int, 1, 8000,
       ARRAY[100000000 + n / 500, 100000000 + n / 5000], 100000000 + n / 4, 0
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n

-- name: grow_places
-- … the persons' places
INSERT INTO booking.place (booking_id, line_no, visitor_no, person_key, scope, on_date)
SELECT (lpad(to_hex(1750000000000 + n), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid,
       0, 0, decode(md5('person' || n / 4), 'hex'), 3 + n %% 1000, date '2025-06-16' + (n / 20000)::int
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n

-- name: grow_audit
-- … and the record of them.
INSERT INTO audit.entry (at, actor, action, subject)
SELECT to_timestamp(1750000000 + n / 1000.0), 'traveller:' || 100000000 + n / 4, 'booking.confirmed',
       (lpad(to_hex(1750000000000 + n), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid::text
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n

-- name: settle
-- Statistics and visibility as autovacuum leaves them.
VACUUM ANALYZE
