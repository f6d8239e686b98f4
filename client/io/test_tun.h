#ifndef WARREN_CLIENT_IO_TEST_TUN_H_
#define WARREN_CLIENT_IO_TEST_TUN_H_

#include <memory>
#include <utility>

#include "client/io/netlink.h"
#include "client/io/test_network.h"
#include "client/io/tun.h"
#include "gtest/gtest.h"

namespace warren::client {

// A test in a network of its own that holds one TUN interface. Skipped where
// this machine allows neither: a SetUp() on top of this one begins with
// `if (IsSkipped() || HasFatalFailure()) return;`.
class TunNetworkTest : public ::testing::Test {
 protected:
  explicit TunNetworkTest(const char* name) : name_(name) {}

  void SetUp() override {
    if (!EnterPrivateNetwork()) {
      GTEST_SKIP() << "no private network namespace here";
    }
    auto netlink = Netlink::Open();
    ASSERT_TRUE(netlink.ok()) << netlink.status();
    netlink_ = *std::move(netlink);
    auto tun = Tun::Create({.name = name_});
    if (absl::IsFailedPrecondition(tun.status())) {
      GTEST_SKIP() << tun.status();
    }
    ASSERT_TRUE(tun.ok()) << tun.status();
    tun_ = *std::move(tun);
  }

  std::unique_ptr<Netlink> netlink_;
  std::unique_ptr<Tun> tun_;

 private:
  const char* const name_;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_IO_TEST_TUN_H_
