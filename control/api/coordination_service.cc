#include "control/api/coordination_service.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "control/coordinator/names.h"
#include "control/coordinator/presence.h"
#include "control/coordinator/registration.h"
#include "core/base/status_macros.h"
#include "io/grpc_status.h"
#include "proto/convert/netmap.h"
#include "spdlog/spdlog.h"

namespace warren::control {
namespace {

template <class Key>
absl::StatusOr<Key> RequiredKey(const std::string& bytes,
                                absl::string_view field) {
  WARREN_ASSIGN_OR_RETURN(const Key key,
                          convert::KeyFromProto<Key>(bytes, field));
  if (key.IsZero()) {
    return absl::InvalidArgumentError(absl::StrCat(field, ": a key is needed"));
  }
  return key;
}

HostDetails HostOf(const v1::HostInfo& message) {
  return {Printable(message.hostname()), Printable(message.os()),
          Printable(message.os_version()), Printable(message.client_version())};
}

absl::StatusOr<RegisterCommand> CommandOf(const v1::RegisterRequest& request,
                                          const crypto::MachineKey& machine) {
  RegisterCommand command;
  command.machine = machine;
  WARREN_ASSIGN_OR_RETURN(
      command.node_key,
      RequiredKey<crypto::NodeKey>(request.node_key(), "node_key"));
  WARREN_ASSIGN_OR_RETURN(command.old_node_key,
                          convert::KeyFromProto<crypto::NodeKey>(
                              request.old_node_key(), "old_node_key"));
  WARREN_ASSIGN_OR_RETURN(command.disco_key,
                          convert::KeyFromProto<crypto::DiscoKey>(
                              request.disco_key(), "disco_key"));
  command.auth_key = request.auth_key();
  command.wanted_name = request.wanted_name();
  command.host = HostOf(request.host_info());
  command.ephemeral = request.ephemeral();
  return command;
}

absl::StatusOr<ReportCommand> CommandOf(const v1::ReportRequest& request,
                                        const crypto::MachineKey& machine) {
  ReportCommand command;
  command.machine = machine;
  WARREN_ASSIGN_OR_RETURN(
      command.node_key,
      RequiredKey<crypto::NodeKey>(request.node_key(), "node_key"));
  WARREN_ASSIGN_OR_RETURN(command.disco_key,
                          convert::KeyFromProto<crypto::DiscoKey>(
                              request.disco_key(), "disco_key"));
  if (request.endpoints_size() > static_cast<int>(kMaxReportedEndpoints)) {
    return absl::InvalidArgumentError(
        absl::StrCat("endpoints: ", request.endpoints_size(), ", at most ",
                     kMaxReportedEndpoints));
  }
  for (const std::string& text : request.endpoints()) {
    auto endpoint = net::Endpoint::Parse(text);
    if (!endpoint.ok() || endpoint->IsRelay()) {
      return absl::InvalidArgumentError(
          absl::StrCat("endpoints: \"", Printable(text), "\" is none"));
    }
    command.reach.endpoints.push_back(*endpoint);
  }
  if (request.home_relay() > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("home_relay: ", request.home_relay(), " is not a region"));
  }
  command.reach.home_relay =
      RelayId(static_cast<uint16_t>(request.home_relay()));
  command.has_host = request.has_host_info();
  if (command.has_host) command.host = HostOf(request.host_info());
  command.applied_version = request.applied_version();
  return command;
}

grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* call,
                                 const absl::Status& status) {
  grpc::ServerUnaryReactor* const reactor = call->DefaultReactor();
  reactor->Finish(io::ToGrpc(status));
  return reactor;
}

// Runs `work` on the coordinator and finishes the call with its status.
grpc::ServerUnaryReactor* PostAndAnswer(
    Coordinator& coordinator, grpc::CallbackServerContext* call,
    std::function<absl::Status(Directory&, int64_t)> work) {
  grpc::ServerUnaryReactor* const reactor = call->DefaultReactor();
  const auto result = std::make_shared<absl::Status>();
  const absl::Status posted = coordinator.Post(
      [result, work = std::move(work)](Directory& directory, int64_t now_ms) {
        *result = work(directory, now_ms);
      },
      [result, reactor] { reactor->Finish(io::ToGrpc(*result)); });
  if (!posted.ok()) reactor->Finish(io::ToGrpc(posted));
  return reactor;
}

}  // namespace

CoordinationService::CoordinationService(Coordinator& coordinator,
                                         StreamHub& hub,
                                         const io::ChannelRegistry& channels,
                                         Clocks clocks)
    : coordinator_(coordinator),
      hub_(hub),
      channels_(channels),
      clocks_(std::move(clocks)) {}

