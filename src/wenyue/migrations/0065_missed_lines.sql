-- A session that nobody of a booking came to is settled by itself, once; the booking's other lines do not spare it.
ALTER TABLE booking.line ADD COLUMN missed_at timestamptz;
