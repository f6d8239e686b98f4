#include "relay/front.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "core/base/rng.h"
#include "core/derp/frame.h"
#include "core/derp/login.h"
#include "gtest/gtest.h"

namespace warren::relay {
namespace {

using FrameBytes = std::vector<uint8_t>;

constexpr char kUpgrade[] =
    "GET /derp HTTP/1.1\r\nUpgrade: derp\r\nDerp-Fast-Start: 1\r\n\r\n";

// A front on its own thread, whose clock runs a hundred times too fast.
class FrontTest : public testing::Test {
 protected:
  using Admit = decltype(Front::Settings::admit);

  void Start(Admit admit = nullptr) {
    loop_ = *io::EventLoop::Create(io::Clock(100));
    Front::Settings settings;
    settings.key = &server_;
    settings.answer = [key = server_.public_key()](const io::HttpRequest& r) {
      return Answer(r, key);
    };
    settings.connections = &connections_;
    settings.max_connections = 10;
    settings.admit = std::move(admit);
    front_ = std::make_unique<Front>(
        *loop_, std::move(settings), [this](Arrival arrival) {
          arrived_ = std::make_unique<Arrival>(std::move(arrival));
          has_arrived_.Notify();
        });
    loop_->SetDeadline([this] { return front_->Next(); },
                       [this](Instant now) { front_->OnTimeout(now); });
    thread_ = std::thread([this] { loop_->Run(); });
  }
  void TearDown() override {
    loop_->Stop();
    thread_.join();
    front_.reset();
  }

  // The client's end of a fresh connection.
  io::Fd Connect() {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                         ends),
              0);
    loop_->Post([this, fd = ends[0]] { front_->OnAccepted(io::Fd(fd)); });
    return io::Fd(ends[1]);
  }
  static void Send(const io::Fd& fd, Bytes bytes) {
    ASSERT_EQ(send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  static void Send(const io::Fd& fd, absl::string_view text) {
    Send(fd, AsBytes(text));
  }
  // What comes until the front closes; "timeout" if it does not.
  static std::string UntilClosed(const io::Fd& fd) {
    std::string all;
    while (true) {
      pollfd ready{fd.get(), POLLIN, 0};
      if (poll(&ready, 1, 10000) <= 0) return "timeout";
      char buffer[4096];
      const ssize_t n = recv(fd.get(), buffer, sizeof(buffer), 0);
      if (n <= 0) return all;
      all.append(buffer, static_cast<size_t>(n));
    }
  }
  FrameBytes Login(const crypto::NodePrivateKey& client) {
    return *derp::BuildClientInfo(client, server_.public_key(), {}, rng_);
  }

  SeededRng rng_{1};
  crypto::NodePrivateKey server_ = crypto::NodePrivateKey::Generate(rng_);
  crypto::NodePrivateKey client_ = crypto::NodePrivateKey::Generate(rng_);
  std::atomic<size_t> connections_ = 0;
  std::unique_ptr<Arrival> arrived_;
  absl::Notification has_arrived_;
  std::unique_ptr<io::EventLoop> loop_;
  std::unique_ptr<Front> front_;
  std::thread thread_;
};

TEST_F(FrontTest, WhoSaysNothingIsCutOff) {
  Start();
  const io::Fd fd = Connect();
  EXPECT_EQ(UntilClosed(fd), "");
}

TEST_F(FrontTest, WhoNeverEndsItsRequestIsCutOff) {
  Start();
  const io::Fd fd = Connect();
  Send(fd, "GET /derp HTTP/1.1\r\nX: ");
  EXPECT_EQ(UntilClosed(fd), "");
}

TEST_F(FrontTest, WhoDoesNotLogInIsCutOff) {
  Start();
  const io::Fd fd = Connect();
  Send(fd, kUpgrade);
  const std::string greeting = UntilClosed(fd);
  EXPECT_EQ(greeting.substr(5, 4), "DERP");
  EXPECT_EQ(connections_, 0u);
}

TEST_F(FrontTest, AnAnsweredConnectionThatLingersIsCutOff) {
  Start();
  const io::Fd fd = Connect();
  Send(fd, "GET /robots.txt HTTP/1.1\r\n\r\n");
  EXPECT_NE(UntilClosed(fd).find("Disallow"), std::string::npos);
  // The client keeps its end open; the front does not wait for ever.
  char byte = 'x';
  pollfd hung_up{fd.get(), 0, 0};
  EXPECT_GT(poll(&hung_up, 1, 10000), 0);
  EXPECT_LT(send(fd.get(), &byte, 1, MSG_NOSIGNAL), 0);
}

TEST_F(FrontTest, HandsOverTheClientAndWhatItSentAhead) {
  Start();
  const io::Fd fd = Connect();
  Send(fd, kUpgrade);
  FrameBytes bytes = Login(client_);
  const FrameBytes ahead = derp::BuildNotePreferred(true);
  bytes.insert(bytes.end(), ahead.begin(), ahead.end());
  Send(fd, bytes);
  has_arrived_.WaitForNotification();
  EXPECT_EQ(arrived_->key, client_.public_key());
  EXPECT_EQ(arrived_->rest, ahead);
  EXPECT_EQ(connections_, 1u);
}

TEST_F(FrontTest, AsksBeforeItLetsAClientIn) {
  Start([](const crypto::NodeKey&, const net::IpAddress&,
           const std::function<void(bool)>& done) { done(true); });
  const io::Fd fd = Connect();
  Send(fd, kUpgrade);
  Send(fd, Login(client_));
  has_arrived_.WaitForNotification();
  EXPECT_EQ(arrived_->key, client_.public_key());
}

TEST_F(FrontTest, WhoIsNotAdmittedIsCutOff) {
  Start([](const crypto::NodeKey&, const net::IpAddress&,
           const std::function<void(bool)>& done) { done(false); });
  const io::Fd fd = Connect();
  Send(fd, kUpgrade);
  Send(fd, Login(client_));
  UntilClosed(fd);
  EXPECT_FALSE(has_arrived_.HasBeenNotified());
}

TEST_F(FrontTest, AnAdmissionThatNeverEndsIsNone) {
  Start([](const crypto::NodeKey&, const net::IpAddress&,
           const std::function<void(bool)>&) {});
  const io::Fd fd = Connect();
  Send(fd, kUpgrade);
  Send(fd, Login(client_));
  EXPECT_NE(UntilClosed(fd), "timeout");
  EXPECT_FALSE(has_arrived_.HasBeenNotified());
}

TEST_F(FrontTest, NoMoreConnectionsThanAllowed) {
  Start();
  std::vector<io::Fd> held;
  for (int i = 0; i < 10; ++i) held.push_back(Connect());
  const io::Fd one_more = Connect();
  EXPECT_EQ(UntilClosed(one_more), "");
  held.clear();
}

}  // namespace
}  // namespace warren::relay
