#ifndef WARREN_CORE_POLICY_ADDRESS_H_
#define WARREN_CORE_POLICY_ADDRESS_H_

#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "core/net/ip.h"

// Addresses as packet filters spell them (specs/control-ts2021.md 3.11), and
// the sets a policy speaks of by name.
namespace warren::policy {

// An inclusive range of addresses of one family.
struct AddressRange {
  net::IpAddress first;
  net::IpAddress last;
  bool Contains(const net::IpAddress& a) const {
    return first <= a && a <= last;  // IpAddress orders by family first
  }
  friend auto operator<=>(const AddressRange&, const AddressRange&) = default;
};

AddressRange RangeOf(const net::IpPrefix& prefix);
bool Overlap(const AddressRange& a, const AddressRange& b);

// A source or destination of a filter: "*", an IP, a CIDR, or "first-last".
// `text` is that spelling; `ranges` what it covers: one, or two for "*".
struct AddressText {
  std::string text;
  absl::InlinedVector<AddressRange, 1> ranges;
  bool Overlaps(const AddressRange& other) const;
  friend bool operator==(const AddressText& a, const AddressText& b) {
    return a.text == b.text;
  }
  friend auto operator<=>(const AddressText& a, const AddressText& b) {
    return a.text <=> b.text;
  }
};
using AddressTexts = std::vector<AddressText>;

AddressText TextOf(const net::IpAddress& address);
AddressText TextOf(const net::IpPrefix& prefix);  // one address: no "/32"
// A CIDR where the range is exactly one.
AddressText TextOf(const AddressRange& range);

// "*".
const AddressText& EveryAddress();
// What "*" means as a source, beside the subnet routes: 100.64.0.0/10 but for
// ChromeOS' 100.115.92.0/23, and fd7a:115c:a1e0::/48. Ascend by text.
const AddressTexts& TailnetAddresses();
// autogroup:internet: all but RFC 1918, CGNAT, IPv4 link-local and what is not
// global unicast of IPv6. Ascend by address.
const AddressTexts& InternetAddresses();

// A set of addresses: disjoint ranges that ascend and do not touch.
class AddressSet {
 public:
  void Add(const AddressRange& range);
  void Remove(const AddressRange& range);
  const std::vector<AddressRange>& ranges() const { return ranges_; }

 private:
  std::vector<AddressRange> ranges_;
};

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_ADDRESS_H_
