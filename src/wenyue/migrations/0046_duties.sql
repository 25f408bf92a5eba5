-- A member of staff holds any number of duties: a role for the whole destination, for a venue, or for one of its posts. Which
-- role has which right stands in kernel/duties.py. The columns `role` and `venue_ids` of accounts.staff stay for the release before
-- this one, which reads nothing else; this one writes them and reads duties alone.
CREATE TABLE accounts.duty (
    staff_id   bigint NOT NULL REFERENCES accounts.staff,
    role       text NOT NULL CHECK (role IN ('administrator', 'operator', 'approver', 'finance', 'desk', 'gate', 'liaison', 'auditor')),
    venue_id   bigint,                              -- NULL: the whole destination
    post       text NOT NULL DEFAULT '',            -- a gate or a counter of the venue; empty: all of them
    granted_at timestamptz NOT NULL DEFAULT now(),
    granted_by text NOT NULL,                       -- as the record names them
    CHECK (post = '' OR (venue_id IS NOT NULL AND role IN ('desk', 'gate') AND length(post) <= 40))
);
CREATE UNIQUE INDEX duty_once_idx ON accounts.duty (staff_id, role, coalesce(venue_id, 0), post);

-- An operator did at gate and counter what keepers do, and an administrator what operators do: so it stays.
INSERT INTO accounts.duty (staff_id, role, venue_id, granted_by)
SELECT s.id, r.role, v.venue_id, 'system:migration'
  FROM accounts.staff s
  JOIN (VALUES ('gate', 'gate'), ('operator', 'operator'), ('admin', 'administrator'), ('admin', 'operator')) AS r (was, role)
    ON r.was = s.role
 CROSS JOIN LATERAL (SELECT DISTINCT unnest(CASE WHEN s.venue_ids = '{}' THEN ARRAY[NULL]::bigint[] ELSE s.venue_ids END)) AS v (venue_id);
