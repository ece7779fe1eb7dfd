package store

import "strings"

// migrations are applied in order, each once; one that was released is never
// changed. {id} and {bytes} are the databases' own words.
var migrations = []string{`
CREATE TABLE deliveries (
	id text PRIMARY KEY,
	event text NOT NULL,
	action text NOT NULL,
	received_at bigint NOT NULL
);
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
CREATE INDEX heads_by_sha ON heads (repository, sha);
CREATE INDEX heads_by_branch ON heads (repository, branch);
CREATE TABLE reviews (
	repository bigint NOT NULL,
	thread text NOT NULL,
	generation bigint NOT NULL,
	sha text NOT NULL,
	received_at bigint NOT NULL,
	completed_at bigint NOT NULL,
	review {bytes},
	PRIMARY KEY (repository, thread, generation)
);
CREATE TABLE acceptances (
	id {id},
	repository bigint NOT NULL,
	thread text NOT NULL,
	scope text NOT NULL,
	comment bigint NOT NULL,
	origin text NOT NULL UNIQUE,
	decision text NOT NULL,
	revoked_at bigint NOT NULL,
	revoked_by text NOT NULL
);
CREATE INDEX acceptances_by_repository ON acceptances (repository, scope);
CREATE TABLE audit (
	id {id},
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
CREATE INDEX audit_by_repository ON audit (repository, id);
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
{append-only}
`, `
CREATE TABLE survey (
	name text NOT NULL,
	version text NOT NULL,
	state text NOT NULL,
	result {bytes},
	PRIMARY KEY (name, version)
);
`, `
CREATE TABLE contents (
	key text PRIMARY KEY,
	used_at bigint NOT NULL,
	data {bytes} NOT NULL
);
CREATE INDEX contents_by_use ON contents (used_at);
CREATE TABLE claims (
	what text PRIMARY KEY,
	holder text NOT NULL,
	ends bigint NOT NULL
);
CREATE TABLE marks (
	name text PRIMARY KEY,
	at bigint NOT NULL
);
CREATE TABLE replicas (
	id text PRIMARY KEY,
	started_at bigint NOT NULL,
	seen_at bigint NOT NULL
);
`, `
CREATE TABLE verdicts (
	repository bigint NOT NULL,
	thread text NOT NULL,
	generation bigint NOT NULL,
	at bigint NOT NULL,
	conclusion text NOT NULL,
	packages bigint NOT NULL,
	critical bigint NOT NULL,
	high bigint NOT NULL,
	medium bigint NOT NULL,
	low bigint NOT NULL,
	unscanned bigint NOT NULL,
	risks text NOT NULL,
	accepted text NOT NULL,
	PRIMARY KEY (repository, thread, generation)
);
CREATE INDEX verdicts_by_time ON verdicts (at);
`, `
ALTER TABLE reviews ADD COLUMN shown_at bigint NOT NULL DEFAULT 0;
UPDATE reviews SET shown_at = completed_at;
CREATE TABLE arrivals (
	seq {id},
	repository bigint NOT NULL,
	what text NOT NULL,
	received_at bigint NOT NULL,
	UNIQUE (repository, what)
);
CREATE INDEX arrivals_by_time ON arrivals (received_at);
`, `
ALTER TABLE reviews ADD COLUMN own text NOT NULL DEFAULT '';
`}

// appendOnly makes the audit a table to which one can only add.
var appendOnly = map[bool]string{
	true: `
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
`,
	false: `
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''the audit is append-only''; END';
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
`,
}

// dialect writes a migration's statements for the database in use.
func (s *Store) dialect(migration string) []string {
	words := []string{"{id}", "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "{bytes}", "bytea"}
	if s.sqlite {
		words = []string{"{id}", "integer PRIMARY KEY AUTOINCREMENT", "{bytes}", "blob"}
	}
	text := strings.NewReplacer(words...).Replace(migration)
	text, rest, hasTriggers := strings.Cut(text, "{append-only}")
	var out []string
	for _, statement := range strings.Split(text+rest, ";\n") {
		if strings.TrimSpace(statement) != "" {
			out = append(out, statement)
		}
	}
	if hasTriggers {
		for _, line := range strings.Split(appendOnly[s.sqlite], "\n") {
			if line != "" {
				out = append(out, line)
			}
		}
	}
	return out
}
