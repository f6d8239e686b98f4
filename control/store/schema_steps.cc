#include "control/store/schema_steps.h"

// Times are milliseconds since 1970-01-01 UTC, 0 = not set. Ids are random,
// up to 2^53-1. Keys and hashes are 32 bytes. Addresses and endpoints are
// text; lists are joined with ',' (row_codec.h). A reference that may be none
// is NULL.
namespace warren::control {
namespace {

constexpr char kStep1[] = R"sql(
CREATE TABLE tailnets (
  id          INTEGER PRIMARY KEY,
  name        TEXT NOT NULL UNIQUE,
  created_ms  INTEGER NOT NULL,
  -- No netmap with a greater version was ever published; counting goes on
  -- from here after a restart.
  version     INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
  id            INTEGER PRIMARY KEY,
  tailnet_id    INTEGER NOT NULL REFERENCES tailnets(id) ON DELETE CASCADE,
  login         TEXT NOT NULL,
  display_name  TEXT NOT NULL,
  created_ms    INTEGER NOT NULL,
  UNIQUE (tailnet_id, login)
) STRICT;

CREATE TABLE auth_keys (
  id           INTEGER PRIMARY KEY,
  tailnet_id   INTEGER NOT NULL REFERENCES tailnets(id) ON DELETE CASCADE,
  user_id      INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  prefix       TEXT NOT NULL UNIQUE,
  hash         BLOB NOT NULL,
  reusable     INTEGER NOT NULL,
  ephemeral    INTEGER NOT NULL,
  tags         TEXT NOT NULL,
  description  TEXT NOT NULL,
  created_ms   INTEGER NOT NULL,
  expires_ms   INTEGER NOT NULL,
  revoked_ms   INTEGER NOT NULL,
  num_uses     INTEGER NOT NULL
) STRICT;
CREATE INDEX auth_keys_of_user ON auth_keys (user_id);

CREATE TABLE nodes (
  id              INTEGER PRIMARY KEY,
  tailnet_id      INTEGER NOT NULL REFERENCES tailnets(id) ON DELETE CASCADE,
  -- Who let it in: the owner, also of a tagged node.
  user_id         INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  machine_key     BLOB NOT NULL,
  node_key        BLOB NOT NULL UNIQUE,
  disco_key       BLOB NOT NULL,
  name            TEXT NOT NULL,
  wanted_name     TEXT NOT NULL,
  named_by_admin  INTEGER NOT NULL,
  ipv4            TEXT NOT NULL,
  ipv6            TEXT NOT NULL,
  tags            TEXT NOT NULL,
  ephemeral       INTEGER NOT NULL,
  -- Of the key it joined with last, which may be gone; 0 = none.
  auth_key_id     INTEGER NOT NULL,
  created_ms      INTEGER NOT NULL,
  key_expiry_ms   INTEGER NOT NULL,
  last_seen_ms    INTEGER NOT NULL,
  hostname        TEXT NOT NULL,
  os              TEXT NOT NULL,
  os_version      TEXT NOT NULL,
  client_version  TEXT NOT NULL,
  endpoints       TEXT NOT NULL,
  home_relay      INTEGER NOT NULL,
  UNIQUE (tailnet_id, machine_key),
  UNIQUE (tailnet_id, name),
  UNIQUE (tailnet_id, ipv4),
  UNIQUE (tailnet_id, ipv6)
) STRICT;
CREATE INDEX nodes_of_user ON nodes (user_id);

CREATE TABLE relays (
  tailnet_id  INTEGER NOT NULL REFERENCES tailnets(id) ON DELETE CASCADE,
  region_id   INTEGER NOT NULL,
  -- A serialized warren.v1.RelayRegion.
  definition  BLOB NOT NULL,
  PRIMARY KEY (tailnet_id, region_id)
) STRICT;

-- Outlives the tailnet it tells of.
CREATE TABLE audit (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  tailnet_id  INTEGER NOT NULL,
  time_ms     INTEGER NOT NULL,
  actor       TEXT NOT NULL,
  action      TEXT NOT NULL,
  target      TEXT NOT NULL,
  before      TEXT NOT NULL,
  after       TEXT NOT NULL
) STRICT;
CREATE INDEX audit_of_tailnet ON audit (tailnet_id, id);
)sql";

constexpr char kStep1Back[] = R"sql(
DROP TABLE audit;
DROP TABLE relays;
DROP TABLE nodes;
DROP TABLE auth_keys;
DROP TABLE users;
DROP TABLE tailnets;
)sql";

constexpr SchemaLoss kStep1Losses[] = {
    {"everything", "SELECT count(*) FROM tailnets"},
};

