#ifndef WARREN_CORE_POLICY_RESOLVE_H_
#define WARREN_CORE_POLICY_RESOLVE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/policy/address.h"
#include "core/policy/directory.h"
#include "core/policy/policy.h"
#include "core/policy/posture.h"
#include "core/policy/selector.h"

// What the selectors of a policy mean in a topology
// (specs/control-ts2021.md 6.2).
namespace warren::policy {

// The meaning of a selector, apart from the rule it stands in.
struct Resolved {
  enum class Kind : uint8_t {
    kNothing,     // not understood, undefined, or without meaning here
    kEverything,  // "*"
    kDangerAll,
    kDevices,    // `devices`
    kAddresses,  // `addresses`
    kInternet,   // `addresses`, at exit nodes
    kSelf,       // the other devices of the source's user
    kGuests,     // autogroup:shared
  };
  Kind kind = Kind::kNothing;
  Indices devices;  // for kAddresses: those with an own address in them
  AddressTexts addresses;
};

// Keeps references to what it is made of, and what it has resolved. Whatever
// the policy says, it answers: what makes no sense is kNothing.
class Resolver {
 public:
  Resolver(const Policy& policy, const Directory& directory);

  const Resolved& Resolve(absl::string_view selector);
  // Union of devices, addresses' too; "*" is all.
  Indices Devices(const Texts& selectors);
  // People whom a selector names: users, groups, domains, roles, members.
  const Indices& Users(absl::string_view selector);
  // Whether the device meets one of `postures`; true when there are none.
  bool Meets(Index node, const Texts& postures);

  const Policy& policy() const { return policy_; }
  const Directory& directory() const { return directory_; }

 private:
  Resolved Compute(const Selector& selector);
  Resolved OfAddresses(AddressTexts addresses) const;
  Resolved OfUsers(const Indices& users) const;
  Indices ComputeUsers(const Selector& selector);
  Indices GroupMembers(const std::string& name);
  void AppendProviderMembers(absl::string_view group, Indices& users) const;
  const AddressSet& Ipset(const std::string& name);
  void ApplyIpsetMember(absl::string_view member, AddressSet& set);

  const Policy& policy_;
  const Directory& directory_;
  std::map<std::string, const Definition*> groups_;
  std::map<std::string, const HostDefinition*> hosts_;
  std::map<std::string, const Definition*> ipsets_;
  std::map<std::string, std::vector<Assertion>> postures_;
  std::map<std::string, Resolved, std::less<>> resolved_;
  std::map<std::string, Indices, std::less<>> users_;
  std::map<std::string, AddressSet> ipset_values_;
};

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_RESOLVE_H_
