#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "control/store/database_file.h"
#include "control/store/schema.h"
#include "control/store/store_test_people.h"
#include "control/store/test_disk.h"

namespace warren::control {
namespace {

namespace fs = std::filesystem;

constexpr int kNumNodes = 1000;

// A database as schema 1 left it: two users, keys used and not, nodes with and
// without a key, tags, a report; an audit log.
constexpr char kSeed1[] = R"sql(
INSERT INTO tailnets VALUES (11, 'calm-otter', 1000, 77), (12, 'other', 0, 0);
INSERT INTO users VALUES (21, 11, 'alice', 'Alice', 2000),
  (22, 11, 'o''brien', '', 0), (23, 12, 'alice', x'00' || '', 1);
INSERT INTO auth_keys VALUES
  (31, 11, 21, 'used', zeroblob(32), 0, 1, 'tag:a,tag:b', 'lab', 1, 2, 0, 1),
  (32, 11, 22, 'fresh', zeroblob(32), 1, 0, '', '', 0, 0, 9, 0);
INSERT INTO audit (tailnet_id, time_ms, actor, action, target, before, after)
  VALUES (11, 5, 'uid 0', 'user.create', 'user alice', '', 'alice'),
         (0, 0, '', '', '', '', '');
)sql";
constexpr char kSeedNode1[] =
    "INSERT INTO nodes VALUES (?1, 11, 21 + ?1 % 2, randomblob(32),"
    " randomblob(32), randomblob(32), 'node' || ?1, 'node', ?1 % 2,"
    " '100.64.' || (1 + ?1 / 200) || '.' || (1 + ?1 % 200),"
    " 'fd7a:115c:a1e0::' || ?1, iif(?1 % 3 = 0, 'tag:a,tag:b', ''), ?1 % 5 = 0,"
    " (?1 % 4) * 31, ?1 % 7 * 1000, ?1 % 2 * 5000, ?1, 'host', 'linux', '', '',"
    " iif(?1 % 2, '192.0.2.1:41641,[2001:db8::1]:41641', ''), ?1 % 3 * 900)";

// Every column of schema 1, of every row.
constexpr const char* kRows1[] = {
    "SELECT id || '|' || name || '|' || created_ms || '|' || version"
    " FROM tailnets ORDER BY id",
    "SELECT id || '|' || tailnet_id || '|' || login || '|' || display_name"
    " || '|' || created_ms FROM users ORDER BY id",
    "SELECT id || '|' || tailnet_id || '|' || user_id || '|' || prefix || '|'"
    " || hex(hash) || '|' || reusable || ephemeral || '|' || tags || '|'"
    " || description || '|' || created_ms || '|' || expires_ms || '|'"
    " || revoked_ms || '|' || num_uses FROM auth_keys ORDER BY id",
    "SELECT id || '|' || tailnet_id || '|' || user_id || hex(machine_key)"
    " || hex(node_key) || hex(disco_key) || name || '|' || wanted_name || '|'"
    " || named_by_admin || '|' || ipv4 || '|' || ipv6 || '|' || tags || '|'"
    " || ephemeral || '|' || auth_key_id || '|' || created_ms || '|'"
    " || key_expiry_ms || '|' || last_seen_ms || '|' || hostname || '|' || os"
    " || '|' || os_version || '|' || client_version || '|' || endpoints || '|'"
    " || home_relay FROM nodes ORDER BY id",
    "SELECT id || '|' || tailnet_id || '|' || time_ms || '|' || actor || '|'"
    " || action || '|' || target || '|' || before || '|' || after FROM audit"
    " ORDER BY id",
};

class MigrationTest : public testing::Test {
 protected:
  MigrationTest()
      : folder_(testing::TempDir() +
                testing::UnitTest::GetInstance()->current_test_info()->name()) {
    test_disk::Install();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    fs::permissions(folder_, fs::perms::owner_all);
  }
  std::string Path() const { return DatabasePath(folder_); }
  SqlConnection Open() {
    return *SqlConnection::Open(Path(), SqlConnection::Mode::kWrite);
  }

  void Seed1(int num_nodes) {
    SqlConnection database =
        *SqlConnection::Open(Path(), SqlConnection::Mode::kCreate);
    ASSERT_TRUE(Migrate(database, 1).ok());
    ASSERT_TRUE(database.RunScript("PRAGMA journal_mode = WAL; BEGIN").ok());
    ASSERT_TRUE(database.RunScript(kSeed1).ok());
    for (int n = 1; n <= num_nodes; ++n) {
      const absl::Status made = database.Run(kSeedNode1, {int64_t{n}});
      ASSERT_TRUE(made.ok()) << made;
    }
    ASSERT_TRUE(database.RunScript("COMMIT").ok());
  }
  static std::vector<std::string> Rows1(SqlConnection& database) {
    std::vector<std::string> rows;
    for (const char* sql : kRows1) {
      EXPECT_TRUE(database
                      .Query(sql, {},
                             [&rows](const SqlRow& row) {
                               rows.push_back(row.Text(0));
                               return absl::OkStatus();
                             })
                      .ok())
          << sql;
    }
    return rows;
  }
  std::vector<std::string> Rows1() {
    SqlConnection database = Open();
    return Rows1(database);
  }
  int64_t Schema() {
    SqlConnection database = Open();
    return *SchemaOf(database);
  }

