#include "control/store/row_codec.h"

#include <initializer_list>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "core/base/status_macros.h"
#include "proto/convert/netmap.h"

namespace warren::control {
namespace {

using Replacements = std::initializer_list<
    std::pair<const absl::string_view, absl::string_view>>;
constexpr Replacements kEscapes = {{"%", "%25"}, {",", "%2C"}};
constexpr Replacements kUnescapes = {{"%25", "%"}, {"%2C", ","}};
constexpr absl::string_view kEmptyText = "%";

}  // namespace

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

std::string JoinTexts(const std::vector<std::string>& texts) {
  return absl::StrJoin(texts, ",", [](std::string* out, const auto& text) {
    out->append(text.empty() ? std::string(kEmptyText)
                             : absl::StrReplaceAll(text, kEscapes));
  });
}

absl::StatusOr<std::vector<std::string>> SplitTexts(absl::string_view text) {
  std::vector<std::string> texts;
  for (absl::string_view part : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    texts.push_back(part == kEmptyText ? ""
                                       : absl::StrReplaceAll(part, kUnescapes));
    if (JoinTexts({texts.back()}) != part) {
      return absl::FailedPreconditionError("a list cannot be read");
    }
  }
  return texts;
}

std::string JoinAttributes(const std::map<std::string, std::string>& values) {
  std::vector<std::string> texts;
  for (const auto& [name, value] : values) {
    texts.push_back(name);
    texts.push_back(value);
  }
  return JoinTexts(texts);
}

absl::StatusOr<std::map<std::string, std::string>> SplitAttributes(
    absl::string_view text) {
  WARREN_ASSIGN_OR_RETURN(const auto texts, SplitTexts(text));
  if (texts.size() % 2 != 0) {
    return absl::FailedPreconditionError("an attribute has no value");
  }
  std::map<std::string, std::string> values;
  for (size_t i = 0; i < texts.size(); i += 2) values[texts[i]] = texts[i + 1];
  return values;
}

std::string JoinPrefixes(const std::vector<net::IpPrefix>& prefixes) {
  return absl::StrJoin(prefixes, ",",
                       [](std::string* out, const net::IpPrefix& prefix) {
                         out->append(prefix.ToString());
                       });
}

absl::StatusOr<std::vector<net::IpPrefix>> SplitPrefixes(
    absl::string_view text) {
  std::vector<net::IpPrefix> prefixes;
  for (absl::string_view part : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    const auto prefix = net::IpPrefix::Parse(part);
    if (!prefix.ok()) {
      return absl::FailedPreconditionError(prefix.status().message());
    }
    prefixes.push_back(*prefix);
  }
  return prefixes;
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
