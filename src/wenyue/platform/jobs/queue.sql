-- name: jobs_by_state
-- Jobs by state; those that succeeded are deleted, those that failed are kept for a month.
SELECT status::text, count(*) FROM public.procrastinate_jobs GROUP BY status

-- name: oldest_due
-- For how many seconds the oldest job that could be done has waited.
SELECT coalesce(extract(epoch FROM %(now)s::timestamptz - min(due.at)), 0)::float8
  FROM (SELECT greatest(j.scheduled_at, e.at) AS at
          FROM public.procrastinate_jobs j
          LEFT JOIN LATERAL (SELECT min(v.at) AS at FROM public.procrastinate_events v WHERE v.job_id = j.id) AS e ON true
         WHERE j.status = 'todo' AND (j.scheduled_at IS NULL OR j.scheduled_at <= %(now)s::timestamptz)
         ORDER BY j.id LIMIT 1) AS due

-- name: forget_failed_jobs
-- Forget jobs that ended long ago; the function runs with its owner's rights, the application deletes no jobs by itself.
SELECT public.forget_failed_jobs(%(days)s::integer)
