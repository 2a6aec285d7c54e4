-- An index gets the field's standard name (crates/README.md, "Glossary").
--
-- Stop every process of the version before first: it uses the old names. No table is rewritten.
ALTER INDEX messaging.outbox_pressing RENAME TO outbox_not_deferrable;
