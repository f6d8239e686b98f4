#include "client/daemon/state_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "gtest/gtest.h"

namespace warren::client {
namespace {

class StateFolderTest : public ::testing::Test {
 protected:
  StateFolderTest() {
    std::string pattern = ::testing::TempDir() + "/warren-stateXXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  void WriteFile(const std::string& text) {
    std::ofstream(path_ + "/state.json") << text;
  }
  std::string ReadFile() {
    std::ostringstream text;
    text << std::ifstream(path_ + "/state.json").rdbuf();
    return text.str();
  }
  static DeviceState Example() {
    SeededRng rng(1);
    DeviceState state = DeviceState::Fresh(rng);
    state.control_url = "https://control.example.com";
    state.control_key = crypto::MachinePrivateKey::Generate(rng).public_key();
    state.wanted_name = "laptop";
    state.logged_in = true;
    state.wants_up = true;
    state.latest_wg_stamp = absl::Seconds(1700000000);
    return state;
  }

  std::string path_;
};

TEST_F(StateFolderTest, GivesBackWhatWasSaved) {
  const auto folder = StateFolder::Open(path_);
  ASSERT_TRUE(folder.ok()) << folder.status();
  const DeviceState saved = Example();
  ASSERT_TRUE(folder->Save(saved).ok());
  const auto loaded = folder->Load();
  ASSERT_TRUE(loaded.ok() && loaded->has_value()) << loaded.status();
  EXPECT_EQ(SerializeState(**loaded), SerializeState(saved));
}

TEST_F(StateFolderTest, AnEmptyFolderHasNoState) {
  const auto folder = StateFolder::Open(path_ + "/new");
  ASSERT_TRUE(folder.ok()) << folder.status();
  const auto loaded = folder->Load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_FALSE(loaded->has_value());
}

TEST_F(StateFolderTest, OnlyTheOwnerMayReadTheKeys) {
  const auto folder = StateFolder::Open(path_);
  ASSERT_TRUE(folder->Save(Example()).ok());
  struct stat info;
  ASSERT_EQ(stat((path_ + "/state.json").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(StateFolderTest, KeysNeverGoIntoAFileThatOthersMadeReady) {
  const auto folder = StateFolder::Open(path_);
  const std::string trap = path_ + "/state.json.new";
  std::ofstream(trap) << "";
  ASSERT_EQ(chmod(trap.c_str(), 0666), 0);
  std::ifstream watched(trap);
  ASSERT_TRUE(folder->Save(Example()).ok());
  EXPECT_EQ(watched.peek(), std::ifstream::traits_type::eof());
  struct stat info;
  ASSERT_EQ(stat((path_ + "/state.json").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(StateFolderTest, ASecondDaemonIsRefused) {
  const auto first = StateFolder::Open(path_);
  ASSERT_TRUE(first.ok());
  const auto second = StateFolder::Open(path_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(StateFolderTest, TheLockGoesWithTheFolder) {
  { const auto first = StateFolder::Open(path_); }
  EXPECT_TRUE(StateFolder::Open(path_).ok());
}

// Every way to damage the file: it is named, and never overwritten.
TEST_F(StateFolderTest, ADamagedFileIsRefusedAndKept) {
  const std::string good = SerializeState(Example());
  std::string no_key = good;
  no_key.replace(no_key.find("node_key"), 8, "node_kex");
  std::string short_key = good;
  short_key.erase(short_key.find("privkey:") + 10, 3);
  std::string later = good;
  later.replace(later.find("\"format\": 1"), 11, "\"format\": 9");
  const auto folder = StateFolder::Open(path_);
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("[]"), no_key, short_key,
        later, good.substr(0, good.size() / 2), std::string(100, '\0'),
        good + std::string(70000, ' ') + "x"}) {
    WriteFile(text);
    const auto loaded = folder->Load();
    EXPECT_EQ(loaded.status().code(), absl::StatusCode::kFailedPrecondition);
    const std::string message(loaded.status().message());
    EXPECT_NE(message.find(path_ + "/state.json"), std::string::npos);
    EXPECT_EQ(message.find("privkey"), std::string::npos) << message;
    EXPECT_EQ(ReadFile(), text);
  }
}

TEST_F(StateFolderTest, AHalfWrittenReplacementIsIgnored) {
  const auto folder = StateFolder::Open(path_);
  ASSERT_TRUE(folder->Save(Example()).ok());
  std::ofstream(path_ + "/state.json.new") << "{ half";
  EXPECT_TRUE(folder->Load().ok());
  EXPECT_TRUE(folder->Save(Example()).ok());
}

TEST_F(StateFolderTest, AFileInTheWayIsNamed) {
  WriteFile("x");
  const auto folder = StateFolder::Open(path_ + "/state.json");
  ASSERT_FALSE(folder.ok());
  EXPECT_NE(std::string(folder.status().message()).find("state.json"),
            std::string::npos);
}

}  // namespace
}  // namespace warren::client
