-- How often an account moved bookings on the last day on which it did: counted and limited as its cancellations are.
CREATE TABLE booking.moved (
    holder_id bigint PRIMARY KEY,
    on_date   date NOT NULL,
    moves     integer NOT NULL CHECK (moves >= 0)
);
