#include "control/api/json_face.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/notification.h"
#include "control/api/http_problem.h"
#include "control/api/json_message.h"
#include "control/api/openapi.h"
#include "control/api/query.h"
#include "control/coordinator/names.h"
#include "core/base/status_macros.h"
#include "warren/v1/admin.pb.h"

namespace warren::control {
namespace {

namespace pb = google::protobuf;

// A path that fits, and what stands in its braces.
struct Match {
  const AdminMethod* method;
  std::map<std::string, std::string> fields;
};

std::optional<Match> MatchPath(const AdminMethod& method,
                               const std::vector<absl::string_view>& parts) {
  const std::vector<std::string> wanted = absl::StrSplit(method.path, '/');
  if (wanted.size() != parts.size()) return std::nullopt;
  Match match{&method, {}};
  for (size_t i = 0; i < parts.size(); ++i) {
    absl::string_view name = wanted[i];
    if (absl::ConsumePrefix(&name, "{") && absl::ConsumeSuffix(&name, "}")) {
      if (parts[i].empty()) return std::nullopt;
      match.fields[std::string(name)] = std::string(parts[i]);
    } else if (name != parts[i]) {
      return std::nullopt;
    }
  }
  return match;
}

std::vector<Match> MatchesOf(absl::string_view path) {
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '/');
  std::vector<Match> matches;
  for (const AdminMethod& method : AdminMethods()) {
    auto match = MatchPath(method, parts);
    if (match) matches.push_back(*std::move(match));
  }
  return matches;
}

io::WebReply WrongVerb(const std::vector<Match>& matches) {
  std::vector<std::string> verbs;
  for (const Match& match : matches) verbs.push_back(match.method->verb);
  const std::string allowed = absl::StrJoin(verbs, ", ");
  io::WebReply reply = ProblemReply(405, absl::StatusCode::kUnimplemented,
                                    absl::StrCat("this path takes ", allowed));
  reply.headers.emplace_back("Allow", allowed);
  return reply;
}

bool HasBody(const AdminMethod& method) {
  return method.verb != "GET" && method.verb != "DELETE";
}

bool IsJson(absl::string_view content_type) {
  const absl::string_view type = content_type.substr(0, content_type.find(';'));
  return absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(type),
                                "application/json");
}

absl::Status FillFromQuery(absl::string_view query, pb::Message& message) {
  WARREN_ASSIGN_OR_RETURN(const auto pairs, ParseQuery(query));
  std::set<std::string> seen;
  for (const auto& [name, value] : pairs) {
    const auto* field = message.GetDescriptor()->FindFieldByName(name);
    if (field == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("there is no field \"", Printable(name), "\""));
    }
    if (!seen.insert(name).second && !field->is_repeated()) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", name, "\" comes twice"));
    }
    WARREN_RETURN_IF_ERROR(SetFromText(message, *field, value));
  }
  return absl::OkStatus();
}

// A PATCH changes what its body names: "settings.x" for the field mask "x".
void FillMask(const std::set<std::string>& members, pb::Message& message) {
  auto* const settings = dynamic_cast<v1::SetSettingsRequest*>(&message);
  if (settings == nullptr || settings->fields_size() > 0) return;
  for (absl::string_view member : members) {
    if (absl::ConsumePrefix(&member, "settings.")) {
      settings->add_fields(std::string(member));
    }
  }
}

absl::Status FillFromPath(const Match& match, pb::Message& message) {
  const pb::Reflection& reflection = *message.GetReflection();
  for (const auto& [name, value] : match.fields) {
    const auto* field = message.GetDescriptor()->FindFieldByName(name);
    const std::string meant =
        field == match.method->tailnet && value == "-" ? "" : value;
    const std::string inside = reflection.GetString(message, field);
    if (!inside.empty() && inside != meant) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": the path and what comes with it disagree"));
    }
    reflection.SetString(&message, field, meant);
  }
  return absl::OkStatus();
}

// If-Match: "7" is the version that was edited (RFC 9110 §13.1.1).
absl::Status FillBaseVersion(absl::string_view if_match, pb::Message& message) {
  auto* const policy = dynamic_cast<v1::SetPolicyRequest*>(&message);
  if (policy == nullptr || if_match.empty()) return absl::OkStatus();
  if (if_match == "*") {
    policy->set_any_base(true);
    return absl::OkStatus();
  }
  uint64_t version = 0;
  absl::string_view text = if_match;
  if (!absl::ConsumePrefix(&text, "\"") || !absl::ConsumeSuffix(&text, "\"") ||
      !absl::SimpleAtoi(text, &version)) {
    return absl::InvalidArgumentError(
        "If-Match: send the ETag of the policy that was edited, such as "
        "\"7\"");
  }
  policy->set_base_version(version);
  return absl::OkStatus();
}

std::string EtagOf(const pb::Message& message) {
  const auto* policy = dynamic_cast<const v1::PolicyVersion*>(&message);
  if (const auto* set = dynamic_cast<const v1::SetPolicyResponse*>(&message)) {
    policy = &set->version();
  }
  return policy == nullptr ? "" : absl::StrCat("\"", policy->version(), "\"");
}

io::WebReply Answered(const pb::Message& message) {
  const auto json = ToJson(message);
  if (!json.ok()) return ProblemReply(json.status());
  io::WebReply reply;
  reply.content_type = "application/json";
  reply.body = *json + "\n";
  const std::string etag = EtagOf(message);
  if (!etag.empty()) reply.headers.emplace_back("ETag", etag);
  return reply;
}

