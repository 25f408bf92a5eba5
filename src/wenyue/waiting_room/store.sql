-- name: one_opener
-- One room is opened at a time, until the end of the transaction: how many are open is counted before.
SELECT pg_advisory_xact_lock(hashtextextended('wenyue.room', 0))

-- name: add_room
-- A room that an operator opens; its code is used once, for ever.
INSERT INTO waiting_room.room (code, title, venue_id, product_ids, from_day, to_day, onward, release_at, poll_s,
                            epoch_s, rate_max, commitment, sealed_seed, created_at)
VALUES (%(code)s, %(title)s::jsonb, %(venue_id)s, %(product_ids)s::bigint[], %(from_day)s, %(to_day)s,
        %(onward)s, %(release_at)s, %(poll_s)s, %(epoch_s)s, %(rate_max)s, %(commitment)s, %(sealed_seed)s, %(now)s)
ON CONFLICT (code) DO NOTHING
RETURNING id

-- name: rooms
-- Rooms that guard something, all of them; then the newest of those that were closed after an instant.
SELECT id, code, title, venue_id, product_ids, from_day, to_day, onward, release_at, poll_s, epoch_s,
       rate_max, commitment, sealed_seed, seed, is_paused, message, created_at, released_at, closed_at,
       kept_at, threshold_epoch, threshold_rank, rate, pace, goodput_best, places_left, file
  FROM waiting_room.room
 WHERE closed_at IS NULL OR closed_at > %(closed_after)s
 ORDER BY closed_at IS NOT NULL, id DESC
 LIMIT %(limit)s

-- name: room
-- One room by its code.
SELECT id, code, title, venue_id, product_ids, from_day, to_day, onward, release_at, poll_s, epoch_s,
       rate_max, commitment, sealed_seed, seed, is_paused, message, created_at, released_at, closed_at,
       kept_at, threshold_epoch, threshold_rank, rate, pace, goodput_best, places_left, file
  FROM waiting_room.room
 WHERE code = %(code)s

-- name: lock_open_rooms
-- The rooms that guard something, for their keeper.
SELECT id, code, title, venue_id, product_ids, from_day, to_day, onward, release_at, poll_s, epoch_s,
       rate_max, commitment, sealed_seed, seed, is_paused, message, created_at, released_at, closed_at,
       kept_at, threshold_epoch, threshold_rank, rate, pace, goodput_best, places_left, file
  FROM waiting_room.room
 WHERE closed_at IS NULL
 ORDER BY id
 LIMIT %(limit)s
   FOR UPDATE

-- name: steer_room
-- What an operator changes: pause, words for the visitors, the greatest rate.
UPDATE waiting_room.room
   SET is_paused = %(is_paused)s, message = %(message)s::jsonb, rate_max = %(rate_max)s
 WHERE id = %(id)s

-- name: close_room
-- Nothing is guarded any more; the file stays to be read.
UPDATE waiting_room.room SET closed_at = %(now)s, file = %(file)s WHERE id = %(id)s AND closed_at IS NULL

-- name: advance_room
-- What the keeper found; the threshold never falls, whatever is asked.
UPDATE waiting_room.room
   SET seed = %(seed)s, released_at = %(released_at)s, kept_at = %(kept_at)s, threshold_epoch = %(epoch)s,
       threshold_rank = %(rank)s, rate = %(rate)s, pace = %(pace)s, goodput_best = %(goodput_best)s,
       places_left = %(places_left)s, file = %(file)s
 WHERE id = %(id)s AND (threshold_epoch, threshold_rank) <= (%(epoch)s, %(rank)s)

-- name: save_file
-- The first file of a room, before a keeper has seen it.
UPDATE waiting_room.room SET file = %(file)s WHERE id = %(id)s

-- name: add_step
-- One rise of the threshold; its instant is never before that of the last one, though a clock may step back.
INSERT INTO waiting_room.step (room_id, at, epoch, rank)
SELECT %(room_id)s, greatest(%(at)s::timestamptz, (SELECT max(s.at) FROM waiting_room.step s WHERE s.room_id = %(room_id)s)),
       %(epoch)s, %(rank)s

-- name: steps
-- The rises of the threshold of a room, in the order in which they were written, from `after` on.
SELECT id, at, epoch, rank FROM waiting_room.step WHERE room_id = %(room_id)s AND id > %(after)s ORDER BY id LIMIT %(limit)s

-- name: freeze
-- One picture of everything, while people go on coming in.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY

-- name: exchanges
-- The tokens that were given in a room, by code, from (`code`, `turn`) on.
SELECT code, turn, epoch, rank, threshold_epoch, threshold_rank, exchanged_at
  FROM waiting_room.exchange
 WHERE room_id = %(room_id)s AND (code, turn) > (%(code)s, %(turn)s)
 ORDER BY code, turn
 LIMIT %(limit)s

-- name: count_exchanges
-- How many tokens a room gave.
SELECT count(*) FROM waiting_room.exchange WHERE room_id = %(room_id)s

-- name: crowd
-- How many came to a room, by epoch; epoch 0 is counted from its bits.
SELECT 0 AS epoch, coalesce(sum(bit_count(bits)), 0)::bigint AS people FROM waiting_room.early WHERE room_id = %(room_id)s
 UNION ALL
SELECT epoch, people FROM waiting_room.crowd WHERE room_id = %(room_id)s
 ORDER BY epoch
 LIMIT %(limit)s

