-- Notes of an earlier version that nobody handed on yet: the worker carries them into the log of events, and those that a web
-- process of the earlier version still writes while the new one takes over. The table goes with a later release.
COMMENT ON TABLE booking.outbox IS 'notes of versions before the log of events; events.event has taken its place';

-- Who listens to events looks at the accounts of certain bookings.
CREATE OR REPLACE VIEW booking.account_person_v AS
SELECT b.created_at, b.holder_id, p.person_key, b.id AS booking_id
  FROM booking.booking b
  JOIN booking.place p ON p.booking_id = b.id
 WHERE b.holder_id IS NOT NULL;
