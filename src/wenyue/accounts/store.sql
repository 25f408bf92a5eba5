-- name: add_traveller
-- An account with a document, which others may claim already.
INSERT INTO accounts.traveller (person_key, claim_key, sealed, locale, created_at)
SELECT CASE WHEN NOT had.is_taken THEN %(person_key)s::bytea END, CASE WHEN had.is_taken THEN %(person_key)s::bytea END,
       %(sealed)s, %(locale)s, %(now)s
FROM (SELECT EXISTS (SELECT FROM accounts.traveller WHERE person_key = %(person_key)s) AS is_taken) AS had
RETURNING id;

-- name: traveller
-- One account.
SELECT id, CASE WHEN claim_lost_at IS NULL THEN coalesce(person_key, claim_key) END, sealed, locale FROM accounts.traveller WHERE id = %(id)s;

-- name: set_locale
-- The language a traveller reads.
UPDATE accounts.traveller SET locale = %(locale)s WHERE id = %(id)s AND locale <> %(locale)s;

-- name: count_visitor_add
-- Adding visitors to one account happens one at a time, so that their number holds; each try of a day counts.
UPDATE accounts.traveller AS t
SET visitor_adds = CASE WHEN t.visitor_adds_from > %(since)s THEN least(t.visitor_adds + 1, 1000000) ELSE 1 END,
    visitor_adds_from = CASE WHEN t.visitor_adds_from > %(since)s THEN t.visitor_adds_from ELSE %(now)s END
WHERE t.id = %(id)s
RETURNING t.visitor_adds;

-- name: renew_password
-- Store a password that was just proved as passwords are stored now, unless it was changed meanwhile.
SELECT accounts.renew_password(%(id)s, %(was)s, %(becomes)s)

-- name: visitors
-- A traveller's common visitors, oneself first.
SELECT id, person_key, sealed, is_self FROM accounts.visitor
WHERE traveller_id = %(traveller_id)s AND removed_at IS NULL
ORDER BY is_self DESC, id LIMIT %(limit)s;

-- name: add_visitor
-- A common visitor; the same person again is an update, and counts as used now. Oneself stays as on record.
INSERT INTO accounts.visitor (traveller_id, person_key, sealed, is_self, created_at)
VALUES (%(traveller_id)s, %(person_key)s, %(sealed)s, %(is_self)s, %(now)s)
ON CONFLICT (traveller_id, person_key) WHERE removed_at IS NULL
DO UPDATE SET sealed = CASE WHEN accounts.visitor.is_self THEN accounts.visitor.sealed ELSE excluded.sealed END,
              created_at = excluded.created_at
RETURNING id, (xmax = 0) AS is_new, sealed, is_self;

-- name: remove_visitor
-- Take a visitor off the list; oneself stays. The personal data goes at once.
UPDATE accounts.visitor SET removed_at = %(now)s, sealed = ''::bytea
WHERE id = %(id)s AND traveller_id = %(traveller_id)s AND removed_at IS NULL AND NOT is_self
RETURNING id;

-- name: add_login
-- A new login.
INSERT INTO accounts.login (token_hash, traveller_id, staff_id, device_id, created_at, expires_at, factor_at, steps_up, used_at,
                            idle_min, client)
VALUES (%(token_hash)s, %(traveller_id)s, %(staff_id)s, %(device_id)s, %(now)s, %(expires_at)s, %(factor_at)s, %(steps_up)s,
        %(now)s, %(idle_min)s, %(client)s);

-- name: who
-- Whose tokens these are: one look-up by primary key for each. What a member of staff may do is asked apart: travellers come by
-- the thousand, and this stands in the way of each of them.
SELECT token_hash, traveller_id, expires_at
FROM accounts.login
WHERE token_hash = ANY(%(token_hashes)s::bytea[]) AND ended_at IS NULL AND expires_at > %(now)s;

-- name: who_of_staff
-- Of these tokens those of members of staff who are there, with their duties, their post and how they proved themselves.
SELECT login.token_hash, login.expires_at, staff.id, staff.login, staff.display_name,
       ARRAY(SELECT d.role || coalesce('@venue:' || d.venue_id, '') || CASE d.post WHEN '' THEN '' ELSE '/' || d.post END
             FROM accounts.duty d WHERE d.staff_id = staff.id) AS duties,
       login.device_id,
       CASE WHEN login.device_id IS NOT NULL THEN
         (SELECT dev.venue_id || '/' || dev.post FROM accounts.gate_device dev
           WHERE dev.id = login.device_id AND dev.revoked_at IS NULL)
       END AS station,
       login.factor_at, login.steps_up, login.used_at
