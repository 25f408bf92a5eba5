-- Persons booked by many accounts are found when events tell of bookings; nothing looks through a day's bookings any more.
DROP INDEX IF EXISTS booking.booking_created_idx;
