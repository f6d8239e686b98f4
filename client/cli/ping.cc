#include <algorithm>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/cli/verbs.h"
#include "client/cli/way.h"
#include "core/base/status_macros.h"
#include "io/cli/human.h"

namespace warren::client {
namespace {

constexpr uint32_t kMaxCount = 1'000'000;
// Tries for a direct way when no number is given.
constexpr uint32_t kUntilDirectCount = 10;

struct Words {
  std::string peer;
  uint32_t count = 0;
  bool until_direct = false;
  std::optional<absl::Duration> timeout;
};

std::string LineOf(const v1::PingReply& reply, const std::string& asked) {
  const std::string name =
      reply.peer_name().empty() ? asked : reply.peer_name();
  if (!reply.error().empty()) {
    return absl::StrCat("no pong from ", name, ": ", reply.error());
  }
  return absl::StrCat("pong from ", name, " (", reply.peer_address(), ") via ",
                      WayOf(reply.path()), " in ",
                      cli::HumanRtt(reply.path().rtt_seconds()));
}

absl::Status Ping(Session& session, const Words& words) {
  v1::PingRequest request;
  request.set_peer(words.peer);
  request.set_until_direct(words.until_direct);
  request.set_count(words.count == 0 && words.until_direct ? kUntilDirectCount
                                                           : words.count);
  if (words.timeout) {
    request.set_timeout_seconds(absl::ToDoubleSeconds(*words.timeout));
  }
  WARREN_ASSIGN_OR_RETURN(v1::Local::Stub * daemon, session.Daemon());
  grpc::ClientContext context;
  const auto stream = daemon->Ping(&context, request);
  v1::PingReply reply;
  bool answered = false, direct = false;
  while (stream->Read(&reply)) {
    Write(absl::StrCat(cli::Printable(LineOf(reply, words.peer)), "\n"));
    if (!reply.error().empty()) continue;
    answered = true;
    direct = direct || reply.path().kind() == v1::Path::DIRECT;
  }
  WARREN_RETURN_IF_ERROR(Session::ForPeople(stream->Finish()));
  if (!answered) {
    return absl::UnavailableError(absl::StrCat(words.peer, " did not answer"));
  }
  if (words.until_direct && !direct) {
    return absl::UnavailableError(absl::StrCat("no direct way to ", words.peer,
                                               " was found; `warren why ",
                                               words.peer, "` says why"));
  }
  return absl::OkStatus();
}

}  // namespace

void AddPing(cli::Command root, Session& session) {
  const auto words = std::make_shared<Words>();
  cli::Command ping =
      root.Add("ping", "Ask a peer to answer, and see by which way it does");
  ping.Number("-c,--count", "How many; else 1, or 10 with --until-direct", 1,
              kMaxCount, &words->count);
  ping.Flag("--until-direct", "Stop at the first answer by a direct way",
            &words->until_direct);
  ping.Span("--timeout", "Of each; else 5s", &words->timeout);
  ping.Argument("peer", "Name, address or id", &words->peer);
  ping.Does([&session, words] { return Ping(session, *words); });
}

}  // namespace warren::client
