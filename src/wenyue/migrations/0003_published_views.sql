-- What the catalogue publishes to the slices above it: the facts that booking caches per slot.
CREATE VIEW catalogue.bookable_v AS
SELECT p.id AS product_id, p.venue_id, p.kind AS product_kind, p.person_rule, p.needs_visitors, p.policy_code,
       p.is_first_gate, p.name_zh AS product_zh, p.name_en AS product_en,
       v.code AS venue_code, v.kind AS venue_kind, v.tags AS venue_tags, v.timezone,
       v.name_zh AS venue_zh, v.name_en AS venue_en
  FROM catalogue.product p
  JOIN catalogue.venue v ON v.id = p.venue_id;
GRANT SELECT ON catalogue.bookable_v TO wenyue_app;
