-- name: lock_administration
-- Changes of who is on the staff happen one at a time, so that one administrator stays.
SELECT pg_advisory_xact_lock(hashtextextended('accounts.duty', 0));

-- name: staff
-- Everybody who is or was on the staff.
SELECT s.id, s.login, s.display_name,
       ARRAY(SELECT d.role || coalesce('@venue:' || d.venue_id, '') || CASE d.post WHEN '' THEN '' ELSE '/' || d.post END
               FROM accounts.duty d WHERE d.staff_id = s.id) AS duties,
       s.is_active, s.password_hash = '-' AS is_mute
FROM accounts.staff s ORDER BY s.login LIMIT %(limit)s;

-- name: staff_known_as
-- Who has this login, also when they have left.
SELECT s.id, s.login, s.display_name,
       ARRAY(SELECT d.role || coalesce('@venue:' || d.venue_id, '') || CASE d.post WHEN '' THEN '' ELSE '/' || d.post END
               FROM accounts.duty d WHERE d.staff_id = s.id) AS duties,
       s.is_active, s.password_hash = '-' AS is_mute
FROM accounts.staff s WHERE s.login = %(login)s;

-- name: staff_by_id
-- Who some actors are, also those who have left.
SELECT s.id, s.login, s.display_name,
       ARRAY(SELECT d.role || coalesce('@venue:' || d.venue_id, '') || CASE d.post WHEN '' THEN '' ELSE '/' || d.post END
               FROM accounts.duty d WHERE d.staff_id = s.id) AS duties,
       s.is_active, s.password_hash = '-' AS is_mute
FROM accounts.staff s WHERE s.id = ANY(%(ids)s::bigint[]);

-- name: administer_all
-- Who else, able to sign in, administers the whole destination; one is enough.
SELECT s.id FROM accounts.staff s JOIN accounts.duty d ON d.staff_id = s.id
WHERE s.is_active AND s.password_hash <> '-' AND d.role = 'administrator' AND d.venue_id IS NULL AND s.id <> %(id)s LIMIT 1;

-- name: look_through
-- A page of the staff by login: whose login or name contains a text, beginning after a login; whether they have a second factor and
-- in how many places they are signed in. Those who have left come when they are asked for.
SELECT s.id, s.login, s.display_name,
       ARRAY(SELECT d.role || coalesce('@venue:' || d.venue_id, '') || CASE d.post WHEN '' THEN '' ELSE '/' || d.post END
               FROM accounts.duty d WHERE d.staff_id = s.id ORDER BY d.role, d.venue_id, d.post LIMIT %(duties_max)s) AS duties,
       s.is_active, s.password_hash = '-' AS is_mute,
       EXISTS (SELECT FROM accounts.factor f WHERE f.staff_id = s.id AND f.removed_at IS NULL) AS has_factor,
       (SELECT count(*) FROM accounts.login l
         WHERE l.staff_id = s.id AND l.ended_at IS NULL AND l.expires_at > %(now)s
           AND (l.idle_min IS NULL OR l.used_at > %(now)s - make_interval(mins => l.idle_min))) AS logins
FROM accounts.staff s
WHERE s.login > %(after)s AND s.is_active = %(is_active)s
  AND (%(text)s = '' OR position(%(text)s IN lower(s.login)) > 0 OR position(%(text)s IN lower(s.display_name)) > 0)
ORDER BY s.login LIMIT %(limit)s;

-- name: password_now
-- Somebody's password as it is stored, since when at the latest they have it, and whether anybody signed in, or began to, since.
SELECT s.password_hash, p.since,
       EXISTS (SELECT FROM accounts.login l WHERE l.staff_id = s.id AND (l.ended_at IS NULL OR l.ended_at > p.since))
       OR EXISTS (SELECT FROM accounts.half_login h WHERE h.staff_id = s.id AND (h.ended_at IS NULL OR h.ended_at > p.since))
FROM accounts.staff s,
     LATERAL (SELECT greatest(s.devices_from, (SELECT min(d.granted_at) FROM accounts.duty d WHERE d.staff_id = s.id)) AS since) AS p
WHERE s.id = %(id)s;

-- name: hire
-- Somebody joins, or comes back.
SELECT accounts.hire_staff(%(acting)s, %(actor)s, %(now)s, %(login)s, %(password_hash)s, %(display_name)s,
                           %(roles)s::text[], %(venue_ids)s::bigint[], %(posts)s::text[]);

-- name: set_duties
-- Everything that somebody holds from now on.
SELECT accounts.set_staff_duties(%(acting)s, %(actor)s, %(now)s, %(id)s,
                                 %(roles)s::text[], %(venue_ids)s::bigint[], %(posts)s::text[], %(signs_out)s);

-- name: retire
-- Somebody leaves.
SELECT accounts.retire_staff(%(acting)s, %(actor)s, %(now)s, %(id)s);

-- name: reset
-- A new password, and nothing else that proved them before.
SELECT accounts.reset_staff(%(acting)s, %(actor)s, %(now)s, %(id)s, %(password_hash)s);

-- name: choose_password
-- A member of staff's own password, by the login that they act with; whether that was good.
SELECT accounts.choose_password(%(acting)s, %(now)s, %(password_hash)s)

-- name: unlock
-- Wrong passwords so far make them wait no longer.
SELECT accounts.unlock_staff(%(acting)s, %(actor)s, %(now)s, %(id)s);

-- name: write_duties
-- What somebody holds, without an entry in the record: for logins that the owner saves.
-- run by: owner
SELECT accounts.write_duties(%(id)s, %(roles)s::text[], %(venue_ids)s::bigint[], %(posts)s::text[], %(now)s, %(actor)s);
