-- What is written once is never rewritten.
REVOKE UPDATE ON cards.dead_number, gate.undo FROM wenyue_app;
