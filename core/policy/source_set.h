#ifndef WARREN_CORE_POLICY_SOURCE_SET_H_
#define WARREN_CORE_POLICY_SOURCE_SET_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/policy/address.h"
#include "core/policy/directory.h"
#include "core/policy/policy.h"
#include "core/policy/resolve.h"
#include "core/policy/routes.h"

// The sources of rules, once for all rules that have the same
// (specs/control-ts2021.md 6.3).
namespace warren::policy {

// Who may speak by a rule.
struct SourceSet {
  // Distinct, ascending by text; what a filter says.
  std::shared_ptr<const AddressTexts> texts;
  bool everyone = false;  // all devices; `members` is empty then
  bool guests = false;    // and devices of guests that the target is shared to
  Indices members;        // devices with an own address in it
  std::vector<uint32_t> routes;  // of RouteTable: those that overlap it
  Indices routers;               // who serves those, and are not members
  uint64_t hash = 0;  // of all above, and of what is told of those nodes

  bool empty() const { return texts->empty(); }
  bool HasMember(Index node) const;
};

// Makes them, each once. What it returns lives as long as it does.
class SourceBook {
 public:
  // `identities`: by node, a hash of what its peers are told of it.
  SourceBook(Resolver& resolver, const RouteTable& routes,
             const std::vector<uint64_t>& identities);

  // The union of `selectors`; of devices only those that meet one of
  // `postures`, if there are any: then addresses that are no device's and
  // subnet routes have no part in it, as nothing is known of them.
  const SourceSet* Of(const Texts& selectors, const Texts& postures);
  // Just these devices.
  const SourceSet* OfDevices(const Indices& devices);

  const std::deque<SourceSet>& all() const { return sets_; }

 private:
  const SourceSet* Compute(const Texts& selectors, const Texts& postures);
  AddressTexts TextsOf(const Indices& devices) const;
  const SourceSet* Intern(SourceSet set);
  void FillRoutes(const AddressTexts& addresses, SourceSet& set) const;

  Resolver& resolver_;
  const RouteTable& routes_;
  const std::vector<uint64_t>& identities_;
  std::deque<SourceSet> sets_;
  std::map<std::string, const SourceSet*> by_spelling_;
  std::map<uint64_t, std::vector<const SourceSet*>> by_hash_;
};

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_SOURCE_SET_H_
