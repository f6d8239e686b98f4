#include "core/policy/directory.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/ascii.h"

namespace warren::policy {
namespace {

template <class T, class Id>
std::optional<Index> FindById(const std::vector<const T*>& list, Id id) {
  const auto at =
      std::ranges::lower_bound(list, id, {}, [](const T* t) { return t->id; });
  if (at == list.end() || (*at)->id != id) return std::nullopt;
  return static_cast<Index>(at - list.begin());
}

template <class T>
std::vector<const T*> SortedById(const std::vector<T>& all) {
  std::vector<const T*> sorted;
  sorted.reserve(all.size());
  for (const T& one : all) sorted.push_back(&one);
  std::ranges::stable_sort(sorted, {}, [](const T* t) { return t->id; });
  return sorted;
}

const Indices& None() {
  static const Indices* const none = new Indices;
  return *none;
}

}  // namespace

void Normalise(Indices& list) {
  std::ranges::sort(list);
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

Directory::Directory(const Topology& topology)
    : nodes_(SortedById(topology.nodes)), users_(SortedById(topology.users)) {
  ids_.reserve(nodes_.size());
  for (const Node* node : nodes_) ids_.push_back(node->id);
  IndexUsers(topology);
  IndexNodes(topology);
}

void Directory::IndexUsers(const Topology&) {
  of_user_.resize(users_.size());
  for (Index i = 0; i < users_.size(); ++i) {
    by_name_[absl::AsciiStrToLower(users_[i]->login)].push_back(i);
    for (const std::string& email : users_[i]->emails) {
      by_name_[absl::AsciiStrToLower(email)].push_back(i);
    }
  }
}

void Directory::IndexNodes(const Topology&) {
  is_guest_.resize(nodes_.size());
  texts_.resize(nodes_.size());
  for (Index i = 0; i < nodes_.size(); ++i) {
    const Node& node = *nodes_[i];
    for (const auto& address : {node.ipv4, node.ipv6}) {
      if (!address.has_value()) continue;
      by_text_.push_back({i, static_cast<uint32_t>(texts_[i].size())});
      texts_[i].push_back(TextOf(*address));
    }
    const std::optional<Index> user = UserOf(i);
    if (user.has_value() && users_[*user]->guest) {
      is_guest_[i] = true;
      of_user_[*user].push_back(i);
      continue;
    }
    devices_.push_back(i);
    (node.tags.empty() ? untagged_ : tagged_).push_back(i);
    if (user.has_value()) of_user_[*user].push_back(i);
    for (const std::string& tag : node.tags) {
      Indices& with_tag = by_tag_[absl::AsciiStrToLower(tag)];
      if (with_tag.empty() || with_tag.back() != i) with_tag.push_back(i);
    }
    for (const AddressText& text : texts_[i]) {
      by_address_.emplace_back(text.ranges[0].first, i);
    }
  }
  std::ranges::sort(by_address_);
  std::ranges::sort(by_text_, [&](const auto& a, const auto& b) {
    return std::tie(texts_[a.node][a.which].text, a.node) <
           std::tie(texts_[b.node][b.which].text, b.node);
  });
}

std::optional<Index> Directory::Find(NodeId id) const {
  const auto at = std::ranges::lower_bound(ids_, id);
  if (at == ids_.end() || *at != id) return std::nullopt;
  return static_cast<Index>(at - ids_.begin());
}

std::optional<Index> Directory::FindUser(UserId id) const {
  return FindById(users_, id);
}

const Indices& Directory::WithTag(absl::string_view tag) const {
  const auto at = by_tag_.find(absl::AsciiStrToLower(tag));
  return at == by_tag_.end() ? None() : at->second;
}

std::optional<Index> Directory::UserOf(Index node) const {
  if (!nodes_[node]->tags.empty()) return std::nullopt;
  return FindUser(nodes_[node]->user);
}

Indices Directory::UsersNamed(absl::string_view name) const {
  const auto at = by_name_.find(absl::AsciiStrToLower(name));
  if (at == by_name_.end()) return {};
  Indices users = at->second;
  Normalise(users);
  return users;
}

void Directory::AppendWithin(const AddressRange& range, Indices& out) const {
  auto at =
      std::ranges::lower_bound(by_address_, std::pair(range.first, Index{0}));
  for (; at != by_address_.end() && at->first <= range.last; ++at) {
    out.push_back(at->second);
  }
}

}  // namespace warren::policy
