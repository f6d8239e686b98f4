#ifndef WARREN_ADMIN_CLI_SESSION_H_
#define WARREN_ADMIN_CLI_SESSION_H_

#include <grpcpp/client_context.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "admin-cli/remote.h"
#include "io/cli/command.h"
#include "io/cli/json.h"
#include "io/cli/table.h"
#include "warren/v1/admin.grpc.pb.h"

namespace warren::admin {

// What every command has: the options before the noun, the connection to the
// control server, and how to answer.
class Session {
 public:
  std::string socket = "/run/warren-control/admin.sock";
  RemoteOptions remote;  // in place of the socket, when it names a server
  std::string tailnet;   // name or id; empty: the only one
  bool json = false;

  // Calls `method` of the Admin service and returns its answer:
  //   session.Call(&Stub::ListUsers, request)
  // The first call connects. Errors are for people.
  using Stub = v1::Admin::Stub;
  template <class Request, class Response>
  absl::StatusOr<Response> Call(
      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                   Response*),
      const Request& request) {
    Response response;
    const absl::Status status = Run([&](Stub& stub, grpc::ClientContext* call) {
      return (stub.*method)(call, request, &response);
    });
    if (!status.ok()) return status;
    return response;
  }

  // Prints one of the two.
  void Print(const cli::Json& data, absl::string_view text) const;
  // A table, or `nothing` for people when it has no rows.
  void Print(const cli::Json& data, const cli::Table& table,
             absl::string_view nothing) const;

  // Asks a person at a terminal whether to go on, unless `yes`. Not OK: they
  // did not agree, or there is nobody to ask.
  absl::Status Confirm(absl::string_view question, bool yes) const;

 private:
  absl::Status Run(
      const std::function<grpc::Status(Stub&, grpc::ClientContext*)>& call);

  absl::Status Connect();

  std::unique_ptr<io::WireChannel> channel_;  // of a remote server
  std::string bearer_;                        // the same; a secret
  std::unique_ptr<Stub> stub_;
};

// "created user alice (id 7)" and such, in one place.
std::string Said(absl::string_view done, absl::string_view kind,
                 absl::string_view name, int64_t id);

// NOT_FOUND that names what there is.
absl::Status NoSuch(absl::string_view kind, absl::string_view ref,
                    const std::vector<std::string>& there_are);

// The first of `items` whose id or name (by `name_of`) is `ref`; null if none.
template <class Items, class NameOf>
auto FindByRef(const Items& items, const std::string& ref, NameOf name_of)
    -> decltype(&items[0]) {
  for (const auto& item : items) {
    if (name_of(item) == ref) return &item;
  }
  for (const auto& item : items) {
    if (std::to_string(item.id()) == ref) return &item;
  }
  return nullptr;
}

}  // namespace warren::admin

#endif  // WARREN_ADMIN_CLI_SESSION_H_
