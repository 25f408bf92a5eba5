-- What an alert says, by language: {"zh-CN": …, "en": …}. `says` keeps the English for the release before, and goes with the next.
ALTER TABLE monitoring.alert ADD COLUMN texts jsonb;
CREATE OR REPLACE VIEW watch.alert AS TABLE monitoring.alert;
