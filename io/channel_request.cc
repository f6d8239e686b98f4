#include "io/channel_request.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace warren::io {
namespace {

ChannelAnswer Reply(const HttpReply& reply, HttpHeaders more = {}) {
  HttpResponse head;
  head.status = reply.status;
  head.headers = std::move(more);
  head.headers.insert(head.headers.end(), {{"Content-Type", reply.content_type},
                                           {"Cache-Control", "no-store"},
                                           {"Connection", "close"}});
  const std::string text = BuildHttpResponse(head, reply.body);
  ChannelAnswer answer;
  answer.status = reply.status;
  answer.bytes.assign(text.begin(), text.end());
  return answer;
}

ChannelAnswer Refuse(int status, absl::string_view why) {
  return Reply({.status = status, .body = absl::StrCat(why, "\n")});
}

ChannelAnswer KeyReply(const crypto::MachineKey& key) {
  HttpReply reply;
  reply.content_type = "application/json";
  reply.body = absl::StrCat("{\"publicKey\":\"", key.ToString(), "\"}\n");
  return Reply(reply);
}

ChannelAnswer Upgrade(const HttpRequest& request,
                      const crypto::MachinePrivateKey& key, Rng& rng) {
  if (request.method != "POST") return Refuse(405, "use POST");
  const std::string wanted = absl::AsciiStrToLower(request.Header("Upgrade"));
  if (wanted != kChannelProtocol) {
    return Refuse(400, absl::StrCat("\"Upgrade: ", kChannelProtocol,
                                    "\" is missing: is a proxy between?"));
  }
  if (request.ContentLength() != 0) return Refuse(400, "a body is not allowed");
  std::string initiation;
  if (!absl::Base64Unescape(request.Header(kHandshakeHeader), &initiation)) {
    return Refuse(400, absl::StrCat(kHandshakeHeader, " is not base64"));
  }
  auto accepted = noise::ReadInitiation(key, AsBytes(initiation), rng);
  if (absl::IsUnauthenticated(accepted.status())) {
    return Refuse(403, "the handshake was made for another server key");
  }
  if (!accepted.ok()) {
    return Refuse(400, std::string(accepted.status().message()));
  }
  HttpResponse head;
  head.status = 101;
  head.headers = {{"Upgrade", kChannelProtocol}, {"Connection", "upgrade"}};
  const std::string text = BuildHttpResponse(head);
  ChannelAnswer answer;
  answer.bytes.assign(text.begin(), text.end());
  answer.bytes.insert(answer.bytes.end(), accepted->response.begin(),
                      accepted->response.end());
  answer.accepted = *std::move(accepted);
  return answer;
}

}  // namespace

std::optional<bool> IsChannelRequest(absl::string_view begun) {
  bool maybe = false;
  for (const absl::string_view start :
       {"GET /key ", "GET /key?", "POST /warren/v1/channel"}) {
    if (absl::StartsWith(begun, start)) return true;
    if (absl::StartsWith(start, begun)) maybe = true;
  }
  if (maybe) return std::nullopt;
  return false;
}

ChannelAnswer AnswerRequest(const HttpRequest& request,
                            const crypto::MachinePrivateKey& key, Rng& rng) {
  if (request.path() == kChannelTarget) return Upgrade(request, key, rng);
  if (request.method != "GET") return Refuse(405, "use GET");
  if (request.path() == "/key") return KeyReply(key.public_key());
  return Refuse(404, "there is nothing here");
}

ChannelAnswer AnswerGarbage(absl::string_view text) {
  return Refuse(400, text);
}

ChannelAnswer AnswerBusy(int retry_after_seconds) {
  return Reply({.status = 503, .body = "busy: come again later\n"},
               {{"Retry-After", absl::StrCat(retry_after_seconds)}});
}

std::string KeyRequest(absl::string_view authority) {
  HttpRequest request;
  request.target = kKeyTarget;
  request.headers = {{"Host", std::string(authority)}, {"Connection", "close"}};
  return BuildHttpRequest(request);
}

absl::StatusOr<crypto::MachineKey> ParseKeyReply(absl::string_view body) {
  const auto json = nlohmann::json::parse(body.begin(), body.end(),
                                          /*cb=*/nullptr,
                                          /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("publicKey") ||
      !json["publicKey"].is_string()) {
    return absl::InvalidArgumentError(
        "the answer to /key is not a control server's");
  }
  const std::string text = json["publicKey"].get<std::string>();
  auto key = crypto::MachineKey::Parse(text);
  if (key.ok() && key->IsZero()) {
    return absl::InvalidArgumentError("the server's key is all zeros");
  }
  return key;
}

std::string ChannelRequest(absl::string_view authority, Bytes initiation) {
  HttpRequest request;
  request.method = "POST";
  request.target = kChannelTarget;
  request.headers = {{"Host", std::string(authority)},
                     {"Upgrade", kChannelProtocol},
                     {"Connection", "upgrade"},
                     {kHandshakeHeader, absl::Base64Escape(AsText(initiation))},
                     {"Content-Length", "0"}};
  return BuildHttpRequest(request);
}

}  // namespace warren::io
