-- Measured numbers: double precision, and between bounds that the program keeps (wenyue.kernel.figures). As `real`, a rate that
-- decayed through some minutes of quiet could not be written any more, and its waiting room stood still.
-- Programs of the version before go on: they read and write the wider type alike.
ALTER TABLE emergency.load_signal
    ALTER COLUMN goodput_per_s TYPE double precision,
    ALTER COLUMN latency_p99_ms TYPE double precision,
    ALTER COLUMN limit_now TYPE double precision,
    ALTER COLUMN shed_per_s TYPE double precision,
    ADD CONSTRAINT load_signal_bounds CHECK (goodput_per_s BETWEEN 0 AND 1e12 AND latency_p99_ms BETWEEN 0 AND 1e12
        AND limit_now BETWEEN 0 AND 1e12 AND shed_per_s BETWEEN 0 AND 1e12);

ALTER TABLE emergency.room
    ALTER COLUMN rate_max TYPE double precision,
    ALTER COLUMN rate TYPE double precision,
    ALTER COLUMN pace TYPE double precision,
    ALTER COLUMN goodput_best TYPE double precision,
    ADD CONSTRAINT room_bounds CHECK (rate_max BETWEEN 1 AND 1e12 AND rate BETWEEN 0 AND 1e12 AND pace BETWEEN 0 AND 1e12
        AND goodput_best BETWEEN 0 AND 1e12);

-- Places that were stored before are left as they are: only what is written from now on is checked.
ALTER TABLE catalogue.venue
    ADD CONSTRAINT venue_on_earth CHECK (latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180) NOT VALID;
ALTER TABLE watch.node
    ADD CONSTRAINT node_bounds CHECK (ahead_s BETWEEN -1e12 AND 1e12) NOT VALID;
