-- name: bookings
-- Every booking: its state, its live lines, places and pool draws, and how often its confirmation was recorded.
SELECT b.id, b.state, b.total_minor,
       (SELECT count(*) FROM booking.line l WHERE l.booking_id = b.id AND l.is_live),
       (SELECT count(*) FROM booking.place p WHERE p.booking_id = b.id AND p.is_live),
       (SELECT count(*) FROM booking.line l WHERE l.booking_id = b.id),
       coalesce(a.times, 0)
FROM booking.booking b
LEFT JOIN (SELECT subject, count(*) AS times FROM audit.entry WHERE action = 'booking.confirmed' GROUP BY subject) a
       ON a.subject = b.id::text

-- name: slots
-- Live places per slot, as the pool of the slot's own session counts them.
SELECT s.id, p.held + p.sold, p.capacity FROM booking.slot s JOIN booking.pool p ON p.id = s.pool_ids[1]

-- name: slots_of_all
-- Every slot with its venue, in the order of time.
SELECT id, venue_id, on_date FROM booking.slot ORDER BY on_date, venue_id, id

-- name: cards_at
-- The cards as they are at another instant.
UPDATE cards.card SET activated_at = %(now)s::timestamptz - interval '30 days', valid_from = %(now)s::date - 30,
       valid_to = %(now)s::date + 330

-- name: logins_at
-- Logins that last through the drill, whichever clock is asked.
UPDATE accounts.login SET expires_at = greatest(now(), %(now)s::timestamptz) + interval '30 days'

-- name: slots_at
-- Sessions released a week ago; those of the last day at midnight.
UPDATE booking.slot
   SET release_at = CASE WHEN on_date = (SELECT max(l.on_date) FROM booking.slot l) THEN %(midnight)s::timestamptz
                         ELSE %(now)s::timestamptz - interval '7 days' END

-- name: holds_end_soon
-- Holds as if they had been made long ago.
UPDATE booking.booking SET hold_until = now() + make_interval(secs => %(soon_s)s) WHERE hold_until IS NOT NULL

-- name: jobs_doing
-- Jobs in the hands of a worker.
SELECT count(*) FROM public.procrastinate_jobs WHERE status = 'doing'

-- name: age_heartbeats
-- Workers as if they had last been heard of a minute ago; those that live say so again within ten seconds.
UPDATE public.procrastinate_workers SET last_heartbeat = now() - interval '1 minute'

-- name: waiting_work
-- Holds that ran out, events not told, jobs not done.
SELECT (SELECT count(*) FROM booking.booking WHERE hold_until < now())
     + (SELECT count(*) FROM booking.outbox WHERE done_at IS NULL)
     + (SELECT coalesce(sum(l.waiting + l.retried + l.parked), 0) FROM events.lag_v l)
     + (SELECT count(*) FROM public.procrastinate_jobs WHERE status IN ('todo', 'doing'))

-- name: messages_listed
-- Messages in the travellers' lists, by booking and kind.
SELECT booking_id, kind, count(*) FROM notifications.message WHERE channel = 'inapp' GROUP BY booking_id, kind

-- name: texts_sent
-- Texts that are marked as sent.
SELECT id FROM notifications.message WHERE channel = 'sms' AND state = 'sent'

-- name: states
-- Every booking's state.
SELECT id, state FROM booking.booking

-- name: held_of
-- Which of these bookings are still held.
SELECT count(*) FROM booking.booking WHERE id = ANY (%(ids)s) AND state = 1

-- name: came_not_yet
-- Confirmed bookings of these sessions.
SELECT count(DISTINCT b.id) FROM booking.booking b JOIN booking.line l ON l.booking_id = b.id AND l.is_live
WHERE l.slot_id = ANY (%(slots)s) AND b.state = 2

-- name: no_shows
-- Bookings that nobody used.
SELECT count(*) FROM booking.booking WHERE state = 5

-- name: session_today
-- One session of a venue that lasts all of this day, made where the fixtures have none.
WITH bounds AS (
    SELECT %(day)s::date AS on_date, %(day)s::date::timestamp AT TIME ZONE 'Asia/Shanghai' AS starts_at
), made AS (
    INSERT INTO booking.pool (kind, venue_id, product_id, on_date, starts_at, capacity)
    SELECT kind, %(venue)s, nullif(%(venue)s * is_own, 0), on_date, CASE WHEN is_own = 1 THEN starts_at END, 1000
    FROM bounds, (VALUES ('day', 0), ('session', 1)) AS wanted (kind, is_own)
    RETURNING id, kind
)
INSERT INTO booking.slot (product_id, venue_id, on_date, starts_at, ends_at, release_at, closes_at, price_minor, pool_ids)
SELECT %(venue)s, %(venue)s, on_date, starts_at, starts_at + interval '1 day', now() - interval '1 day',
       starts_at + interval '1 day', 8000, ARRAY[own.id, day.id]
FROM bounds, made AS own, made AS day WHERE own.kind = 'session' AND day.kind = 'day'
RETURNING id

-- name: free_venue
-- Makes a venue's sessions free: what costs money is held, and one account has few holds.
WITH freed AS (UPDATE booking.slot SET price_minor = 0 WHERE venue_id = %(venue)s RETURNING pool_ids[1] AS pool_id)
UPDATE booking.pool p SET revision = p.revision + 1 FROM freed WHERE p.id = freed.pool_id

-- name: refuse_terms
-- A defect of the gates' index: no row can be written.
ALTER TABLE gate.term ADD CONSTRAINT drill_refuses CHECK (false) NOT VALID

-- name: accept_terms
-- … and not any more.
ALTER TABLE gate.term DROP CONSTRAINT drill_refuses

-- name: rows_behind
-- How much each subscriber has before it or could not be told.
SELECT l.name, l.waiting + l.retried + l.parked FROM events.lag_v l
