-- The gate knows whose account a card is: what others booked for the person is theirs only if staff saw the document.
CREATE OR REPLACE VIEW cards.presented_v AS
SELECT c.card_no, c.id AS card_id, c.state, c.holder_key, c.valid_to, false AS is_dead_number, c.holder_id
  FROM cards.card c
UNION ALL
SELECT d.card_no, c.id, c.state, c.holder_key, c.valid_to, true, c.holder_id
  FROM cards.dead_number d
  JOIN cards.card c ON c.id = d.card_id;
