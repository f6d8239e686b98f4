#ifndef WARREN_CONTROL_API_ADMIN_RUN_H_
#define WARREN_CONTROL_API_ADMIN_RUN_H_

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "control/api/admin_service.h"
#include "control/coordinator/lookup.h"
#include "core/base/status_macros.h"
#include "io/grpc_status.h"

// The templates of AdminService, for its two sources alone.
namespace warren::control {

template <class Response, class Work>
grpc::Status AdminService::Run(const grpc::ServerContext& call,
                               Response* response, const Work& work) {
  const auto peer = peers_.Caller(call);
  const std::string actor =
      peer ? absl::StrCat("uid ", peer->uid) : std::string("unknown");
  auto result = coordinator_.Call<Response>(
      [&](Directory& directory, int64_t now_ms) -> absl::StatusOr<Response> {
        Response out;
        WARREN_RETURN_IF_ERROR(work(directory, Order{actor, now_ms}, out));
        return out;
      });
  if (!result.ok()) return io::ToGrpc(result.status());
  *response = *std::move(result);
  return grpc::Status::OK;
}

template <class Request, class Response, class Work>
grpc::Status AdminService::RunIn(const grpc::ServerContext& call,
                                 const Request& request, Response* response,
                                 const Work& work) {
  return Run(call, response,
             [&](Directory& directory, const Order& order,
                 Response& out) -> absl::Status {
               WARREN_ASSIGN_OR_RETURN(
                   TailnetState * tailnet,
                   FindTailnet(directory, request.tailnet()));
               return work(directory, order, *tailnet, out);
             });
}

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_ADMIN_RUN_H_
