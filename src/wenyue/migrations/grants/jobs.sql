-- The job queue's functions run with their owner's rights, so that the application can write none of its tables by itself;
-- of the others that the package brings it may call none. A job that waits is not deleted: it is done, and ends as done.
-- Applied by `wenyue migrate` after the job queue's own tables, and again whenever they or this file change.
DO $$
DECLARE f record;
BEGIN
    FOR f IN SELECT p.oid::regprocedure AS called, p.proname AS name FROM pg_proc p
             WHERE p.pronamespace = 'public'::regnamespace AND p.proname LIKE 'procrastinate\_%' LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC, wenyue_app', f.called);
        IF f.name IN ('procrastinate_defer_jobs_v1', 'procrastinate_fetch_job_v2', 'procrastinate_finish_job_v1',
                      'procrastinate_retry_job_v2', 'procrastinate_register_worker_v1', 'procrastinate_unregister_worker_v1',
                      'procrastinate_update_heartbeat_v1', 'procrastinate_prune_stalled_workers_v1') THEN
            EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER SET search_path = public, pg_temp', f.called);
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO wenyue_app', f.called);
        END IF;
    END LOOP;
END $$;
CREATE OR REPLACE FUNCTION public.jobs_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'todo' THEN
        RAISE EXCEPTION 'job % waits: it is not deleted', OLD.id USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END $$;
CREATE OR REPLACE TRIGGER jobs_are_kept BEFORE DELETE ON public.procrastinate_jobs
    FOR EACH ROW EXECUTE FUNCTION public.jobs_are_kept();
CREATE OR REPLACE FUNCTION public.forget_failed_jobs(days integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (
        DELETE FROM public.procrastinate_jobs
         WHERE id IN (SELECT j.id FROM public.procrastinate_jobs j
                       WHERE j.status NOT IN ('todo', 'doing')
                         AND (SELECT max(e.at) FROM public.procrastinate_events e WHERE e.job_id = j.id)
                             < now() - make_interval(days => greatest(days, 7))
                       ORDER BY j.id LIMIT 10000)
        RETURNING 1)
    SELECT count(*) FROM gone
$$;
REVOKE EXECUTE ON FUNCTION public.forget_failed_jobs(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.forget_failed_jobs(integer) TO wenyue_app;
