#include "control/identity/server_key.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/crypto/system_rng.h"

namespace warren::control {
namespace {

namespace fs = std::filesystem;

// The keys that `count` servers get that start at once in an empty folder, and
// then one that starts later.
std::set<std::string> KeysOf(const std::string& folder, size_t count) {
  crypto::SystemRng rng;
  fs::remove_all(folder);
  std::vector<std::string> keys(count);
  std::vector<std::thread> servers;
  for (std::string& key : keys) {
    servers.emplace_back([&] {
      const auto loaded = LoadServerKey(folder, rng);
      key = loaded.ok() ? loaded->public_key().ToString()
                        : loaded.status().ToString();
    });
  }
  for (std::thread& server : servers) server.join();
  const auto later = LoadServerKey(folder, rng);
  EXPECT_TRUE(later.ok()) << later.status();
  keys.push_back(later->public_key().ToString());
  return {keys.begin(), keys.end()};
}

TEST(ServerKey, IsOneForAllWhoStartAtOnce) {
  const std::string folder = testing::TempDir() + "/at_once";
  for (int i = 0; i < 20; ++i) {
    const std::set<std::string> keys = KeysOf(folder, 4);
    EXPECT_EQ(keys.size(), 1u) << *keys.begin() << "\n" << *keys.rbegin();
  }
  for (const auto& file : fs::directory_iterator(folder)) {
    EXPECT_EQ(file.path().filename(), "control.key");
    EXPECT_EQ(file.status().permissions(),
              fs::perms::owner_read | fs::perms::owner_write);
  }
}

}  // namespace
}  // namespace warren::control
