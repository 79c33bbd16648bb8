CREATE TABLE accounts (
	name TEXT NOT NULL,
	next_at BIGINT DEFAULT '0' NOT NULL,
	recent TEXT DEFAULT '' NOT NULL,
	unsent INTEGER DEFAULT '0' NOT NULL,
	allowed INTEGER,
	since BIGINT DEFAULT '0' NOT NULL,
	wait INTEGER DEFAULT '0' NOT NULL,
	pause TEXT,
	scripts TEXT DEFAULT '{}' NOT NULL,
	PRIMARY KEY (name)
);

CREATE TABLE alarm_messages (
	id INTEGER NOT NULL,
	channel TEXT NOT NULL,
	what TEXT NOT NULL,
	thread TEXT NOT NULL,
	title TEXT NOT NULL,
	body TEXT NOT NULL,
	at BIGINT NOT NULL,
	due_at BIGINT NOT NULL,
	tries INTEGER DEFAULT '0' NOT NULL,
	said TEXT DEFAULT '' NOT NULL,
	ended_at BIGINT,
	sent BOOLEAN DEFAULT false NOT NULL,
	PRIMARY KEY (id)
);

CREATE TABLE alarm_quiets (
	kind TEXT NOT NULL,
	subject TEXT NOT NULL,
	until_at BIGINT NOT NULL,
	who TEXT NOT NULL,
	why TEXT NOT NULL,
	PRIMARY KEY (kind, subject)
);

CREATE TABLE alarms (
	id INTEGER NOT NULL,
	kind TEXT NOT NULL,
	subject TEXT NOT NULL,
	severity TEXT NOT NULL,
	text TEXT NOT NULL,
	value INTEGER NOT NULL,
	since BIGINT NOT NULL,
	raised_at BIGINT NOT NULL,
	calm_since BIGINT,
	cleared_at BIGINT,
	told_at BIGINT,
	reminders INTEGER DEFAULT '0' NOT NULL,
	over_told BOOLEAN DEFAULT false NOT NULL,
	acked_at BIGINT,
	acked_by TEXT DEFAULT '' NOT NULL,
	PRIMARY KEY (id)
);

CREATE TABLE audit (
	id INTEGER NOT NULL,
	at BIGINT NOT NULL,
	who TEXT NOT NULL,
	what TEXT NOT NULL,
	about TEXT DEFAULT '' NOT NULL,
	why TEXT DEFAULT '' NOT NULL,
	place TEXT NOT NULL,
	PRIMARY KEY (id)
);

CREATE TABLE deliveries (
	id TEXT NOT NULL,
	source TEXT NOT NULL,
	received_at BIGINT NOT NULL,
	method TEXT NOT NULL,
	"query" TEXT NOT NULL,
	headers TEXT NOT NULL,
	body BLOB NOT NULL,
	digest TEXT NOT NULL,
	problem TEXT DEFAULT '' NOT NULL,
	erased_at BIGINT,
	PRIMARY KEY (id)
);

CREATE TABLE do_not_call (
	no INTEGER NOT NULL,
	number TEXT NOT NULL,
	since BIGINT NOT NULL,
	who TEXT NOT NULL,
	why TEXT NOT NULL,
	removed_at BIGINT,
	removed_by TEXT DEFAULT '' NOT NULL,
	removed_why TEXT DEFAULT '' NOT NULL,
	PRIMARY KEY (no),
	UNIQUE (number)
);

CREATE TABLE epoch (
	one SMALLINT NOT NULL,
	store TEXT NOT NULL,
	identity TEXT NOT NULL,
	claims BIGINT DEFAULT '0' NOT NULL,
	suspect TEXT DEFAULT '' NOT NULL,
	suspect_since BIGINT DEFAULT '0' NOT NULL,
	suspect_newest BIGINT DEFAULT '0' NOT NULL,
	alive_at BIGINT DEFAULT '0' NOT NULL,
	lost_at BIGINT DEFAULT '0' NOT NULL,
	opened_at BIGINT NOT NULL,
	set_back_from BIGINT DEFAULT '0' NOT NULL,
	leapt_to BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (one)
);

