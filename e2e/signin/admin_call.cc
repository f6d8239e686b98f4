// Calls one method of the admin API on a Unix socket, JSON in and out:
//
//   admin_call SOCKET METHOD JSON
//
// For tests, whose administrators do not depend on what commands are called.

#include <google/protobuf/util/json_util.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <memory>
#include <string>

#include "warren/v1/admin.grpc.pb.h"

namespace {

namespace pb = google::protobuf;

int Fail(const std::string& text) {
  std::fprintf(stderr, "admin_call: %s\n", text.c_str());
  return 1;
}

grpc::Status Call(const std::string& socket, const std::string& path,
                  const pb::Message& request, pb::Message* response) {
  const auto channel =
      grpc::CreateChannel("unix:" + socket, grpc::InsecureChannelCredentials());
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const std::string bytes = request.SerializeAsString();
  const grpc::Slice slice(bytes);
  const auto call = stub.PrepareUnaryCall(&context, path,
                                          grpc::ByteBuffer(&slice, 1), &queue);
  grpc::ByteBuffer answer;
  grpc::Status status;
  call->StartCall();
  call->Finish(&answer, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  if (!status.ok()) return status;
  grpc::Slice whole;
  if (!answer.DumpToSingleSlice(&whole).ok() ||
      !response->ParseFromArray(whole.begin(),
                                static_cast<int>(whole.size()))) {
    return grpc::Status(grpc::StatusCode::INTERNAL, "a malformed answer");
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return Fail("usage: admin_call SOCKET METHOD JSON");
  // Named once, so that the service is linked in.
  const auto* const service = warren::v1::WhoAmIRequest::descriptor()
                                  ->file()
                                  ->pool()
                                  ->FindServiceByName("warren.v1.Admin");
  const auto* const method =
      service == nullptr ? nullptr : service->FindMethodByName(argv[2]);
  if (method == nullptr) return Fail("no such method");
  auto* const factory = pb::MessageFactory::generated_factory();
  const std::unique_ptr<pb::Message> request(
      factory->GetPrototype(method->input_type())->New());
  const std::unique_ptr<pb::Message> response(
      factory->GetPrototype(method->output_type())->New());
  if (!pb::util::JsonStringToMessage(argv[3], request.get()).ok()) {
    return Fail("the request is not as it must be");
  }
  const grpc::Status status =
      Call(argv[1], std::string("/warren.v1.Admin/") + argv[2], *request,
           response.get());
  if (!status.ok()) return Fail(status.error_message());
  std::string json;
  pb::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  if (!pb::util::MessageToJsonString(*response, &json, options).ok()) return 1;
  std::puts(json.c_str());
  return 0;
}
