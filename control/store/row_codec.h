#ifndef WARREN_CONTROL_STORE_ROW_CODEC_H_
#define WARREN_CONTROL_STORE_ROW_CODEC_H_

#include <cstdint>
#include <map>
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

// Any texts, also with commas in them or empty.
std::string JoinTexts(const std::vector<std::string>& texts);
absl::StatusOr<std::vector<std::string>> SplitTexts(absl::string_view text);

// "name,value,name,value", as texts.
std::string JoinAttributes(const std::map<std::string, std::string>& values);
absl::StatusOr<std::map<std::string, std::string>> SplitAttributes(
    absl::string_view text);

std::string JoinPrefixes(const std::vector<net::IpPrefix>& prefixes);
absl::StatusOr<std::vector<net::IpPrefix>> SplitPrefixes(
    absl::string_view text);

std::vector<uint8_t> EncodeRegion(const derp::RelayRegion& region);
absl::StatusOr<derp::RelayRegion> DecodeRegion(Bytes bytes);

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_ROW_CODEC_H_