CREATE TABLE erasures (
	id INTEGER NOT NULL,
	at BIGINT NOT NULL,
	who TEXT NOT NULL,
	why TEXT NOT NULL,
	number_hash TEXT NOT NULL,
	leads INTEGER NOT NULL,
	deliveries INTEGER NOT NULL,
	PRIMARY KEY (id)
);

CREATE TABLE forgotten_calls (
	attempt TEXT NOT NULL,
	source TEXT NOT NULL,
	event_key TEXT NOT NULL,
	account TEXT NOT NULL,
	number_hash TEXT NOT NULL,
	script TEXT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (attempt)
);

CREATE TABLE hourly (
	source TEXT NOT NULL,
	hour BIGINT NOT NULL,
	state TEXT NOT NULL,
	leads INTEGER NOT NULL,
	calls INTEGER NOT NULL,
	spend TEXT NOT NULL,
	PRIMARY KEY (source, hour, state)
)
 WITHOUT ROWID;

CREATE TABLE hourly_calls (
	hour BIGINT NOT NULL,
	calls TEXT NOT NULL,
	waits TEXT NOT NULL,
	PRIMARY KEY (hour)
)
 WITHOUT ROWID;

CREATE TABLE in_force (
	name TEXT NOT NULL,
	n INTEGER NOT NULL,
	removed BOOLEAN DEFAULT false NOT NULL,
	removed_at BIGINT,
	removed_by TEXT DEFAULT '' NOT NULL,
	removed_why TEXT DEFAULT '' NOT NULL,
	PRIMARY KEY (name)
);

CREATE TABLE leads (
	no INTEGER NOT NULL,
	id TEXT NOT NULL,
	source TEXT NOT NULL,
	account TEXT NOT NULL,
	state TEXT NOT NULL,
	reason TEXT DEFAULT '' NOT NULL,
	reasons TEXT DEFAULT '[]' NOT NULL,
	received_at BIGINT NOT NULL,
	asked_at BIGINT,
	due_at BIGINT NOT NULL,
	urgent SMALLINT DEFAULT '0' NOT NULL,
	tries INTEGER DEFAULT '0' NOT NULL,
	asks_crm SMALLINT DEFAULT '0' NOT NULL,
	event_key TEXT,
	digest TEXT NOT NULL,
	payload TEXT NOT NULL,
	version INTEGER,
	number TEXT,
	script TEXT,
	sms TEXT,
	person TEXT,
	round INTEGER DEFAULT '1' NOT NULL,
	claims INTEGER DEFAULT '0' NOT NULL,
	despite TEXT DEFAULT '' NOT NULL,
	history_n INTEGER NOT NULL,
	changed_after_call BOOLEAN DEFAULT false NOT NULL,
	erased_at BIGINT,
	number_hash TEXT,
	PRIMARY KEY (no),
	UNIQUE (id)
);

CREATE TABLE login_failures (
	"key" TEXT NOT NULL,
	count INTEGER NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY ("key")
);

CREATE TABLE number_locks (
	number TEXT NOT NULL,
	attempt TEXT,
	PRIMARY KEY (number)
);

CREATE TABLE reached_caps (
	source TEXT NOT NULL,
	cap TEXT NOT NULL,
	"limit" TEXT NOT NULL,
	script TEXT NOT NULL,
	since BIGINT NOT NULL,
	until BIGINT NOT NULL,
	PRIMARY KEY (source)
);

CREATE TABLE refused_proofs (
	source TEXT NOT NULL,
	hour BIGINT NOT NULL,
	cause TEXT NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (source, hour, cause)
);

CREATE TABLE sources (
	name TEXT NOT NULL,
	ask_at BIGINT DEFAULT '0' NOT NULL,
	ask_fails INTEGER DEFAULT '0' NOT NULL,
	PRIMARY KEY (name)
);

