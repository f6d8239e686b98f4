#ifndef WARREN_IO_HTTP_TEST_CLIENT_H_
#define WARREN_IO_HTTP_TEST_CLIENT_H_

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/check.h"
#include "io/http_server.h"

// Test only: a client that says exactly what a test tells it, and hears exactly
// what the server answers.
namespace warren::io {

class HttpTestClient {
 public:
  // Its other end is served by `server`, as if it came from `remote`.
  explicit HttpTestClient(HttpServer& server,
                          absl::string_view remote = "203.0.113.7:4000") {
    int pair[2];
    WARREN_CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    fd_ = Fd(pair[0]);
    Handover given;
    given.socket = Fd(pair[1]);
    fcntl(pair[1], F_SETFL, O_NONBLOCK);
    given.remote = *net::Endpoint::Parse(remote);
    server.Take(std::move(given));
  }

  // False: the server does not listen any more.
  bool Say(absl::string_view text) {
    return send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
  }
  // One answer, with its head; "" when the server has closed.
  std::string Answer() {
    size_t end = std::string::npos;
    while ((end = heard_.find("\r\n\r\n")) == std::string::npos) {
      if (!Hear()) return std::exchange(heard_, "");
    }
    size_t size = end + 4;
    const size_t length = heard_.find("Content-Length: ");
    size_t body = 0;
    if (length < end && !bodiless_) {
      const absl::string_view digits =
          absl::string_view(heard_).substr(length + 16);
      WARREN_CHECK(
          absl::SimpleAtoi(digits.substr(0, digits.find('\r')), &body));
    }
    size += body;
    while (heard_.size() < size) {
      if (!Hear()) break;
    }
    std::string answer = heard_.substr(0, size);
    heard_.erase(0, answer.size());
    return answer;
  }
  // The answers that follow are to HEAD.
  void ExpectNoBodies() { bodiless_ = true; }
  std::string Ask(absl::string_view text) {
    Say(text);
    return Answer();
  }
  // All until the server closes.
  std::string HearAll() {
    while (Hear()) {
    }
    return std::exchange(heard_, "");
  }

 private:
  // False: the server has closed.
  bool Hear() {
    pollfd readable{fd_.get(), POLLIN, 0};
    if (poll(&readable, 1, 20'000) != 1) {
      heard_ += " and then silence";
      return false;
    }
    std::array<char, 16 * 1024> buffer;
    const ssize_t n = recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (n <= 0) return false;
    heard_.append(buffer.data(), static_cast<size_t>(n));
    return true;
  }

  Fd fd_;
  std::string heard_;
  bool bodiless_ = false;
};

}  // namespace warren::io

#endif  // WARREN_IO_HTTP_TEST_CLIENT_H_
