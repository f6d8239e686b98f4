#ifndef WARREN_CONTROL_API_ADMIN_CALLS_H_
#define WARREN_CONTROL_API_ADMIN_CALLS_H_

#include <google/protobuf/message.h>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "control/api/admin_call.h"
#include "control/api/method_access.h"
#include "core/base/check.h"

namespace warren::control {

// The methods of warren.v1.Admin and the one gate before them, for all faces.
// A method that was not added answers UNIMPLEMENTED; one whose options do not
// say who may call it cannot be added.
//
// Each subject adds its own, in the file of its name:
//
//   void AddNodeCalls(AdminCalls& calls) {
//     calls.Add<v1::GetRequest, v1::AdminNode>("GetNode", &GetNode);
//   }
//   absl::Status GetNode(AdminCall& call, const v1::GetRequest& request,
//                        v1::AdminNode& out);
class AdminCalls {
 public:
  explicit AdminCalls(ServerFacts facts) : facts_(std::move(facts)) {}

  // Runs on the coordinator's thread and must not block.
  template <class Request, class Response>
  using Work = absl::Status (*)(AdminCall&, const Request&, Response&);
  template <class Request, class Response>
  void Add(absl::string_view method, Work<Request, Response> work);

  // For what takes its time: let in on the coordinator's thread as the others,
  // then run on another, without the directory. `tailnet` is 0 for requests
  // that name none.
  struct Aside {
    Caller caller;
    Order order;
    TailnetId tailnet;
  };
  template <class Request, class Response>
  using SlowWork =
      std::function<absl::Status(const Aside&, const Request&, Response&)>;
  // `first`, if any, runs when it is let in, as Work does: for an audit row.
  template <class Request>
  using First = std::function<absl::Status(AdminCall&, const Request&)>;
  template <class Request, class Response>
  void AddSlow(absl::string_view method, SlowWork<Request, Response> work,
               First<Request> first = nullptr);

  // Lets `caller` in or not, then runs the method; for a slow one, `later` is
  // set to what is to be run elsewhere. Denied: PERMISSION_DENIED, or
  // NOT_FOUND for a tailnet that is not the caller's, which answers as one
  // that is not there.
  using Later = std::function<absl::Status()>;
  absl::Status Run(Directory& directory, const Caller& caller, int64_t now_ms,
                   const AdminMethod& method,
                   const google::protobuf::Message& request,
                   google::protobuf::Message& response, Later& later) const;

  const ServerFacts& facts() const { return facts_; }
  // Whether the method of this name was added.
  bool Has(absl::string_view method) const {
    return entries_.contains(std::string(method));
  }

 private:
  using AnyWork =
      std::function<absl::Status(AdminCall&, const google::protobuf::Message&,
                                 google::protobuf::Message&, Later&)>;
  void AddAny(absl::string_view method,
              const google::protobuf::Descriptor* request,
              const google::protobuf::Descriptor* response, AnyWork work);

  const ServerFacts facts_;
  std::map<std::string, AnyWork> entries_;
};

// ---- Implementation of the templates. ----

template <class Request, class Response>
void AdminCalls::Add(absl::string_view method, Work<Request, Response> work) {
  AddAny(method, Request::descriptor(), Response::descriptor(),
         [work = std::move(work)](AdminCall& call,
                                  const google::protobuf::Message& request,
                                  google::protobuf::Message& response, Later&) {
           return work(call, static_cast<const Request&>(request),
                       static_cast<Response&>(response));
         });
}

template <class Request, class Response>
void AdminCalls::AddSlow(absl::string_view method,
                         SlowWork<Request, Response> work,
                         First<Request> first) {
  AddAny(method, Request::descriptor(), Response::descriptor(),
         [work = std::move(work), first = std::move(first)](
             AdminCall& call, const google::protobuf::Message& request,
             google::protobuf::Message& response, Later& later) {
           const auto& typed = static_cast<const Request&>(request);
           if (first != nullptr) {
             const absl::Status status = first(call, typed);
             if (!status.ok()) return status;
           }
           const auto* tailnet = call.tailnet_or_null;
           Aside aside{call.caller, call.order,
                       tailnet == nullptr ? TailnetId() : tailnet->record.id};
           later = [work, aside = std::move(aside), &in = typed,
                    &out = static_cast<Response&>(response)] {
             return work(aside, in, out);
           };
           return absl::OkStatus();
         });
}

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_ADMIN_CALLS_H_
