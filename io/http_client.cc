#include "io/http_client.h"

#include <algorithm>
#include <utility>
#include <vector>

// With the address sanitizer GCC 12 warns about boost::optional in here.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "core/base/status_macros.h"
#include "core/base/version.h"
#include "io/clock.h"
#include "io/dial_wire.h"
#include "io/resolve.h"

namespace warren::io {
namespace {

namespace http = boost::beast::http;

using net::IpAddress;
using net::IpPrefix;

// What no public server has (RFC 6890), beside what IpAddress tells. The
// networks of examples are not among them: laboratories use them.
bool IsReservedV4(const IpAddress& address) {
  const uint32_t v4 = address.v4();
  return (v4 >> 24) == 0 || (v4 >> 28) == 0xf ||  // 0/8, 240/4
         (v4 >> 8) == 0xc00000 ||                 // 192.0.0/24
         (v4 >> 17) == 0xc612 >> 1;               // 198.18/15
}

IpAddress V4At(const IpAddress& v6, size_t at) {
  return IpAddress::V4(v6.bytes().subspan(at).first<4>());
}

bool Within(const IpAddress& address, absl::string_view prefix) {
  return IpPrefix::Parse(prefix)->Contains(address);
}

absl::Status Malformed(const HttpUrl& url, absl::string_view why) {
  return absl::UnavailableError(absl::StrCat(
      "server ", url.origin.ToString(), ": its answer is malformed: ", why));
}

std::string RequestText(const HttpCall& call, const HttpUrl& url) {
  const std::string origin = url.origin.ToString();
  HttpRequest request;
  request.method = call.method;
  request.target = url.target;
  request.headers = {{"Host", origin.substr(origin.find("//") + 2)},
                     {"User-Agent", absl::StrCat("warren/", kVersion)},
                     {"Connection", "close"}};
  request.headers.insert(request.headers.end(), call.headers.begin(),
                         call.headers.end());
  if (call.method == "POST" && call.body.empty()) {
    request.headers.emplace_back("Content-Length", "0");
  }
  return BuildHttpRequest(request, call.body);
}

// Whether a header may be sent as it is: no line may end within.
bool IsSafeHeader(const std::pair<std::string, std::string>& header) {
  return std::all_of(header.second.begin(), header.second.end(), [](char c) {
    return !absl::ascii_iscntrl(static_cast<unsigned char>(c));
  });
}

using Parser = http::response_parser<http::string_body>;

// Feeds what was received to `parser`, and takes it.
absl::Status Feed(const HttpUrl& url, std::vector<uint8_t>& received,
                  Parser& parser) {
  boost::beast::error_code error;
  const size_t used =
      parser.put(boost::asio::buffer(received.data(), received.size()), error);
  received.erase(received.begin(),
                 received.begin() + static_cast<std::ptrdiff_t>(used));
  // Beast itself would wait without end for that of a chunk's size line.
  const bool endless = !parser.is_done() && received.size() > kMaxHttpHeadSize;
  if (!endless && (!error || error == http::error::need_more)) {
    return absl::OkStatus();
  }
  if (endless || error == http::error::body_limit ||
      error == http::error::header_limit) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "server ", url.origin.ToString(), ": its answer is too big"));
  }
  return Malformed(url, error.message());
}

absl::StatusOr<HttpAnswer> ReadAnswer(const HttpUrl& url, size_t max_body,
                                      DialWire& wire) {
  Parser parser;
  parser.eager(true);
  parser.header_limit(static_cast<uint32_t>(kMaxHttpHeadSize));
  parser.body_limit(max_body);
  while (!parser.is_done()) {
    WARREN_ASSIGN_OR_RETURN(const bool more, wire.Receive());
    WARREN_RETURN_IF_ERROR(Feed(url, wire.received(), parser));
    if (more || parser.is_done()) continue;
    // Beast takes no bytes at all for a complete answer.
    if (!parser.is_header_done()) return Malformed(url, "it ends too early");
    boost::beast::error_code error;
    parser.put_eof(error);
    if (error || !parser.is_done()) return Malformed(url, "it ends too early");
  }
  HttpAnswer answer;
  answer.status = static_cast<int>(parser.get().result_int());
  if (answer.status < 200) return Malformed(url, "it is not a final one");
  for (const auto& field : parser.get()) {
    answer.headers.emplace_back(std::string(field.name_string()),
                                std::string(field.value()));
  }
  answer.body = std::move(parser.get().body());
  return answer;
}

