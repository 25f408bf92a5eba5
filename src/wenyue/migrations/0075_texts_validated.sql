-- The rows that stood there before hold what the checks say. Nobody waits meanwhile.
ALTER TABLE catalogue.venue VALIDATE CONSTRAINT venue_name_texts;
ALTER TABLE catalogue.venue VALIDATE CONSTRAINT venue_summary_texts;
ALTER TABLE catalogue.product VALIDATE CONSTRAINT product_name_texts;
ALTER TABLE catalogue.closure VALIDATE CONSTRAINT closure_reason_texts;
ALTER TABLE cards.card_type VALIDATE CONSTRAINT card_type_name_texts;
ALTER TABLE booking.slot VALIDATE CONSTRAINT slot_label_texts;
ALTER TABLE booking.slot VALIDATE CONSTRAINT slot_closed_reason_texts;
ALTER TABLE waiting_room.room VALIDATE CONSTRAINT room_title_texts;
ALTER TABLE waiting_room.room VALIDATE CONSTRAINT room_message_texts;
