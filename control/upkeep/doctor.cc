#include "control/upkeep/doctor.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "control/coordinator/stored_policy.h"
#include "control/identity/server_key.h"
#include "control/store/database_file.h"
#include "control/store/load_contents.h"
#include "control/store/schema.h"
#include "core/crypto/system_rng.h"

namespace warren::control {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMegabyte = 1'000'000;
constexpr int64_t kLargeLog = 128 * kMegabyte;
constexpr int64_t kLittleRoom = 256 * kMegabyte;
constexpr int64_t kHourMs = 3'600'000;

class Examination {
 public:
  Examination(const std::string& folder, int64_t now_ms)
      : folder_(folder), now_ms_(now_ms) {}

  std::vector<Finding> Run() {
    if (!LookAtFolder()) return std::move(findings_);
    LookForServer();
    LookAtFiles();
    LookAtKey();
    LookAtDatabase();
    LookAtRoom();
    return std::move(findings_);
  }

 private:
  void Good(std::string what) {
    findings_.push_back({Finding::Grade::kGood, std::move(what), ""});
  }
  void Warn(std::string what, std::string todo) {
    findings_.push_back(
        {Finding::Grade::kWarning, std::move(what), std::move(todo)});
  }
  void Bad(std::string what, std::string todo) {
    findings_.push_back(
        {Finding::Grade::kBad, std::move(what), std::move(todo)});
  }

  bool LookAtFolder();
  void LookForServer();
  void LookAtFiles();
  void LookAtKey();
  void LookAtDatabase();
  void LookInside(SqlConnection& database);
  void LookAtPeople(const StoreContents& contents);
  void LookAtPolicies(const StoreContents& contents);
  void LookAtClock(SqlConnection& database);
  void LookAtRoom();

  const std::string folder_;
  const int64_t now_ms_;
  std::optional<crypto::MachineKey> key_;
  std::vector<Finding> findings_;
};

bool Examination::LookAtFolder() {
  struct stat info;
  if (stat(folder_.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    Bad(absl::StrCat("there is no state folder ", folder_),
        "name the right one with --state-dir, or start the server once");
    return false;
  }
  if ((info.st_mode & 022) != 0) {
    Bad(absl::StrCat("other users may write to ", folder_),
        absl::StrCat("chmod 700 ", folder_));
  } else {
    Good(absl::StrCat("folder ", folder_));
  }
  return true;
}

void Examination::LookForServer() {
  const io::Fd lock(
      open((folder_ + "/control.lock").c_str(), O_RDWR | O_CLOEXEC));
  const bool running = lock.ok() && flock(lock.get(), LOCK_EX | LOCK_NB) != 0;
  Good(running ? "a server is running on it" : "no server is running on it");
}

void Examination::LookAtFiles() {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder_, ignored)) {
    const std::string name = entry.path().filename().string();
    if (!absl::StartsWith(name, "control.")) continue;
    const auto mode = entry.status(ignored).permissions();
    if ((mode & fs::perms(077)) != fs::perms::none) {
      Bad(absl::StrCat("other users may open ", name),
          absl::StrCat("chmod 600 ", entry.path().string(),
                       "; if somebody may have read control.key, replace it"));
    }
    if (absl::EndsWith(name, ".part") || absl::EndsWith(name, ".restoring")) {
      Warn(absl::StrCat(name, " is left of a copy that was interrupted"),
           "remove it when no backup or restore is running");
    }
  }
}

void Examination::LookAtKey() {
  const std::string path = folder_ + "/control.key";
  if (!SizeOf(path)) {
    Bad(absl::StrCat("there is no ", path),
        "put the copy back that you kept; without it every client must be "
        "told the new key of this server and log in again");
    return;
  }
  crypto::SystemRng rng;
  const auto key = LoadServerKey(folder_, rng);
  if (!key.ok()) {
    Bad(std::string(key.status().message()), "put a copy of it back");
    return;
  }
  key_ = key->public_key();
  Good(absl::StrCat("control.key, ", key_->ToString()));
}