CREATE TABLE stamps (
	name TEXT NOT NULL,
	at BIGINT NOT NULL,
	well BOOLEAN NOT NULL,
	said TEXT DEFAULT '' NOT NULL,
	PRIMARY KEY (name)
);

CREATE TABLE tokens (
	id INTEGER NOT NULL,
	name TEXT NOT NULL,
	scope TEXT NOT NULL,
	digest TEXT NOT NULL,
	made_at BIGINT NOT NULL,
	made_by TEXT NOT NULL,
	revoked_at BIGINT,
	PRIMARY KEY (id),
	UNIQUE (digest)
);

CREATE TABLE users (
	id INTEGER NOT NULL,
	"key" TEXT NOT NULL,
	name TEXT NOT NULL,
	role TEXT NOT NULL,
	password TEXT DEFAULT '' NOT NULL,
	epoch INTEGER DEFAULT '1' NOT NULL,
	added_at BIGINT NOT NULL,
	seen_at BIGINT,
	disabled BOOLEAN DEFAULT false NOT NULL,
	language TEXT DEFAULT '' NOT NULL,
	zone TEXT DEFAULT '' NOT NULL,
	PRIMARY KEY (id),
	UNIQUE ("key")
);

CREATE TABLE wishes (
	file TEXT NOT NULL,
	n BIGINT NOT NULL,
	PRIMARY KEY (file)
);

CREATE TABLE workers (
	id TEXT NOT NULL,
	host TEXT NOT NULL,
	pid INTEGER NOT NULL,
	started_at BIGINT NOT NULL,
	seen_at BIGINT NOT NULL,
	run TEXT DEFAULT '' NOT NULL,
	recovered TEXT DEFAULT '' NOT NULL,
	ended BOOLEAN DEFAULT false NOT NULL,
	journal TEXT DEFAULT '' NOT NULL,
	PRIMARY KEY (id)
);

CREATE TABLE attempts (
	id TEXT NOT NULL,
	lead TEXT NOT NULL,
	n INTEGER NOT NULL,
	round INTEGER NOT NULL,
	account TEXT NOT NULL,
	source TEXT DEFAULT '' NOT NULL,
	number TEXT NOT NULL,
	script TEXT NOT NULL,
	sms TEXT,
	owner TEXT NOT NULL,
	started_at BIGINT NOT NULL,
	deadline_at BIGINT NOT NULL,
	ended_at BIGINT,
	outcome TEXT,
	how TEXT DEFAULT '' NOT NULL,
	irregular BOOLEAN DEFAULT false NOT NULL,
	http_status INTEGER,
	provider_id TEXT,
	price TEXT,
	error TEXT,
	reply BLOB,
	PRIMARY KEY (id),
	CONSTRAINT attempts_lead_n UNIQUE (lead, n),
	FOREIGN KEY(lead) REFERENCES leads (id)
);

CREATE TABLE delivery_leads (
	lead TEXT NOT NULL,
	delivery TEXT NOT NULL,
	position INTEGER NOT NULL,
	kind TEXT NOT NULL,
	PRIMARY KEY (lead, delivery, position),
	FOREIGN KEY(lead) REFERENCES leads (id),
	FOREIGN KEY(delivery) REFERENCES deliveries (id)
)
 WITHOUT ROWID;

CREATE TABLE erased_keys (
	source TEXT NOT NULL,
	digest TEXT NOT NULL,
	lead TEXT NOT NULL,
	first_at BIGINT NOT NULL,
	PRIMARY KEY (source, digest),
	FOREIGN KEY(lead) REFERENCES leads (id)
);

CREATE TABLE event_keys (
	source TEXT NOT NULL,
	"key" TEXT NOT NULL,
	lead TEXT NOT NULL,
	first_at BIGINT NOT NULL,
	PRIMARY KEY (source, "key"),
	FOREIGN KEY(lead) REFERENCES leads (id) DEFERRABLE INITIALLY DEFERRED
)
 WITHOUT ROWID;

