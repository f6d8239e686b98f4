#ifndef WARREN_CORE_TESTING_LITERALS_H_
#define WARREN_CORE_TESTING_LITERALS_H_

#include "absl/strings/string_view.h"
#include "core/base/check.h"
#include "core/net/ip.h"

// Addresses as tests write them. A typing error ends the test program.
namespace warren::testing {

inline net::IpAddress Ip(absl::string_view text) {
  const auto address = net::IpAddress::Parse(text);
  WARREN_CHECK(address.ok());
  return *address;
}

// "10.0.0.0/8"
inline net::IpPrefix Net(absl::string_view text) {
  const auto prefix = net::IpPrefix::Parse(text);
  WARREN_CHECK(prefix.ok());
  return *prefix;
}

// "192.0.2.1:41641"
inline net::Endpoint At(absl::string_view text) {
  const auto endpoint = net::Endpoint::Parse(text);
  WARREN_CHECK(endpoint.ok());
  return *endpoint;
}

}  // namespace warren::testing

#endif  // WARREN_CORE_TESTING_LITERALS_H_