-- name: add_early
-- Marks accounts that came before the release: whole rows of 8,192, in order, so that processes do not wait in a circle.
INSERT INTO waiting_room.early (room_id, chunk, bits)
SELECT w.room_id, w.chunk, ('x' || w.hex)::bit(8192)
  FROM json_to_recordset(%(chunks)s::json) AS w(room_id integer, chunk integer, hex text)
 ORDER BY w.room_id, w.chunk
ON CONFLICT (room_id, chunk) DO UPDATE SET bits = early.bits | excluded.bits
 WHERE early.bits <> (early.bits | excluded.bits)

-- name: arrive
-- Accounts that come after the release, each once; those who came before it are left out.
WITH wanted AS MATERIALIZED (
    SELECT w.room_id, w.account_id, w.epoch
      FROM json_to_recordset(%(arrivals)s::json) AS w(room_id integer, account_id bigint, epoch integer)
     WHERE NOT EXISTS (SELECT 1 FROM waiting_room.early e
                        WHERE e.room_id = w.room_id AND e.chunk = w.account_id / 8192
                          AND get_bit(e.bits, (w.account_id %% 8192)::integer) = 1)
), added AS (
    INSERT INTO waiting_room.arrival (room_id, account_id, epoch)
    SELECT room_id, account_id, epoch FROM wanted ORDER BY room_id, account_id
    ON CONFLICT (room_id, account_id) DO NOTHING
    RETURNING room_id, epoch
)
INSERT INTO waiting_room.crowd (room_id, epoch, people)
SELECT room_id, epoch, count(*) FROM added GROUP BY room_id, epoch ORDER BY room_id, epoch
ON CONFLICT (room_id, epoch) DO UPDATE SET people = crowd.people + excluded.people

-- name: epochs_of
-- The epoch in which each of these accounts first came.
SELECT w.room_id, w.account_id,
       CASE WHEN get_bit(e.bits, (w.account_id %% 8192)::integer) = 1 THEN 0 ELSE a.epoch END AS epoch
  FROM json_to_recordset(%(arrivals)s::json) AS w(room_id integer, account_id bigint, epoch integer)
  LEFT JOIN waiting_room.early e ON e.room_id = w.room_id AND e.chunk = w.account_id / 8192
  LEFT JOIN waiting_room.arrival a ON a.room_id = w.room_id AND a.account_id = w.account_id

-- name: add_exchanges
-- A token for each of these accounts, unless it has one that is still good or had its number of turns.
WITH wanted AS MATERIALIZED (
    SELECT w.room_id, w.code, w.epoch, w.rank, w.threshold_epoch, w.threshold_rank
      FROM json_to_recordset(%(exchanges)s::json)
        AS w(room_id integer, code text, epoch integer, rank bigint, threshold_epoch integer, threshold_rank bigint)
), latest AS MATERIALIZED (
    SELECT w.room_id, w.code, max(x.turn) AS turn, max(x.expires_at) AS expires_at
      FROM wanted w JOIN waiting_room.exchange x ON x.room_id = w.room_id AND x.code = w.code
     GROUP BY w.room_id, w.code
)
INSERT INTO waiting_room.exchange (room_id, code, turn, epoch, rank, threshold_epoch, threshold_rank, exchanged_at, expires_at)
SELECT w.room_id, w.code, coalesce(l.turn, 0) + 1, w.epoch, w.rank, w.threshold_epoch, w.threshold_rank, %(now)s, %(until)s
  FROM wanted w LEFT JOIN latest l ON l.room_id = w.room_id AND l.code = w.code
 WHERE l.code IS NULL OR (l.expires_at <= %(now)s AND l.turn < %(turns_max)s)
 ORDER BY w.room_id, w.code
ON CONFLICT (room_id, code, turn) DO NOTHING

-- name: tokens_of
-- Until when these accounts may book.
SELECT w.room_id, w.code, max(x.expires_at) AS expires_at
  FROM json_to_recordset(%(exchanges)s::json) AS w(room_id integer, code text)
  JOIN waiting_room.exchange x ON x.room_id = w.room_id AND x.code = w.code
 GROUP BY w.room_id, w.code

-- name: slots_after
-- Slots of these venues or products whose id is above the last one seen: slots never change product or date.
SELECT slot_id, product_id, venue_id, on_date
  FROM booking.slot_day_v
 WHERE slot_id > %(after)s AND on_date BETWEEN %(from_day)s AND %(to_day)s
   AND (product_id = ANY (%(product_ids)s::bigint[]) OR venue_id = %(venue_id)s::bigint)
 ORDER BY slot_id
 LIMIT %(limit)s

-- name: save_signal
-- How this process fares.
INSERT INTO waiting_room.load_signal (process, at, goodput_per_s, latency_p99_ms, limit_now, in_flight, waiting, shed_per_s)
VALUES (%(process)s, %(at)s, %(goodput_per_s)s, %(latency_p99_ms)s, %(limit_now)s, %(in_flight)s, %(waiting)s,
        %(shed_per_s)s)
ON CONFLICT (process) DO UPDATE
SET at = excluded.at, goodput_per_s = excluded.goodput_per_s, latency_p99_ms = excluded.latency_p99_ms,
    limit_now = excluded.limit_now, in_flight = excluded.in_flight, waiting = excluded.waiting,
    shed_per_s = excluded.shed_per_s

-- name: signals
-- How the web processes fare.
SELECT at, goodput_per_s, latency_p99_ms, limit_now, in_flight, waiting, shed_per_s
  FROM waiting_room.load_signal
 WHERE at > %(after)s
 ORDER BY process
 LIMIT %(limit)s

-- name: drop_signals
-- Signals of processes that ended long ago.
DELETE FROM waiting_room.load_signal WHERE at < %(before)s
