-- Columns and an index get the field's standard names (crates/README.md, "Glossary").
--
-- Stop every process of the version before first: it uses the old names. No table is rewritten.
ALTER TABLE inventory.reservations RENAME COLUMN asked TO request_count;
ALTER TABLE inventory.reservations RENAME COLUMN questioned_at TO queried_at;
ALTER INDEX inventory.reservations_by_question RENAME TO reservations_by_query;