// The value of cookie `name`; empty without one, or with two: here nobody
// guesses which was meant, as io::FindCookie() does for pages.
std::string CookieValue(const io::WebRequest& request, absl::string_view name) {
  std::string value;
  int found = 0;
  for (const auto& [header, text] : request.headers) {
    if (!absl::EqualsIgnoreCase(header, "cookie")) continue;
    for (absl::string_view pair : absl::StrSplit(text, ';')) {
      pair = absl::StripAsciiWhitespace(pair);
      if (!absl::ConsumePrefix(&pair, name)) continue;
      if (!absl::ConsumePrefix(&pair, "=")) continue;
      value = std::string(pair);
      ++found;
    }
  }
  return found == 1 ? value : "";
}

}  // namespace

Credential JsonFace::CredentialOf(const io::WebRequest& request) const {
  Credential credential;
  credential.source = request.client;
  const bool is_local =
      absl::StartsWith(request.client, "127.") || request.client == "::1";
  credential.exposed = options_.expects_tls && !request.secure && !is_local;
  int num_authorizations = 0;
  for (const auto& [name, value] : request.headers) {
    num_authorizations += absl::EqualsIgnoreCase(name, "authorization");
  }
  absl::string_view bearer = request.Header("Authorization");
  if (num_authorizations > 0) {
    if (num_authorizations > 1 ||
        !absl::StartsWithIgnoreCase(bearer, "bearer ")) {
      return credential;
    }
    bearer.remove_prefix(7);
    credential.kind = Credential::Kind::kBearer;
    credential.text = std::string(absl::StripAsciiWhitespace(bearer));
    return credential;
  }
  if (options_.session_cookie.empty()) return credential;
  credential.text = CookieValue(
      request,
      absl::StrCat(request.secure ? "__Host-" : "", options_.session_cookie));
  if (!credential.text.empty()) credential.kind = Credential::Kind::kSession;
  return credential;
}

absl::Status JsonFace::CheckOrigin(const io::WebRequest& request) const {
  const absl::string_view site = request.Header("Sec-Fetch-Site");
  if (site == "same-origin") return absl::OkStatus();
  const absl::string_view origin = request.Header("Origin");
  if (site.empty() && !origin.empty()) {
    const std::string own =
        !options_.public_url.empty()
            ? options_.public_url
            : absl::StrCat(request.secure ? "https://" : "http://",
                           request.Header("Host"));
    if (origin == own) return absl::OkStatus();
  }
  return absl::PermissionDeniedError(
      "another site asked the browser for this: changes with a session must "
      "come from the pages of this server");
}

absl::Status JsonFace::FillRequest(const io::WebRequest& request,
                                   const AdminMethod& method,
                                   pb::Message& message) const {
  if (!HasBody(method)) {
    if (!request.body.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(method.verb, " takes no body"));
    }
    return FillFromQuery(request.query, message);
  }
  if (!request.query.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(method.verb, " takes a body, no query"));
  }
  if (request.body.empty()) return absl::OkStatus();
  std::set<std::string> members;
  WARREN_RETURN_IF_ERROR(ParseJson(request.body, message, &members));
  if (method.verb == "PATCH") FillMask(members, message);
  return absl::OkStatus();
}

io::WebReply JsonFace::Handle(const io::WebRequest& request) const {
  const std::string verb = request.method == "HEAD" ? "GET" : request.method;
  if (request.path == kOpenApiPath && verb == "GET") {
    io::WebReply reply;
    reply.content_type = "application/json";
    reply.body = kOpenApiJson;
    return reply;
  }
  const std::vector<Match> matches = MatchesOf(request.path);
  if (matches.empty()) {
    return ProblemReply(absl::NotFoundError(
        absl::StrCat("there is nothing here; see ", kOpenApiPath)));
  }
  const auto match =
      std::find_if(matches.begin(), matches.end(),
                   [&](const Match& m) { return m.method->verb == verb; });
  if (match == matches.end()) return WrongVerb(matches);
  const AdminMethod& method = *match->method;
  Credential credential = CredentialOf(request);
  if (credential.kind == Credential::Kind::kNone) {
    return ProblemReply(absl::UnauthenticatedError(
        "who are you? Send an API key: `Authorization: Bearer wapi-...`"));
  }
  if (credential.kind == Credential::Kind::kSession && method.Mutates()) {
    const absl::Status same_site = CheckOrigin(request);
    if (!same_site.ok()) return ProblemReply(same_site);
  }
  if (HasBody(method) && !request.body.empty() &&
      !IsJson(request.Header("Content-Type"))) {
    return ProblemReply(415, absl::StatusCode::kInvalidArgument,
                        "send Content-Type: application/json");
  }
  const auto message = method.NewRequest();
  const auto response = method.NewResponse();
  absl::Status status = FillRequest(request, method, *message);
  if (status.ok()) status = FillFromPath(*match, *message);
  const absl::string_view if_match = request.Header("If-Match");
  if (status.ok()) status = FillBaseVersion(if_match, *message);
  if (!status.ok()) return ProblemReply(status);
  absl::Notification done;
  dispatcher_.Call(method, std::move(credential), *message, *response,
                   [&](const absl::Status& outcome) {
                     status = outcome;
                     done.Notify();
                   });
  done.WaitForNotification();
  if (absl::IsAborted(status) && !if_match.empty()) {
    return ProblemReply(412, status.code(), status.message());
  }
  return status.ok() ? Answered(*response) : ProblemReply(status);
}

}  // namespace warren::control
