#include "relay/verify_client.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "io/clock.h"
#include "io/fd.h"
#include "io/http_upgrade.h"
#include "nlohmann/json.hpp"
#include "spdlog/spdlog.h"

namespace warren::relay {
namespace {

constexpr absl::Duration kBudget = absl::Seconds(5);
constexpr size_t kMaxBody = 4096;

// A blocking conversation with a deadline.
class Conversation {
 public:
  explicit Conversation(Instant deadline) : deadline_(deadline) {}

  absl::Status Connect(const Url& url,
                       const std::shared_ptr<const io::TlsContext>& tls) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const std::string port = absl::StrCat(url.port);
    if (getaddrinfo(url.host.c_str(), port.c_str(), &hints, &found) != 0) {
      return absl::UnavailableError(absl::StrCat("cannot resolve ", url.host));
    }
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(
        found, freeaddrinfo);
    absl::Status status = absl::UnavailableError("no address");
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
      status = ConnectTo(*one);
      if (status.ok()) break;
    }
    WARREN_RETURN_IF_ERROR(status);
    if (tls) tls_ = io::TlsSession::Connect(tls, url.host);
    while (tls_ && !tls_->established()) {
      WARREN_RETURN_IF_ERROR(SendTls());
      WARREN_RETURN_IF_ERROR(Receive().status());
    }
    return absl::OkStatus();
  }

  absl::Status Send(Bytes bytes) {
    if (!tls_) return SendRaw(bytes);
    WARREN_RETURN_IF_ERROR(tls_->WritePlain(bytes));
    return SendTls();
  }

  // Some bytes; empty while TLS is busy with itself.
  absl::StatusOr<std::vector<uint8_t>> Receive() {
    std::vector<uint8_t> bytes(4096);
    WARREN_RETURN_IF_ERROR(Wait(POLLIN));
    const ssize_t n = recv(fd_.get(), bytes.data(), bytes.size(), 0);
    if (n <= 0) return absl::UnavailableError("the connection ended");
    bytes.resize(static_cast<size_t>(n));
    if (!tls_) return bytes;
    WARREN_RETURN_IF_ERROR(tls_->FromWire(bytes));
    bytes.resize(8192);
    WARREN_ASSIGN_OR_RETURN(const size_t plain, tls_->ReadPlain(bytes));
    bytes.resize(plain);
    return bytes;
  }

 private:
  absl::Status ConnectTo(const addrinfo& address) {
    fd_.Reset(socket(address.ai_family,
                     SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd_.ok()) return absl::UnavailableError(std::strerror(errno));
    if (connect(fd_.get(), address.ai_addr, address.ai_addrlen) == 0) {
      return absl::OkStatus();
    }
    if (errno != EINPROGRESS) {
      return absl::UnavailableError(std::strerror(errno));
    }
    WARREN_RETURN_IF_ERROR(Wait(POLLOUT));
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return absl::UnavailableError(std::strerror(error));
    return absl::OkStatus();
  }

  absl::Status Wait(short events) {
    const absl::Duration left = deadline_ - clock_.Now();
    pollfd poll_fd{fd_.get(), events, 0};
    const auto ms = static_cast<int>(absl::ToInt64Milliseconds(left)) + 1;
    if (left <= absl::ZeroDuration() || poll(&poll_fd, 1, ms) <= 0) {
      return absl::UnavailableError("no answer within 5 s");
    }
    return absl::OkStatus();
  }

  absl::Status SendRaw(Bytes bytes) {
    while (!bytes.empty()) {
      WARREN_RETURN_IF_ERROR(Wait(POLLOUT));
      const ssize_t n =
          send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n < 0) return absl::UnavailableError(std::strerror(errno));
      bytes = bytes.subspan(static_cast<size_t>(n));
    }
    return absl::OkStatus();
  }

  absl::Status SendTls() {
    const Bytes bytes = tls_->ToWire();
    WARREN_RETURN_IF_ERROR(SendRaw(bytes));
    tls_->Sent(bytes.size());
    return absl::OkStatus();
  }

  const io::Clock clock_;
  const Instant deadline_;
  io::Fd fd_;
  std::optional<io::TlsSession> tls_;
};

// The body of the answer, if its status is 200; the status otherwise.
struct HttpResult {
  int status = 0;
  std::string body;
};

