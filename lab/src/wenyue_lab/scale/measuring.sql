-- name: bytes
-- How far the log has been written, and how large the tables with their indexes are.
SELECT pg_current_wal_lsn() - '0/0'::pg_lsn,
       (SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND n.nspname IN ('accounts', 'audit', 'booking', 'cards', 'notifications', 'public', 'waiting_room'))

-- name: let_everybody_in
-- The threshold behind everybody: what the room does in minutes.
UPDATE waiting_room.room SET threshold_epoch = 1000000, threshold_rank = 0 WHERE code = %(code)s