grpc::ServerUnaryReactor* CoordinationService::Register(
    grpc::CallbackServerContext* call, const v1::RegisterRequest* request,
    v1::RegisterResponse* response) {
  const auto caller = channels_.Caller(*call);
  if (!caller.ok()) return Answer(call, caller.status());
  auto command = CommandOf(*request, caller->machine);
  if (!command.ok()) return Answer(call, command.status());
  return PostAndAnswer(
      coordinator_, call,
      [command = *std::move(command), response](
          Directory& directory, int64_t now_ms) -> absl::Status {
        const absl::StatusOr<Registration> done =
            warren::control::Register(directory, command, now_ms);
        if (!done.ok()) {
          spdlog::info("registration refused code={}",
                       absl::StatusCodeToString(done.status().code()));
          spdlog::debug("refused machine={} reason=\"{}\"",
                        command.machine.ShortString(),
                        std::string(done.status().message()));
          return done.status();
        }
        spdlog::info("registered node={}", done->node.id.value());
        *response->mutable_node() = convert::ToProto(done->node);
        response->set_tailnet(done->tailnet);
        response->set_user_login(done->user_login);
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* CoordinationService::Report(
    grpc::CallbackServerContext* call, const v1::ReportRequest* request,
    v1::ReportResponse*) {
  const auto caller = channels_.Caller(*call);
  if (!caller.ok()) return Answer(call, caller.status());
  auto command = CommandOf(*request, caller->machine);
  if (!command.ok()) return Answer(call, command.status());
  return PostAndAnswer(
      coordinator_, call,
      [command = *std::move(command)](Directory& directory, int64_t now_ms) {
        return warren::control::Report(directory, command, now_ms);
      });
}

grpc::ServerUnaryReactor* CoordinationService::Logout(
    grpc::CallbackServerContext* call, const v1::LogoutRequest* request,
    v1::LogoutResponse*) {
  const auto caller = channels_.Caller(*call);
  if (!caller.ok()) return Answer(call, caller.status());
  const auto key =
      RequiredKey<crypto::NodeKey>(request->node_key(), "node_key");
  if (!key.ok()) return Answer(call, key.status());
  return PostAndAnswer(coordinator_, call,
                       [machine = caller->machine, key = *key](
                           Directory& directory, int64_t now_ms) {
                         return warren::control::Logout(directory, machine, key,
                                                        now_ms);
                       });
}

grpc::ServerWriteReactor<v1::NetmapUpdate>* CoordinationService::WatchNetmap(
    grpc::CallbackServerContext* call, const v1::WatchNetmapRequest* request) {
  NetmapStream::Hooks hooks;
  hooks.now = clocks_.now;
  hooks.unix_now_ms = clocks_.unix_now_ms;
  hooks.ready = [this](std::shared_ptr<NetmapStream> stream) {
    hub_.Wake(std::move(stream));
  };
  hooks.ended = [this](std::shared_ptr<NetmapStream> stream,
                       std::optional<StreamTicket> ticket) {
    if (!ticket) return;
    spdlog::debug("stream closed node={} generation={}", ticket->node.value(),
                  ticket->generation);
    hub_.Detach(stream);
    coordinator_.PostAlways([ticket](Directory& directory, int64_t now_ms) {
      StreamClosed(directory, *ticket, now_ms);
    });
  };
  const auto stream = NetmapStream::Make(call, std::move(hooks));
  const auto caller = channels_.Caller(*call);
  const auto key =
      RequiredKey<crypto::NodeKey>(request->node_key(), "node_key");
  if (!caller.ok()) {
    stream->Close(caller.status());
  } else if (!key.ok()) {
    stream->Close(key.status());
  } else {
    OpenStream(stream, caller->machine, *key);
  }
  return stream.get();
}

void CoordinationService::OpenStream(std::shared_ptr<NetmapStream> stream,
                                     const crypto::MachineKey& machine,
                                     const crypto::NodeKey& node_key) {
  using Ticket = absl::StatusOr<StreamTicket>;
  const auto ticket = std::make_shared<Ticket>(absl::UnknownError("not run"));
  const absl::Status posted = coordinator_.Post(
      [ticket, machine, node_key](Directory& directory, int64_t now_ms) {
        *ticket = StreamOpened(directory, machine, node_key, now_ms);
      },
      [this, ticket, stream] {
        if (!ticket->ok()) return stream->Close(ticket->status());
        // The snapshot that has the node is published by now.
        spdlog::debug("stream opened node={} generation={}",
                      (*ticket)->node.value(), (*ticket)->generation);
        if (stream->Open(**ticket)) return hub_.Attach(stream);
        coordinator_.PostAlways(
            [ticket = **ticket](Directory& directory, int64_t now_ms) {
              StreamClosed(directory, ticket, now_ms);
            });
      });
  if (!posted.ok()) stream->Close(posted);
}

}  // namespace warren::control