  const std::string folder_;
};

TEST_F(MigrationTest, ADatabaseOfSchema1IsReadAsItWasMeant) {
  Seed1(kNumNodes);
  const auto before = Rows1();
  ASSERT_EQ(before.size(), 2u + 3 + 2 + kNumNodes + 2);
  {
    const auto store = Store::Open(folder_);
    ASSERT_TRUE(store.ok()) << store.status();
    const auto contents = (*store)->Load();
    ASSERT_TRUE(contents.ok()) << contents.status();
    EXPECT_EQ(contents->tailnets[0].settings, TailnetSettings());
    EXPECT_EQ(contents->users[1].login, "o'brien");
    EXPECT_EQ(contents->users[0].role, policy::Role::kMember);
    EXPECT_EQ(contents->users[0].status, UserStatus::kActive);
    ASSERT_EQ(contents->nodes.size(), static_cast<size_t>(kNumNodes));
    for (const NodeRecord& node : contents->nodes) {
      EXPECT_GT(node.standing.approved_ms, 0) << node.naming.name;
      EXPECT_EQ(node.standing.sign_in.by,
                node.auth_key == AuthKeyId(31) ? "auth key used" : "");
    }
  }
  EXPECT_EQ(Rows1(), before);
  // And the copy from before has them too.
  fs::copy_file(Path() + ".schema1-before-2", Path(),
                fs::copy_options::overwrite_existing);
  EXPECT_EQ(Schema(), 1);
  EXPECT_EQ(Rows1(), before);
}

TEST_F(MigrationTest, EverySchemaLeadsToEveryOther) {
  Seed1(20);
  const auto before = Rows1();
  SqlConnection database = Open();
  for (int64_t from = 1; from <= NewestSchema(); ++from) {
    for (int64_t to = 1; to <= NewestSchema(); ++to) {
      SCOPED_TRACE(absl::StrCat(from, " to ", to));
      ASSERT_TRUE(Migrate(database, from).ok());
      const absl::Status migrated = Migrate(database, to);
      ASSERT_TRUE(migrated.ok()) << migrated;
      EXPECT_EQ(*SchemaOf(database), to);
      EXPECT_EQ(Rows1(database), before);
    }
  }
  EXPECT_FALSE(Migrate(database, NewestSchema() + 1).ok());
  EXPECT_EQ(*database.QueryInt("SELECT count(*) FROM pragma_integrity_check"),
            1);
}

TEST_F(MigrationTest, GoingBackSaysWhatItWouldLose) {
  {
    const auto store = *Store::Open(folder_);
    ASSERT_TRUE(
        store->PutTailnet({TailnetId(11), "calm-otter", 1, 0}, SomeAudit())
            .ok());
  }
  SqlConnection database = Open();
  EXPECT_TRUE(LossesOf(database, 1)->empty());
  ASSERT_TRUE(database.RunScript("DELETE FROM tailnets").ok());
  {
    const auto store = *Store::Open(folder_);
    FillStore(*store);
    FillAccounts(*store, SomeAccounts(true));
    FillAccess(*store, SomeAccess(true));
    NodeRecord waiting = OtherNode();
    waiting.standing.approved_ms = 0;
    ASSERT_TRUE(store->PutNode(waiting, SomeAudit()).ok());
  }
  const auto losses = LossesOf(database, 1);
  ASSERT_TRUE(losses.ok());
  for (const char* loss :
       {"1 nodes that wait for approval would be let in",
        "1 tailnets would lose their policy: what it forbids becomes possible",
        "1 roles of users", "1 passkeys", "1 API keys and OAuth clients",
        "2 nodes with routes or attributes", "1 webhooks"}) {
    EXPECT_NE(std::find(losses->begin(), losses->end(), loss), losses->end())
        << loss;
  }
}

// At every write that the disk sees, and with both ways of failing, on the way
// forward and back.
TEST_F(MigrationTest, AnInterruptedStepLeavesTheSchemaBeforeOrAfter) {
  Seed1(30);
  const auto before = Rows1();
  for (const int64_t target : {NewestSchema(), int64_t{1}}) {
    int64_t num_failed = 0;
    for (int64_t n = 0;; ++n) {
      SCOPED_TRACE(absl::StrCat("call ", n, " on the way to ", target));
      const int64_t start = Schema();
      test_disk::FailFrom(
          n, n % 2 == 0 ? test_disk::Fault::kFull : test_disk::Fault::kIoError);
      absl::Status migrated;
      {
        SqlConnection database = Open();
        migrated = Migrate(database, target);
      }
      test_disk::Heal();
      ASSERT_TRUE(CheckDatabase(Path(), CheckDepth::kFull).ok());
      ASSERT_EQ(Rows1(), before);
      if (migrated.ok()) break;
      ++num_failed;
      ASSERT_TRUE(Schema() == start || Schema() == target);
      if (Schema() == start) continue;
      SqlConnection database = Open();
      ASSERT_TRUE(Migrate(database, start).ok());
    }
    EXPECT_EQ(Schema(), target);
    EXPECT_GT(num_failed, 3);
  }
}

TEST_F(MigrationTest, NoRoomForTheCopyMeansNoMigration) {
  Seed1(30);
  const auto before = Rows1();
  test_disk::FailFrom(0, test_disk::Fault::kFull);
  const auto store = Store::Open(folder_);
  test_disk::Heal();
  EXPECT_FALSE(store.ok());
  EXPECT_EQ(Schema(), 1);
  EXPECT_EQ(Rows1(), before);
  EXPECT_TRUE(Store::Open(folder_).ok());
}

}  // namespace
}  // namespace warren::control
