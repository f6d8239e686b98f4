#include "control/api/coordination_service.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "control/coordinator/names.h"
#include "control/coordinator/presence.h"
#include "control/coordinator/registration.h"
#include "control/coordinator/routes.h"
#include "core/base/status_macros.h"
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

absl::StatusOr<JoinWishes> WishesOf(const v1::RegisterRequest& request) {
  JoinWishes wishes;
  wishes.tags = {request.wanted_tags().begin(), request.wanted_tags().end()};
  if (wishes.tags.size() > kMaxNodeTags) {
    return absl::InvalidArgumentError(absl::StrCat(
        "wanted_tags: ", wishes.tags.size(), ", at most ", kMaxNodeTags));
  }
  for (const std::string& tag : wishes.tags) {
    WARREN_RETURN_IF_ERROR(CheckTag(tag));
  }
  std::ranges::sort(wishes.tags);
  const auto doubles = std::ranges::unique(wishes.tags);
  wishes.tags.erase(doubles.begin(), doubles.end());
  WARREN_ASSIGN_OR_RETURN(
      wishes.routes,
      ParseRoutes("advertised_routes", {request.advertised_routes().begin(),
                                        request.advertised_routes().end()}));
  wishes.tailnet = request.tailnet();
  wishes.force_sign_in = request.force_sign_in();
  return wishes;
}

absl::StatusOr<RegisterCommand> CommandOf(const v1::RegisterRequest& request,
                                          const io::ChannelPeer& caller) {
  RegisterCommand command;
  command.machine = caller.machine;
  command.source = caller.remote.address().ToString();
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
  WARREN_ASSIGN_OR_RETURN(command.wishes, WishesOf(request));
  command.follow_url = request.follow_url();
  return command;
}

absl::StatusOr<ReportCommand> CommandOf(const v1::ReportRequest& request,
                                        const io::ChannelPeer& caller) {
  ReportCommand command;
  command.machine = caller.machine;
  command.source = caller.remote.address().ToString();
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
  WARREN_ASSIGN_OR_RETURN(
      command.routes,
      ParseRoutes("advertised_routes", {request.advertised_routes().begin(),
                                        request.advertised_routes().end()}));
  return command;
}

// Runs `work` on the coordinator and finishes the call with its status, and
// with `response` if that is OK.
template <class Response>
void PostAndAnswer(
    Coordinator& coordinator, const std::shared_ptr<io::RpcCall>& call,
    std::function<absl::Status(Directory&, int64_t, Response&)> work) {
  struct Result {
    absl::Status status;
    Response response;
  };
  const auto result = std::make_shared<Result>();
  const absl::Status posted = coordinator.Post(
      [result, work = std::move(work)](Directory& directory, int64_t now_ms) {
        result->status = work(directory, now_ms, result->response);
      },
      [result, call](const absl::Status& durable) {
        if (!durable.ok()) return call->Finish(durable);
        if (result->status.ok()) {
          call->Welcome();
          call->Send(result->response.SerializeAsString());
        }
        call->Finish(result->status);
      });
  if (!posted.ok()) call->Finish(posted);
}

std::shared_ptr<const NetmapStream::Hooks> HooksFor(
    Coordinator& coordinator, StreamHub& hub,
    const CoordinationService::Clocks& clocks) {
  auto hooks = std::make_shared<NetmapStream::Hooks>();
  hooks->now = clocks.now;
  hooks->unix_now_ms = clocks.unix_now_ms;
  hooks->ready = [&hub](std::shared_ptr<NetmapStream> stream) {
    hub.Wake(std::move(stream));
  };
  hooks->pushed = [&hub](absl::Duration took) { hub.OnPushed(took); };
  hooks->ended = [&hub, &coordinator](std::shared_ptr<NetmapStream> stream,
                                      std::optional<StreamTicket> ticket) {
    if (!ticket) return;
    spdlog::debug("stream closed node={} generation={}", ticket->node.value(),
                  ticket->generation);
    hub.Detach(stream);
    coordinator.PostAlways([ticket](Directory& directory, int64_t now_ms) {
      StreamClosed(directory, *ticket, now_ms);
    });
  };
  return hooks;
}

}  // namespace

CoordinationService::CoordinationService(Coordinator& coordinator,
                                         StreamHub& hub, Clocks clocks)
    : coordinator_(coordinator),
      hub_(hub),
      clocks_(std::move(clocks)),
      hooks_(HooksFor(coordinator, hub, clocks_)) {}

