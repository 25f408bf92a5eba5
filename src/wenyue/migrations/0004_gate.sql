-- What the cards slice publishes to the gate: every number ever printed, the dead ones too, and the card it stands for.
CREATE VIEW cards.presented_v AS
SELECT c.card_no, c.id AS card_id, c.state, c.holder_key, c.valid_to, false AS is_dead_number
  FROM cards.card c
UNION ALL
SELECT d.card_no, c.id, c.state, c.holder_key, c.valid_to, true
  FROM cards.dead_number d
  JOIN cards.card c ON c.id = d.card_id;
GRANT SELECT ON cards.presented_v TO wenyue_app;

-- The list of a gate's last scans.
CREATE INDEX scan_recent_idx ON gate.scan (venue_id, gate, at DESC);
