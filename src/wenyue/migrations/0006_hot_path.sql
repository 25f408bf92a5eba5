-- Only imported bookings have a source: an ordinary booking pays for no entry in that index.
ALTER TABLE booking.booking DROP CONSTRAINT booking_source_source_key_key;
CREATE UNIQUE INDEX booking_source_idx ON booking.booking (source, source_key) WHERE source IS NOT NULL;

-- Aborts the transaction when a guarded write touched fewer rows than it had to: somebody changed one in between.
CREATE FUNCTION booking.expect(actual bigint, expected bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF actual <> expected THEN
        RAISE EXCEPTION 'a pool changed under the batch (% of % moved)', actual, expected USING ERRCODE = 'serialization_failure';
    END IF;
END $$;
GRANT EXECUTE ON FUNCTION booking.expect(bigint, bigint) TO wenyue_app;
