#include "control/web/local_site.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <optional>
#include <string>
#include <vector>

#include "io/tcp.h"

namespace warren::control {
namespace {

class LocalSiteTest : public testing::Test {
 protected:
  LocalSiteTest() { Start(absl::Seconds(20)); }
  void Start(absl::Duration patience) {
    const net::Endpoint any(net::IpAddress::V4(0x7f000001), 0);
    site_ = *LocalSite::Start(
        any,
        [](const io::HttpRequest& request) {
          std::optional<io::HttpReply> reply;
          if (request.path() == "/metrics") reply = {.body = "all is well\n"};
          return reply;
        },
        patience);
  }
  io::Fd Connect() {
    io::Fd fd = *io::StartConnectTcp(site_->local());
    pollfd writable{fd.get(), POLLOUT, 0};
    EXPECT_EQ(poll(&writable, 1, 20'000), 1);
    return fd;
  }
  static void Send(const io::Fd& fd, const std::string& text) {
    EXPECT_EQ(send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  // Everything until the site closes.
  static std::string Receive(const io::Fd& fd) {
    std::string all;
    char buffer[4096];
    while (true) {
      pollfd readable{fd.get(), POLLIN, 0};
      if (poll(&readable, 1, 20'000) != 1) return "nothing came";
      const ssize_t n = recv(fd.get(), buffer, sizeof(buffer), 0);
      if (n <= 0) return all;
      all.append(buffer, static_cast<size_t>(n));
    }
  }
  std::string Ask(const std::string& head) {
    const io::Fd fd = Connect();
    Send(fd, head);
    return Receive(fd);
  }
  static std::string FirstLine(const std::string& text) {
    return text.substr(0, text.find('\r'));
  }

  std::unique_ptr<LocalSite> site_;
};

TEST_F(LocalSiteTest, AnswersGetsAndRefusesOthers) {
  const std::string good = Ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(FirstLine(good), "HTTP/1.1 200 OK");
  EXPECT_NE(good.find("\r\n\r\nall is well\n"), std::string::npos);
  const std::string head = Ask("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(head.find("all is well"), std::string::npos);
  EXPECT_NE(Ask("GET /other HTTP/1.1\r\nHost: x\r\n\r\n").find(" 404 "),
            std::string::npos);
  EXPECT_NE(Ask("POST /metrics HTTP/1.1\r\nHost: x\r\n\r\n").find(" 405 "),
            std::string::npos);
  EXPECT_NE(Ask("nonsense\r\n\r\n").find(" 400 "), std::string::npos);
}

TEST_F(LocalSiteTest, PutsAHeadTogetherFromPieces) {
  const io::Fd fd = Connect();
  for (char c : std::string("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")) {
    Send(fd, std::string(1, c));
  }
  EXPECT_EQ(FirstLine(Receive(fd)), "HTTP/1.1 200 OK");
}

TEST_F(LocalSiteTest, RefusesAHeadWithoutEnd) {
  const io::Fd fd = Connect();
  Send(fd, "GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x'));
  EXPECT_EQ(FirstLine(Receive(fd)), "HTTP/1.1 400 Bad Request");
}

TEST_F(LocalSiteTest, TheSilentDoNotShutTheDoorForLong) {
  Start(absl::Milliseconds(200));
  std::vector<io::Fd> silent;
  for (size_t i = 0; i < LocalSite::kMaxConnections; ++i) {
    silent.push_back(Connect());
  }
  // The last of them is closed when its time is over; then there is room.
  EXPECT_EQ(Receive(silent.back()), "");
  EXPECT_EQ(FirstLine(Ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")),
            "HTTP/1.1 200 OK");
}

}  // namespace
}  // namespace warren::control
