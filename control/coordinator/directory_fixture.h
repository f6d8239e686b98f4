#ifndef WARREN_CONTROL_COORDINATOR_DIRECTORY_FIXTURE_H_
#define WARREN_CONTROL_COORDINATOR_DIRECTORY_FIXTURE_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/coordinator/administration.h"
#include "control/coordinator/lookup.h"
#include "control/coordinator/presence.h"
#include "control/coordinator/registration.h"

namespace warren::control {

// Test only: a directory on a real store in a folder of its own, a clock that
// stands until it is moved, and shorthands for what administrators and
// machines do. Machine n has node key n unless told otherwise.
class DirectoryFixture : public testing::Test {
 protected:
  static constexpr int64_t kStart = 1'700'000'000'000;
  static constexpr int64_t kMinute = 60'000;
  static constexpr int64_t kDay = 24 * 60 * kMinute;

  DirectoryFixture() {
    std::filesystem::remove_all(Folder());
    Restart();
    alice_ = AddUser("alice");
  }
  static std::string Folder() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    return testing::TempDir() + test->test_suite_name() + "." + test->name();
  }

  // As after `kill -9`: nothing but the store is left.
  void Restart() {
    directory_.reset();
    DirectoryOptions options;
    options.public_url = public_url_;
    options.base_domain = base_domain_;
    options.publish = [this](const Publication& publication) {
      published_.push_back(publication);
    };
    auto store = Store::Open(Folder());
    ASSERT_TRUE(store.ok()) << store.status();
    auto directory = Directory::Load(*std::move(store), HashKey(), rng_,
                                     std::move(options), now_);
    ASSERT_TRUE(directory.ok()) << directory.status();
    directory_ = *std::move(directory);
  }

  // People can sign in from here on.
  void OpenToPeople() {
    public_url_ = "https://control.example";
    Restart();
  }

  // The first one, which is alice's.
  TailnetState& tailnet() {
    for (auto& [id, tailnet] : directory_->tailnets()) {
      if (tailnet.users.contains(alice_)) return tailnet;
    }
    return directory_->tailnets().begin()->second;
  }
  Order order() const { return {"uid 0", now_, "socket", {}, true}; }
  // As the user that it is, from a browser.
  Order OrderBy(UserId user) const {
    return {"browser", now_, "203.0.113.7", user, false};
  }
  void Pass(int64_t ms) {
    now_ += ms;
    OnTime(*directory_, now_);
  }

  UserId AddUser(const std::string& login) {
    return CreateUser(*directory_, order(), tailnet(), login, "")->id;
  }
  // The text of a new key of alice's.
  std::string AddKey(AuthKeyGrant grant = {}, UserId user = {}) {
    AuthKeyParams params;
    params.user = user == UserId() ? alice_ : user;
    params.grant = std::move(grant);
    return CreateAuthKey(*directory_, order(), tailnet(), params)->secret;
  }
  AuthKeyRecord& KeyOf(const std::string& text) {
    return **FindAuthKey(tailnet(), text);
  }

  template <class Key>
  static Key KeyNumber(int n) {
    std::array<uint8_t, 32> bytes{};
    bytes[0] = static_cast<uint8_t>(n);
    bytes[1] = static_cast<uint8_t>(n >> 8);
    bytes[31] = 1;
    return Key::FromBytes(bytes);
  }
  static RegisterCommand Machine(int n, const std::string& auth_key = "",
                                 const std::string& hostname = "laptop") {
    RegisterCommand command;
    command.machine = KeyNumber<crypto::MachineKey>(n);
    command.node_key = KeyNumber<crypto::NodeKey>(n);
    command.disco_key = KeyNumber<crypto::DiscoKey>(n);
    command.auth_key = auth_key;
    command.host.hostname = hostname;
    return command;
  }
  absl::StatusOr<Registration> Join(const RegisterCommand& command) {
    return Register(*directory_, command, now_);
  }
  // Machine n joins with a fresh key of `user`.
  netmap::Node MustJoin(int n, UserId user = {}, AuthKeyGrant grant = {}) {
    auto joined = Join(Machine(n, AddKey(std::move(grant), user)));
    EXPECT_TRUE(joined.ok()) << joined.status();
    return joined.ok() ? joined->node : netmap::Node();
  }
  absl::StatusOr<StreamTicket> OpenStream(int n) {
    return StreamOpened(*directory_, KeyNumber<crypto::MachineKey>(n),
                        KeyNumber<crypto::NodeKey>(n), now_);
  }
  NodeState& StateOf(NodeId id) { return tailnet().nodes.at(id); }

  // What a node would be told now.
  netmap::Netmap NetmapOf(NodeId id) {
    directory_->Publish();
    const auto netmap = netmap::Compile(*tailnet().snapshot, id);
    EXPECT_TRUE(netmap.has_value());
    return netmap.value_or(netmap::Netmap());
  }
  std::vector<std::string> PeersOf(NodeId id) {
    std::vector<std::string> names;
    for (const auto& [peer_id, peer] : NetmapOf(id).peers) {
      names.push_back(peer.name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  SeededRng rng_{1};
  int64_t now_ = kStart;
  std::string public_url_;  // from the next Restart() on
  std::string base_domain_;
  std::unique_ptr<Directory> directory_;
  std::vector<Publication> published_;
  UserId alice_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_DIRECTORY_FIXTURE_H_
