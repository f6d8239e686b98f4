#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "admin-cli/nouns.h"
#include "admin-cli/policy_source.h"
#include "core/base/status_macros.h"
#include "core/policy/can.h"
#include "core/policy/compiled.h"
#include "core/policy/diff.h"
#include "core/policy/policy_text.h"
#include "core/policy/tests.h"

// The verbs that work answers out here: from files, or from what the server
// has.
namespace warren::admin {
namespace {

using policy::Answer;
using v1::Admin;

constexpr size_t kMaxAnswers = 20;  // of one kind, for people

struct Words {
  std::string file, old_file, topology, source, target;
  bool online = false;
};

// A policy, the topology it is for, and its text.
struct World {
  PolicyText text;
  std::shared_ptr<const policy::Topology> topology;
  std::shared_ptr<const policy::Policy> policy;
};

absl::StatusOr<World> LoadWorld(Session& session, const Words& words) {
  World world;
  WARREN_ASSIGN_OR_RETURN(world.text, LoadPolicyText(session, words.file));
  WARREN_ASSIGN_OR_RETURN(policy::Topology topology,
                          LoadTopology(session, words.topology));
  world.topology =
      std::make_shared<const policy::Topology>(std::move(topology));
  WARREN_ASSIGN_OR_RETURN(world.policy,
                          ReadPolicy(world.text, world.topology.get()));
  return world;
}

absl::Status ReportProblems(const Session& session, const PolicyText& text,
                            const std::vector<policy::Problem>& problems,
                            absl::string_view fine) {
  if (session.json || problems.empty()) {
    session.Print(ToJson(problems), absl::StrCat(fine, "\n"));
  }
  return Complain(text, problems);
}

// What the server would say of the text, its tests and lock-outs too.
absl::Status CheckOnline(Session& session, const PolicyText& text) {
  v1::CheckPolicyRequest request;
  request.set_tailnet(session.tailnet);
  request.set_text(text.text);
  WARREN_ASSIGN_OR_RETURN(
      const v1::CheckPolicyResponse response,
      session.Call<v1::CheckPolicyRequest>(&Admin::Stub::CheckPolicy, request));
  std::vector<policy::Problem> problems;
  for (const v1::PolicyProblem& problem : response.problems()) {
    problems.push_back({{problem.line(), problem.column()},
                        problem.message(),
                        problem.hint()});
  }
  return ReportProblems(session, text, problems,
                        response.locks_out()
                            ? "sound, but it would lock you out: set it with "
                              "--force if that is meant"
                            : "sound");
}

absl::Status Check(Session& session, const Words& words) {
  WARREN_ASSIGN_OR_RETURN(const PolicyText text,
                          LoadPolicyText(session, words.file));
  if (words.online) return CheckOnline(session, text);
  policy::ParsedPolicy parsed = policy::ParsePolicy(text.text);
  if (parsed.ok() && !words.topology.empty()) {
    WARREN_ASSIGN_OR_RETURN(const policy::Topology topology,
                            LoadTopology(session, words.topology));
    parsed.problems = policy::RunTests(parsed.policy, topology);
  }
  return ReportProblems(session, text, parsed.problems, "sound");
}

absl::Status Test(Session& session, const Words& words) {
  WARREN_ASSIGN_OR_RETURN(const World world, LoadWorld(session, words));
  const size_t tests =
      world.policy->tests.size() + world.policy->ssh_tests.size();
  return ReportProblems(
      session, world.text, policy::RunTests(*world.policy, *world.topology),
      tests == 0
          ? "the policy has no tests"
          : absl::StrCat(tests, tests == 1 ? " test holds" : " tests hold"));
}

std::string RuleText(const PolicyText& text, const Answer& answer) {
  if (answer.rule.line == 0) {
    return "the policy has neither acls nor grants: everything is allowed";
  }
  return absl::StrCat("line ", answer.rule.line, ": ",
                      LineOf(text, answer.rule));
}

cli::Json ToJson(const std::vector<Answer>& answers) {
  cli::Json list = cli::Json::Array();
  for (const Answer& answer : answers) {
    cli::Json json = cli::Json::Object();
    json.Set("source", answer.source.name)
        .Set("destination", answer.destination.name)
        .Set("allowed", answer.allowed)
        .Set("line", answer.rule.line)
        .Set("column", answer.rule.column);
    list.Add(json);
  }
  return list;
}

// One line for all answers of the same rule.
std::string ForPeople(const PolicyText& text,
                      const std::vector<Answer>& answers) {
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;
  for (const Answer& answer : answers) {
    const std::string verdict =
        answer.allowed ? absl::StrCat("yes, by ", RuleText(text, answer))
                       : std::string("no");
    if (groups.empty() || groups.back().first != verdict) {
      groups.push_back({verdict, {}});
    }
    groups.back().second.push_back(cli::Printable(
        absl::StrCat(answer.source.name, " -> ", answer.destination.name)));
  }
  std::string out;
  for (auto& [verdict, flows] : groups) {
    const size_t more =
        flows.size() > kMaxAnswers ? flows.size() - kMaxAnswers : 0;
    flows.resize(flows.size() - more);
    absl::StrAppend(&out, absl::StrJoin(flows, ", "),
                    more == 0 ? "" : absl::StrCat(" and ", more, " more"), ": ",
                    verdict, "\n");
  }
  return out;
}

absl::Status Can(Session& session, const Words& words) {
  WARREN_ASSIGN_OR_RETURN(const policy::Target target,
                          policy::ParseTarget(words.target));
  WARREN_ASSIGN_OR_RETURN(const World world, LoadWorld(session, words));
  const policy::Oracle oracle(world.policy, world.topology);
  WARREN_ASSIGN_OR_RETURN(const std::vector<Answer> answers,
                          oracle.Can(words.source, target));
  session.Print(ToJson(answers), ForPeople(world.text, answers));
  size_t allowed = 0;
  for (const Answer& answer : answers) allowed += answer.allowed ? 1 : 0;
  if (allowed == answers.size()) return absl::OkStatus();
  return absl::PermissionDeniedError(
      allowed == 0
          ? absl::StrCat("no: ", words.source, " may not reach ", words.target)
          : absl::StrCat("only ", allowed, " of ", answers.size(),
                         " connections are allowed"));
}

absl::Status Who(Session& session, const Words& words) {
  WARREN_ASSIGN_OR_RETURN(const policy::Target target,
                          policy::ParseTarget(words.target));
  WARREN_ASSIGN_OR_RETURN(const World world, LoadWorld(session, words));
  const policy::Oracle oracle(world.policy, world.topology);
  WARREN_ASSIGN_OR_RETURN(const std::vector<Answer> answers,
                          oracle.Who(target));
  cli::Table table({"FROM", "TO", "BY"});
  for (const Answer& answer : answers) {
    table.Add({answer.source.name, answer.destination.name,
               RuleText(world.text, answer)});
  }
  session.Print(ToJson(answers), table, "nobody");
  return absl::OkStatus();
}

cli::Json ToJson(const policy::PolicyDiff& diff) {
  cli::Json flows = cli::Json::Array();
  for (const policy::FlowChange& change : diff.flows) {
    cli::Json json = cli::Json::Object();
    json.Set("change", change.opens ? "opens" : "closes")
        .Set("from", cli::Json::Strings(change.sources))
        .Set("to", cli::Json::Strings(change.destinations))
        .Set("what", change.what);
    flows.Add(json);
  }
  cli::Json json = cli::Json::Object();
  json.Set("flows", flows)
      .Set("ssh", cli::Json::Strings(diff.ssh))
      .Set("attributes", cli::Json::Strings(diff.attributes))
      .Set("capabilities", cli::Json::Strings(diff.capabilities));
  return json;
}

absl::Status Diff(Session& session, const Words& words) {
  WARREN_ASSIGN_OR_RETURN(const World world, LoadWorld(session, words));
  WARREN_ASSIGN_OR_RETURN(const PolicyText old_text,
                          LoadPolicyText(session, words.old_file));
  WARREN_ASSIGN_OR_RETURN(const auto old_policy,
                          ReadPolicy(old_text, world.topology.get()));
  const auto before = policy::Compiled::Make(old_policy, world.topology);
  const auto after = policy::Compiled::Make(world.policy, world.topology);
  const policy::PolicyDiff diff =
      policy::DiffPolicies(*before, *after, *world.topology);
  session.Print(ToJson(diff), diff.empty() ? "nothing changes for any device\n"
                                           : policy::DescribeDiff(diff));
  return absl::OkStatus();
}

void AddTopology(cli::Command& command, const std::shared_ptr<Words>& words) {
  command.Text("--topology", "Users and devices from a file; else the server's",
               "FILE", &words->topology);
}

}  // namespace

void AddPolicyQuestions(cli::Command policy, Session& session) {
  const auto words = std::make_shared<Words>();
  cli::Command check =
      policy.Add("check", "Say what is wrong with a policy, if anything");
  check.Argument("FILE", "The policy; - is the standard input", &words->file);
  check.Text("--topology", "Run its tests with these users and devices", "FILE",
             &words->topology);
  check.Flag("--online", "Ask the server, which also runs the tests",
             &words->online);
  check.Does([&session, words] { return Check(session, *words); });
  cli::Command test = policy.Add("test", "Run the tests of a policy");
  test.OptionalArgument("FILE", "The policy; else the server's", &words->file);
  AddTopology(test, words);
  test.Does([&session, words] { return Test(session, *words); });
  cli::Command can = policy.Add(
      "can", "Say whether one device may reach another, and by which rule");
  can.Argument("SRC", "A device, address, user, tag or group", &words->source);
  can.Argument("DST", "The same, with [:PORT][/PROTO]", &words->target);
  can.Text("--file", "A policy in a file; else the server's", "FILE",
           &words->file);
  AddTopology(can, words);
  can.Does([&session, words] { return Can(session, *words); });
  cli::Command who =
      policy.Add("who", "List the devices that may reach another");
  who.Argument("DST", "A device, address, user, tag ... [:PORT][/PROTO]",
               &words->target);
  who.Text("--file", "A policy in a file; else the server's", "FILE",
           &words->file);
  AddTopology(who, words);
  who.Does([&session, words] { return Who(session, *words); });
  cli::Command diff =
      policy.Add("diff", "Say which connections a policy would open and close");
  diff.Argument("NEW", "The policy; - is the standard input", &words->file);
  diff.OptionalArgument("OLD", "Another to compare with; else the server's",
                        &words->old_file);
  AddTopology(diff, words);
  diff.Does([&session, words] { return Diff(session, *words); });
}

}  // namespace warren::admin
