-- Columns, a table and a task get the field's standard names (crates/README.md, "Glossary").
--
-- Stop every process of the version before first: it uses the old names. No table is rewritten.
ALTER TABLE operations.failed_jobs RENAME COLUMN deaths TO dead_letter_count;
ALTER TABLE operations.processes RENAME COLUMN duties TO assignments;
ALTER TABLE operations.replays RENAME COLUMN paced_at TO credited_at;
ALTER TABLE operations.replays RENAME COLUMN asked_at TO requested_at;
ALTER TABLE operations.replays RENAME COLUMN asked_by TO requested_by;
ALTER TABLE operations.task_runs RENAME COLUMN runner TO scheduler;
ALTER TABLE operations.answers RENAME TO idempotent_responses;
ALTER INDEX operations.answers_pkey RENAME TO idempotent_responses_pkey;
ALTER INDEX operations.answers_by_age RENAME TO idempotent_responses_by_age;
UPDATE operations.tasks SET name = 'query_stale_reservations' WHERE name = 'expire_reservations';
UPDATE operations.task_runs SET task = 'query_stale_reservations' WHERE task = 'expire_reservations';
