/**
 * The database's history, oldest first. An entry is never edited once released: format N is what the first N of them make.
 *
 * `journal` is append-only, and the triggers hold it so: nothing updates or deletes an entry, `seq` is dense per update, and
 * an ended update takes no more, and an insert by a daemon whose epoch has passed is refused by the database itself, whatever
 * that daemon believes.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE lease (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    epoch INTEGER NOT NULL
  ) STRICT;
  INSERT INTO lease VALUES (1, 0);

  CREATE TABLE journal (
    update_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at TEXT NOT NULL,
    tick_ms INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    kind TEXT NOT NULL,
    step TEXT,
    gives TEXT NOT NULL,
    PRIMARY KEY (update_id, seq)
  ) STRICT;
  CREATE TRIGGER journal_is_fenced BEFORE INSERT ON journal
    WHEN NEW.epoch <> (SELECT epoch FROM lease)
    BEGIN SELECT RAISE(ABORT, 'fenced'); END;
  CREATE TRIGGER journal_is_dense BEFORE INSERT ON journal
    WHEN NEW.seq <> (SELECT count(*) FROM journal WHERE update_id = NEW.update_id)
    BEGIN SELECT RAISE(ABORT, 'journal has a gap'); END;
  CREATE TRIGGER journal_is_closed BEFORE INSERT ON journal
    WHEN EXISTS (SELECT 1 FROM journal WHERE update_id = NEW.update_id AND kind = 'ended')
    BEGIN SELECT RAISE(ABORT, 'the update has ended'); END;
  CREATE TRIGGER journal_is_never_edited BEFORE UPDATE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
  CREATE TRIGGER journal_is_never_cut BEFORE DELETE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

  CREATE TABLE ledger_head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    length INTEGER NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  CREATE TABLE ledger_outbox (
    idx INTEGER PRIMARY KEY,
    line TEXT NOT NULL
  ) STRICT;

  CREATE TABLE quarantine (
    digest TEXT PRIMARY KEY,
    release_commit TEXT NOT NULL,
    update_id TEXT NOT NULL,
    because TEXT NOT NULL,
    at TEXT NOT NULL
  ) STRICT;

  CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE notifications (
    id TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    tries INTEGER NOT NULL,
    due_tick_ms INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('due', 'told', 'given-up')),
    because TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- What was seen of each release, a span of some seconds each; thinned with age. Whoever decides computes from these.
  CREATE TABLE bucket (
    release TEXT NOT NULL,
    tick_ms INTEGER NOT NULL,
    wall_ms INTEGER NOT NULL,
    covered_ms INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (release, tick_ms)
  ) STRICT;
  CREATE INDEX bucket_by_time ON bucket (tick_ms);
  `,
  `
  -- Long texts that entries name by their digest: policies that decided, what a model was asked and said.
  CREATE TABLE document (
    digest TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    at TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- Who may come in besides through the instance's own door. Of a secret only its SHA-256 is kept. Names of tokens that were not revoked are unique.
  CREATE TABLE token (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'approver', 'admin', 'agent')),
    scope TEXT,
    hash TEXT NOT NULL,
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at TEXT,
    revoked_at TEXT,
    last_used_at TEXT
  ) STRICT;
  CREATE UNIQUE INDEX token_by_name ON token (name) WHERE revoked_at IS NULL;
  `,
  `
  -- What sources reported, one row for each release that any of them saw: what it is, and what became of it.
  CREATE TABLE update_event (
    id TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    release_commit TEXT,
    at TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX update_event_by_commit ON update_event (release_commit);

  -- Webhooks that were heard already, by the SHA-256 of their body: a second one is a replay.
  CREATE TABLE webhook_delivery (
    digest TEXT PRIMARY KEY,
    hook TEXT NOT NULL,
    delivery TEXT,
    wall_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX webhook_delivery_by_time ON webhook_delivery (wall_ms);

  -- Scheduled tasks, and each time that one ran, was skipped or failed. The specification's scheduled_tasks.
  CREATE TABLE scheduled_task (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'paused')),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    -- Up to where in time its due runs have been answered for: run, or passed over by its policy.
    settled_ms INTEGER NOT NULL,
    failures INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE task_run (
    id TEXT PRIMARY KEY,
    task TEXT NOT NULL,
    due_ms INTEGER NOT NULL,
    begun_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    outcome TEXT NOT NULL CHECK (outcome IN ('running', 'done', 'failed', 'skipped')),
    because TEXT NOT NULL
  ) STRICT;
  CREATE INDEX task_run_by_task ON task_run (task, due_ms);
  `,
  `
  -- Who is at the web console. Of cookie and secret only their SHA-256 are kept. \`token\`: what it was opened with, null for the instance's own door; \`role\`: what that
  -- allowed then, which a session never has more of. Those that ended stay for a while, so that who still shows one is told so and not taken for a guesser.
  CREATE TABLE console_session (
    id TEXT PRIMARY KEY,
    token TEXT,
    role TEXT NOT NULL,
    cookie_hash TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    last_used_at TEXT NOT NULL,
    ended_at TEXT
  ) STRICT;
  `,
  `
  -- Where each update begins and ends: a list of ten thousands of them must not read every entry.
  CREATE INDEX journal_begun ON journal (seq) WHERE seq = 0;
  CREATE INDEX journal_ended ON journal (update_id) WHERE kind = 'ended';
  `,
];
