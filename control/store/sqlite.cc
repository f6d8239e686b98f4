#include "control/store/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/overloaded.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

// How long a statement waits for another process, such as a backup.
constexpr int kBusyTimeoutMs = 5000;

// The value must outlive the statement's use.
int Bind(sqlite3_stmt* statement, int index, const SqlValue& value) {
  return std::visit(
      Overloaded{
          [&](std::monostate) { return sqlite3_bind_null(statement, index); },
          [&](int64_t v) { return sqlite3_bind_int64(statement, index, v); },
          [&](const std::string& v) {
            return sqlite3_bind_text64(statement, index, v.data(), v.size(),
                                       SQLITE_STATIC, SQLITE_UTF8);
          },
          [&](const std::vector<uint8_t>& v) {
            // A null pointer would be NULL, not an empty blob.
            if (v.empty()) return sqlite3_bind_zeroblob(statement, index, 0);
            return sqlite3_bind_blob64(statement, index, v.data(), v.size(),
                                       SQLITE_STATIC);
          },
      },
      value);
}

int BindAll(sqlite3_stmt* statement, SqlConnection::Values values) {
  int index = 0;
  for (const SqlValue& value : values) {
    const int code = Bind(statement, ++index, value);
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

// SQLite would make the file with the umask's mode.
absl::Status Touch(const std::string& path) {
  const int fd = open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot make ", path, ": ", std::strerror(errno)));
  }
  close(fd);
  return absl::OkStatus();
}

}  // namespace

int64_t SqlRow::Int(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string SqlRow::Text(int column) const {
  const auto* text = sqlite3_column_text(statement_, column);
  if (text == nullptr) return "";
  const int size = sqlite3_column_bytes(statement_, column);
  return std::string(reinterpret_cast<const char*>(text),
                     static_cast<size_t>(size));
}

Bytes SqlRow::Blob(int column) const {
  const auto* data =
      static_cast<const uint8_t*>(sqlite3_column_blob(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return Bytes(data, data == nullptr ? 0 : static_cast<size_t>(size));
}

void SqlConnection::Closer::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

void SqlConnection::Finalizer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

absl::StatusOr<SqlConnection> SqlConnection::Open(const std::string& path,
                                                  Mode mode) {
  if (mode == Mode::kCreate) WARREN_RETURN_IF_ERROR(Touch(path));
  SqlConnection connection;
  connection.path_ = path;
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(
      path.c_str(), &database,
      SQLITE_OPEN_NOMUTEX |
          (mode == Mode::kRead ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE),
      nullptr);
  connection.database_.reset(database);
  if (code != SQLITE_OK) return connection.Error(code);
  sqlite3_busy_timeout(database, kBusyTimeoutMs);
  sqlite3_extended_result_codes(database, 1);
  return connection;
}

absl::Status SqlConnection::Error(int code) const {
  const std::string message =
      absl::StrCat("database ", path_, ": ", sqlite3_errmsg(database_.get()));
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
      return absl::AlreadyExistsError(message);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(message);
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return absl::FailedPreconditionError(message);
    default:
      return absl::InternalError(message);
  }
}

absl::StatusOr<SqlConnection::Statement> SqlConnection::Prepare(
    const char* sql) {
  const auto idle = idle_.find(sql);
  if (idle != idle_.end() && idle->second != nullptr) {
    return std::move(idle->second);
  }
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v3(
      database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  Statement statement(prepared);
  if (code != SQLITE_OK) return Error(code);
  return statement;
}

absl::Status SqlConnection::Query(
    const char* sql, Values values,
    const std::function<absl::Status(const SqlRow&)>& each) {
  WARREN_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  absl::Status status;
  int code = BindAll(statement.get(), values);
  while (code == SQLITE_OK && status.ok()) {
    const int step = sqlite3_step(statement.get());
    if (step == SQLITE_DONE) break;
    if (step == SQLITE_ROW) {
      status = each(SqlRow(statement.get()));
    } else {
      code = step;
    }
  }
  if (code != SQLITE_OK) status = Error(code);
  sqlite3_reset(statement.get());
  sqlite3_clear_bindings(statement.get());
  idle_[sql] = std::move(statement);
  return status;
}

absl::Status SqlConnection::Run(const char* sql, Values values) {
  return Query(sql, values, [](const SqlRow&) { return absl::OkStatus(); });
}

absl::StatusOr<int64_t> SqlConnection::QueryInt(const char* sql,
                                                Values values) {
  int64_t first = 0;
  bool seen = false;
  WARREN_RETURN_IF_ERROR(Query(sql, values, [&](const SqlRow& row) {
    if (!seen) first = row.Int(0);
    seen = true;
    return absl::OkStatus();
  }));
  return first;
}

absl::Status SqlConnection::RunScript(const char* sql) {
  const int code =
      sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Error(code);
}

int64_t SqlConnection::num_changed() const {
  return sqlite3_changes64(database_.get());
}

int64_t SqlConnection::last_id() const {
  return sqlite3_last_insert_rowid(database_.get());
}

bool SqlConnection::in_transaction() const {
  return sqlite3_get_autocommit(database_.get()) == 0;
}

absl::StatusOr<SqlTransaction> SqlTransaction::Begin(
    SqlConnection& connection) {
  WARREN_RETURN_IF_ERROR(connection.Run("BEGIN IMMEDIATE"));
  return SqlTransaction(connection);
}

SqlTransaction::SqlTransaction(SqlTransaction&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)) {}

SqlTransaction::~SqlTransaction() {
  // Fails only when SQLite has rolled back by itself.
  if (connection_ != nullptr) connection_->Run("ROLLBACK").IgnoreError();
}

absl::Status SqlTransaction::Commit() {
  WARREN_RETURN_IF_ERROR(connection_->Run("COMMIT"));
  connection_ = nullptr;
  return absl::OkStatus();
}

}  // namespace warren::control
