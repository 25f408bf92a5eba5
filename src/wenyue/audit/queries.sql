-- name: page
-- Entries that match, the newest first: `looked_at` of them are looked at, `limit` are returned. The cursor is (xid, id).
SELECT e.xid::text, e.id, e.at, e.actor, e.action, e.subject, e.detail::text
FROM (SELECT xid, id, at, actor, action, subject, detail
      FROM audit.entry
      WHERE (xid, id) < (%(xid)s::xid8, %(id)s::bigint)
      ORDER BY xid DESC, id DESC LIMIT %(looked_at)s) AS e
WHERE (%(actor)s::text IS NULL OR e.actor = %(actor)s::text)
  AND (%(action)s::text IS NULL OR e.action = %(action)s::text OR starts_with(e.action, %(action)s::text || '.'))
  AND (%(subjects)s::text[] IS NULL OR e.subject = ANY (%(subjects)s::text[]))
  AND (%(from_at)s::timestamptz IS NULL OR e.at >= %(from_at)s::timestamptz)
  AND (%(to_at)s::timestamptz IS NULL OR e.at < %(to_at)s::timestamptz)
ORDER BY e.xid DESC, e.id DESC
LIMIT %(limit)s;

-- name: last_looked_at
-- Where the look of one page ended, unless the record did.
SELECT xid::text, id, at
FROM audit.entry
WHERE (xid, id) < (%(xid)s::xid8, %(id)s::bigint)
ORDER BY xid DESC, id DESC OFFSET %(looked_at)s - 1 LIMIT 1;

-- name: sealed_after
-- Every entry that was written before this instant has a smaller transaction number than the first seal after it covers.
SELECT upto_xid::text
FROM audit.seal
WHERE no > coalesce((SELECT no FROM audit.seal WHERE at <= %(at)s ORDER BY no DESC LIMIT 1), 0)
ORDER BY no LIMIT 1;
