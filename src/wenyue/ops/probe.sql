-- name: late_work
-- Holds past their time, events that a subscriber was not told of, and jobs in the hands of a worker that lives no more.
SELECT (SELECT count(*) FROM booking.booking
         WHERE hold_until < now() - make_interval(secs => %(late_s)s)),
       (SELECT coalesce(sum(l.waiting), 0)::bigint FROM events.lag_v l WHERE l.oldest_s > %(late_s)s)
         + (SELECT count(*) FROM booking.outbox WHERE done_at IS NULL AND at < now() - make_interval(secs => %(late_s)s)),
       (SELECT count(*) FROM public.procrastinate_jobs j
          LEFT JOIN public.procrastinate_workers w ON w.id = j.worker_id
         WHERE j.status = 'doing'
           AND (w.id IS NULL OR w.last_heartbeat < now() - make_interval(secs => 3 * %(late_s)s)))

-- name: of_database
-- Version, start, connections, and whether it follows another.
SELECT current_setting('server_version'), date_trunc('second', pg_postmaster_start_time()),
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), pg_is_in_recovery()

-- name: clock
-- The database's clock.
SELECT clock_timestamp()
