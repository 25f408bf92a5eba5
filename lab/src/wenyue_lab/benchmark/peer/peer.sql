-- name: tables
-- A counter a session, a row a booking; a person comes once a day, and what is below zero cannot be stored.
CREATE SCHEMA peer
  CREATE TABLE slot (
      id bigint PRIMARY KEY, on_date date NOT NULL, capacity bigint NOT NULL,
      places_left bigint NOT NULL CHECK (places_left >= 0)) WITH (fillfactor = 50)
  CREATE TABLE booking (
      id uuid PRIMARY KEY, slot_id bigint NOT NULL, on_date date NOT NULL, card_id bigint NOT NULL,
      name text NOT NULL, document text NOT NULL, phone text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
      UNIQUE (document, on_date))

-- name: slots
-- The sessions of the benchmark's dataset, under the same numbers: both are sent the same requests.
INSERT INTO peer.slot (id, on_date, capacity, places_left)
SELECT s.id, s.on_date, p.capacity, p.capacity FROM booking.slot s JOIN booking.pool p ON p.id = s.pool_ids[1]

-- name: settle
-- Statistics, so that a run does not pay for them.
ANALYZE peer.slot, peer.booking

-- name: bookings
-- How many bookings are stored.
SELECT count(*) FROM peer.booking

-- name: oversold
-- Places given beyond capacity, plus every difference between a counter and the bookings that draw from it.
SELECT coalesce(sum(greatest(0, coalesce(b.places, 0) - s.capacity) + abs(s.capacity - s.places_left - coalesce(b.places, 0))), 0)
FROM peer.slot s LEFT JOIN (SELECT slot_id, count(*) AS places FROM peer.booking GROUP BY slot_id) b ON b.slot_id = s.id
