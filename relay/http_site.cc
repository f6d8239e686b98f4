#include "relay/http_site.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "core/derp/login.h"
#include "relay/websocket.h"

namespace warren::relay {
namespace {

using io::HttpHeaders;
using io::HttpRequest;

constexpr char kHome[] =
    "<!doctype html><title>relay</title>"
    "<p>This is a Warren relay: it carries encrypted packets between devices "
    "that cannot reach each other directly.</p>\n";

HttpAnswer Close(int status, HttpHeaders headers, absl::string_view body,
                 const HttpRequest& request) {
  headers.emplace_back("Connection", "close");
  HttpAnswer answer;
  answer.bytes =
      io::BuildHttpResponse({.status = status, .headers = std::move(headers)},
                            request.method == "HEAD" ? "" : body);
  return answer;
}

HttpAnswer Text(int status, absl::string_view body,
                const HttpRequest& request) {
  return Close(status, {{"Content-Type", "text/plain; charset=utf-8"}}, body,
               request);
}

bool IsRead(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

bool OffersDerp(absl::string_view protocols) {
  for (const absl::string_view one : absl::StrSplit(protocols, ',')) {
    if (absl::StripAsciiWhitespace(one) == "derp") return true;
  }
  return false;
}

HttpAnswer Derp(const HttpRequest& request, const crypto::NodeKey& server) {
  const std::string upgrade = absl::AsciiStrToLower(request.Header("Upgrade"));
  if (upgrade != "derp" && upgrade != "websocket") {
    return Close(
        426,
        {{"Content-Type", "text/plain; charset=utf-8"}, {"Upgrade", "DERP"}},
        "DERP requires connection upgrade\n", request);
  }
  HttpAnswer answer;
  if (upgrade == "websocket" &&
      OffersDerp(request.Header("Sec-WebSocket-Protocol"))) {
    const absl::string_view key = request.Header("Sec-WebSocket-Key");
    if (key.empty())
      return Text(400, "Sec-WebSocket-Key is missing\n", request);
    answer.then = Then::kDerpWebSocket;
    answer.bytes = io::BuildHttpResponse(
        {.status = 101,
         .headers = {{"Upgrade", "websocket"},
                     {"Connection", "Upgrade"},
                     {"Sec-WebSocket-Accept", WebSocketAccept(key)},
                     {"Sec-WebSocket-Protocol", "derp"}}});
    return answer;
  }
  answer.then = Then::kDerp;
  if (request.Header("Derp-Fast-Start") == "1") return answer;
  answer.bytes = io::BuildHttpResponse(
      {.status = 101,
       .headers = {{"Upgrade", "DERP"},
                   {"Connection", "Upgrade"},
                   {"Derp-Version", absl::StrCat(derp::kProtocolVersion)},
                   {"Derp-Public-Key", server.ToHex()}}});
  return answer;
}

bool IsChallenge(absl::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  c == '.' || c == '_' || c == ':' || c == '-';
         });
}

HttpAnswer Generate204(const HttpRequest& request) {
  HttpHeaders headers = {
      {"Cache-Control",
       "no-cache, no-store, must-revalidate, no-transform, max-age=0"}};
  const absl::string_view challenge = request.Header("X-Tailscale-Challenge");
  if (IsChallenge(challenge)) {
    headers.emplace_back("X-Tailscale-Response",
                         absl::StrCat("response ", challenge));
  }
  return Close(204, std::move(headers), "", request);
}

}  // namespace

HttpAnswer Answer(const HttpRequest& request, const crypto::NodeKey& server) {
  const absl::string_view path = request.path();
  if (path == "/derp") return Derp(request, server);
  if (path == "/derp/probe" || path == "/derp/latency-check") {
    if (!IsRead(request)) return Text(405, "bogus probe method\n", request);
    return Close(200, {{"Access-Control-Allow-Origin", "*"}}, "", request);
  }
  if (path == "/generate_204") return Generate204(request);
  if (!IsRead(request)) return Text(405, "only GET and HEAD\n", request);
  if (path == "/robots.txt") {
    return Text(200, "User-agent: *\nDisallow: /\n", request);
  }
  if (path == "/healthz") return Text(200, "ok\n", request);
  if (path == "/") {
    return Close(200, {{"Content-Type", "text/html; charset=utf-8"}}, kHome,
                 request);
  }
  return Text(404, "not found\n", request);
}

std::string BadRequest() {
  return io::BuildHttpResponse(
      {.status = 400, .headers = {{"Connection", "close"}}},
      "malformed HTTP request\n");
}

}  // namespace warren::relay
