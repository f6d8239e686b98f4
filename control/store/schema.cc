#include "control/store/schema.h"

#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

// Each step brings the schema from its index to the next version. A step that
// was ever released does not change; a new one is added at the end.
//
// Times are milliseconds since 1970-01-01 UTC, 0 = not set. Ids are random,
// up to 2^53-1. Keys are 32 bytes. Addresses and endpoints are text; lists are
// joined with ','.
constexpr const char* kSteps[] = {
    R"sql(
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
)sql",
};

absl::Status RunStep(SqlConnection& connection, int64_t from) {
  WARREN_ASSIGN_OR_RETURN(SqlTransaction transaction,
                          SqlTransaction::Begin(connection));
  WARREN_RETURN_IF_ERROR(
      connection.RunScript(kSteps[static_cast<size_t>(from)]));
  const std::string stamp =
      absl::StrCat("PRAGMA application_id = ", kApplicationId,
                   "; PRAGMA user_version = ", from + 1);
  WARREN_RETURN_IF_ERROR(connection.RunScript(stamp.c_str()));
  return transaction.Commit();
}

}  // namespace

int64_t NewestSchema() { return std::ssize(kSteps); }

absl::Status Migrate(SqlConnection& connection, int64_t target) {
  WARREN_ASSIGN_OR_RETURN(int64_t version,
                          connection.QueryInt("PRAGMA user_version"));
  WARREN_ASSIGN_OR_RETURN(const int64_t application,
                          connection.QueryInt("PRAGMA application_id"));
  WARREN_ASSIGN_OR_RETURN(
      const int64_t num_tables,
      connection.QueryInt("SELECT count(*) FROM sqlite_schema"));
  const bool fresh = version == 0 && application == 0 && num_tables == 0;
  if (!fresh && application != kApplicationId) {
    return absl::FailedPreconditionError(
        "the database was not made by warren-control");
  }
  if (version > NewestSchema()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the database has schema ", version, ", this program knows up to ",
        NewestSchema(), ": use a newer warren-control"));
  }
  for (; version < target; ++version) {
    WARREN_RETURN_IF_ERROR(RunStep(connection, version));
  }
  return absl::OkStatus();
}

}  // namespace warren::control
