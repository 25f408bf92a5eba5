-- name: parties
-- One page of parties by booking, with those that are sealed under another key than the one in use.
-- run by: owner
SELECT b.id::text, CASE WHEN get_byte(b.party, 0) <> %(current)s THEN b.party END
FROM booking.booking b
WHERE b.id > %(after)s::uuid AND length(b.party) > 0 ORDER BY b.id LIMIT %(limit)s;

-- name: seal_parties
-- Put these in the place of what was read; what was changed meanwhile stays.
-- run by: owner
UPDATE booking.booking b SET party = n.fresh
FROM unnest(%(ids)s::uuid[], %(olds)s::bytea[], %(news)s::bytea[]) AS n(id, old, fresh)
WHERE b.id = n.id AND b.party = n.old;

-- name: cancel_reasons
-- One page of the reasons for which bookings were cancelled, likewise.
-- run by: owner
SELECT b.id::text, CASE WHEN get_byte(b.cancel_reason, 0) <> %(current)s THEN b.cancel_reason END
FROM booking.booking b
WHERE b.id > %(after)s::uuid AND length(b.cancel_reason) > 0 ORDER BY b.id LIMIT %(limit)s;

-- name: seal_cancel_reasons
-- Put these in the place of what was read.
-- run by: owner
UPDATE booking.booking b SET cancel_reason = n.fresh
FROM unnest(%(ids)s::uuid[], %(olds)s::bytea[], %(news)s::bytea[]) AS n(id, old, fresh)
WHERE b.id = n.id AND b.cancel_reason = n.old;

-- name: travellers
-- One page of travellers, likewise.
-- run by: owner
SELECT t.id::text, CASE WHEN get_byte(t.sealed, 0) <> %(current)s THEN t.sealed END
FROM accounts.traveller t
WHERE t.id > %(after)s::bigint AND length(t.sealed) > 0 ORDER BY t.id LIMIT %(limit)s;

-- name: seal_travellers
-- Put these in the place of what was read.
-- run by: owner
UPDATE accounts.traveller t SET sealed = n.fresh
FROM unnest(%(ids)s::bigint[], %(olds)s::bytea[], %(news)s::bytea[]) AS n(id, old, fresh)
WHERE t.id = n.id AND t.sealed = n.old;

-- name: visitors
-- One page of visitors, likewise.
-- run by: owner
SELECT v.id::text, CASE WHEN get_byte(v.sealed, 0) <> %(current)s THEN v.sealed END
FROM accounts.visitor v
WHERE v.id > %(after)s::bigint AND length(v.sealed) > 0 ORDER BY v.id LIMIT %(limit)s;

-- name: seal_visitors
-- Put these in the place of what was read.
-- run by: owner
UPDATE accounts.visitor v SET sealed = n.fresh
FROM unnest(%(ids)s::bigint[], %(olds)s::bytea[], %(news)s::bytea[]) AS n(id, old, fresh)
WHERE v.id = n.id AND v.sealed = n.old;

-- name: factors
-- One page of the secrets of authenticator apps, likewise.
-- run by: owner
SELECT f.id::text, CASE WHEN get_byte(f.sealed, 0) <> %(current)s THEN f.sealed END
FROM accounts.factor f
WHERE f.id > %(after)s::bigint AND length(f.sealed) > 0 ORDER BY f.id LIMIT %(limit)s;

-- name: seal_factors
-- Put these in the place of what was read.
-- run by: owner
UPDATE accounts.factor f SET sealed = n.fresh
FROM unnest(%(ids)s::bigint[], %(olds)s::bytea[], %(news)s::bytea[]) AS n(id, old, fresh)
WHERE f.id = n.id AND f.sealed = n.old;

-- name: companions
-- One page of companions, by card and person.
-- run by: owner
SELECT c.card_id || '/' || encode(c.person_key, 'hex'),
       CASE WHEN get_byte(c.sealed, 0) <> %(current)s THEN c.sealed END
FROM cards.companion c
WHERE (c.card_id, c.person_key) > (split_part(%(after)s, '/', 1)::bigint, decode(split_part(%(after)s, '/', 2), 'hex'))
  AND length(c.sealed) > 0
