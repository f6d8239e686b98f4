#include "core/portmap/igd_client.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/overloaded.h"

namespace warren::portmap {
namespace {

constexpr char kDescription[] = "warren";
// Those below are refused by many routers, or are not ours to take.
constexpr uint16_t kFirstPort = 1024;
constexpr uint16_t kLastPort = 65534;

// The arguments that name a mapping.
SoapArguments NameOfMapping(uint16_t external_port) {
  return {{"NewRemoteHost", ""},
          {"NewExternalPort", absl::StrCat(external_port)},
          {"NewProtocol", "UDP"}};
}

// An argument that is a port; nullopt if it is none.
std::optional<uint16_t> PortIn(absl::string_view text) {
  uint32_t port = 0;
  if (!absl::SimpleAtoi(text, &port) || port == 0 || port > 0xffff) {
    return std::nullopt;
  }
  return static_cast<uint16_t>(port);
}

absl::Status Refused(const char* action, int fault) {
  return absl::FailedPreconditionError(
      absl::StrCat("the router refuses UPnP ", action, " with error ", fault));
}

}  // namespace

void IgdClient::Request(Instant now, const net::Endpoint& suggested) {
  wish_ = Wish();
  wish_.external = suggested;
  if (wish_.external.port() < kFirstPort) {
    wish_.external = {suggested.address(), std::max(local_port_, kFirstPort)};
  }
  if (service_) return Add(now);
  step_ = Step::kFind;
  OnProgress(now, finder_.Begin(now, line_));
}

void IgdClient::Check(Instant now, const net::Endpoint& external) {
  if (line_.busy() || !service_) return;
  wish_ = Wish();
  wish_.external = external;
  wish_.checking = true;
  Confirm(now);
}

void IgdClient::Delete(const net::Endpoint& external) {
  if (!service_) return;
  line_.Say(service_->control.host,
            BuildSoapRequest(*service_, "DeletePortMapping",
                             NameOfMapping(external.port())));
}

bool IgdClient::OnExchange(Instant now, uint64_t id,
                           const absl::StatusOr<std::string>& response) {
  if (!line_.Finish(id)) return false;
  OnResponse(now, response);
  return true;
}

void IgdClient::OnResponse(Instant now,
                           const absl::StatusOr<std::string>& response) {
  if (step_ == Step::kFind) {
    return OnProgress(now, finder_.OnResponse(now, line_, response));
  }
  if (!response.ok()) return OnFailure(now, response.status());
  const auto reply = ParseSoapReply(*response, Action());
  if (!reply.ok()) return OnFailure(now, reply.status());
  OnReply(now, *reply);
}

void IgdClient::OnTimeout(Instant now) {
  if (!line_.TakeTimeout(now)) return;
  OnResponse(now, absl::UnavailableError("the router's UPnP does not answer"));
}

std::optional<ClientEvent> IgdClient::PollEvent() {
  if (events_.empty()) return std::nullopt;
  ClientEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void IgdClient::OnProgress(Instant now, IgdFinder::Progress progress) {
  std::visit(Overloaded{
                 [](std::monostate) {},
                 [&](IgdService& found) {
                   service_ = std::move(found);
                   Add(now);
                 },
                 [&](absl::Status& why) {
                   events_.push_back(Failed{Protocol::kUpnp, std::move(why),
                                            absl::ZeroDuration()});
                 },
             },
             progress);
}

void IgdClient::Add(Instant now) {
  if (wish_.num_adds == 0) {
    wish_.any_port = service_->type == IgdServiceType::kWanIp2;
  }
  ++wish_.num_adds;
  SoapArguments arguments = NameOfMapping(wish_.external.port());
  arguments.emplace_back("NewInternalPort", absl::StrCat(local_port_));
  arguments.emplace_back("NewInternalClient", gateway_.self.ToString());
  arguments.emplace_back("NewEnabled", "1");
  arguments.emplace_back("NewPortMappingDescription", kDescription);
  arguments.emplace_back("NewLeaseDuration",
                         absl::StrCat(absl::ToInt64Seconds(wish_.lease)));
  Call(now, Step::kAdd, arguments);
}

void IgdClient::Confirm(Instant now) {
  Call(now, Step::kConfirm, NameOfMapping(wish_.external.port()));
}

void IgdClient::AskAddress(Instant now) { Call(now, Step::kAddress, {}); }

void IgdClient::OnReply(Instant now, const SoapReply& reply) {
  switch (step_) {
    case Step::kFind:
      break;
    case Step::kAdd:
      return OnAdd(now, reply);
    case Step::kConfirm:
      return OnConfirm(now, reply);
    case Step::kAddress:
      return OnAddress(now, reply);
  }
}

void IgdClient::OnAdd(Instant now, const SoapReply& reply) {
  if (reply.fault != 0) {
    if (Reconsider(reply.fault)) return Add(now);
    return OnFailure(now, Refused(Action(), reply.fault));
  }
  if (const auto port = PortIn(reply.Value("NewReservedPort"))) {
    wish_.external = {wish_.external.address(), *port};
  }
  Confirm(now);
}

bool IgdClient::Reconsider(int fault) {
  if (wish_.num_adds >= kMaxAdds) return false;
  const bool finite = wish_.lease > absl::ZeroDuration();
  if (fault == kFaultOnlyPermanentLeases ||
      (fault == kFaultInvalidArgs && finite)) {
    wish_.lease = absl::ZeroDuration();
    return finite;
  }
  if (fault == kFaultConflict) {
    const uint64_t port =
        kFirstPort + rng_.Below(kLastPort - kFirstPort + uint64_t{1});
    wish_.external = {wish_.external.address(), static_cast<uint16_t>(port)};
    return true;
  }
  if (fault == kFaultSamePortRequired) {
    if (wish_.external.port() == local_port_) return false;
    wish_.external = {wish_.external.address(), local_port_};
    return true;
  }
  // It may know the action of version 1 only.
  return std::exchange(wish_.any_port, false);
}

void IgdClient::OnConfirm(Instant now, const SoapReply& reply) {
  const bool absent = reply.fault == kFaultNoSuchEntry;
  // Not every router lets itself be asked; then its yes must do.
  const bool known = reply.fault == 0;
  const bool ours =
      reply.Value("NewInternalClient") == gateway_.self.ToString() &&
      PortIn(reply.Value("NewInternalPort")) == local_port_;
  if (absent || (known && !ours)) {
    if (wish_.checking) {
      events_.push_back(Lost());
      return;
    }
    return OnFailure(now, absl::FailedPreconditionError(
                              "the router says yes by UPnP and maps nothing"));
  }
  int64_t seconds = 0;  // 0: for ever
  if (known && absl::SimpleAtoi(reply.Value("NewLeaseDuration"), &seconds) &&
      seconds > 0 && wish_.lease > absl::ZeroDuration()) {
    wish_.lease = std::min(wish_.lease, absl::Seconds(seconds));
  }
  AskAddress(now);
}

void IgdClient::OnAddress(Instant now, const SoapReply& reply) {
  const auto address =
      net::IpAddress::Parse(reply.Value("NewExternalIPAddress"));
  if (!address.ok() || !IsExternalAddress(*address)) {
    return OnFailure(now,
                     absl::FailedPreconditionError(
                         "the router tells no address of its own by UPnP"));
  }
  if (wish_.checking) {
    if (wish_.external.address() != *address) events_.push_back(Lost());
    return;
  }
  // A permanent lease is renewed all the same: the router may have been reset.
  const absl::Duration lease =
      wish_.lease > absl::ZeroDuration() ? wish_.lease : kRequestedLifetime;
  if (lease < kMinLifetime) {
    return OnFailure(now, absl::FailedPreconditionError(absl::StrCat(
                              "the router maps by UPnP for ",
                              absl::FormatDuration(lease), " only")));
  }
  events_.push_back(
      Granted{Protocol::kUpnp, {*address, wish_.external.port()}, lease});
}

void IgdClient::OnFailure(Instant now, absl::Status why) {
  if (wish_.checking) {
    // Its web server is elsewhere since it restarted, most likely.
    service_.reset();
    events_.push_back(Lost());
    return;
  }
  if (step_ == Step::kAddress) Delete(wish_.external);
  service_.reset();
  step_ = Step::kFind;
  const net::Endpoint external = wish_.external;
  wish_ = Wish();
  wish_.external = external;
  OnProgress(now, finder_.Proceed(now, line_, why));
}

const char* IgdClient::Action() const {
  switch (step_) {
    case Step::kFind:
      break;
    case Step::kAdd:
      return wish_.any_port ? "AddAnyPortMapping" : "AddPortMapping";
    case Step::kConfirm:
      return "GetSpecificPortMappingEntry";
    case Step::kAddress:
      return "GetExternalIPAddress";
  }
  return "";
}

void IgdClient::Call(Instant now, Step step, const SoapArguments& arguments) {
  step_ = step;
  line_.Start(now, service_->control.host,
              BuildSoapRequest(*service_, Action(), arguments));
}

}  // namespace warren::portmap
