#include "core/netcheck/captive_portal.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace warren::netcheck {
namespace {

constexpr absl::string_view kEndOfLine = "\r\n";

std::string ChallengeFor(const net::Endpoint& server) {
  return absl::StrCat("ts_", server.address().ToString());
}

// Takes the first line off `rest`. False: there is no whole line.
bool TakeLine(absl::string_view& rest, absl::string_view& line) {
  const size_t end = rest.find(kEndOfLine);
  if (end == absl::string_view::npos) return false;
  line = rest.substr(0, end);
  rest.remove_prefix(end + kEndOfLine.size());
  return true;
}

// "HTTP/1.1 204 No Content": the three digits, or nothing.
absl::string_view StatusOf(absl::string_view line) {
  if (!absl::StartsWith(line, "HTTP/1.")) return {};
  const size_t space = line.find(' ');
  if (space == absl::string_view::npos) return {};
  const absl::string_view status = line.substr(space + 1, 3);
  for (const char c : status) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return {};
  }
  return status.size() == 3 ? status : absl::string_view();
}

}  // namespace

std::string PortalRequest(const net::Endpoint& server, uint64_t nonce) {
  const std::string address = server.address().ToString();
  const std::string host = server.port() == kPortalPort
                               ? address
                               : absl::StrCat(address, ":", server.port());
  return absl::StrCat("GET /generate_204?t=", nonce,
                      " HTTP/1.1\r\nHost: ", host,
                      "\r\nCache-Control: no-cache, no-store, must-revalidate, "
                      "no-transform, max-age=0\r\nX-Tailscale-Challenge: ",
                      ChallengeFor(server), "\r\nConnection: close\r\n\r\n");
}

PortalVerdict JudgePortalResponse(absl::string_view response,
                                  const net::Endpoint& server) {
  absl::string_view line;
  if (!TakeLine(response, line)) return PortalVerdict::kUnclear;
  const absl::string_view status = StatusOf(line);
  if (status.empty()) return PortalVerdict::kUnclear;
  if (status != "204") return PortalVerdict::kPortal;
  const std::string want = absl::StrCat("response ", ChallengeFor(server));
  while (TakeLine(response, line) && !line.empty()) {
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos) continue;
    const absl::string_view name = line.substr(0, colon);
    if (!absl::EqualsIgnoreCase(name, "X-Tailscale-Response")) continue;
    const auto value = absl::StripAsciiWhitespace(line.substr(colon + 1));
    return value == want ? PortalVerdict::kRelay : PortalVerdict::kPortal;
  }
  return PortalVerdict::kPortal;
}

}  // namespace warren::netcheck
