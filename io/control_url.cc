#include "io/control_url.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace warren::io {
namespace {

absl::Status Bad(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is not the URL of a control server: ", why));
}

// "host", "host:port", "[::1]" or "[::1]:port" -> host and the port's text.
bool Split(absl::string_view authority, std::string& host,
           absl::string_view& port) {
  if (absl::ConsumePrefix(&authority, "[")) {
    const size_t end = authority.find(']');
    if (end == absl::string_view::npos) return false;
    host = std::string(authority.substr(0, end));
    authority.remove_prefix(end + 1);
    if (authority.empty()) return true;
    port = authority;
    return absl::ConsumePrefix(&port, ":") && !port.empty();
  }
  const size_t colon = authority.find(':');
  host = std::string(authority.substr(0, colon));
  if (colon == absl::string_view::npos) return true;
  port = authority.substr(colon + 1);
  return !port.empty();
}

}  // namespace

absl::StatusOr<ControlUrl> ControlUrl::Parse(absl::string_view text) {
  absl::string_view rest = text;
  ControlUrl url;
  if (absl::ConsumePrefix(&rest, "http://")) {
    url.https = false;
    url.port = 80;
  } else if (!absl::ConsumePrefix(&rest, "https://")) {
    return Bad(text, "it must start with https:// (or http:// in a lab)");
  }
  absl::ConsumeSuffix(&rest, "/");
  for (const char c : rest) {
    if (absl::ascii_isspace(static_cast<unsigned char>(c)) ||
        absl::ascii_iscntrl(static_cast<unsigned char>(c)) ||
        absl::StrContains("/?#@\\\"", absl::string_view(&c, 1))) {
      return Bad(text, "only a host and a port may follow the scheme");
    }
  }
  absl::string_view port;
  if (!Split(rest, url.host, port) || url.host.empty()) {
    return Bad(text, "there is no host in it");
  }
  uint32_t number = 0;
  if (!port.empty()) {
    if (!absl::SimpleAtoi(port, &number) || number == 0 || number > 65535) {
      return Bad(text, "the port must be from 1 to 65535");
    }
    url.port = static_cast<uint16_t>(number);
  }
  return url;
}

std::string ControlUrl::Authority() const {
  const bool v6 = absl::StrContains(host, ":");
  return v6 ? absl::StrCat("[", host, "]:", port)
            : absl::StrCat(host, ":", port);
}

std::string ControlUrl::ToString() const {
  std::string text = absl::StrCat(https ? "https://" : "http://", Authority());
  const absl::string_view usual = https ? ":443" : ":80";
  if (port == (https ? 443 : 80)) text.resize(text.size() - usual.size());
  return text;
}

}  // namespace warren::io