ORDER BY c.card_id, c.person_key LIMIT %(limit)s;

-- name: seal_companions
-- Put these in the place of what was read.
-- run by: owner
UPDATE cards.companion c SET sealed = n.fresh
FROM unnest(%(ids)s::text[], %(olds)s::bytea[], %(news)s::bytea[]) AS n(id, old, fresh)
WHERE c.card_id = split_part(n.id, '/', 1)::bigint AND c.person_key = decode(split_part(n.id, '/', 2), 'hex')
  AND c.sealed = n.old;

-- name: messages
-- One page of messages, likewise.
-- run by: owner
SELECT m.id::text, CASE WHEN get_byte(m.sealed, 0) <> %(current)s THEN m.sealed END
FROM notifications.message m
WHERE m.id > %(after)s::bigint AND length(m.sealed) > 0 ORDER BY m.id LIMIT %(limit)s;

-- name: seal_messages
-- Put these in the place of what was read.
-- run by: owner
UPDATE notifications.message m SET sealed = n.fresh
FROM unnest(%(ids)s::bigint[], %(olds)s::bytea[], %(news)s::bytea[]) AS n(id, old, fresh)
WHERE m.id = n.id AND m.sealed = n.old;

-- name: seeds
-- One page of the waiting rooms' seeds, likewise.
-- run by: owner
SELECT r.id::text, CASE WHEN get_byte(r.sealed_seed, 0) <> %(current)s THEN r.sealed_seed END
FROM waiting_room.room r
WHERE r.id > %(after)s::integer AND length(r.sealed_seed) > 0 ORDER BY r.id LIMIT %(limit)s;

-- name: seal_seeds
-- Put these in the place of what was read.
-- run by: owner
UPDATE waiting_room.room r SET sealed_seed = n.fresh
FROM unnest(%(ids)s::integer[], %(olds)s::bytea[], %(news)s::bytea[]) AS n(id, old, fresh)
WHERE r.id = n.id AND r.sealed_seed = n.old;

-- name: still_sealed
-- Where something is still sealed under this key: the names of tables.
-- run by: owner
SELECT 'booking.booking' WHERE EXISTS
    (SELECT FROM booking.booking b WHERE (length(b.party) > 0 AND get_byte(b.party, 0) = %(number)s)
        OR (length(b.cancel_reason) > 0 AND get_byte(b.cancel_reason, 0) = %(number)s))
UNION ALL SELECT 'accounts.traveller' WHERE EXISTS
    (SELECT FROM accounts.traveller t WHERE length(t.sealed) > 0 AND get_byte(t.sealed, 0) = %(number)s)
UNION ALL SELECT 'accounts.visitor' WHERE EXISTS
    (SELECT FROM accounts.visitor v WHERE length(v.sealed) > 0 AND get_byte(v.sealed, 0) = %(number)s)
UNION ALL SELECT 'cards.companion' WHERE EXISTS
    (SELECT FROM cards.companion c WHERE length(c.sealed) > 0 AND get_byte(c.sealed, 0) = %(number)s)
UNION ALL SELECT 'notifications.message' WHERE EXISTS
    (SELECT FROM notifications.message m WHERE length(m.sealed) > 0 AND get_byte(m.sealed, 0) = %(number)s)
UNION ALL SELECT 'notifications.notice' WHERE EXISTS
    (SELECT FROM notifications.notice n WHERE length(n.sealed) > 0 AND get_byte(n.sealed, 0) = %(number)s)
UNION ALL SELECT 'waiting_room.room' WHERE EXISTS
    (SELECT FROM waiting_room.room r WHERE length(r.sealed_seed) > 0 AND get_byte(r.sealed_seed, 0) = %(number)s);

-- name: sealed_reasons
-- How many entries of the record hold a reason that is sealed under this key.
-- run by: owner
SELECT count(*) FROM audit.entry e
WHERE e.detail->>'reason' ~ ('^' || lpad(to_hex(%(number)s::integer), 2, '0') || '[0-9a-f]{56,}$');
