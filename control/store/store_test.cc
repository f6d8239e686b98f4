#include "control/store/store.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "control/store/database_file.h"
#include "control/store/schema.h"
#include "control/store/store_test_records.h"

namespace warren::control {
namespace {

namespace fs = std::filesystem;

class StoreTest : public testing::Test {
 protected:
  StoreTest() : folder_(fs::path(testing::TempDir()) / Name()) {
    fs::remove_all(folder_);
  }
  static std::string Name() {
    std::string name =
        testing::UnitTest::GetInstance()->current_test_info()->name();
    std::replace(name.begin(), name.end(), '/', '.');
    return name;
  }
  std::string Database() const { return folder_ + "/control.db"; }

  std::unique_ptr<Store> Open() {
    auto store = Store::Open(folder_);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }
  // A store with one of everything, closed again.
  void Fill() {
    const auto store = Open();
    ASSERT_NE(store, nullptr);
    FillStore(*store);
  }
  // The message with which Open() refuses; the files are as they were.
  std::string Refusal() {
    const std::string before = Contents();
    const auto store = Store::Open(folder_);
    EXPECT_EQ(store.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(Contents(), before) << "the damaged file was changed";
    return std::string(store.status().message());
  }
  std::string Contents() const {
    std::ifstream file(Database(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const std::string folder_;
};

TEST_F(StoreTest, RemembersEverythingAcrossARestart) {
  Fill();
  const auto store = Open();
  const auto contents = store->Load();
  ASSERT_TRUE(contents.ok()) << contents.status();
  EXPECT_EQ(contents->tailnets, std::vector{SomeTailnet()});
  EXPECT_EQ(contents->users, std::vector{SomeUser()});
  EXPECT_EQ(contents->nodes, std::vector{SomeNode()});
  EXPECT_EQ(contents->relays, std::vector{SomeRelay()});
  AuthKeyRecord used = SomeAuthKey();
  used.num_uses = 1;
  EXPECT_EQ(contents->auth_keys, std::vector{used});
}

TEST_F(StoreTest, KeepsItsFilesFromOthers) {
  Fill();
  EXPECT_EQ(fs::status(folder_).permissions(), fs::perms::owner_all);
  for (const auto& file : fs::directory_iterator(folder_)) {
    EXPECT_EQ(fs::status(file).permissions() & fs::perms(077), fs::perms::none)
        << file;
  }
}

TEST_F(StoreTest, LeavesAFolderOfOthersAsItIs) {
  fs::create_directories(folder_);
  const auto shared = fs::perms::all | fs::perms::sticky_bit;  // as /tmp
  fs::permissions(folder_, shared);
  EXPECT_NE(Refusal().find("chmod 700"), std::string::npos);
  EXPECT_EQ(fs::status(folder_).permissions(), shared);
  EXPECT_TRUE(fs::is_empty(folder_));
  const auto readable = fs::perms(0755);
  fs::permissions(folder_, readable);
  Fill();
  EXPECT_EQ(fs::status(folder_).permissions(), readable);
}

TEST_F(StoreTest, RefusesASecondServer) {
  const auto first = Open();
  EXPECT_NE(Refusal().find("another warren-control"), std::string::npos);
}

TEST_F(StoreTest, AOneOffKeyIsUsedOnce) {
  Fill();
  const auto store = Open();
  NodeRecord second = OtherNode();
  const absl::Status again = store->RegisterNode(second, 1, SomeAudit());
  EXPECT_EQ(again.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(store->Load()->nodes, std::vector{SomeNode()});
}

struct KeyCase {
  const char* name;
  void (*change)(AuthKeyRecord&);
  int num_registered;
};
class KeyTest : public StoreTest,
                public testing::WithParamInterface<KeyCase> {};

TEST_P(KeyTest, DecidesInTheTransaction) {
  const auto store = Open();
  ASSERT_TRUE(store->PutTailnet(SomeTailnet(), SomeAudit()).ok());
  ASSERT_TRUE(store->PutUser(SomeUser(), SomeAudit()).ok());
  AuthKeyRecord key = SomeAuthKey();
  GetParam().change(key);
  ASSERT_TRUE(store->CreateAuthKey(key, SomeAudit()).ok());
  store->RegisterNode(SomeNode(), 1000, SomeAudit()).IgnoreError();
  store->RegisterNode(OtherNode(), 1000, SomeAudit()).IgnoreError();
  EXPECT_EQ(static_cast<int>(store->Load()->nodes.size()),
            GetParam().num_registered);
}

INSTANTIATE_TEST_SUITE_P(
    , KeyTest,
    testing::ValuesIn(std::vector<KeyCase>{
        {"OneOff", [](AuthKeyRecord&) {}, 1},
        {"Reusable", [](AuthKeyRecord& k) { k.grant.reusable = true; }, 2},
        {"Revoked", [](AuthKeyRecord& k) { k.revoked_ms = 5; }, 0},
        {"Expired", [](AuthKeyRecord& k) { k.expires_ms = 1000; }, 0},
        {"NotYetExpired", [](AuthKeyRecord& k) { k.expires_ms = 1001; }, 1},
        {"OfAnotherId", [](AuthKeyRecord& k) { k.id = AuthKeyId(99); }, 0},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST_F(StoreTest, DeletingAUserTakesKeysAndNodesAlong) {
  Fill();
  const auto store = Open();
  ASSERT_TRUE(store->DeleteUser(SomeUser().id, SomeAudit()).ok());
  const auto contents = store->Load();
  EXPECT_TRUE(contents->nodes.empty());
  EXPECT_TRUE(contents->auth_keys.empty());
  EXPECT_EQ(contents->tailnets.size(), 1u);
}

TEST_F(StoreTest, TwoNodesOfOneNameAreRefusedByTheDatabaseToo) {
  Fill();
  const auto store = Open();
  NodeRecord other = OtherNode();
  other.naming.name = SomeNode().naming.name;
  EXPECT_EQ(store->PutNode(other, SomeAudit()).code(),
            absl::StatusCode::kAlreadyExists);
  // The transaction went as a whole: no audit row of it either.
  EXPECT_EQ(store->audit_log().Read({SomeTailnet().id, 1000})->size(), 5u);
}

TEST_F(StoreTest, CountsWhatBecameDurableAndWhatDidNot) {
  const auto store = Open();
  const auto metrics = store->metrics();
  ASSERT_TRUE(store->PutTailnet(SomeTailnet(), SomeAudit()).ok());
  store->BeginBatch();
  ASSERT_TRUE(store->PutUser(SomeUser(), SomeAudit()).ok());
  UserRecord same_login = SomeUser();
  same_login.id = UserId(77);
  EXPECT_FALSE(store->PutUser(same_login, SomeAudit()).ok());
  ASSERT_TRUE(store->CommitBatch().ok());
  store->BeginBatch();
  ASSERT_TRUE(store->DeleteUser(SomeUser().id, SomeAudit()).ok());
  store->GiveUpBatch(absl::AbortedError("by halves"));
  EXPECT_FALSE(store->CommitBatch().ok());
  EXPECT_FALSE(
      store->RegisterNode(SomeNode(), 1000, SomeAudit()).ok());  // no such key
  const StoreMetrics::Reading counts = metrics->Read();
  EXPECT_EQ(counts.committed, 2u);
  EXPECT_EQ(counts.failed, 1u);
  EXPECT_EQ(counts.refused, 2u);
  ASSERT_EQ(counts.audit_rows.size(), 1u);
  EXPECT_EQ(counts.audit_rows.at(SomeAudit().action), 2u);
}

TEST_F(StoreTest, TextIsNeverSql) {
  Fill();
  const auto store = Open();
  for (std::string text :
       {std::string("'; DROP TABLE nodes; --"), std::string("a\0b", 3),
        std::string("\"), ("), std::string(1 << 20, 'x')}) {
    UserRecord user = SomeUser();
    user.display_name = text;
    ASSERT_TRUE(store->PutUser(user, SomeAudit()).ok());
    EXPECT_EQ(store->Load()->users[0].display_name, text);
  }
  EXPECT_EQ(store->Load()->nodes.size(), 1u);
}

TEST_F(StoreTest, AuditIsNewestFirstAndLimited) {
  const auto store = Open();
  for (int i = 0; i < 5; ++i) {
    TailnetRecord tailnet = SomeTailnet();
    AuditRecord audit = SomeAudit();
    audit.after = std::to_string(i);
    ASSERT_TRUE(store->PutTailnet(tailnet, audit).ok());
  }
  const auto rows = store->audit_log().Read({SomeTailnet().id, 2});
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_EQ((*rows)[0].after, "4");
  EXPECT_EQ((*rows)[1].after, "3");
}

// ---- Damage. ----

TEST_F(StoreTest, RefusesAnEmptyFile) {
  Fill();
  fs::resize_file(Database(), 0);
  EXPECT_NE(Refusal().find("control.db: it is empty"), std::string::npos);
}

TEST_F(StoreTest, RefusesATruncatedFileAtEveryPage) {
  Fill();
  const auto size = fs::file_size(Database());
  const std::string whole = Contents();
  for (uintmax_t keep = 1000; keep < size; keep += 4096) {
    SCOPED_TRACE(keep);
    std::ofstream(Database(), std::ios::binary) << whole.substr(0, keep);
    const std::string message = Refusal();
    EXPECT_NE(message.find(Database()), std::string::npos) << message;
    EXPECT_NE(message.find("restore --from"), std::string::npos) << message;
  }
}

TEST_F(StoreTest, RefusesPagesOverwrittenWithGarbage) {
  Fill();
  const std::string whole = Contents();
  for (size_t at = 0; at + 4096 <= whole.size(); at += 4096) {
    std::string damaged = whole;
    damaged.replace(at, 200, std::string(200, '\xa5'));
    std::ofstream(Database(), std::ios::binary) << damaged;
    SCOPED_TRACE(at);
    Refusal();
  }
}

TEST_F(StoreTest, RefusesANewerSchemaAndForeignDatabases) {
  Fill();
  {
    auto database =
        SqlConnection::Open(Database(), SqlConnection::Mode::kWrite);
    ASSERT_TRUE(database->RunScript("PRAGMA user_version = 99").ok());
  }
  EXPECT_NE(Refusal().find("schema 99"), std::string::npos);
  {
    auto database =
        SqlConnection::Open(Database(), SqlConnection::Mode::kWrite);
    ASSERT_TRUE(database->RunScript("PRAGMA application_id = 7").ok());
  }
  EXPECT_NE(Refusal().find("not made by warren-control"), std::string::npos);
}

TEST_F(StoreTest, RefusesALogWithoutItsDatabase) {
  Fill();
  std::ofstream(Database() + "-wal") << "something";
  fs::remove(Database());
  const auto store = Store::Open(folder_);
  EXPECT_NE(store.status().message().find("-wal is there"),
            absl::string_view::npos);
  EXPECT_FALSE(fs::exists(Database()));
}

TEST_F(StoreTest, CheckFindsRowsWithoutOwners) {
  Fill();
  EXPECT_EQ(*CheckDatabase(Database(), CheckDepth::kFull), NewestSchema());
  {
    auto database =
        SqlConnection::Open(Database(), SqlConnection::Mode::kWrite);
    ASSERT_TRUE(database->RunScript("DELETE FROM users").ok());
  }
  EXPECT_NE(CheckDatabase(Database(), CheckDepth::kFull)
                .status()
                .message()
                .find("rows refer"),
            absl::string_view::npos);
}

// ---- Crashes. ----

// A child registers nodes and tells the number of each when it is done; it is
// killed in the middle of it. Whatever was told must be there.
TEST_F(StoreTest, AKillLosesNothingThatWasAcknowledged) {
  for (int round = 0; round < 5; ++round) {
    SCOPED_TRACE(round);
    fs::remove_all(folder_);
    int pipe_fds[2];
    ASSERT_EQ(pipe(pipe_fds), 0);
    const pid_t child = fork();
    if (child == 0) {
      const auto store = *Store::Open(folder_);
      FillStore(*store);
      for (char n = 1; n < 120; ++n) {
        if (!store->PutNode(NumberedNode(n), SomeAudit()).ok()) _exit(1);
        if (write(pipe_fds[1], &n, 1) != 1) _exit(1);
      }
      pause();
    }
    close(pipe_fds[1]);
    char told = 0;
    const char enough = static_cast<char>(7 + 11 * round);
    while (told < enough && read(pipe_fds[0], &told, 1) == 1) {
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    while (read(pipe_fds[0], &told, 1) == 1) {
    }
    close(pipe_fds[0]);
    const auto contents = Open()->Load();
    ASSERT_TRUE(contents.ok()) << contents.status();
    // SomeNode, the ones told, and perhaps the one under way.
    EXPECT_GE(contents->nodes.size(), 1u + static_cast<size_t>(told));
    EXPECT_LE(contents->nodes.size(), 2u + static_cast<size_t>(told));
  }
}

// What a power cut leaves: the files as they are while a transaction is open.
TEST_F(StoreTest, ACopyMadeInTheMiddleOfATransactionHasTheStateBefore) {
  Fill();
  const std::string copy = folder_ + ".copy";
  fs::remove_all(copy);
  {
    auto database =
        SqlConnection::Open(Database(), SqlConnection::Mode::kWrite);
    ASSERT_TRUE(database->RunScript("PRAGMA journal_mode = WAL").ok());
    auto transaction = SqlTransaction::Begin(*database);
    ASSERT_TRUE(database->Run("UPDATE auth_keys SET num_uses = 7").ok());
    ASSERT_TRUE(database->Run("DELETE FROM nodes").ok());
    fs::copy(folder_, copy);
  }
  const auto store = Store::Open(copy);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->Load()->nodes, std::vector{SomeNode()});
  EXPECT_EQ((*store)->Load()->auth_keys[0].num_uses, 1u);
}

TEST_F(StoreTest, ACutOffLogLosesOnlyItsTornEnd) {
  Fill();
  const std::string copy = folder_ + ".copy";
  fs::remove_all(copy);
  {
    const auto store = Open();
    ASSERT_TRUE(store->PutNode(OtherNode(), SomeAudit()).ok());
    fs::copy(folder_, copy);
  }
  const std::string log = copy + "/control.db-wal";
  ASSERT_GT(fs::file_size(log), 0u);
  fs::resize_file(log, fs::file_size(log) - 10);
  const auto store = Store::Open(copy);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->Load()->nodes.size(), 1u);
}

TEST_F(StoreTest, AnAbandonedFirstStartIsBegunAnew) {
  fs::create_directories(folder_);
  std::ofstream(Database() + ".new") << "half a database";
  Fill();
  EXPECT_EQ(Open()->Load()->nodes.size(), 1u);
}

}  // namespace
}  // namespace warren::control
