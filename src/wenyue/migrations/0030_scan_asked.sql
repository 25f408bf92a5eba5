-- Which place a scan asked for, beside what was presented: the same scan again is the same only if it asks for the same.
-- 'line.visitor', either part empty when it was left open; null in scans before this.
ALTER TABLE gate.scan ADD COLUMN asked text;
