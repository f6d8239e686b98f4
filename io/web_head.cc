#include "io/web_head.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "io/web_form.h"

namespace warren::io {
namespace {

constexpr size_t kMaxTarget = 8192;
constexpr size_t kMaxMethod = 16;
constexpr char kHttp[] = "HTTP/";

ParsedHead Refuse(int status, const char* why) {
  return {std::nullopt, WebRefusal{status, why}};
}

bool IsToken(absl::string_view text) {  // RFC 9110 §5.6.2
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           absl::StrContains("!#$%&'*+-.^_`|~", absl::string_view(&c, 1));
  });
}

bool IsFieldValue(absl::string_view text) {
  return std::ranges::none_of(text, [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

bool IsHost(absl::string_view text) {
  return !text.empty() && text.size() <= 300 &&
         std::ranges::all_of(text, [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  absl::StrContains("-._:[]", absl::string_view(&c, 1));
         });
}

size_t CountOf(const HttpHeaders& headers, absl::string_view name) {
  return static_cast<size_t>(
      std::ranges::count_if(headers, [name](const auto& header) {
        return absl::EqualsIgnoreCase(header.first, name);
      }));
}

bool HasToken(absl::string_view list, absl::string_view token) {
  for (const absl::string_view item : absl::StrSplit(list, ',')) {
    if (absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(item), token)) {
      return true;
    }
  }
  return false;
}

// "GET /path?query HTTP/1.1". Sets all but the headers.
std::optional<WebRefusal> ParseRequestLine(absl::string_view line,
                                           WebHead& head) {
  const std::vector<absl::string_view> parts = absl::StrSplit(line, ' ');
  if (parts.size() != 3 || !IsToken(parts[0]) || parts[0].size() > kMaxMethod ||
      !absl::StartsWith(parts[2], kHttp)) {
    return WebRefusal{400, "not an HTTP request"};
  }
  if (parts[2] != "HTTP/1.1" && parts[2] != "HTTP/1.0") {
    return WebRefusal{505, "use HTTP/1.1"};
  }
  head.keep_alive = parts[2] == "HTTP/1.1";
  head.request.method = std::string(parts[0]);
  const absl::string_view target = parts[1];
  if (target.size() > kMaxTarget) return WebRefusal{414, "the URL is too long"};
  const size_t mark = target.find('?');
  auto path = DecodePath(target.substr(0, mark));
  if (!path) return WebRefusal{400, "the path is not a plain one"};
  head.request.path = *std::move(path);
  if (mark != absl::string_view::npos) {
    head.request.query = std::string(target.substr(mark + 1));
  }
  return std::nullopt;
}

std::optional<WebRefusal> AddHeader(absl::string_view line,
                                    HttpHeaders& headers) {
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos || !IsToken(line.substr(0, colon)) ||
      !IsFieldValue(line)) {
    return WebRefusal{400, "a header is malformed"};
  }
  if (headers.size() >= kMaxHeaders) {
    return WebRefusal{431, "too many headers"};
  }
  headers.emplace_back(
      std::string(line.substr(0, colon)),
      std::string(absl::StripAsciiWhitespace(line.substr(colon + 1))));
  return std::nullopt;
}

// What the headers say of the body and of the connection.
std::optional<WebRefusal> ReadFraming(WebHead& head) {
  const HttpHeaders& headers = head.request.headers;
  const size_t lengths = CountOf(headers, "Content-Length");
  if (CountOf(headers, "Transfer-Encoding") > 0) {
    if (lengths > 0) return WebRefusal{400, "two ways to end the body"};
    return WebRefusal{411, "send a Content-Length"};
  }
  if (lengths > 1) return WebRefusal{400, "two lengths of the body"};
  if (lengths == 1) {
    const absl::string_view text = head.request.Header("Content-Length");
    uint64_t size = 0;
    if (text.empty() || text.size() > 19 ||
        !std::ranges::all_of(text, absl::ascii_isdigit) ||
        !absl::SimpleAtoi(text, &size)) {
      return WebRefusal{400, "the Content-Length is not a number"};
    }
    if (size > kMaxBody) return WebRefusal{413, "the body is over 1 MiB"};
    head.body_size = static_cast<size_t>(size);
  }
  const size_t hosts = CountOf(headers, "Host");
  if (hosts > 1 || (hosts == 0 && head.keep_alive) ||
      (hosts == 1 && !IsHost(head.request.Header("Host")))) {
    return WebRefusal{400, "one Host header is needed"};
  }
  if (HasToken(head.request.Header("Connection"), "close")) {
    head.keep_alive = false;
  }
  head.expects_continue =
      absl::EqualsIgnoreCase(head.request.Header("Expect"), "100-continue");
  return std::nullopt;
}

}  // namespace

ParsedHead ParseWebHead(absl::string_view text) {
  if (!absl::ConsumeSuffix(&text, "\r\n\r\n")) {
    return Refuse(400, "the head has no end");
  }
  std::vector<absl::string_view> lines = absl::StrSplit(text, "\r\n");
  WebHead head;
  auto refusal = ParseRequestLine(lines[0], head);
  for (size_t i = 1; i < lines.size() && !refusal; ++i) {
    refusal = AddHeader(lines[i], head.request.headers);
  }
  if (!refusal) refusal = ReadFraming(head);
  if (refusal) return {std::nullopt, std::move(refusal)};
  return {std::move(head), std::nullopt};
}

std::optional<std::string> DecodePath(absl::string_view raw) {
  if (!absl::StartsWith(raw, "/") || absl::StrContains(raw, "%2f") ||
      absl::StrContains(raw, "%2F")) {
    return std::nullopt;
  }
  const bool visible = std::ranges::all_of(
      raw, [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
  if (!visible) return std::nullopt;
  auto path = PercentDecode(raw);
  if (!path || absl::StrContains(*path, '\\')) return std::nullopt;
  const std::vector<absl::string_view> segments = absl::StrSplit(*path, '/');
  for (size_t i = 1; i < segments.size(); ++i) {
    const bool last = i + 1 == segments.size();
    if (segments[i] == "." || segments[i] == ".." ||
        (segments[i].empty() && !last)) {
      return std::nullopt;
    }
  }
  return path;
}

void SetClient(const net::IpAddress& remote, bool tls,
               const std::vector<net::IpPrefix>& trusted, WebRequest& request) {
  const auto is_trusted = [&trusted](const net::IpAddress& address) {
    return std::ranges::any_of(trusted, [&](const net::IpPrefix& prefix) {
      return prefix.Contains(address);
    });
  };
  request.client = remote.ToString();
  request.secure = tls;
  if (!is_trusted(remote)) return;
  if (request.Header("X-Forwarded-Proto") == "https") request.secure = true;
  std::vector<std::string> hops;
  for (const auto& [name, value] : request.headers) {
    if (!absl::EqualsIgnoreCase(name, "X-Forwarded-For")) continue;
    for (const absl::string_view hop : absl::StrSplit(value, ',')) {
      hops.emplace_back(absl::StripAsciiWhitespace(hop));
    }
  }
  for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
    const auto address = net::IpAddress::Parse(*hop);
    if (!address.ok()) return;
    request.client = address->ToString();
    if (!is_trusted(*address)) return;
  }
}

}  // namespace warren::io
