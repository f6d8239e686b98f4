#ifndef WARREN_CONTROL_STORE_ROW_CODEC_H_
#define WARREN_CONTROL_STORE_ROW_CODEC_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/bytes.h"
#include "core/derp/relay_map.h"
#include "core/net/ip.h"

// Columns that hold more than one value. Reading what was written gives it
// back; anything else is FAILED_PRECONDITION, which a damaged row is.
namespace warren::control {

std::string JoinEndpoints(const std::vector<net::Endpoint>& endpoints);
absl::StatusOr<std::vector<net::Endpoint>> SplitEndpoints(
    absl::string_view text);

std::vector<std::string> SplitTags(absl::string_view text);

std::vector<uint8_t> EncodeRegion(const derp::RelayRegion& region);
absl::StatusOr<derp::RelayRegion> DecodeRegion(Bytes bytes);

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_ROW_CODEC_H_