void Examination::LookAtDatabase() {
  const std::string path = DatabasePath(folder_);
  if (!SizeOf(path)) {
    Bad(absl::StrCat("there is no ", path),
        "`warren-control restore --from BACKUP`, or `serve --begin-anew` if "
        "everything shall begin anew");
    return;
  }
  const auto schema = CheckDatabase(path, CheckDepth::kFull);
  if (!schema.ok()) {
    Bad(std::string(schema.status().message()),
        "`warren-control restore --from BACKUP`");
    return;
  }
  Good(absl::StrCat("control.db is sound, schema ", *schema, ", ",
                    SizeWithLog(path), " bytes"));
  const int64_t log = SizeOf(path + "-wal").value_or(0);
  if (log > kLargeLog) {
    Warn(absl::StrCat("the log of the database has ", log, " bytes"),
         "end what keeps reading from it, such as a copy that hangs");
  }
  if (*schema != NewestSchema()) {
    Warn(absl::StrCat("this program would bring it to schema ", NewestSchema()),
         "`warren-control upgrade --check` tells more");
    return;
  }
  auto database = SqlConnection::Open(path, SqlConnection::Mode::kRead);
  if (database.ok()) LookInside(*database);
}

void Examination::LookInside(SqlConnection& database) {
  const auto contents = LoadContents(database);
  if (!contents.ok()) {
    Bad(std::string(contents.status().message()),
        "`warren-control restore --from BACKUP`");
    return;
  }
  if (key_ && !contents->server_key.IsZero() && contents->server_key != *key_) {
    Bad("control.key is not the one that this database belongs to",
        absl::StrCat("put the control.key back whose public part is ",
                     contents->server_key.ToString()));
  }
  LookAtPeople(*contents);
  LookAtPolicies(*contents);
  LookAtClock(database);
}

void Examination::LookAtPeople(const StoreContents& contents) {
  Good(absl::StrCat(contents.tailnets.size(), " tailnets, ",
                    contents.users.size(), " users, ", contents.nodes.size(),
                    " nodes"));
  for (const TailnetRecord& tailnet : contents.tailnets) {
    const bool owned = std::any_of(contents.users.begin(), contents.users.end(),
                                   [&tailnet](const UserRecord& user) {
                                     return user.tailnet == tailnet.id &&
                                            user.role == policy::Role::kOwner &&
                                            user.status == UserStatus::kActive;
                                   });
    if (owned) continue;
    Warn(absl::StrCat("tailnet ", tailnet.name, " has no active owner"),
         "the server prints a link for the first owner when it starts; "
         "`warren-admin user role USER owner` makes one, too");
  }
}

void Examination::LookAtPolicies(const StoreContents& contents) {
  for (const PolicyRecord& policy : contents.access.policies) {
    const absl::Status good = ReadStoredPolicy(policy).status();
    if (good.ok()) continue;
    Bad(std::string(good.message()),
        "run the warren-control that wrote it, and change the policy there");
  }
}

void Examination::LookAtClock(SqlConnection& database) {
  const auto newest = database.QueryInt("SELECT max(time_ms) FROM audit");
  if (!newest.ok() || *newest <= now_ms_ + kHourMs) return;
  Warn(absl::StrCat(
           "the newest entry of the audit log is of ",
           absl::FormatTime("%Y-%m-%d %H:%M UTC", absl::FromUnixMillis(*newest),
                            absl::UTCTimeZone()),
           ", later than this machine's clock"),
       "set the clock: keys and sessions expire by it");
}

void Examination::LookAtRoom() {
  const std::string path = DatabasePath(folder_);
  const int64_t room = RoomFor(path);
  const int64_t wanted = std::max(kLittleRoom, 2 * SizeWithLog(path));
  if (room >= wanted) {
    Good(absl::StrCat(room / kMegabyte, " MB are free for it"));
    return;
  }
  Warn(absl::StrCat("only ", room / kMegabyte, " MB are free in ", folder_),
       absl::StrCat("make room: ", wanted / kMegabyte,
                    " MB let the database grow and be copied; when the disk "
                    "is full, nothing can be changed"));
}

}  // namespace

std::vector<Finding> Examine(const std::string& folder, int64_t now_ms) {
  return Examination(folder, now_ms).Run();
}

}  // namespace warren::control
