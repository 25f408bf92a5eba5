-- name: lock_tries
-- The counters of one try, locked in the order of their slots; those that are not there yet begin.
INSERT INTO accounts.tries AS known (slot, key, score, at, open_at)
SELECT asked.slot, decode(asked.key, 'hex'), 0, %(now)s, %(now)s::timestamptz - interval '1 hour'
FROM json_to_recordset(%(asked)s::json) AS asked (slot integer, key text)
ORDER BY asked.slot
ON CONFLICT (slot) DO UPDATE SET slot = excluded.slot
RETURNING slot, key, score, at, open_at;

-- name: set_tries
-- The counters after a try.
UPDATE accounts.tries AS known
SET key = decode(new.key, 'hex'), score = new.score, at = new.at, open_at = new.open_at
FROM json_to_recordset(%(rows)s::json)
    AS new (slot integer, key text, score double precision, at timestamptz, open_at timestamptz)
WHERE known.slot = new.slot;

-- name: staff_trust
-- From when on devices are trusted and tries are counted at a staff login.
SELECT nullif(devices_from, '-infinity'), nullif(tries_from, '-infinity') FROM accounts.staff WHERE login = %(login)s;