constexpr char kStep2[] = R"sql(
ALTER TABLE tailnets ADD COLUMN approve_devices INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tailnets ADD COLUMN approve_users INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tailnets ADD COLUMN invited_only INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tailnets ADD COLUMN local_accounts INTEGER NOT NULL DEFAULT 1;
ALTER TABLE tailnets ADD COLUMN require_second_factor
  INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tailnets ADD COLUMN key_lifetime_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tailnets ADD COLUMN ephemeral_timeout_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tailnets ADD COLUMN session_lifetime_ms INTEGER NOT NULL DEFAULT 0;

ALTER TABLE users ADD COLUMN role INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN status INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN last_login_ms INTEGER NOT NULL DEFAULT 0;

ALTER TABLE auth_keys ADD COLUMN preapproved INTEGER NOT NULL DEFAULT 0;
ALTER TABLE auth_keys ADD COLUMN max_uses INTEGER NOT NULL DEFAULT 0;

ALTER TABLE nodes ADD COLUMN approved_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE nodes ADD COLUMN sign_in_by TEXT NOT NULL DEFAULT '';
ALTER TABLE nodes ADD COLUMN sign_in_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE nodes ADD COLUMN sign_in_from TEXT NOT NULL DEFAULT '';
ALTER TABLE nodes ADD COLUMN advertised_routes TEXT NOT NULL DEFAULT '';
ALTER TABLE nodes ADD COLUMN approved_routes TEXT NOT NULL DEFAULT '';
ALTER TABLE nodes ADD COLUMN routes_since_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE nodes ADD COLUMN attributes TEXT NOT NULL DEFAULT '';
-- Who was in stays in.
UPDATE nodes SET approved_ms = max(created_ms, 1), sign_in_ms = created_ms,
  sign_in_by = coalesce((SELECT 'auth key ' || prefix FROM auth_keys
                         WHERE auth_keys.id = nodes.auth_key_id), '');

ALTER TABLE audit ADD COLUMN source TEXT NOT NULL DEFAULT '';

-- The server itself, one row: which control.key this database belongs to.
CREATE TABLE server (
  id          INTEGER PRIMARY KEY CHECK (id = 1),
  public_key  BLOB NOT NULL
) STRICT;

CREATE TABLE identities (
  id              INTEGER PRIMARY KEY,
  tailnet_id      INTEGER NOT NULL REFERENCES tailnets(id) ON DELETE CASCADE,
  user_id         INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  provider_id     INTEGER NOT NULL,  -- may be gone
  issuer          TEXT NOT NULL,
  subject         TEXT NOT NULL,
  email           TEXT NOT NULL,
  email_verified  INTEGER NOT NULL,
  groups          TEXT NOT NULL,
  created_ms      INTEGER NOT NULL,
  last_login_ms   INTEGER NOT NULL,
  UNIQUE (tailnet_id, issuer, subject)
) STRICT;
CREATE INDEX identities_of_user ON identities (user_id);

CREATE TABLE local_accounts (
  user_id          INTEGER PRIMARY KEY REFERENCES users(id) ON DELETE CASCADE,
  tailnet_id       INTEGER NOT NULL REFERENCES tailnets(id) ON DELETE CASCADE,
  password_hash    TEXT NOT NULL,
  totp_secret      BLOB NOT NULL,  -- sealed
  totp_last_step   INTEGER NOT NULL,
  num_failures     INTEGER NOT NULL,
  locked_until_ms  INTEGER NOT NULL
) STRICT;
CREATE INDEX local_accounts_of_tailnet ON local_accounts (tailnet_id);

CREATE TABLE recovery_codes (
  id       INTEGER PRIMARY KEY,
  user_id  INTEGER NOT NULL
           REFERENCES local_accounts(user_id) ON DELETE CASCADE,
  hash     BLOB NOT NULL,
  UNIQUE (user_id, hash)
) STRICT;

CREATE TABLE passkeys (
  credential_id  BLOB PRIMARY KEY,
  user_id        INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  tailnet_id     INTEGER NOT NULL REFERENCES tailnets(id) ON DELETE CASCADE,
  name           TEXT NOT NULL,
  public_key     BLOB NOT NULL,
  sign_count     INTEGER NOT NULL,
  created_ms     INTEGER NOT NULL,
  last_used_ms   INTEGER NOT NULL
) STRICT;
CREATE INDEX passkeys_of_user ON passkeys (user_id);
CREATE INDEX passkeys_of_tailnet ON passkeys (tailnet_id);

CREATE TABLE providers (
  id          INTEGER PRIMARY KEY,
  tailnet_id  INTEGER NOT NULL REFERENCES tailnets(id) ON DELETE CASCADE,
  name        TEXT NOT NULL,
  config      BLOB NOT NULL,  -- a serialized warren.v1.Provider
  secret      BLOB NOT NULL,  -- sealed
  created_ms  INTEGER NOT NULL,
  UNIQUE (tailnet_id, name)
) STRICT;

