-- Operations: what those who keep the house running need to know, and what they did.
CREATE SCHEMA operations;

-- What nobody could handle: one row a message and queue, filled from the dead queues.
CREATE TABLE operations.failed_jobs (
    -- UUID v7: when it was first seen.
    id             uuid PRIMARY KEY,
    queue          text NOT NULL,
    message_id     uuid NOT NULL,
    -- SHA-256 of the payload: two messages that share an id are two jobs.
    payload_digest bytea NOT NULL,
    -- As the message says of itself; empty when it says nothing.
    type           text NOT NULL,
    -- Null when the message can't be read.
    order_id       uuid,
    correlation_id text,
    payload        bytea NOT NULL,
    headers        jsonb NOT NULL,
    -- Why it failed the last time.
    error          text NOT NULL,
    -- The same for failures of one kind: queue, type and error without its numbers.
    fingerprint    text NOT NULL,
    -- How often it was tried, over all its lives.
    attempts       integer NOT NULL,
    -- How often it ended in a dead queue, and how often it was sent again.
    deaths         integer NOT NULL DEFAULT 1,
    replays        integer NOT NULL DEFAULT 0,
    status         text NOT NULL CHECK (status IN ('open', 'replayed', 'discarded')),
    first_seen_at  timestamptz NOT NULL,
    last_seen_at   timestamptz NOT NULL,
    -- When, by whom and why it was last replayed or discarded.
    decided_at     timestamptz,
    decided_by     text,
    reason         text,
    UNIQUE (queue, message_id, payload_digest),
    CHECK (status = 'open' OR (decided_at IS NOT NULL AND decided_by IS NOT NULL AND reason IS NOT NULL))
);

CREATE INDEX failed_jobs_open ON operations.failed_jobs (id) WHERE status = 'open';

-- Everything that a person changed. Only ever added to: the trigger at the end refuses the rest.
CREATE TABLE operations.audit_log (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL,
    -- `admin:<id>`, `vendor:<id>`, `customer:<id>`
    actor      text NOT NULL,
    -- `user.grant_role`, `product.update`, ...
    action     text NOT NULL,
    -- `user:<id>`, `product:<sku>`, ...
    subject    text NOT NULL,
    reason     text,
    before     jsonb,
    after      jsonb,
    request_id text NOT NULL
);

CREATE INDEX audit_log_by_subject ON operations.audit_log (subject, id);
CREATE INDEX audit_log_by_actor ON operations.audit_log (actor, id);

CREATE FUNCTION operations.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'operations.audit_log is only ever added to' USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER audit_log_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON operations.audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION operations.refuse_change();

-- What schedulers do every so often, and who does it at present.
CREATE TABLE operations.tasks (
    name             text PRIMARY KEY,
    period_ms        bigint NOT NULL CHECK (period_ms > 0),
    -- The scheduler that leads the task until its lease ends; by the database's clock.
    leader           uuid,
    leader_name      text,
    leased_until     timestamptz,
    next_run_at      timestamptz NOT NULL DEFAULT now(),
    last_run_at      timestamptz,
    last_duration_ms double precision,
    -- `done`, `idle` (there was nothing to do) or `failed`
    last_result      text CHECK (last_result IN ('done', 'idle', 'failed')),
    last_rows        bigint,
    last_error       text,
    CHECK ((leader IS NULL) = (leased_until IS NULL))
) WITH (fillfactor = 50);

-- The history: every run that did something or failed.
CREATE TABLE operations.task_runs (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task        text NOT NULL,
    started_at  timestamptz NOT NULL,
    duration_ms double precision NOT NULL,
    result      text NOT NULL CHECK (result IN ('done', 'failed')),
    rows        bigint NOT NULL,
    error       text,
    runner      text NOT NULL
);

CREATE INDEX task_runs_by_task ON operations.task_runs (task, id);

-- The heartbeats of every process.
CREATE TABLE operations.processes (
    -- A new one at every start.
    id           uuid PRIMARY KEY,
    role         text NOT NULL CHECK (role IN ('api', 'worker', 'scheduler')),
    host         text NOT NULL,
    pid          integer NOT NULL,
    version      text NOT NULL,
    -- The queues that a worker takes from, the tasks that a scheduler may lead.
    duties       text[] NOT NULL,
    in_flight    bigint NOT NULL,
    handled      bigint NOT NULL,
    retried      bigint NOT NULL,
    dead         bigint NOT NULL,
    started_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL
) WITH (fillfactor = 50);
