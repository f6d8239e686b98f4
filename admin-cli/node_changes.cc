#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "admin-cli/node_json.h"
#include "admin-cli/nouns.h"
#include "core/base/status_macros.h"

// What administrators decide of a node: the verbs beside those of node.cc.
namespace warren::admin {
namespace {

struct Words {
  std::string ref, value;
  std::vector<std::string> values;
  bool none = false;
};

template <class Request>
Request About(const Session& session, const Words& words) {
  Request request;
  request.set_tailnet(session.tailnet);
  request.set_ref(words.ref);
  return request;
}

absl::Status Tell(Session& session, const absl::StatusOr<v1::AdminNode>& node,
                  absl::string_view what) {
  if (!node.ok()) return node.status();
  session.Print(ToJson(*node),
                absl::StrCat("node ", node->node().name(), ": ", what, "\n"));
  return absl::OkStatus();
}

// All values, or none: not saying any would take them away by accident.
absl::Status CheckList(const Words& words, absl::string_view option) {
  if (words.values.empty() != words.none) {
    return cli::UsageError(
        absl::StrCat("give ", option, " for each, or --none"));
  }
  return absl::OkStatus();
}

absl::Status Approve(Session& session, const Words& words) {
  return Tell(session,
              session.Call(&Session::Stub::ApproveNode,
                           About<v1::NodeRequest>(session, words)),
              "approved");
}

absl::Status SetTags(Session& session, const Words& words) {
  WARREN_RETURN_IF_ERROR(CheckList(words, "--tag"));
  auto request = About<v1::SetNodeTagsRequest>(session, words);
  request.mutable_tags()->Assign(words.values.begin(), words.values.end());
  return Tell(session, session.Call(&Session::Stub::SetNodeTags, request),
              absl::StrCat("tags ", absl::StrJoin(words.values, " ")));
}

absl::Status SetRoutes(Session& session, const Words& words) {
  WARREN_RETURN_IF_ERROR(CheckList(words, "--route"));
  auto request = About<v1::SetNodeRoutesRequest>(session, words);
  request.mutable_routes()->Assign(words.values.begin(), words.values.end());
  return Tell(
      session, session.Call(&Session::Stub::SetNodeRoutes, request),
      absl::StrCat("approved routes ", absl::StrJoin(words.values, " ")));
}

absl::Status SetAddress(Session& session, const Words& words) {
  auto request = About<v1::SetNodeAddressRequest>(session, words);
  request.set_ipv4(words.value);
  return Tell(session, session.Call(&Session::Stub::SetNodeAddress, request),
              absl::StrCat("address ", words.value));
}

absl::Status SetOwner(Session& session, const Words& words) {
  auto request = About<v1::SetNodeOwnerRequest>(session, words);
  request.set_user(words.value);
  return Tell(session, session.Call(&Session::Stub::SetNodeOwner, request),
              absl::StrCat("belongs to ", words.value));
}

absl::Status SetAttributes(Session& session, const Words& words) {
  auto request = About<v1::SetNodeAttributesRequest>(session, words);
  const size_t equals = words.value.find('=');
  if (equals == std::string::npos) {
    return cli::UsageError("write NAME=VALUE, or NAME= to remove it");
  }
  std::string name = words.value.substr(0, equals);
  if (!absl::StartsWith(name, "custom:")) name = absl::StrCat("custom:", name);
  (*request.mutable_attributes())[name] = words.value.substr(equals + 1);
  return Tell(session, session.Call(&Session::Stub::SetNodeAttributes, request),
              words.value);
}

using Run = absl::Status (*)(Session&, const Words&);

cli::Command AddVerb(cli::Command node, Session& session,
                     const std::shared_ptr<Words>& words, const char* verb,
                     const char* help, Run run) {
  cli::Command command = node.Add(verb, help);
  command.Argument("node", "Name, id or address", &words->ref);
  command.Does([&session, words, run] { return run(session, *words); });
  return command;
}

}  // namespace

void AddNodeChanges(cli::Command node, Session& session) {
  const auto words = std::make_shared<Words>();
  AddVerb(node, session, words, "approve", "Let a waiting node in", &Approve);
  AddVerb(node, session, words, "tag", "Set all its tags", &SetTags)
      .List("--tag", "Such as tag:server", "TAG", &words->values)
      .Flag("--none", "Give it back to its owner", &words->none);
  AddVerb(node, session, words, "routes", "Set all routes it may serve",
          &SetRoutes)
      .List("--route", "Such as 192.0.2.0/24", "PREFIX", &words->values)
      .Flag("--none", "It may serve none", &words->none);
  AddVerb(node, session, words, "address", "Choose its address", &SetAddress)
      .Argument("ipv4", "In 100.64.0.0/10", &words->value);
  AddVerb(node, session, words, "owner", "Give it to another user", &SetOwner)
      .Argument("user", "Login or id", &words->value);
  AddVerb(node, session, words, "attribute", "Set an attribute for postures",
          &SetAttributes)
      .Argument("NAME=VALUE", "Such as tier=gold; NAME= removes it",
                &words->value);
}

}  // namespace warren::admin
