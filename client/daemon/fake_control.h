#ifndef WARREN_CLIENT_DAEMON_FAKE_CONTROL_H_
#define WARREN_CLIENT_DAEMON_FAKE_CONTROL_H_

#include <atomic>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "warren/v1/coordination.grpc.pb.h"

// Test only.
namespace warren::client {

inline constexpr char kAddress[] = "100.64.0.7";

// What a control server answers, and what it was told.
class FakeControl final : public v1::Coordination::Service {
 public:
  grpc::Status Register(grpc::ServerContext*,
                        const v1::RegisterRequest* request,
                        v1::RegisterResponse* response) override {
    ++num_registered;
    wanted_name_length = request->wanted_name().size();
    const std::string& key = request->auth_key();
    if (asks_person && key.empty() && (!known || request->force_sign_in())) {
      const std::string url = absl::StrCat(kLogin, login.load());
      if (request->follow_url() != url || !Finished()) {
        response->set_auth_url(url);
        return grpc::Status::OK;
      }
      if (refuses) return {grpc::StatusCode::PERMISSION_DENIED, "refused"};
      known = true;
    }
    if (key != "good" && !(key.empty() && known)) {
      return {grpc::StatusCode::PERMISSION_DENIED, "that key is used up"};
    }
    known = true;
    response->mutable_node()->set_id(7);
    response->mutable_node()->set_name("me");
    response->mutable_node()->set_node_key(request->node_key());
    response->mutable_node()->set_ephemeral(ephemeral_key ||
                                            request->ephemeral());
    response->set_tailnet("home");
    return grpc::Status::OK;
  }

  grpc::Status WatchNetmap(
      grpc::ServerContext* context, const v1::WatchNetmapRequest* request,
      grpc::ServerWriter<v1::NetmapUpdate>* writer) override {
    if (!known) return {grpc::StatusCode::NOT_FOUND, "no such node"};
    v1::NetmapUpdate update;
    v1::Netmap& netmap = *update.mutable_full();
    netmap.set_version(3);
    netmap.set_tailnet("home");
    netmap.mutable_self()->set_id(7);
    netmap.mutable_self()->set_name("me");
    netmap.mutable_self()->set_node_key(request->node_key());
    netmap.mutable_self()->add_addresses(kAddress);
    v1::Node& peer = *netmap.add_peers();
    peer.set_id(8);
    peer.set_name("you");
    peer.set_node_key(std::string(32, '\x09'));
    peer.add_addresses("100.64.0.8");
    peer.add_allowed_ips("100.64.0.8/32");
    if (sends_netmap) writer->Write(update);
    while (!context->IsCancelled()) {
      if (!known) return {grpc::StatusCode::NOT_FOUND, "removed"};
      absl::SleepFor(absl::Milliseconds(2));
    }
    return grpc::Status::CANCELLED;
  }

  grpc::Status Report(grpc::ServerContext*, const v1::ReportRequest* request,
                      v1::ReportResponse*) override {
    applied_version = request->applied_version();
    return grpc::Status::OK;
  }

  grpc::Status Logout(grpc::ServerContext*, const v1::LogoutRequest*,
                      v1::LogoutResponse*) override {
    ++num_logged_out;
    known = false;
    return grpc::Status::OK;
  }

  // Somebody has to sign in at kLogin and this number.
  static constexpr char kLogin[] = "http://127.0.0.1:8080/login/";
  std::atomic<bool> asks_person = false;
  std::atomic<int> login = 1;
  std::atomic<bool> finished = false, refuses = false;
  std::atomic<bool> known = false;
  std::atomic<bool> sends_netmap = true;
  std::atomic<bool> ephemeral_key = false;
  std::atomic<size_t> wanted_name_length = 0;
  std::atomic<int> num_registered = 0, num_logged_out = 0;
  std::atomic<uint64_t> applied_version = 0;

 private:
  // Holds the call a little, as a server does.
  bool Finished() const {
    for (int i = 0; i < 50 && !finished; ++i) {
      absl::SleepFor(absl::Milliseconds(2));
    }
    return finished;
  }
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_DAEMON_FAKE_CONTROL_H_