CREATE TABLE history (
	lead TEXT NOT NULL,
	n INTEGER NOT NULL,
	at BIGINT NOT NULL,
	transition TEXT NOT NULL,
	origin TEXT NOT NULL,
	target TEXT NOT NULL,
	who TEXT NOT NULL,
	why TEXT DEFAULT '' NOT NULL,
	trace TEXT DEFAULT '{}' NOT NULL,
	payload TEXT,
	PRIMARY KEY (lead, n),
	FOREIGN KEY(lead) REFERENCES leads (id)
)
 WITHOUT ROWID;

CREATE TABLE sign_in_links (
	digest TEXT NOT NULL,
	user_id INTEGER NOT NULL,
	until BIGINT NOT NULL,
	loopback BOOLEAN NOT NULL,
	PRIMARY KEY (digest),
	FOREIGN KEY(user_id) REFERENCES users (id)
);

CREATE TABLE versions (
	name TEXT NOT NULL,
	n INTEGER NOT NULL,
	text TEXT NOT NULL,
	digest TEXT NOT NULL,
	since BIGINT NOT NULL,
	who TEXT NOT NULL,
	why TEXT DEFAULT '' NOT NULL,
	PRIMARY KEY (name, n),
	FOREIGN KEY(name) REFERENCES in_force (name)
);

CREATE INDEX alarm_messages_by_channel ON alarm_messages (channel, ended_at);

CREATE INDEX alarm_messages_waiting ON alarm_messages (id) WHERE ended_at IS NULL;

CREATE INDEX alarms_cleared ON alarms (cleared_at);

CREATE INDEX attempts_by_number ON attempts (number, account, started_at);

CREATE INDEX attempts_by_price ON attempts (script, price, started_at) WHERE price IS NOT NULL;

CREATE INDEX attempts_by_source ON attempts (source, started_at);

CREATE INDEX attempts_by_start ON attempts (started_at);

CREATE INDEX attempts_open ON attempts (deadline_at) WHERE outcome IS NULL;

CREATE INDEX audit_by_who ON audit (who, at);

CREATE INDEX deliveries_by_arrival ON deliveries (received_at, id);

CREATE INDEX deliveries_by_source ON deliveries (source, received_at, id);

CREATE INDEX deliveries_to_erase ON deliveries (received_at) WHERE erased_at IS NULL;

CREATE INDEX delivery_leads_by_delivery ON delivery_leads (delivery);

CREATE INDEX do_not_call_by_since ON do_not_call (since, no);

CREATE INDEX erased_keys_by_age ON erased_keys (first_at);

CREATE INDEX event_keys_by_lead ON event_keys (lead);

CREATE INDEX forgotten_calls_by_key ON forgotten_calls (source, event_key);

CREATE INDEX forgotten_calls_by_number ON forgotten_calls (number_hash);

CREATE INDEX leads_by_arrival ON leads (received_at, no);

CREATE INDEX leads_by_number ON leads (number) WHERE number IS NOT NULL;

CREATE INDEX leads_by_source ON leads (source, received_at, no);

CREATE INDEX leads_by_source_state ON leads (source, state, received_at, no);

CREATE INDEX leads_by_state ON leads (state, received_at, no);

CREATE INDEX leads_to_ask ON leads (asks_crm, source, due_at, no) WHERE state = 'received' AND asks_crm = 1;

CREATE INDEX leads_to_call ON leads (account, urgent, due_at, no) WHERE state = 'ready';

CREATE INDEX leads_to_call_by_kind ON leads (account, source, script, urgent, due_at, no) WHERE state = 'ready';

CREATE INDEX leads_to_erase ON leads (received_at) WHERE erased_at IS NULL AND state != 'received';

CREATE INDEX leads_to_map ON leads (asks_crm, due_at) WHERE state = 'received';

CREATE UNIQUE INDEX alarms_open ON alarms (kind, subject) WHERE cleared_at IS NULL;

CREATE UNIQUE INDEX attempts_one_ring_a_round ON attempts (lead, round) WHERE outcome IS NULL OR outcome <> 'not_sent';
