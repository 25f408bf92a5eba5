-- name: add_device
-- A device that somebody may enrol with a code, while the venue has few.
INSERT INTO accounts.gate_device (venue_id, post, code_hash, code_until, made_at, made_by)
SELECT %(venue_id)s, %(post)s, %(code_hash)s, %(until)s, %(now)s, %(actor)s
 WHERE (SELECT count(*) FROM accounts.gate_device d
         WHERE d.venue_id = %(venue_id)s AND d.revoked_at IS NULL
           AND (d.enrolled_at IS NOT NULL OR d.code_until > %(now)s)) < %(most)s
RETURNING id

-- name: enrol
-- The code is used up; from now on the device shows its secret.
UPDATE accounts.gate_device SET code_hash = NULL, secret_hash = %(secret_hash)s, enrolled_at = %(now)s
 WHERE code_hash = %(code_hash)s AND code_until > %(now)s AND revoked_at IS NULL AND enrolled_at IS NULL
RETURNING id, venue_id, post

-- name: device_of
-- The device that shows this secret.
SELECT id, venue_id, post FROM accounts.gate_device WHERE secret_hash = %(secret_hash)s AND revoked_at IS NULL

-- name: lock_device
-- The same, and nobody revokes it until the transaction ends.
SELECT id, venue_id, post FROM accounts.gate_device
 WHERE secret_hash = %(secret_hash)s AND revoked_at IS NULL FOR SHARE

-- name: devices
-- Devices of these venues, or of all, the latest first: those in use, then those that wait for their code, then the others.
SELECT id, venue_id, post, made_at, made_by, enrolled_at, revoked_at, code_until
  FROM accounts.gate_device
 WHERE %(venue_ids)s::bigint[] IS NULL OR venue_id = ANY(%(venue_ids)s::bigint[])
 ORDER BY revoked_at IS NOT NULL, enrolled_at IS NULL, id DESC LIMIT %(limit)s

-- name: revoke
-- The device, of these venues or of any, opens nothing any more.
UPDATE accounts.gate_device SET revoked_at = %(now)s
 WHERE id = %(id)s AND revoked_at IS NULL
   AND (%(venue_ids)s::bigint[] IS NULL OR venue_id = ANY(%(venue_ids)s::bigint[]))
RETURNING id

-- name: end_logins_of_device
-- Whoever signed in at it with a PIN is signed out.
UPDATE accounts.login SET ended_at = %(now)s WHERE device_id = %(id)s AND ended_at IS NULL

-- name: clerks
-- Who has a PIN at a venue.
SELECT s.id, s.login, s.display_name
  FROM accounts.clerk_pin p JOIN accounts.staff s ON s.id = p.staff_id AND s.is_active
 WHERE p.venue_id = %(venue_id)s ORDER BY s.display_name, s.login LIMIT %(limit)s

-- name: pin_of
-- What a clerk's PIN at a venue is checked against.
SELECT p.pin_hash FROM accounts.clerk_pin p WHERE p.staff_id = %(staff_id)s AND p.venue_id = %(venue_id)s

-- name: lock_clerk
-- Nobody retires the clerk, or changes what they may do, until the transaction ends.
SELECT login, display_name FROM accounts.lock_clerk(%(staff_id)s)

-- name: set_pin
-- A clerk's PIN at a venue.
INSERT INTO accounts.clerk_pin (staff_id, venue_id, pin_hash, set_at)
VALUES (%(staff_id)s, %(venue_id)s, %(pin_hash)s, %(now)s)
ON CONFLICT (staff_id, venue_id) DO UPDATE SET pin_hash = excluded.pin_hash, set_at = excluded.set_at
