PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE river_leader (
    elected_at timestamp NOT NULL,
    expires_at timestamp NOT NULL,
    leader_id text NOT NULL,
    name text PRIMARY KEY NOT NULL DEFAULT 'default' CHECK (name = 'default'),
    CONSTRAINT name_length CHECK (length(name) > 0 AND length(name) < 128),
    CONSTRAINT leader_id_length CHECK (length(leader_id) > 0 AND length(leader_id) < 128)
);
CREATE TABLE river_migration (
    line text NOT NULL,
    version integer NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT line_length CHECK (length(line) > 0 AND length(line) < 128),
    CONSTRAINT version_gte_1 CHECK (version >= 1),
    PRIMARY KEY (line, version)
);
INSERT INTO river_migration VALUES('main',1,'2026-11-25 13:59:42');
INSERT INTO river_migration VALUES('main',2,'2026-11-25 13:59:42');
INSERT INTO river_migration VALUES('main',3,'2026-11-25 13:59:42');
INSERT INTO river_migration VALUES('main',4,'2026-11-25 13:59:42');
INSERT INTO river_migration VALUES('main',5,'2026-11-25 13:59:42');
INSERT INTO river_migration VALUES('main',6,'2026-11-25 13:59:42');
INSERT INTO river_migration VALUES('main',7,'2026-11-25 13:59:42');
INSERT INTO river_migration VALUES('main',8,'2026-11-25 13:59:42');
CREATE TABLE river_notification (
    id integer PRIMARY KEY AUTOINCREMENT,
    created_at timestamp NOT NULL DEFAULT (datetime('now', 'subsec')),
    payload text NOT NULL,
    topic text NOT NULL,
    CONSTRAINT topic_length CHECK (length(topic) > 0 AND length(topic) < 128)
);
INSERT INTO river_notification VALUES(1,'2026-11-25 13:59:42.672','{"queue": "light_2"}','river_insert');
CREATE TABLE river_queue (
    name text PRIMARY KEY NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    metadata blob NOT NULL DEFAULT (jsonb('{}')),
    paused_at timestamp,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE river_job (
    id integer PRIMARY KEY AUTOINCREMENT,
    args blob NOT NULL DEFAULT (jsonb('{}')),
    attempt integer NOT NULL DEFAULT 0,
    attempted_at timestamp,
    attempted_by blob, -- json
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    errors blob, -- json
    finalized_at timestamp,
    kind text NOT NULL,
    max_attempts integer NOT NULL DEFAULT 25,
    metadata blob NOT NULL DEFAULT (jsonb('{}')),
    priority integer NOT NULL DEFAULT 1,
    queue text NOT NULL DEFAULT 'default',
    state text NOT NULL DEFAULT 'available',
    scheduled_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    tags blob NOT NULL DEFAULT (jsonb('[]')),
    unique_key blob,
    unique_states integer,
    CONSTRAINT finalized_or_finalized_at_null CHECK (
        (finalized_at IS NULL AND state NOT IN ('cancelled', 'completed', 'discarded')) OR
        (finalized_at IS NOT NULL AND state IN ('cancelled', 'completed', 'discarded'))
    ),
    CONSTRAINT priority_in_range CHECK (priority >= 1 AND priority <= 4),
    CONSTRAINT queue_length CHECK (length(queue) > 0 AND length(queue) < 128),
    CONSTRAINT kind_length CHECK (length(kind) > 0 AND length(kind) < 128),
    CONSTRAINT state_valid CHECK (state IN ('available', 'cancelled', 'completed', 'discarded', 'pending', 'retryable', 'running', 'scheduled'))
);
INSERT INTO river_job VALUES(1,X'cc6a376a6f62cc64476b696e644768656164c70c696e7374616c6c6174696f6e1337a77265706f7369746f72791331576f776e65724761636d65476e616d65377765624770756c6c1333377368614761616161676272616e6368476d61696ea767656e65726174696f6e1331',0,NULL,NULL,'2026-11-25 13:59:42.672',NULL,NULL,'lockwarden',8,X'cc26c71272697665723a756e697175655f6e6f6e6365c71066353064353463376237303036306639',1,'light_2','available','2026-11-25 13:59:42.672',X'0b',NULL,NULL);
INSERT INTO river_job VALUES(2,X'cc6a376a6f62cc64476b696e644768656164c70c696e7374616c6c6174696f6e1337a77265706f7369746f72791331576f776e65724761636d65476e616d65377765624770756c6c1334377368614762626262676272616e6368476d61696ea767656e65726174696f6e1331',0,NULL,NULL,'2026-11-25 13:59:42.675',NULL,NULL,'lockwarden',8,X'cc26c71272697665723a756e697175655f6e6f6e6365c71031653739343966333966643538666566',1,'light_2','available','2026-11-25 13:59:42.675',X'0b',NULL,NULL);
CREATE TABLE lockwarden_schema (version bigint NOT NULL);
INSERT INTO lockwarden_schema VALUES(1);
CREATE TABLE deliveries (
	id text PRIMARY KEY,
	event text NOT NULL,
	action text NOT NULL,
	received_at bigint NOT NULL
);
INSERT INTO deliveries VALUES('delivery-aaaa','pull_request','opened',1793534400000);
INSERT INTO deliveries VALUES('delivery-bbbb','pull_request','opened',1793534400000);
CREATE TABLE heads (
	repository bigint NOT NULL,
	thread text NOT NULL,
	generation bigint NOT NULL,
	installation bigint NOT NULL,
	owner text NOT NULL,
	name text NOT NULL,
	pull bigint NOT NULL,
	sha text NOT NULL,
	branch text NOT NULL,
	base text NOT NULL,
	follows bigint NOT NULL,
	state text NOT NULL,
	job bigint NOT NULL,
	posted text NOT NULL,
	conclusion text NOT NULL,
	lease text NOT NULL,
	lease_until bigint NOT NULL,
	PRIMARY KEY (repository, thread)
);
INSERT INTO heads VALUES(1,'pull/3',1,7,'acme','web',3,'aaaa','main','',0,'done',1,'digest','','',0);
INSERT INTO heads VALUES(1,'pull/4',1,7,'acme','web',4,'bbbb','main','',0,'queued',2,'','','',0);
CREATE TABLE reviews (
	repository bigint NOT NULL,
	thread text NOT NULL,
	generation bigint NOT NULL,
	sha text NOT NULL,
	received_at bigint NOT NULL,
	completed_at bigint NOT NULL,
	review blob,
	PRIMARY KEY (repository, thread, generation)
);
INSERT INTO reviews VALUES(1,'pull/3',1,'aaaa',1793534400000,1795615182673,X'1f8b08000000000004ff04c0310ec2300c05d09d53447f0e48ac3903428885a1ea6019b7053b71851b16c4ddfb7eb838ebf4320994012bb1d22c4773d6d33bbc61ccb8112bcd1228ad9b65dca5fa579e28ad9b653c16374169dd2ce3ea9b04ca0095754bd3c76b0a5ea4523a63fc1ff6000000ffff7e98aca46f000000');
INSERT INTO reviews VALUES(1,'pull/4',1,'bbbb',1793534400000,0,NULL);
CREATE TABLE acceptances (
	id integer PRIMARY KEY AUTOINCREMENT,
	repository bigint NOT NULL,
	thread text NOT NULL,
	scope text NOT NULL,
	comment bigint NOT NULL,
	origin text NOT NULL UNIQUE,
	decision text NOT NULL,
	revoked_at bigint NOT NULL,
	revoked_by text NOT NULL
);
INSERT INTO acceptances VALUES(1,1,'pull/3','repository',9,'comment/1/9/shell@1.0.0/','{"by":"mia","at":"2026-11-01T12:00:00Z","name":"shell","version":"1.0.0","reason":"we host it","repository":true}',0,'');
CREATE TABLE audit (
	id integer PRIMARY KEY AUTOINCREMENT,
	at bigint NOT NULL,
	repository bigint NOT NULL,
	owner text NOT NULL,
	name text NOT NULL,
	thread text NOT NULL,
	actor text NOT NULL,
	action text NOT NULL,
	detail text NOT NULL,
	origin text NOT NULL UNIQUE
);
INSERT INTO audit VALUES(1,1795615182675,1,'acme','web','pull/3','mia','accepted','shell@1.0.0 because we host it','audit/1');
CREATE TABLE replies (
	repository bigint NOT NULL,
	pull bigint NOT NULL,
	comment bigint NOT NULL,
	answers text NOT NULL,
	PRIMARY KEY (repository, pull)
);
CREATE TABLE credentials (
	id bigint PRIMARY KEY,
	value text NOT NULL
);
INSERT INTO credentials VALUES(1,'{"app_id":4242,"private_key":"an old plain key"}');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('river_job',2);
INSERT INTO sqlite_sequence VALUES('river_notification',1);
INSERT INTO sqlite_sequence VALUES('acceptances',1);
INSERT INTO sqlite_sequence VALUES('audit',1);
CREATE INDEX river_notification_created_at_idx ON river_notification (created_at);
CREATE INDEX river_notification_topic_id_idx ON river_notification (topic, id);
CREATE INDEX river_job_kind ON river_job (kind);
CREATE INDEX river_job_state_and_finalized_at_index ON river_job (state, finalized_at) WHERE finalized_at IS NOT NULL;
CREATE INDEX river_job_prioritized_fetching_index ON river_job (state, queue, priority, scheduled_at, id);
CREATE UNIQUE INDEX river_job_unique_idx ON river_job (unique_key)
    WHERE unique_key IS NOT NULL
        AND unique_states IS NOT NULL
        AND CASE state
            WHEN 'available' THEN unique_states & (1 << 0)
            WHEN 'cancelled' THEN unique_states & (1 << 1)
            WHEN 'completed' THEN unique_states & (1 << 2)
            WHEN 'discarded' THEN unique_states & (1 << 3)
            WHEN 'pending'   THEN unique_states & (1 << 4)
            WHEN 'retryable' THEN unique_states & (1 << 5)
            WHEN 'running'   THEN unique_states & (1 << 6)
            WHEN 'scheduled' THEN unique_states & (1 << 7)
            ELSE 0
        END >= 1;
CREATE INDEX heads_by_sha ON heads (repository, sha);
CREATE INDEX heads_by_branch ON heads (repository, branch);
CREATE INDEX acceptances_by_repository ON acceptances (repository, scope);
CREATE INDEX audit_by_repository ON audit (repository, id);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
COMMIT;