CREATE TABLE sessions (
  id            INTEGER PRIMARY KEY,
  tailnet_id    INTEGER NOT NULL REFERENCES tailnets(id) ON DELETE CASCADE,
  user_id       INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  provider      TEXT NOT NULL,
  hash          BLOB NOT NULL UNIQUE,
  created_ms    INTEGER NOT NULL,
  expires_ms    INTEGER NOT NULL,
  last_used_ms  INTEGER NOT NULL,
  address       TEXT NOT NULL,
  user_agent    TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_of_tailnet ON sessions (tailnet_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_ms);

CREATE TABLE invitations (
  id          INTEGER PRIMARY KEY,
  tailnet_id  INTEGER NOT NULL REFERENCES tailnets(id) ON DELETE CASCADE,
  kind        INTEGER NOT NULL,
  hash        BLOB NOT NULL UNIQUE,
  role        INTEGER NOT NULL,
  email       TEXT NOT NULL,
  node_id     INTEGER REFERENCES nodes(id) ON DELETE CASCADE,
  user_id     INTEGER REFERENCES users(id) ON DELETE CASCADE,
  created_by  TEXT NOT NULL,
  created_ms  INTEGER NOT NULL,
  expires_ms  INTEGER NOT NULL,
  used_ms     INTEGER NOT NULL,
  used_by     TEXT NOT NULL
) STRICT;
CREATE INDEX invitations_of_tailnet ON invitations (tailnet_id);
CREATE INDEX invitations_to_node ON invitations (node_id);
CREATE INDEX invitations_of_user ON invitations (user_id);

-- Every version that ever was in force.
CREATE TABLE policies (
  tailnet_id      INTEGER NOT NULL REFERENCES tailnets(id) ON DELETE CASCADE,
  version         INTEGER NOT NULL,
  text            TEXT NOT NULL,
  author          TEXT NOT NULL,
  created_ms      INTEGER NOT NULL,
  note            TEXT NOT NULL,
  rolled_back_to  INTEGER NOT NULL,
  PRIMARY KEY (tailnet_id, version)
) STRICT;

CREATE TABLE api_keys (
  id            INTEGER PRIMARY KEY,
  tailnet_id    INTEGER NOT NULL REFERENCES tailnets(id) ON DELETE CASCADE,
  user_id       INTEGER REFERENCES users(id) ON DELETE CASCADE,
  kind          INTEGER NOT NULL,
  -- Of an access token: its OAuth client.
  client_id     INTEGER REFERENCES api_keys(id) ON DELETE CASCADE,
  prefix        TEXT NOT NULL UNIQUE,
  hash          BLOB NOT NULL,
  scopes        TEXT NOT NULL,
  tags          TEXT NOT NULL,
  description   TEXT NOT NULL,
  created_ms    INTEGER NOT NULL,
  expires_ms    INTEGER NOT NULL,
  revoked_ms    INTEGER NOT NULL,
  last_used_ms  INTEGER NOT NULL
) STRICT;
CREATE INDEX api_keys_of_tailnet ON api_keys (tailnet_id);
CREATE INDEX api_keys_of_user ON api_keys (user_id);
CREATE INDEX api_keys_of_client ON api_keys (client_id);

CREATE TABLE shares (
  id                INTEGER PRIMARY KEY,
  tailnet_id        INTEGER NOT NULL REFERENCES tailnets(id) ON DELETE CASCADE,
  node_id           INTEGER NOT NULL REFERENCES nodes(id) ON DELETE CASCADE,
  guest_tailnet_id  INTEGER NOT NULL REFERENCES tailnets(id) ON DELETE CASCADE,
  guest_id          INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  created_ms        INTEGER NOT NULL,
  created_by        TEXT NOT NULL,
  UNIQUE (node_id, guest_id)
) STRICT;
CREATE INDEX shares_of_tailnet ON shares (tailnet_id);
CREATE INDEX shares_to_tailnet ON shares (guest_tailnet_id);
CREATE INDEX shares_to_guest ON shares (guest_id);

CREATE TABLE webhooks (
  id          INTEGER PRIMARY KEY,
  tailnet_id  INTEGER NOT NULL REFERENCES tailnets(id) ON DELETE CASCADE,
  name        TEXT NOT NULL,
  url         TEXT NOT NULL,
  secret      BLOB NOT NULL,  -- sealed
  events      TEXT NOT NULL,
  enabled     INTEGER NOT NULL,
  created_ms  INTEGER NOT NULL,
  UNIQUE (tailnet_id, name)
) STRICT;

-- What is on its way to a webhook.
CREATE TABLE deliveries (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  webhook_id    INTEGER NOT NULL REFERENCES webhooks(id) ON DELETE CASCADE,
  body          TEXT NOT NULL,
  created_ms    INTEGER NOT NULL,
  next_ms       INTEGER NOT NULL,
  num_attempts  INTEGER NOT NULL,
  last_error    TEXT NOT NULL
) STRICT;
CREATE INDEX deliveries_of_webhook ON deliveries (webhook_id, id);
CREATE INDEX deliveries_by_time ON deliveries (next_ms);
)sql";

