#include "core/portmap/http.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"

namespace warren::portmap {
namespace {

constexpr int kMaxInterimResponses = 4;
constexpr size_t kMaxUrl = 1024;

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("a router's HTTP response has ", what));
}

// Takes a line from the front of `text`, without its end; nullopt if the text
// ends before the line does.
std::optional<absl::string_view> TakeLine(absl::string_view& text) {
  const size_t end = text.find('\n');
  if (end == absl::string_view::npos) return std::nullopt;
  absl::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  absl::ConsumeSuffix(&line, "\r");
  return line;
}

// The status of "HTTP/1.1 200 OK"; nullopt if it is something else.
std::optional<int> StatusOf(absl::string_view line) {
  if (!absl::StartsWith(line, "HTTP/1.") || line.size() < 12) {
    return std::nullopt;
  }
  line.remove_prefix(7);
  const bool well_formed =
      absl::ascii_isdigit(static_cast<unsigned char>(line[0])) &&
      line[1] == ' ' && (line.size() == 5 || line[5] == ' ');
  int status = 0;
  if (!well_formed || !absl::SimpleAtoi(line.substr(2, 3), &status) ||
      status < 100) {
    return std::nullopt;
  }
  return status;
}

bool IsToken(absl::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c)) &&
           !absl::StrContains("()<>@,;:\\\"/[]?={}", absl::string_view(&c, 1));
  });
}

// A number of `base` and nothing else; nullopt too if it is more than a
// response may be long.
std::optional<size_t> SizeIn(absl::string_view text, int base) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value, base);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  if (value > kMaxHttpResponse) return std::nullopt;
  return static_cast<size_t>(value);
}

absl::StatusOr<std::string> Dechunk(absl::string_view rest) {
  std::string body;
  while (true) {
    const auto line = TakeLine(rest);
    if (!line) return Malformed("a chunk that is cut off");
    const absl::string_view digits = absl::StripTrailingAsciiWhitespace(
        line->substr(0, line->find(';')));  // §7.1.1: extensions
    const auto size = SizeIn(digits, 16);
    if (!size) return Malformed("a chunk without a fitting size");
    if (*size == 0) return body;
    if (rest.size() < *size) return Malformed("a chunk that is cut off");
    absl::StrAppend(&body, rest.substr(0, *size));
    rest.remove_prefix(*size);
    const auto end = TakeLine(rest);
    if (!end || !end->empty()) return Malformed("a chunk without an end");
  }
}

// The body's length by its headers; nullopt: until the end.
absl::StatusOr<std::optional<size_t>> LengthOf(const HttpHead& head) {
  std::optional<size_t> length;
  for (const auto& [name, value] : head.headers) {
    if (name != "content-length") continue;
    const auto size = SizeIn(value, 10);
    if (!size) return Malformed("an unfit Content-Length");
    if (length && *length != *size) return Malformed("two lengths");
    length = size;
  }
  return length;
}

absl::StatusOr<std::string> BodyOf(const HttpHead& head,
                                   absl::string_view rest) {
  WARREN_ASSIGN_OR_RETURN(const auto length, LengthOf(head));
  if (const std::string* coding = head.Find("transfer-encoding")) {
    if (length || !absl::EqualsIgnoreCase(*coding, "chunked")) {
      return Malformed("a transfer coding that is not just chunked");
    }
    return Dechunk(rest);
  }
  if (!length) return std::string(rest);
  if (rest.size() < *length) return Malformed("a body that is cut off");
  return std::string(rest.substr(0, *length));
}

bool FitForRequest(absl::string_view path) {
  return absl::StartsWith(path, "/") && path.size() <= kMaxUrl &&
         std::ranges::all_of(path, [](char c) {
           return absl::ascii_isgraph(static_cast<unsigned char>(c));
         });
}

absl::Status BadUrl(absl::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat(
      "a router's URL is not http://ADDRESS:PORT/PATH but of ", text.size(),
      " bytes, `", absl::CHexEscape(text.substr(0, 80)), "`"));
}

}  // namespace

const std::string* HttpHead::Find(absl::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return &value;
  }
  return nullptr;
}

absl::StatusOr<HttpHead> ParseHttpHead(absl::string_view text) {
  absl::string_view rest = text;
  HttpHead head;
  const auto first = TakeLine(rest);
  const auto status = first ? StatusOf(*first) : std::nullopt;
  if (!status) return Malformed("no status line");
  head.status = *status;
  while (true) {
    const auto line = TakeLine(rest);
    if (!line) return Malformed("headers that are cut off");
    if (line->empty()) break;
    const size_t colon = line->find(':');
    if (colon == absl::string_view::npos || !IsToken(line->substr(0, colon))) {
      return Malformed("a header without a name");
    }
    if (head.headers.size() == kMaxHttpHeaders) {
      return Malformed("too many headers");
    }
    head.headers.emplace_back(
        absl::AsciiStrToLower(line->substr(0, colon)),
        std::string(absl::StripAsciiWhitespace(line->substr(colon + 1))));
  }
  head.size = text.size() - rest.size();
  return head;
}

absl::StatusOr<HttpResponse> ParseHttpResponse(absl::string_view text) {
  for (int i = 0; i <= kMaxInterimResponses; ++i) {
    WARREN_ASSIGN_OR_RETURN(const HttpHead head, ParseHttpHead(text));
    text.remove_prefix(head.size);
    if (head.status < 200) continue;
    WARREN_ASSIGN_OR_RETURN(std::string body, BodyOf(head, text));
    return HttpResponse{head.status, std::move(body)};
  }
  return Malformed("nothing but interim responses");
}

absl::StatusOr<HttpUrl> ParseHttpUrl(absl::string_view text) {
  absl::string_view rest = text;
  if (text.size() > kMaxUrl || text.size() < 7 ||
      !absl::EqualsIgnoreCase(text.substr(0, 7), "http://")) {
    return BadUrl(text);
  }
  rest.remove_prefix(7);
  const size_t slash = std::min(rest.find('/'), rest.size());
  const absl::string_view authority = rest.substr(0, slash);
  HttpUrl url;
  url.path = slash < rest.size() ? std::string(rest.substr(slash)) : "/";
  if (const auto endpoint = net::Endpoint::Parse(authority); endpoint.ok()) {
    url.host = *endpoint;
  } else if (const auto ip = net::IpAddress::Parse(authority); ip.ok()) {
    url.host = net::Endpoint(*ip, 80);
  }
  if (!url.host.IsSet() || !FitForRequest(url.path)) return BadUrl(text);
  return url;
}

absl::StatusOr<HttpUrl> ResolveHttpUrl(const HttpUrl& base,
                                       absl::string_view reference) {
  if (absl::StrContains(reference, "://")) return ParseHttpUrl(reference);
  HttpUrl url = base;
  if (absl::StartsWith(reference, "/")) {
    url.path = std::string(reference);
  } else {
    const absl::string_view path = absl::string_view(base.path).substr(
        0, std::min(base.path.find('?'), base.path.size()));
    url.path = absl::StrCat(path.substr(0, path.rfind('/') + 1), reference);
  }
  if (!FitForRequest(url.path)) return BadUrl(reference);
  return url;
}

}  // namespace warren::portmap
