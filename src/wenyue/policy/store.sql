-- name: presets
-- Every preset, as the JSON document that an operator may have edited.
SELECT code, rules::text FROM policy.preset ORDER BY code LIMIT 1000

-- name: save_presets
-- run by: owner
-- Stores presets that are not there; what an operator edited stays.
INSERT INTO policy.preset (code, rules, source)
SELECT w.code, w.rules, w.source
FROM json_to_recordset(%(presets)s::json) AS w(code text, rules jsonb, source text)
ON CONFLICT (code) DO NOTHING

-- name: overrides
-- The operator's corrections of the holiday calendar.
SELECT on_date, day_kind, name_zh FROM policy.holiday_override ORDER BY on_date LIMIT 10000

-- name: save_override
-- One date of the override table; a later entry for the same date wins.
INSERT INTO policy.holiday_override (on_date, day_kind, name_zh, source)
VALUES (%(on_date)s, %(day_kind)s, %(name_zh)s, %(source)s)
ON CONFLICT (on_date) DO UPDATE
SET day_kind = excluded.day_kind, name_zh = excluded.name_zh, source = excluded.source

-- name: bans_of
-- HOT: the bans in force against any of these subjects; runs in the booking batch.
SELECT subject_key, policy_code, until
FROM policy.ban
WHERE subject_key = ANY(%(subjects)s::bytea[]) AND until > %(now)s

-- name: add_strike
-- One strike; the same one twice is one.
INSERT INTO policy.strike (subject_key, policy_code, kind, on_date, booking_id)
VALUES (%(subject_key)s, %(policy_code)s, %(kind)s, %(on_date)s, %(booking_id)s)
ON CONFLICT (subject_key, booking_id, kind, on_date) DO NOTHING
RETURNING id

-- name: strikes_of
-- A subject's strikes under a preset that nobody forgave, newest first.
SELECT kind, on_date
FROM policy.strike
WHERE subject_key = %(subject_key)s AND policy_code = %(policy_code)s AND forgiven_at IS NULL
ORDER BY on_date DESC, id DESC
LIMIT 1000

-- name: cancels_of
-- When these accounts cancelled, under which preset ('' where it counts for the account alone), newest first; runs in the
-- booking batch.
SELECT subject_key, policy_code, on_date
FROM policy.strike
WHERE subject_key = ANY(%(subjects)s::bytea[])
  AND kind = 'cancel' AND forgiven_at IS NULL AND on_date >= %(since)s
ORDER BY on_date DESC
LIMIT 50000

-- name: ban
-- A ban never gets shorter.
INSERT INTO policy.ban AS b (subject_key, policy_code, until, reason)
VALUES (%(subject_key)s, %(policy_code)s, %(until)s, %(reason)s)
ON CONFLICT (subject_key, policy_code) DO UPDATE
SET until = greatest(b.until, excluded.until), reason = excluded.reason, created_at = now()
WHERE excluded.until > b.until

-- name: share_bans
-- What is in force against one of these subjects is against all of them. A ban never gets shorter.
INSERT INTO policy.ban AS b (subject_key, policy_code, until, reason)
SELECT s.key, longest.policy_code, longest.until, longest.reason
  FROM unnest(%(subjects)s::bytea[]) AS s (key)
 CROSS JOIN (SELECT DISTINCT ON (h.policy_code) h.policy_code, h.until, h.reason FROM policy.ban h
              WHERE h.subject_key = ANY (%(subjects)s::bytea[]) AND h.until > %(now)s
              ORDER BY h.policy_code, h.until DESC) AS longest
 ORDER BY s.key, longest.policy_code
ON CONFLICT (subject_key, policy_code) DO UPDATE
SET until = greatest(b.until, excluded.until), reason = excluded.reason, created_at = now()
WHERE excluded.until > b.until

-- name: bans_with_strikes
-- The bans in force against any of these subjects, with the strikes behind them that nobody forgave.
SELECT b.subject_key, b.policy_code, b.until, b.reason,
       (SELECT count(*) FROM policy.strike s
         WHERE s.subject_key = b.subject_key AND s.policy_code = b.policy_code AND s.forgiven_at IS NULL) AS strikes
FROM policy.ban b
WHERE b.subject_key = ANY(%(subjects)s::bytea[]) AND b.until > %(now)s
ORDER BY b.policy_code, b.subject_key
LIMIT 1000

-- name: end_bans
-- run by: owner
-- Bans that are lifted end now.
UPDATE policy.ban SET until = %(now)s
WHERE subject_key = ANY(%(subjects)s::bytea[]) AND (%(code)s::text IS NULL OR policy_code = %(code)s) AND until > %(now)s
RETURNING subject_key, policy_code

-- name: forgive_strikes
-- run by: owner
-- What lifted bans were for, by subject and preset: it does not count towards the next. One row for each strike.
UPDATE policy.strike s SET forgiven_at = %(now)s
FROM unnest(%(subjects)s::bytea[], %(codes)s::text[]) AS ended (subject_key, policy_code)
WHERE s.subject_key = ended.subject_key AND s.policy_code = ended.policy_code AND s.forgiven_at IS NULL
RETURNING s.policy_code
