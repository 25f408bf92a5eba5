-- name: skew
-- How far the database's clock is from ours, in seconds.
SELECT abs(extract(epoch FROM clock_timestamp() - %(now)s::timestamptz))

-- name: may_delete
-- Whether the present role may delete rows of a table that is kept.
SELECT coalesce(has_table_privilege(to_regclass(%(table)s), 'DELETE, TRUNCATE'), false)

-- name: as_application
-- With the application's rights from now on.
SET ROLE wenyue_app

-- name: demo_logins
-- Logins whose password everybody knows.
SELECT login FROM accounts.demo_login_v ORDER BY login LIMIT 20