absl::StatusOr<HttpResult> Post(
    const Url& url, const std::shared_ptr<const io::TlsContext>& tls,
    const std::string& body) {
  Conversation talk(io::Clock().Now() + kBudget);
  WARREN_RETURN_IF_ERROR(talk.Connect(url, tls));
  WARREN_RETURN_IF_ERROR(talk.Send(AsBytes(
      io::BuildHttpRequest({.method = "POST",
                            .target = url.target,
                            .headers = {{"Host", url.host},
                                        {"Content-Type", "application/json"},
                                        {"Connection", "close"}}},
                           body))));
  io::HttpHeadReader head;
  HttpResult result;
  bool complete = false;
  size_t want = kMaxBody;
  while (!complete || result.body.size() < want) {
    const auto bytes = talk.Receive();
    if (!bytes.ok() && !complete) return bytes.status();
    if (!bytes.ok()) break;
    Bytes rest = *bytes;
    if (!complete) {
      WARREN_ASSIGN_OR_RETURN(complete, head.Take(rest));
      if (!complete) continue;
      WARREN_ASSIGN_OR_RETURN(const auto response, head.Response());
      result.status = response.status;
      want = std::min(want, response.ContentLength().value_or(kMaxBody));
    }
    result.body.append(rest.begin(), rest.end());
  }
  return result;
}

}  // namespace

absl::StatusOr<Url> ParseUrl(const std::string& text) {
  Url url;
  absl::string_view rest = text;
  const auto bad = [&text](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is not a usable URL: ", what));
  };
  if (absl::StartsWith(rest, "https://")) {
    url.tls = true;
    rest.remove_prefix(8);
  } else if (absl::StartsWith(rest, "http://")) {
    rest.remove_prefix(7);
  } else {
    return bad("it must begin with http:// or https://");
  }
  const size_t slash = std::min(rest.find('/'), rest.size());
  url.target = std::string(rest.substr(slash));
  if (url.target.empty()) url.target = "/";
  absl::string_view authority = rest.substr(0, slash);
  url.port = url.tls ? 443 : 80;
  const size_t colon = authority.rfind(':');
  if (colon != absl::string_view::npos &&
      authority.find(']', colon) == absl::string_view::npos) {
    uint32_t port = 0;
    if (!absl::SimpleAtoi(authority.substr(colon + 1), &port) || port == 0 ||
        port > 65535) {
      return bad("its port is not in 1 to 65535");
    }
    url.port = static_cast<uint16_t>(port);
    authority = authority.substr(0, colon);
  }
  if (authority.size() > 2 && authority.front() == '[' &&
      authority.back() == ']') {
    authority = authority.substr(1, authority.size() - 2);
  }
  if (authority.empty()) return bad("it names no host");
  if (text.find_first_of(" \r\n\t") != std::string::npos) {
    return bad("it has white space in it");
  }
  url.host = std::string(authority);
  return url;
}

bool BodyAllows(absl::string_view body) {
  const auto json =
      nlohmann::json::parse(body.begin(), body.end(), nullptr, false);
  if (!json.is_object()) return false;
  const auto allow = json.find("Allow");
  return allow != json.end() && allow->is_boolean() && allow->get<bool>();
}

absl::StatusOr<std::unique_ptr<VerifyClient>> VerifyClient::Create(
    const std::string& url, bool fail_open) {
  WARREN_ASSIGN_OR_RETURN(Url parsed, ParseUrl(url));
  std::shared_ptr<const io::TlsContext> tls;
  if (parsed.tls) {
    WARREN_ASSIGN_OR_RETURN(tls, io::TlsContext::Client({}));
  }
  return std::unique_ptr<VerifyClient>(
      new VerifyClient(std::move(parsed), std::move(tls), fail_open));
}

VerifyClient::VerifyClient(Url url, std::shared_ptr<const io::TlsContext> tls,
                           bool fail_open)
    : url_(std::move(url)), tls_(std::move(tls)), fail_open_(fail_open) {}

void VerifyClient::Start() {
  for (size_t i = 0; i < kThreads; ++i) {
    threads_.emplace_back([this] { Work(); });
  }
}

VerifyClient::~VerifyClient() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    waiting_.clear();
  }
  for (std::thread& thread : threads_) thread.join();
}

void VerifyClient::Ask(const crypto::NodeKey& key, const net::IpAddress& from,
                       std::function<void(bool)> done) {
  {
    absl::MutexLock lock(&mutex_);
    if (waiting_.size() < kMaxWaiting) {
      waiting_.push_back({key, from, std::move(done)});
      return;
    }
  }
  done(fail_open_);
}

void VerifyClient::Work() {
  while (true) {
    std::optional<Question> question;
    {
      absl::MutexLock lock(&mutex_);
      const auto ready = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
        return stopping_ || !waiting_.empty();
      };
      mutex_.Await(absl::Condition(&ready));
      if (stopping_) return;
      question = std::move(waiting_.front());
      waiting_.pop_front();
    }
    question->done(Decide(*question));
  }
}

bool VerifyClient::Decide(const Question& question) const {
  const nlohmann::ordered_json body = {{"NodePublic", question.key.ToString()},
                                       {"Source", question.from.ToString()}};
  const auto result = Post(url_, tls_, body.dump());
  if (!result.ok()) {
    spdlog::warn("verify_client_url failed error=\"{}\" let_in={}",
                 std::string(result.status().message()), fail_open_);
    return fail_open_;
  }
  return result->status == 200 && BodyAllows(result->body);
}

}  // namespace warren::relay
