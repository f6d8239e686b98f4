#ifndef WARREN_CONTROL_STORE_SQLITE_H_
#define WARREN_CONTROL_STORE_SQLITE_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/bytes.h"

struct sqlite3;
struct sqlite3_stmt;

// A thin skin over SQLite. Every value is bound to a prepared statement; no
// SQL is ever put together from data. Not thread-safe.
namespace warren::control {

// What a `?` stands for. A vector is a BLOB, a monostate is NULL.
using SqlValue =
    std::variant<std::monostate, int64_t, std::string, std::vector<uint8_t>>;

// The current row of a query. Valid during the call that gets it. A column of
// another type, or NULL, reads as 0 or "".
class SqlRow {
 public:
  explicit SqlRow(sqlite3_stmt* statement) : statement_(statement) {}
  int64_t Int(int column) const;
  bool Bool(int column) const { return Int(column) != 0; }
  std::string Text(int column) const;
  Bytes Blob(int column) const;

 private:
  sqlite3_stmt* statement_;
};

// One open database.
class SqlConnection {
 public:
  enum class Mode { kRead, kWrite, kCreate };
  // Opens the file, makes it (0600) with kCreate. FAILED_PRECONDITION names
  // the file and why not.
  static absl::StatusOr<SqlConnection> Open(const std::string& path, Mode mode);

  using Values = std::initializer_list<SqlValue>;
  // Runs one statement that gives no rows. Codes, here and below:
  //   ALREADY_EXISTS       a UNIQUE or other constraint refused it
  //   UNAVAILABLE          somebody else holds the database
  //   RESOURCE_EXHAUSTED   the disk is full
  //   FAILED_PRECONDITION  not a database, damaged, or not readable
  absl::Status Run(const char* sql, Values values = {});
  // Runs a query; `each` sees every row and may end it with an error.
  absl::Status Query(const char* sql, Values values,
                     const std::function<absl::Status(const SqlRow&)>& each);
  // The first column of the first row, 0 if there is none.
  absl::StatusOr<int64_t> QueryInt(const char* sql, Values values = {});
  // Runs several statements without values: schemas and pragmas.
  absl::Status RunScript(const char* sql);
  // Rows that the last Run() changed.
  int64_t num_changed() const;
  // The INTEGER PRIMARY KEY of the row that the last INSERT made.
  int64_t last_id() const;
  // False also after an error that made SQLite roll back by itself, as a full
  // disk may.
  bool in_transaction() const;

  const std::string& path() const { return path_; }
  // For what SQLite does to whole databases: backup.h. Never null.
  sqlite3* handle() { return database_.get(); }

 private:
  struct Closer {
    void operator()(sqlite3* database) const;
  };
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalizer>;
  absl::StatusOr<Statement> Prepare(const char* sql);
  absl::Status Error(int code) const;

  std::string path_;
  std::unique_ptr<sqlite3, Closer> database_;
  // Prepared once, by their text; those in use are not in it. As many as there
  // are texts in the program. Declared last: they go before the database.
  std::map<std::string, Statement, std::less<>> idle_;
};

// BEGIN IMMEDIATE; rolls back unless committed.
class SqlTransaction {
 public:
  static absl::StatusOr<SqlTransaction> Begin(SqlConnection& connection);
  SqlTransaction(SqlTransaction&& other) noexcept;
  SqlTransaction& operator=(SqlTransaction&&) = delete;
  ~SqlTransaction();

  // What happened in it is durable when this returns OK.
  absl::Status Commit();

 private:
  explicit SqlTransaction(SqlConnection& connection)
      : connection_(&connection) {}
  SqlConnection* connection_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_SQLITE_H_