constexpr char kStep2Back[] = R"sql(
DROP TABLE deliveries;
DROP TABLE webhooks;
DROP TABLE shares;
DROP TABLE api_keys;
DROP TABLE policies;
DROP TABLE invitations;
DROP TABLE sessions;
DROP TABLE providers;
DROP TABLE passkeys;
DROP TABLE recovery_codes;
DROP TABLE local_accounts;
DROP TABLE identities;
DROP TABLE server;
ALTER TABLE audit DROP COLUMN source;
ALTER TABLE nodes DROP COLUMN attributes;
ALTER TABLE nodes DROP COLUMN routes_since_ms;
ALTER TABLE nodes DROP COLUMN approved_routes;
ALTER TABLE nodes DROP COLUMN advertised_routes;
ALTER TABLE nodes DROP COLUMN sign_in_from;
ALTER TABLE nodes DROP COLUMN sign_in_ms;
ALTER TABLE nodes DROP COLUMN sign_in_by;
ALTER TABLE nodes DROP COLUMN approved_ms;
ALTER TABLE auth_keys DROP COLUMN max_uses;
ALTER TABLE auth_keys DROP COLUMN preapproved;
ALTER TABLE users DROP COLUMN last_login_ms;
ALTER TABLE users DROP COLUMN status;
ALTER TABLE users DROP COLUMN role;
ALTER TABLE tailnets DROP COLUMN session_lifetime_ms;
ALTER TABLE tailnets DROP COLUMN ephemeral_timeout_ms;
ALTER TABLE tailnets DROP COLUMN key_lifetime_ms;
ALTER TABLE tailnets DROP COLUMN require_second_factor;
ALTER TABLE tailnets DROP COLUMN local_accounts;
ALTER TABLE tailnets DROP COLUMN invited_only;
ALTER TABLE tailnets DROP COLUMN approve_users;
ALTER TABLE tailnets DROP COLUMN approve_devices;
)sql";

constexpr SchemaLoss kStep2Losses[] = {
    {"suspended or waiting users would be let in",
     "SELECT count(*) FROM users WHERE status <> 0"},
    {"nodes that wait for approval would be let in",
     "SELECT count(*) FROM nodes WHERE approved_ms = 0"},
    {"tailnets would lose their policy: what it forbids becomes possible",
     "SELECT count(DISTINCT tailnet_id) FROM policies"},
    {"roles of users", "SELECT count(*) FROM users WHERE role <> 0"},
    {"identities at sign-in providers", "SELECT count(*) FROM identities"},
    {"local accounts", "SELECT count(*) FROM local_accounts"},
    {"passkeys", "SELECT count(*) FROM passkeys"},
    {"sign-in providers", "SELECT count(*) FROM providers"},
    {"invitations", "SELECT count(*) FROM invitations WHERE used_ms = 0"},
    {"API keys and OAuth clients",
     "SELECT count(*) FROM api_keys WHERE kind <> 2"},
    {"shared nodes", "SELECT count(*) FROM shares"},
    {"webhooks", "SELECT count(*) FROM webhooks"},
    {"nodes with routes or attributes",
     "SELECT count(*) FROM nodes WHERE approved_routes <> ''"
     " OR advertised_routes <> '' OR attributes <> ''"},
    {"auth keys with a limit of uses would be without",
     "SELECT count(*) FROM auth_keys WHERE max_uses <> 0"},
    {"tailnets with settings of their own",
     "SELECT count(*) FROM tailnets WHERE approve_devices OR approve_users"
     " OR invited_only OR NOT local_accounts OR require_second_factor"
     " OR key_lifetime_ms OR ephemeral_timeout_ms OR session_lifetime_ms"},
};

constexpr SchemaStep kSteps[] = {
    {"tailnets, users, auth keys, nodes, relays, the audit log", kStep1,
     kStep1Back, kStep1Losses},
    {"roles, sign-in, sessions, approval, policies, API keys, shares, webhooks",
     kStep2, kStep2Back, kStep2Losses},
};

}  // namespace

std::span<const SchemaStep> SchemaSteps() { return kSteps; }

}  // namespace warren::control
