-- Many failed jobs, sent again at a pace.
CREATE TABLE operations.replays (
    -- UUID v7: when it was asked for.
    id          uuid PRIMARY KEY,
    -- Which of the jobs that were open then: of this queue, of this kind, or both.
    queue       text,
    fingerprint text,
    -- Jobs a second, once so many seconds have passed; from nought until then.
    rate_per_s  integer NOT NULL CHECK (rate_per_s > 0),
    ramp_s      integer NOT NULL CHECK (ramp_s >= 0),
    status      text NOT NULL CHECK (status IN ('running', 'done', 'cancelled')),
    total       bigint NOT NULL,
    replayed    bigint NOT NULL DEFAULT 0,
    -- Those that can't be sent again: no text, or sent too often already.
    skipped     bigint NOT NULL DEFAULT 0,
    -- How far it is: the job that it took last, when that was, and what it may send beside whole jobs, in thousandths.
    after_job   uuid,
    paced_at    timestamptz NOT NULL,
    credit      bigint NOT NULL DEFAULT 0,
    asked_at    timestamptz NOT NULL,
    asked_by    text NOT NULL,
    reason      text NOT NULL,
    ended_at    timestamptz,
    CHECK ((status = 'running') = (ended_at IS NULL)),
    CHECK (queue IS NOT NULL OR fingerprint IS NOT NULL)
);

-- One at a time: two would go at twice the pace.
CREATE UNIQUE INDEX replays_running ON operations.replays (status) WHERE status = 'running';

-- The replay that last sent it again.
ALTER TABLE operations.failed_jobs ADD COLUMN replay_id uuid REFERENCES operations.replays;
CREATE INDEX failed_jobs_by_replay ON operations.failed_jobs (replay_id) WHERE replay_id IS NOT NULL;
