#include "control/store/row_codec.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "proto/convert/netmap.h"

namespace warren::control {

std::string JoinEndpoints(const std::vector<net::Endpoint>& endpoints) {
  return absl::StrJoin(endpoints, ",",
                       [](std::string* out, const net::Endpoint& e) {
                         out->append(e.ToString());
                       });
}

absl::StatusOr<std::vector<net::Endpoint>> SplitEndpoints(
    absl::string_view text) {
  std::vector<net::Endpoint> endpoints;
  for (absl::string_view part : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    const auto endpoint = net::Endpoint::Parse(part);
    if (!endpoint.ok()) {
      return absl::FailedPreconditionError(endpoint.status().message());
    }
    endpoints.push_back(*endpoint);
  }
  return endpoints;
}

std::vector<std::string> SplitTags(absl::string_view text) {
  return absl::StrSplit(text, ',', absl::SkipEmpty());
}

std::vector<uint8_t> EncodeRegion(const derp::RelayRegion& region) {
  const std::string bytes = convert::ToProto(region).SerializeAsString();
  return {bytes.begin(), bytes.end()};
}

absl::StatusOr<derp::RelayRegion> DecodeRegion(Bytes bytes) {
  v1::RelayRegion message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::FailedPreconditionError("a relay region cannot be read");
  }
  derp::RelayRegion region = convert::FromProto(message);
  const absl::Status valid = derp::Validate(derp::RelayMap{{region}});
  if (!valid.ok()) return absl::FailedPreconditionError(valid.message());
  return region;
}

}  // namespace warren::control
