#ifndef WARREN_CLIENT_CLI_SESSION_H_
#define WARREN_CLIENT_CLI_SESSION_H_

#include <grpcpp/client_context.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "warren/v1/local.grpc.pb.h"

namespace warren::client {

// What every command has: the daemon's socket and the connection to it.
class Session {
 public:
  std::string socket = "/run/warren/warrend.sock";

  // Connects at the first call. UNAVAILABLE: no daemon answers, and what to
  // do about it.
  absl::StatusOr<v1::Local::Stub*> Daemon();

  // One simple call:
  //   session.Call(&v1::Local::Stub::GetStatus, request)
  template <class Request, class Response>
  absl::StatusOr<Response> Call(
      grpc::Status (v1::Local::Stub::*method)(grpc::ClientContext*,
                                              const Request&, Response*),
      const Request& request) {
    const auto daemon = Daemon();
    if (!daemon.ok()) return daemon.status();
    grpc::ClientContext context;
    SetTimeout(context);
    Response response;
    const absl::Status status =
        ForPeople(((*daemon)->*method)(&context, request, &response));
    if (!status.ok()) return status;
    return response;
  }

  // The daemon's refusal, or that it went away in between.
  static absl::Status ForPeople(const grpc::Status& status);
  // 30 s: the daemon answers everything but streams sooner.
  static void SetTimeout(grpc::ClientContext& context);

 private:
  std::unique_ptr<v1::Local::Stub> stub_;
};

void Write(absl::string_view text);  // to stdout, at once

}  // namespace warren::client

#endif  // WARREN_CLIENT_CLI_SESSION_H_