FROM accounts.login JOIN accounts.staff ON staff.id = login.staff_id AND staff.is_active
WHERE login.token_hash = ANY(%(token_hashes)s::bytea[]) AND login.ended_at IS NULL AND login.expires_at > %(now)s
  AND (login.idle_min IS NULL OR login.used_at > %(now)s - make_interval(mins => login.idle_min));

-- name: hold_logins
-- Which of these logins are good; they stay so until the transaction ends: whoever ends one waits. The last lock of an act.
SELECT login.token_hash FROM accounts.login
WHERE login.token_hash = ANY(%(token_hashes)s::bytea[]) AND login.ended_at IS NULL AND login.expires_at > %(now)s
ORDER BY login.token_hash FOR SHARE;

-- name: lock_bookings_of
-- Bookings look at their logins once they have the lock of their holder (`booking.lock_holders`), and at no row: so a login ends
-- before they look, or after they are committed.
SELECT pg_advisory_xact_lock(hashint8extended(%(traveller_id)s::bigint, 1));

-- name: lock_bookings_by
-- … by the traveller whose login this is.
SELECT pg_advisory_xact_lock(hashint8extended(login.traveller_id, 1)) FROM accounts.login
WHERE login.token_hash = %(token_hash)s AND login.traveller_id IS NOT NULL;

-- name: end_login
-- Sign out, or give up halfway.
WITH half AS (UPDATE accounts.half_login SET ended_at = %(now)s WHERE token_hash = %(token_hash)s AND ended_at IS NULL)
UPDATE accounts.login SET ended_at = %(now)s WHERE token_hash = %(token_hash)s AND ended_at IS NULL;

-- name: end_logins_of_traveller
-- Sign out everywhere but (perhaps) here.
UPDATE accounts.login SET ended_at = %(now)s
WHERE traveller_id = %(traveller_id)s AND ended_at IS NULL AND token_hash <> %(kept)s;

-- name: end_logins_of_staff
-- Sign a member of staff out everywhere; whoever has given no more than the password starts again.
WITH halves AS (UPDATE accounts.half_login SET ended_at = %(now)s WHERE staff_id = %(staff_id)s AND ended_at IS NULL)
UPDATE accounts.login SET ended_at = %(now)s WHERE staff_id = %(staff_id)s AND ended_at IS NULL;

-- name: staff_of
-- A member of staff who signs in, and what the password is checked against.
SELECT id, login, password_hash FROM accounts.staff WHERE login = %(login)s AND is_active;

-- name: lock_staff
-- The member of staff as they are now, locked against changes, if this is their password still.
SELECT display_name FROM accounts.lock_staff(%(id)s, %(password_hash)s);

-- name: duties_of
-- What a member of staff may do, as texts of `core.duties`.
SELECT ARRAY(SELECT d.role || coalesce('@venue:' || d.venue_id, '') || CASE d.post WHEN '' THEN '' ELSE '/' || d.post END
               FROM accounts.duty d WHERE d.staff_id = %(id)s) AS duties;

-- name: save_staff
-- Add a member of staff, or change them: a new password unlocks, and no device is known any more.
-- run by: owner
INSERT INTO accounts.staff (login, password_hash, display_name, role, venue_ids, is_active, is_demo)
VALUES (%(login)s, %(password_hash)s, %(display_name)s, %(role)s, %(venue_ids)s::bigint[], true, %(is_demo)s)
ON CONFLICT (login) DO UPDATE SET password_hash = excluded.password_hash, display_name = excluded.display_name,
    role = excluded.role, venue_ids = excluded.venue_ids, is_active = true, devices_from = %(now)s, tries_from = %(now)s,
    is_demo = excluded.is_demo
RETURNING id;

-- name: drop_pins
-- Somebody with a new password has no PIN at any gate any more.
-- run by: owner
DELETE FROM accounts.clerk_pin WHERE staff_id = %(staff_id)s;
