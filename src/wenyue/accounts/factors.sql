-- name: lock_factors
-- What is changed of somebody's factors is changed by one at a time.
SELECT pg_advisory_xact_lock(hashint8extended(%(staff_id)s::bigint, 49));

-- name: factors
-- What somebody proves themselves with, the oldest first.
SELECT id, kind, name, added_at, used_at FROM accounts.factor
WHERE staff_id = %(staff_id)s AND removed_at IS NULL ORDER BY id LIMIT %(limit)s;

-- name: apps
-- The apps that make codes for somebody.
SELECT id, sealed, last_step FROM accounts.factor
WHERE staff_id = %(staff_id)s AND kind = 'totp' AND removed_at IS NULL ORDER BY id LIMIT %(limit)s;

-- name: passkeys
-- Somebody's passkeys.
SELECT id, credential_id, public_key, sign_count, used_at FROM accounts.factor
WHERE staff_id = %(staff_id)s AND kind = 'passkey' AND removed_at IS NULL ORDER BY id LIMIT %(limit)s;

-- name: use_app
-- A code was right: its step, and every earlier one, is good no more.
UPDATE accounts.factor SET last_step = %(step)s, used_at = %(now)s
WHERE id = %(id)s AND removed_at IS NULL AND last_step < %(step)s RETURNING id;

-- name: use_passkey
-- A passkey signed; a counter that counts never stays.
UPDATE accounts.factor SET sign_count = %(count)s, used_at = %(now)s
WHERE id = %(id)s AND removed_at IS NULL AND (sign_count < %(count)s OR (sign_count = 0 AND %(count)s = 0)) RETURNING id;

-- name: add_app
-- An app that makes codes.
INSERT INTO accounts.factor (staff_id, kind, name, sealed, last_step, added_at, used_at)
VALUES (%(staff_id)s, 'totp', %(name)s, %(sealed)s, %(step)s, %(now)s, %(now)s) RETURNING id;

-- name: add_passkey
-- A passkey; one that is somebody's already stays theirs.
INSERT INTO accounts.factor (staff_id, kind, name, credential_id, public_key, sign_count, added_at, used_at)
VALUES (%(staff_id)s, 'passkey', %(name)s, %(credential_id)s, %(public_key)s, %(count)s, %(now)s, %(now)s)
ON CONFLICT (credential_id) DO NOTHING RETURNING id;

-- name: remove_factor
-- Somebody proves nothing with it any more; its secret goes at once.
UPDATE accounts.factor SET removed_at = %(now)s, sealed = ''::bytea
WHERE id = %(id)s AND staff_id = %(staff_id)s AND removed_at IS NULL RETURNING kind;

-- name: codes_left
-- How many recovery codes somebody has left.
SELECT count(*) FROM accounts.recovery_code WHERE staff_id = %(staff_id)s AND used_at IS NULL AND ended_at IS NULL;

-- name: use_code
-- A recovery code is good once.
UPDATE accounts.recovery_code SET used_at = %(now)s
WHERE staff_id = %(staff_id)s AND code_hash = %(code_hash)s AND used_at IS NULL AND ended_at IS NULL RETURNING staff_id;

-- name: end_codes
-- Recovery codes that are good no more.
UPDATE accounts.recovery_code SET ended_at = %(now)s WHERE staff_id = %(staff_id)s AND used_at IS NULL AND ended_at IS NULL;

-- name: add_codes
-- New recovery codes.
INSERT INTO accounts.recovery_code (staff_id, code_hash, made_at)
SELECT %(staff_id)s, h.code_hash, %(now)s FROM unnest(%(hashes)s::bytea[]) AS h (code_hash);

-- name: add_half
-- Somebody gave the right password and nothing more.
INSERT INTO accounts.half_login (token_hash, staff_id, waits_for, began_at, until)
VALUES (%(token_hash)s, %(staff_id)s, %(waits_for)s, %(now)s, %(until)s);

-- name: half
-- Who gave the right password, and what is still missing.
SELECT h.staff_id, s.login, h.waits_for FROM accounts.half_login h JOIN accounts.staff s ON s.id = h.staff_id AND s.is_active
WHERE h.token_hash = %(token_hash)s AND h.ended_at IS NULL AND h.until > %(now)s;

-- name: end_half
-- It became a login, or was given up.
UPDATE accounts.half_login SET ended_at = %(now)s
WHERE token_hash = %(token_hash)s AND ended_at IS NULL AND until > %(now)s RETURNING staff_id;

-- name: lock_member
-- A member of staff, if they are one: nobody gives them another password or lets them go until the transaction ends.
SELECT login, display_name FROM accounts.lock_member(%(id)s);

-- name: note_factor
-- The bearer of a login proved a second factor.
UPDATE accounts.login SET factor_at = %(now)s, steps_up = true WHERE token_hash = %(token_hash)s AND ended_at IS NULL;

-- name: note_use
-- A login is in use: written every few minutes.
UPDATE accounts.login SET used_at = %(now)s WHERE token_hash = %(token_hash)s AND ended_at IS NULL AND used_at < %(before)s;

-- name: sessions
-- Where somebody is signed in, the newest first.
SELECT encode(l.token_hash, 'hex'), l.client, l.created_at, coalesce(l.used_at, l.created_at) FROM accounts.login l
WHERE l.staff_id = %(staff_id)s AND l.ended_at IS NULL AND l.expires_at > %(now)s
  AND (l.idle_min IS NULL OR l.used_at > %(now)s - make_interval(mins => l.idle_min))
ORDER BY l.created_at DESC LIMIT %(limit)s;

-- name: signed_in
-- Everybody of the staff who is signed in, in how many places, and since when at the latest.
SELECT s.id, count(*), max(coalesce(l.used_at, l.created_at)) FROM accounts.login l JOIN accounts.staff s ON s.id = l.staff_id
WHERE l.ended_at IS NULL AND l.expires_at > %(now)s
  AND (l.idle_min IS NULL OR l.used_at > %(now)s - make_interval(mins => l.idle_min))
GROUP BY s.id ORDER BY s.id LIMIT %(limit)s;

-- name: end_session
-- One login of somebody ends.
UPDATE accounts.login SET ended_at = %(now)s
WHERE token_hash = %(token_hash)s AND staff_id = %(staff_id)s AND ended_at IS NULL RETURNING staff_id;

-- name: end_sessions
-- Every login of somebody ends, but (perhaps) this one; whoever has given no more than the password starts again.
WITH halves AS (UPDATE accounts.half_login SET ended_at = %(now)s WHERE staff_id = %(staff_id)s AND ended_at IS NULL)
UPDATE accounts.login SET ended_at = %(now)s
WHERE staff_id = %(staff_id)s AND ended_at IS NULL AND token_hash <> %(kept)s;

-- name: without_factor
-- Members of staff who can sign in and have no second factor, with their duties.
-- run by: owner
SELECT s.login,
       ARRAY(SELECT d.role || coalesce('@venue:' || d.venue_id, '') || CASE d.post WHEN '' THEN '' ELSE '/' || d.post END
             FROM accounts.duty d WHERE d.staff_id = s.id) AS duties
FROM accounts.staff s
WHERE s.is_active AND s.password_hash <> '-' AND NOT EXISTS (
    SELECT FROM accounts.factor f WHERE f.staff_id = s.id AND f.removed_at IS NULL)
ORDER BY s.login LIMIT %(limit)s;

-- name: drop_over
-- What sign-ins left behind and is over for long; how many rows.
SELECT accounts.drop_over(%(limit)s);
