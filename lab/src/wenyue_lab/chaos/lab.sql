-- name: receivers
-- The processes that bring the log to this standby.
SELECT pid FROM pg_stat_wal_receiver

-- name: cancel_waits
-- Cancel every wait for a standby; one row for each.
SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND pid <> pg_backend_pid()

-- name: ids
-- Every booking that this node shows.
SELECT id FROM booking.booking

-- name: straight_table
-- Where straight writes go.
CREATE TABLE IF NOT EXISTS public.drill_straight (id uuid PRIMARY KEY)

-- name: straight_write
-- One straight write.
INSERT INTO public.drill_straight (id) VALUES (%(id)s)

-- name: straight_rows
-- The straight writes that are there.
SELECT id FROM public.drill_straight