template <class Request>
void CoordinationService::Dispatch(
    const Call& call, absl::string_view bytes,
    void (CoordinationService::*method)(const Call&, const Request&)) {
  Request request;
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    call->Finish(absl::InvalidArgumentError("the request cannot be read"));
    return;
  }
  (this->*method)(call, request);
}

void CoordinationService::OnCall(Call call, absl::string_view request) {
  const absl::Status allowed =
      limits_.Spend(call->peer().machine, clocks_.now());
  if (!allowed.ok()) {
    ++num_limited_;
    call->Finish(allowed);
    return;
  }
  const absl::string_view method = call->method();
  if (method == "/warren.v1.Coordination/Report") {
    Dispatch(call, request, &CoordinationService::Report);
  } else if (method == "/warren.v1.Coordination/WatchNetmap") {
    Dispatch(call, request, &CoordinationService::WatchNetmap);
  } else if (method == "/warren.v1.Coordination/Register") {
    Dispatch(call, request, &CoordinationService::Register);
  } else if (method == "/warren.v1.Coordination/Logout") {
    Dispatch(call, request, &CoordinationService::Logout);
  } else {
    call->Finish(absl::UnimplementedError("there is no such method"));
  }
}

void CoordinationService::Register(const Call& call,
                                   const v1::RegisterRequest& request) {
  auto command = CommandOf(request, call->peer());
  if (!command.ok()) {
    ++registrations_.refused;
    return call->Finish(command.status());
  }
  std::make_shared<RegisterCall>(coordinator_, registrations_, call,
                                 *std::move(command))
      ->Start();
}

void CoordinationService::Report(const Call& call,
                                 const v1::ReportRequest& request) {
  auto command = CommandOf(request, call->peer());
  if (!command.ok()) return call->Finish(command.status());
  PostAndAnswer<v1::ReportResponse>(
      coordinator_, call,
      [command = *std::move(command)](Directory& directory, int64_t now_ms,
                                      v1::ReportResponse&) {
        return warren::control::Report(directory, command, now_ms);
      });
}

void CoordinationService::Logout(const Call& call,
                                 const v1::LogoutRequest& request) {
  const auto key = RequiredKey<crypto::NodeKey>(request.node_key(), "node_key");
  if (!key.ok()) return call->Finish(key.status());
  PostAndAnswer<v1::LogoutResponse>(
      coordinator_, call,
      [machine = call->peer().machine, key = *key](
          Directory& directory, int64_t now_ms, v1::LogoutResponse&) {
        return warren::control::Logout(directory, machine, key, now_ms);
      });
}

void CoordinationService::WatchNetmap(const Call& call,
                                      const v1::WatchNetmapRequest& request) {
  const auto key = RequiredKey<crypto::NodeKey>(request.node_key(), "node_key");
  if (!key.ok()) return call->Finish(key.status());
  OpenStream(NetmapStream::Make(call, hooks_), call, *key);
}

void CoordinationService::OpenStream(std::shared_ptr<NetmapStream> stream,
                                     const Call& call,
                                     const crypto::NodeKey& node_key) {
  using Ticket = absl::StatusOr<StreamTicket>;
  const auto ticket = std::make_shared<Ticket>(absl::UnknownError("not run"));
  const absl::Status posted = coordinator_.Post(
      [ticket, machine = call->peer().machine, node_key](Directory& directory,
                                                         int64_t now_ms) {
        *ticket = StreamOpened(directory, machine, node_key, now_ms);
      },
      [this, ticket, stream, call](const absl::Status& durable) {
        if (!ticket->ok()) return stream->Close(ticket->status());
        if (durable.ok()) call->Welcome();
        // The snapshot that has the node is published by now.
        spdlog::debug("stream opened node={} generation={}",
                      (*ticket)->node.value(), (*ticket)->generation);
        if (!durable.ok()) {
          stream->Close(durable);
        } else if (stream->Open(**ticket)) {
          return hub_.Attach(stream);
        }
        coordinator_.PostAlways(
            [ticket = **ticket](Directory& directory, int64_t now_ms) {
              StreamClosed(directory, ticket, now_ms);
            });
      });
  if (!posted.ok()) stream->Close(posted);
}

}  // namespace warren::control