// The system's roots are some hundred certificates: clients that trust no
// others share them, as long as there is one.
absl::StatusOr<std::shared_ptr<const TlsContext>> SystemRoots() {
  static absl::Mutex mutex;
  static auto& shared = *new std::weak_ptr<const TlsContext>();
  absl::MutexLock lock(&mutex);
  auto context = shared.lock();
  if (context != nullptr) return context;
  WARREN_ASSIGN_OR_RETURN(context, TlsContext::Client(TlsClientOptions()));
  shared = context;
  return context;
}

}  // namespace

bool IsPublicAddress(const IpAddress& address) {
  if (address.is_v4()) {
    return !address.IsUnspecified() && !address.IsLoopback() &&
           !address.IsMulticast() && !address.IsLinkLocal() &&
           !address.IsPrivate() && !address.IsTailnet() &&
           !IsReservedV4(address);
  }
  // An IPv4-mapped address is IPv4 already.
  if (Within(address, "64:ff9b::/96")) {
    return IsPublicAddress(V4At(address, 12));
  }
  if (Within(address, "2002::/16")) return IsPublicAddress(V4At(address, 2));
  return Within(address, "2000::/3") && !Within(address, "2001::/32");
}

absl::StatusOr<std::unique_ptr<HttpClient>> HttpClient::Make(
    const HttpClientOptions& options, const Cancel& cancel) {
  TlsClientOptions tls;
  tls.extra_roots = options.extra_roots;
  WARREN_ASSIGN_OR_RETURN(auto context, tls.extra_roots.empty()
                                            ? SystemRoots()
                                            : TlsContext::Client(tls));
  return std::unique_ptr<HttpClient>(
      new HttpClient(options, cancel, std::move(context)));
}

HttpClient::HttpClient(const HttpClientOptions& options, const Cancel& cancel,
                       std::shared_ptr<const TlsContext> tls)
    : options_(options), cancel_(&cancel), tls_(std::move(tls)) {}

absl::StatusOr<HttpUrl> HttpClient::CheckedUrl(absl::string_view text) const {
  WARREN_ASSIGN_OR_RETURN(HttpUrl url, HttpUrl::Parse(text));
  if (!url.origin.https && !options_.allow_private_addresses) {
    return absl::InvalidArgumentError(absl::StrCat(
        url.origin.ToString(), " may not be called: it must be https"));
  }
  return url;
}

absl::StatusOr<HttpAnswer> HttpClient::Call(const HttpCall& call) {
  const Instant start = Clock().Now();
  WARREN_ASSIGN_OR_RETURN(const HttpUrl url, CheckedUrl(call.url));
  if (!std::all_of(call.headers.begin(), call.headers.end(), IsSafeHeader)) {
    return absl::InvalidArgumentError(absl::StrCat(
        url.origin.ToString(), ": a header with a control character"));
  }
  WARREN_ASSIGN_OR_RETURN(
      auto addresses,
      Resolve(url.origin.host, options_.connect_timeout, *cancel_));
  std::erase_if(addresses, [&](const IpAddress& address) {
    if (!url.origin.https) return !address.IsLoopback();
    return !options_.allow_private_addresses && !IsPublicAddress(address);
  });
  if (addresses.empty()) {
    return absl::PermissionDeniedError(absl::StrCat(
        url.origin.ToString(),
        url.origin.https ? " is on a private or local network, where calls "
                           "must be allowed first"
                         : " may not be called: only on loopback can it be "
                           "http"));
  }
  DialTarget target;
  target.url = url.origin;
  target.who = "server";
  target.tls = tls_;
  WARREN_ASSIGN_OR_RETURN(
      DialWire wire,
      DialWire::Connect(target, addresses, start + options_.connect_timeout,
                        *cancel_));
  wire.set_deadline(start + options_.total_timeout);
  WARREN_RETURN_IF_ERROR(wire.Send(RequestText(call, url)));
  return ReadAnswer(url, options_.max_body, wire);
}

std::string FormEncode(const HttpHeaders& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    absl::StrAppend(&out, out.empty() ? "" : "&", PercentEncode(name), "=",
                    PercentEncode(value));
  }
  return out;
}

}  // namespace warren::io
