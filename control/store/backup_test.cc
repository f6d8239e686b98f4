#include "control/store/backup.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "control/store/database_file.h"
#include "control/store/schema.h"
#include "control/store/store_test_people.h"
#include "control/store/test_disk.h"

namespace warren::control {
namespace {

namespace fs = std::filesystem;

class BackupTest : public testing::Test {
 protected:
  BackupTest()
      : folder_(testing::TempDir() + Name()), copy_(folder_ + ".copy") {
    fs::remove_all(folder_);
    fs::remove_all(copy_);
  }
  static std::string Name() {
    std::string name =
        testing::UnitTest::GetInstance()->current_test_info()->name();
    std::replace(name.begin(), name.end(), '/', '.');
    return name;
  }
  std::unique_ptr<Store> Open() {
    auto store = Store::Open(folder_);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }
  std::unique_ptr<Store> Filled() {
    auto store = Open();
    FillStore(*store);
    FillAccounts(*store, SomeAccounts(true));
    FillAccess(*store, SomeAccess(true));
    return store;
  }
  absl::StatusOr<int64_t> Copy() {
    return CopyDatabase(DatabasePath(folder_), copy_);
  }

  const std::string folder_;
  const std::string copy_;
};

TEST_F(BackupTest, ARestoredBackupHasEveryRowAgain) {
  StoreContents before;
  {
    const auto store = Filled();
    before = *store->Load();
    const auto size = Copy();  // beside the open store
    ASSERT_TRUE(size.ok()) << size.status();
    EXPECT_EQ(static_cast<uintmax_t>(*size), fs::file_size(copy_));
    EXPECT_EQ(fs::status(copy_).permissions(), fs::perms(0600));
    EXPECT_EQ(RestoreDatabase(folder_, copy_, "now").status().code(),
              absl::StatusCode::kFailedPrecondition);  // it runs
    ASSERT_TRUE(store->DeleteUser(SomeUser().id, SomeAudit()).ok());
  }
  const auto restored = RestoreDatabase(folder_, copy_, "now");
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(restored->schema, NewestSchema());
  EXPECT_TRUE(SameContents(*Open()->Load(), before));
  // What was replaced is whole, with what was only in its log.
  fs::rename(restored->replaced, DatabasePath(folder_));
  EXPECT_TRUE(Open()->Load()->users.empty());
}

// The copy is what was committed at one moment: rows come in pairs.
TEST_F(BackupTest, ACopyUnderWritesIsOneMoment) {
  const auto store = Filled();
  std::atomic<bool> stop = false;
  std::atomic<int> num_written = 0;
  std::thread writer([&] {
    for (int n = 0; !stop; ++n) {
      NewPerson person;
      const UserId id(1000 + n);
      person.user =
          UserRecord{id, TailnetId(11), "user" + std::to_string(n), "", 1};
      person.account = LocalAccountRecord{id, TailnetId(11), "$", "", 0, {}};
      ASSERT_TRUE(store->accounts().PutPerson(person, SomeAudit()).ok());
      ++num_written;
    }
  });
  for (int round = 0; round < 5; ++round) {
    fs::remove(copy_);
    const int at_least = num_written;
    ASSERT_TRUE(Copy().ok());
    auto database = *SqlConnection::Open(copy_, SqlConnection::Mode::kRead);
    const int64_t users =
        *database.QueryInt("SELECT count(*) FROM users WHERE id >= 1000");
    EXPECT_GE(users, at_least);
    EXPECT_EQ(users, *database.QueryInt("SELECT count(*) FROM local_accounts"
                                        " WHERE user_id >= 1000"));
    while (num_written < 20 * (round + 1)) std::this_thread::yield();
  }
  stop = true;
  writer.join();
}

TEST_F(BackupTest, NothingIsOverwrittenAndNothingHalfIsLeft) {
  Filled();
  std::ofstream(copy_) << "precious";
  EXPECT_EQ(Copy().status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(fs::file_size(copy_), 8u);
  fs::remove(copy_);
  test_disk::Install();
  test_disk::FailFrom(3, test_disk::Fault::kFull);
  const auto full = Copy();
  test_disk::Heal();
  EXPECT_FALSE(full.ok());
  EXPECT_FALSE(fs::exists(copy_));
  EXPECT_FALSE(fs::exists(copy_ + ".part"));
}

struct BadBackup {
  const char* name;
  void (*spoil)(const std::string& path);
};
class BadBackupTest : public BackupTest,
                      public testing::WithParamInterface<BadBackup> {};

TEST_P(BadBackupTest, IsRefusedAndChangesNothing) {
  const StoreContents before = *Filled()->Load();
  ASSERT_TRUE(Copy().ok());
  GetParam().spoil(copy_);
  EXPECT_EQ(RestoreDatabase(folder_, copy_, "now").status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(SameContents(*Open()->Load(), before));
  for (const auto& entry : fs::directory_iterator(folder_)) {
    EXPECT_EQ(entry.path().string().find("replaced"), std::string::npos);
  }
}

void RunSql(const std::string& path, const char* sql) {
  auto database = *SqlConnection::Open(path, SqlConnection::Mode::kWrite);
  ASSERT_TRUE(database.RunScript(sql).ok());
}

INSTANTIATE_TEST_SUITE_P(
    , BadBackupTest,
    testing::ValuesIn(std::vector<BadBackup>{
        {"Missing", [](const std::string& p) { fs::remove(p); }},
        {"Empty", [](const std::string& p) { fs::resize_file(p, 0); }},
        {"CutOff",
         [](const std::string& p) {
           fs::resize_file(p, fs::file_size(p) - 1);
         }},
        {"NotADatabase",
         [](const std::string& p) {
           std::ofstream(p) << std::string(9999, 'x');
         }},
        {"Foreign",
         [](const std::string& p) { RunSql(p, "PRAGMA application_id = 7"); }},
        {"Newer",
         [](const std::string& p) { RunSql(p, "PRAGMA user_version = 99"); }},
        {"RowsWithoutOwners",
         [](const std::string& p) { RunSql(p, "DELETE FROM users"); }},
    }),
    [](const auto& param) { return std::string(param.param.name); });

// ---- A disk that fails, and a power cut. ----

TEST_F(BackupTest, AFailingDiskLosesNothingThatWasAcknowledged) {
  test_disk::Install();
  size_t num_acknowledged = 0;
  const auto store = Filled();
  for (int n = 0; n < 120; ++n) {
    const bool fails = n % 3 != 0;
    if (fails) {
      test_disk::FailFrom(n / 3, n % 2 == 0 ? test_disk::Fault::kFull
                                            : test_disk::Fault::kIoError);
    }
    const bool ok = store->PutNode(NumberedNode(n), SomeAudit()).ok();
    test_disk::Heal();
    num_acknowledged += ok ? 1 : 0;
    EXPECT_EQ(store->Load()->nodes.size(), 1 + num_acknowledged) << n;
  }
  EXPECT_GT(num_acknowledged, 40u);
  EXPECT_LT(num_acknowledged, 120u);
}

TEST_F(BackupTest, APowerCutLosesNothingThatWasAcknowledged) {
  test_disk::Install();
  SeededRng rng(7);
  const auto store = Filled();
  const std::string left = folder_ + ".left";
  for (int n = 0; n < 120; ++n) {
    SCOPED_TRACE(n);
    // The cut comes in the middle of the next write, or after it.
    test_disk::FailFrom(static_cast<int64_t>(rng.Below(12)),
                        test_disk::Fault::kIoError);
    const size_t had = store->Load()->nodes.size();
    const bool ok = store->PutNode(NumberedNode(n), SomeAudit()).ok();
    test_disk::CopyAfterPowerCut(folder_, left, rng);
    test_disk::Heal();
    const auto survivor = Store::Open(left);
    ASSERT_TRUE(survivor.ok()) << survivor.status();
    const auto contents = (*survivor)->Load();
    ASSERT_TRUE(contents.ok()) << contents.status();
    EXPECT_GE(contents->nodes.size(), had + (ok ? 1 : 0));
    EXPECT_LE(contents->nodes.size(), had + 1);
  }
}

}  // namespace
}  // namespace warren::control
