#include "admin-cli/policy_source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/status_macros.h"
#include "core/policy/policy_text.h"
#include "core/policy/topology_text.h"

namespace warren::admin {
namespace {

constexpr size_t kMaxShown = 100;  // bytes of a line

using v1::Admin;

std::vector<net::IpPrefix> PrefixesOf(
    const google::protobuf::RepeatedPtrField<std::string>& texts) {
  std::vector<net::IpPrefix> prefixes;
  for (const std::string& text : texts) {
    const auto prefix = net::IpPrefix::Parse(text);
    if (prefix.ok()) prefixes.push_back(*prefix);
  }
  return prefixes;
}

policy::User UserOf(const v1::TopologyUser& message) {
  policy::User user;
  user.id = UserId(message.id());
  user.login = message.login();
  user.emails.assign(message.emails().begin(), message.emails().end());
  user.role = policy::ParseRole(message.role()).value_or(policy::Role::kMember);
  user.groups.assign(message.groups().begin(), message.groups().end());
  user.guest = message.guest();
  return user;
}

policy::Node NodeOf(const v1::TopologyNode& message) {
  policy::Node node;
  node.id = NodeId(message.id());
  node.name = message.name();
  node.user = UserId(message.user_id());
  const auto ipv4 = net::IpAddress::Parse(message.ipv4());
  if (ipv4.ok()) node.ipv4 = *ipv4;
  const auto ipv6 = net::IpAddress::Parse(message.ipv6());
  if (ipv6.ok()) node.ipv6 = *ipv6;
  node.tags.assign(message.tags().begin(), message.tags().end());
  node.routable_ips = PrefixesOf(message.routable_ips());
  node.approved_routes = PrefixesOf(message.approved_routes());
  node.attributes = {message.attributes().begin(), message.attributes().end()};
  for (const int64_t guest : message.shared_to()) {
    node.shared_to.push_back(UserId(guest));
  }
  node.route_seniority = message.route_seniority();
  node.online = message.online();
  return node;
}

}  // namespace

absl::StatusOr<std::string> ReadInput(const std::string& path) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) {
      return absl::NotFoundError(
          absl::StrCat("cannot open ", path, ": ", std::strerror(errno)));
    }
  }
  std::istream& in = path == "-" ? std::cin : file;
  std::string text;
  // Not by iterators: of a folder those throw.
  for (char block[1 << 16]; in.read(block, sizeof(block)), in.gcount() > 0;) {
    text.append(block, static_cast<size_t>(in.gcount()));
  }
  if (in.eof() && !in.bad()) return text;
  return absl::UnavailableError(absl::StrCat("cannot read ", path));
}

absl::Status WriteOutput(const std::string& path, absl::string_view text) {
  const std::string beside = absl::StrCat(path, ".warren-new");
  struct stat old {};
  const bool exists = stat(path.c_str(), &old) == 0;
  std::ofstream file(beside, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  const bool good = file.good() &&
                    (!exists || chmod(beside.c_str(), old.st_mode) == 0) &&
                    std::rename(beside.c_str(), path.c_str()) == 0;
  if (good) return absl::OkStatus();
  const std::string why = std::strerror(errno);
  unlink(beside.c_str());
  return absl::UnavailableError(absl::StrCat("cannot write ", path, ": ", why));
}

absl::StatusOr<PolicyText> LoadPolicyText(Session& session,
                                          const std::string& path,
                                          uint64_t version) {
  if (!path.empty()) {
    WARREN_ASSIGN_OR_RETURN(std::string text, ReadInput(path));
    return PolicyText{path == "-" ? "stdin" : path, std::move(text)};
  }
  v1::GetPolicyRequest request;
  request.set_tailnet(session.tailnet);
  request.set_version(version);
  WARREN_ASSIGN_OR_RETURN(
      const v1::PolicyVersion got,
      session.Call<v1::GetPolicyRequest>(&Admin::Stub::GetPolicy, request));
  return PolicyText{absl::StrCat("policy version ", got.version()), got.text()};
}

absl::StatusOr<policy::Topology> LoadTopology(Session& session,
                                              const std::string& path) {
  if (!path.empty()) {
    WARREN_ASSIGN_OR_RETURN(const std::string text, ReadInput(path));
    // A case of `policy compile` will do: what else is in it is not read.
    const policy::ParsedJson json = policy::ParseJson(text);
    auto topology =
        json.ok() ? policy::TopologyOf(json.root)
                  : absl::InvalidArgumentError(policy::Describe(json.problems));
    if (topology.ok()) return topology;
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": ", topology.status().message()));
  }
  v1::GetTopologyRequest request;
  request.set_tailnet(session.tailnet);
  WARREN_ASSIGN_OR_RETURN(
      const v1::Topology got,
      session.Call<v1::GetTopologyRequest>(&Admin::Stub::GetTopology, request));
  policy::Topology topology;
  for (const auto& user : got.users()) topology.users.push_back(UserOf(user));
  for (const auto& node : got.nodes()) topology.nodes.push_back(NodeOf(node));
  return topology;
}

absl::StatusOr<std::shared_ptr<const policy::Policy>> ReadPolicy(
    const PolicyText& text, const policy::Topology* topology) {
  policy::CheckOptions options;
  std::set<std::string> groups;
  if (topology != nullptr) {
    for (const policy::User& user : topology->users) {
      groups.insert(user.groups.begin(), user.groups.end());
    }
  }
  options.provider_groups.assign(groups.begin(), groups.end());
  policy::ParsedPolicy parsed = policy::ParsePolicy(text.text, options);
  WARREN_RETURN_IF_ERROR(Complain(text, parsed.problems));
  return std::make_shared<const policy::Policy>(std::move(parsed.policy));
}

absl::Status Complain(const PolicyText& text,
                      const std::vector<policy::Problem>& problems) {
  if (problems.empty()) return absl::OkStatus();
  for (const policy::Problem& problem : problems) {
    const std::string where =
        problem.place.line == 0
            ? ""
            : absl::StrCat(problem.place.line, ":", problem.place.column, ": ");
    const std::string hint =
        problem.hint.empty() ? "" : absl::StrCat(" (", problem.hint, ")");
    std::fprintf(stderr, "%s\n",
                 cli::Printable(
                     absl::StrCat(text.name, ":", where, problem.message, hint))
                     .c_str());
  }
  return absl::FailedPreconditionError(
      absl::StrCat(text.name, " has ", problems.size(),
                   problems.size() == 1 ? " problem" : " problems"));
}

cli::Json ToJson(const std::vector<policy::Problem>& problems) {
  cli::Json list = cli::Json::Array();
  for (const policy::Problem& problem : problems) {
    cli::Json json = cli::Json::Object();
    json.Set("line", problem.place.line)
        .Set("column", problem.place.column)
        .Set("message", problem.message)
        .Set("hint", problem.hint);
    list.Add(json);
  }
  return list;
}

std::string LineOf(const PolicyText& text, policy::Place place) {
  uint32_t number = 0;
  for (const absl::string_view line : absl::StrSplit(text.text, '\n')) {
    if (++number != place.line) continue;
    const std::string shown(absl::StripAsciiWhitespace(line));
    if (shown.size() <= kMaxShown) return cli::Printable(shown);
    return absl::StrCat(cli::Printable(shown.substr(0, kMaxShown)), " ...");
  }
  return "";
}

}  // namespace warren::admin
