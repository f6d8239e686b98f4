#include "core/policy/source_set.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/policy/hash.h"

namespace warren::policy {
namespace {

using Kind = Resolved::Kind;

// What selectors come to before they are spelled.
struct Gathered {
  bool everyone = false;
  bool danger_all = false;
  bool guests = false;
  Indices devices;  // chosen as devices
  AddressTexts addresses;
};

Gathered Gather(Resolver& resolver, const Texts& selectors) {
  Gathered all;
  for (const Text& selector : selectors) {
    const Resolved& one = resolver.Resolve(selector.text);
    switch (one.kind) {
      case Kind::kEverything:
        all.everyone = true;
        all.guests = true;
        break;
      case Kind::kDangerAll:
        all.danger_all = true;
        all.guests = true;
        break;
      case Kind::kGuests:
        all.guests = true;
        break;
      case Kind::kDevices:
        all.devices.insert(all.devices.end(), one.devices.begin(),
                           one.devices.end());
        break;
      case Kind::kAddresses:
      case Kind::kInternet:
        all.addresses.insert(all.addresses.end(), one.addresses.begin(),
                             one.addresses.end());
        break;
      case Kind::kSelf:
      case Kind::kNothing:
        break;
    }
  }
  Normalise(all.devices);
  return all;
}

// Only devices that are known to meet a posture remain.
void Restrict(Resolver& resolver, const Texts& postures, Gathered& all) {
  const Directory& directory = resolver.directory();
  if (all.everyone || all.danger_all) all.devices = directory.devices();
  for (const AddressText& text : all.addresses) {
    for (const AddressRange& range : text.ranges) {
      directory.AppendWithin(range, all.devices);
    }
  }
  Normalise(all.devices);
  std::erase_if(all.devices,
                [&](Index node) { return !resolver.Meets(node, postures); });
  all.addresses.clear();
  all.everyone = false;
  all.danger_all = false;
  all.guests = false;
}

std::string Spelling(const Texts& selectors, const Texts& postures) {
  std::vector<absl::string_view> names;
  for (const Text& text : selectors) names.push_back(text.text);
  std::ranges::sort(names);
  std::string spelling;
  for (const auto name : names) absl::StrAppend(&spelling, name, "\n");
  for (const Text& text : postures) {
    absl::StrAppend(&spelling, "\t", text.text, "\n");
  }
  return spelling;
}

// Both are sorted.
AddressTexts Merge(AddressTexts a, AddressTexts b) {
  if (b.empty()) return a;
  AddressTexts merged;
  merged.reserve(a.size() + b.size());
  std::set_union(std::make_move_iterator(a.begin()),
                 std::make_move_iterator(a.end()),
                 std::make_move_iterator(b.begin()),
                 std::make_move_iterator(b.end()), std::back_inserter(merged));
  return merged;
}

bool SameSet(const SourceSet& a, const SourceSet& b) {
  return a.guests == b.guests && a.everyone == b.everyone &&
         a.members == b.members && *a.texts == *b.texts;
}

}  // namespace

bool SourceSet::HasMember(Index node) const {
  return everyone || std::ranges::binary_search(members, node);
}

SourceBook::SourceBook(Resolver& resolver, const RouteTable& routes,
                       const std::vector<uint64_t>& identities)
    : resolver_(resolver), routes_(routes), identities_(identities) {}

const SourceSet* SourceBook::Of(const Texts& selectors, const Texts& postures) {
  const SourceSet*& set = by_spelling_[Spelling(selectors, postures)];
  if (set == nullptr) set = Compute(selectors, postures);
  return set;
}

const SourceSet* SourceBook::OfDevices(const Indices& devices) {
  SourceSet set;
  set.members = devices;
  set.texts = std::make_shared<const AddressTexts>(TextsOf(devices));
  FillRoutes({}, set);
  return Intern(std::move(set));
}

const SourceSet* SourceBook::Compute(const Texts& selectors,
                                     const Texts& postures) {
  Gathered all = Gather(resolver_, selectors);
  if (!postures.empty()) Restrict(resolver_, postures, all);
  SourceSet set;
  set.guests = all.guests;
  set.everyone = all.everyone || all.danger_all;
  std::ranges::sort(all.addresses);
  all.addresses.erase(std::unique(all.addresses.begin(), all.addresses.end()),
                      all.addresses.end());
  AddressTexts texts;
  if (all.danger_all) {
    texts.push_back(EveryAddress());
  } else {
    texts = Merge(TextsOf(all.devices), all.addresses);
    if (all.everyone) {
      texts = Merge(std::move(texts), TailnetAddresses());
      texts = Merge(std::move(texts), routes_.texts());
    }
  }
  set.texts = std::make_shared<const AddressTexts>(std::move(texts));
  if (!set.everyone) {
    set.members = std::move(all.devices);
    for (const AddressText& text : all.addresses) {
      for (const AddressRange& range : text.ranges) {
        resolver_.directory().AppendWithin(range, set.members);
      }
    }
    Normalise(set.members);
  }
  FillRoutes(all.addresses, set);
  return Intern(std::move(set));
}

// In the order of their texts. Of a few devices the texts are sorted; of many
// the order of all is walked, which is known.
AddressTexts SourceBook::TextsOf(const Indices& devices) const {
  const Directory& directory = resolver_.directory();
  AddressTexts texts;
  texts.reserve(devices.size() * 2);
  if (devices.size() < directory.nodes().size() / 16) {
    for (const Index node : devices) {
      const AddressTexts& own = directory.TextsOf(node);
      texts.insert(texts.end(), own.begin(), own.end());
    }
    std::ranges::sort(texts);
  } else {
    std::vector<bool> chosen(directory.nodes().size());
    for (const Index node : devices) chosen[node] = true;
    for (const Directory::AddressOfNode& at : directory.by_text()) {
      if (!chosen[at.node]) continue;
      texts.push_back(directory.TextsOf(at.node)[at.which]);
    }
  }
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts;
}

void SourceBook::FillRoutes(const AddressTexts& addresses,
                            SourceSet& set) const {
  const auto& subnets = routes_.subnets();
  for (uint32_t r = 0; r < subnets.size(); ++r) {
    const AddressRange& range = subnets[r].range;
    bool overlaps =
        set.everyone ||
        std::ranges::any_of(addresses, [&](const AddressText& text) {
          return text.Overlaps(range);
        });
    if (!overlaps) {  // A route may cover addresses of devices.
      Indices within;
      resolver_.directory().AppendWithin(range, within);
      overlaps = std::ranges::any_of(within, [&](Index node) {
        return std::ranges::binary_search(set.members, node);
      });
    }
    if (!overlaps) continue;
    set.routes.push_back(r);
    if (!set.HasMember(subnets[r].router)) {
      set.routers.push_back(subnets[r].router);
    }
  }
  Normalise(set.routers);
}

const SourceSet* SourceBook::Intern(SourceSet set) {
  uint64_t hash = Mix(set.everyone, set.guests);
  for (const AddressText& text : *set.texts) {
    hash = Mix(hash, HashOf(text.text));
  }
  const Indices& members =
      set.everyone ? resolver_.directory().devices() : set.members;
  for (const Index node : members) hash = Mix(hash, identities_[node]);
  for (const uint32_t r : set.routes) hash = Mix(hash, routes_.Hash(r));
  set.hash = hash;
  auto& alike = by_hash_[hash];
  for (const SourceSet* other : alike) {
    if (SameSet(*other, set)) return other;
  }
  sets_.push_back(std::move(set));
  alike.push_back(&sets_.back());
  return &sets_.back();
}

}  // namespace warren::policy
