-- name: record
-- Append entries: one JSON array of {at, actor, action, subject, detail}.
INSERT INTO audit.entry (at, actor, action, subject, detail)
SELECT e.at, e.actor, e.action, e.subject, e.detail
FROM json_to_recordset(%(entries)s::json) AS e (at timestamptz, actor text, action text, subject text, detail jsonb);

-- name: try_lock
-- Only one sealer runs; bookings never touch this lock.
SELECT pg_try_advisory_xact_lock(%(key)s);

-- name: horizon
-- Every transaction below this number has ended; the last seal stands beside it.
SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS settled,
       s.no, s.upto_xid::text AS upto_xid, s.digest
FROM (SELECT 1) AS always
LEFT JOIN LATERAL (SELECT no, upto_xid, digest FROM audit.seal ORDER BY no DESC LIMIT 1) AS s ON true;

-- name: entries
-- One page of settled entries in chain order, after (after_xid, after_id).
SELECT xid::text, id, (extract(epoch FROM at) * 1000000)::bigint, actor, action, subject, detail::text
FROM audit.entry
WHERE (xid, id) > (%(after_xid)s::xid8, %(after_id)s::bigint) AND xid < %(below)s::xid8
ORDER BY xid, id
LIMIT %(limit)s;

-- name: boundary
-- The transaction of the first entry beyond the bound, and of the very first entry.
SELECT (SELECT xid::text FROM audit.entry WHERE xid >= %(from_xid)s::xid8 AND xid < %(below)s::xid8
        ORDER BY xid, id LIMIT 1),
       (SELECT xid::text FROM audit.entry WHERE xid >= %(from_xid)s::xid8 AND xid < %(below)s::xid8
        ORDER BY xid, id OFFSET %(bound)s LIMIT 1);

-- name: add_seal
-- Append one link of the chain, through a function that takes the next one only.
SELECT audit.add_seal(%(no)s::bigint, %(upto)s::xid8, %(entries)s::integer, %(digest)s::bytea, %(at)s::timestamptz,
                      %(key_no)s::integer);

-- name: anchors
-- The digests of these links.
SELECT no, digest FROM audit.seal WHERE no = ANY (%(nos)s::bigint[]);

-- name: last_seal
-- The newest link.
SELECT no, digest FROM audit.seal ORDER BY no DESC LIMIT 1;

-- name: seals
-- One page of the chain, in order.
SELECT no, upto_xid::text, entries, digest, (extract(epoch FROM at) * 1000000)::bigint, key_no
FROM audit.seal WHERE no > %(after)s ORDER BY no LIMIT %(limit)s;
