#include "control/document/plan.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "google/protobuf/util/message_differencer.h"

namespace warren::control {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;

template <class List>
void SortTexts(List& texts) {
  std::sort(texts.begin(), texts.end());
}

template <class List, class Key>
void SortBy(List& list, Key key) {
  std::stable_sort(list.begin(), list.end(), [&](const auto& a, const auto& b) {
    return key(a) < key(b);
  });
}

std::string KeyOf(const v1::ProviderSpec& spec) { return spec.name(); }
std::string KeyOf(const v1::UserSpec& spec) { return spec.login(); }
std::string KeyOf(const v1::WebhookSpec& spec) { return spec.name(); }
std::string KeyOf(const v1::RelayRegion& spec) {
  return absl::StrCat(spec.id());
}
std::string KeyOf(const v1::NodeSpec& spec) {
  return spec.machine_key().empty() ? "name " + spec.name()
                                    : spec.machine_key();
}
std::string NameOf(const v1::ProviderSpec& spec) { return spec.name(); }
std::string NameOf(const v1::UserSpec& spec) { return spec.login(); }
std::string NameOf(const v1::WebhookSpec& spec) { return spec.name(); }
std::string NameOf(const v1::RelayRegion& spec) {
  return absl::StrCat(spec.code(), " (", spec.id(), ")");
}
std::string NameOf(const v1::NodeSpec& spec) { return spec.name(); }

// Long or many-lined texts are not worth repeating.
std::string Short(const std::string& text) {
  if (text.empty()) return "none";
  if (text.size() > 60 || text.find('\n') != std::string::npos) return "...";
  return text;
}

std::string TextOf(const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(reflection.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(reflection.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_STRING:
      return Short(reflection.GetString(message, &field));
    default:
      return "...";
  }
}

std::set<std::string> TextsOf(const Message& message,
                              const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  std::set<std::string> out;
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      out.insert(
          reflection.GetRepeatedMessage(message, &field, i).ShortDebugString());
    } else {
      out.insert(reflection.GetRepeatedString(message, &field, i));
    }
  }
  return out;
}

// "+tag:a -tag:b"; empty: the same.
std::string ListDetail(const Message& now, const Message& wanted,
                       const FieldDescriptor& field) {
  const auto before = TextsOf(now, field);
  const auto after = TextsOf(wanted, field);
  std::vector<std::string> parts;
  for (const auto& text : after) {
    if (!before.contains(text)) parts.push_back("+" + Short(text));
  }
  for (const auto& text : before) {
    if (!after.contains(text)) parts.push_back("-" + Short(text));
  }
  return absl::StrJoin(parts, " ");
}

std::string Detail(const Message& now, const Message& wanted) {
  std::vector<std::string> parts;
  const auto* type = now.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor& field = *type->field(i);
    std::string change;
    if (field.is_repeated()) {
      change = ListDetail(now, wanted, field);
    } else {
      const std::string before = TextOf(now, field);
      const std::string after = TextOf(wanted, field);
      if (before != after) change = absl::StrCat(before, " -> ", after);
    }
    if (!change.empty()) {
      parts.push_back(absl::StrCat(field.name(), ": ", change));
    }
  }
  return parts.empty() ? "in detail" : absl::StrJoin(parts, "; ");
}

// The steps of one list: what is new or changed, and what goes.
template <class List>
void PlanList(SpecKind kind, const List& now, const List& wanted, bool prune,
              std::vector<SpecChange>& changes,
              std::vector<SpecChange>& deletions) {
  std::map<std::string, int> by_key;
  for (int i = 0; i < now.size(); ++i) {
    by_key[KeyOf(now[i])] = i;
    if constexpr (std::is_same_v<
                      List, google::protobuf::RepeatedPtrField<v1::NodeSpec>>) {
      by_key["name " + now[i].name()] = i;
    }
  }
  std::set<int> named;
  for (int i = 0; i < wanted.size(); ++i) {
    const auto found = by_key.find(KeyOf(wanted[i]));
    if (found == by_key.end()) {
      changes.push_back(
          {SpecVerb::kCreate, kind, -1, i, NameOf(wanted[i]), ""});
      continue;
    }
    const int old = found->second;
    named.insert(old);
    if (MessageDifferencer::Equals(now[old], wanted[i])) continue;
    changes.push_back({SpecVerb::kChange, kind, old, i, NameOf(now[old]),
                       Detail(now[old], wanted[i])});
  }
  for (int i = 0; prune && i < now.size(); ++i) {
    if (!named.contains(i)) {
      deletions.push_back({SpecVerb::kDelete, kind, i, -1, NameOf(now[i]), ""});
    }
  }
}

absl::Status Twice(absl::string_view kind, const std::string& name) {
  return absl::InvalidArgumentError(
      absl::StrCat(kind, " \"", name, "\" stands there twice"));
}

template <class List>
absl::Status CheckUnique(absl::string_view kind, const List& list) {
  std::set<std::string> seen;
  for (const auto& spec : list) {
    if (NameOf(spec).empty()) {
      return absl::InvalidArgumentError(absl::StrCat(kind, " without a name"));
    }
    if (!seen.insert(KeyOf(spec)).second) return Twice(kind, NameOf(spec));
  }
  return absl::OkStatus();
}

absl::Status CheckNodes(const v1::TailnetSpec& spec) {
  std::set<std::string> logins, names, addresses;
  for (const auto& user : spec.users()) logins.insert(user.login());
  for (const auto& node : spec.nodes()) {
    if (!logins.contains(node.owner())) {
      return absl::InvalidArgumentError(
          absl::StrCat("node \"", node.name(), "\" belongs to \"", node.owner(),
                       "\", who is not among the users"));
    }
    if (!names.insert(node.name()).second) return Twice("node", node.name());
    if (!node.ipv4().empty() && !addresses.insert(node.ipv4()).second) {
      return Twice("address", node.ipv4());
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view ToString(SpecVerb verb) {
  switch (verb) {
    case SpecVerb::kCreate:
      return "create";
    case SpecVerb::kChange:
      return "change";
    case SpecVerb::kDelete:
      return "delete";
  }
  return "";
}

absl::string_view ToString(SpecKind kind) {
  constexpr absl::string_view kNames[] = {"name", "settings", "provider",
                                          "user", "policy",   "relay",
                                          "node", "webhook"};
  return kNames[static_cast<size_t>(kind)];
}

void Normalise(v1::TailnetSpec& spec) {
  const auto key = [](const auto& entry) { return KeyOf(entry); };
  SortBy(*spec.mutable_providers(), key);
  SortBy(*spec.mutable_users(), key);
  SortBy(*spec.mutable_webhooks(), key);
  SortBy(*spec.mutable_relays(), [](const auto& relay) { return relay.id(); });
  SortBy(*spec.mutable_nodes(), [](const auto& node) { return node.name(); });
  for (auto& provider : *spec.mutable_providers()) {
    SortTexts(*provider.mutable_allowed_domains());
    SortTexts(*provider.mutable_allowed_users());
    SortTexts(*provider.mutable_allowed_groups());
  }
  for (auto& user : *spec.mutable_users()) {
    if (user.status() == "active") user.clear_status();
    if (user.role().empty()) user.set_role("member");
    SortBy(*user.mutable_identities(), [](const auto& identity) {
      return std::make_pair(identity.issuer(), identity.subject());
    });
    for (auto& identity : *user.mutable_identities()) {
      SortTexts(*identity.mutable_groups());
    }
  }
  for (auto& node : *spec.mutable_nodes()) {
    SortTexts(*node.mutable_tags());
    SortTexts(*node.mutable_approved_routes());
  }
  for (auto& webhook : *spec.mutable_webhooks()) {
    SortTexts(*webhook.mutable_events());
  }
}

absl::Status CheckSpec(const v1::TailnetSpec& spec) {
  if (spec.format() != kSpecFormat) {
    return absl::InvalidArgumentError(absl::StrCat(
        "format is ", spec.format(), ", this server knows ", kSpecFormat));
  }
  WARREN_RETURN_IF_ERROR(CheckUnique("provider", spec.providers()));
  WARREN_RETURN_IF_ERROR(CheckUnique("user", spec.users()));
  WARREN_RETURN_IF_ERROR(CheckUnique("relay", spec.relays()));
  WARREN_RETURN_IF_ERROR(CheckUnique("node", spec.nodes()));
  WARREN_RETURN_IF_ERROR(CheckUnique("webhook", spec.webhooks()));
  std::set<std::pair<std::string, std::string>> subjects;
  for (const auto& user : spec.users()) {
    for (const auto& identity : user.identities()) {
      if (!subjects.emplace(identity.issuer(), identity.subject()).second) {
        return Twice("identity", identity.subject());
      }
    }
  }
  return CheckNodes(spec);
}

std::vector<SpecChange> PlanSpec(const v1::TailnetSpec& now,
                                 const v1::TailnetSpec& wanted, bool prune) {
  std::vector<SpecChange> changes, deletions;
  if (!wanted.name().empty() && wanted.name() != now.name()) {
    changes.push_back({SpecVerb::kChange, SpecKind::kName, -1, -1, now.name(),
                       absl::StrCat(now.name(), " -> ", wanted.name())});
  }
  if (wanted.has_settings() &&
      !MessageDifferencer::Equals(now.settings(), wanted.settings())) {
    changes.push_back({SpecVerb::kChange, SpecKind::kSettings, -1, -1,
                       "settings", Detail(now.settings(), wanted.settings())});
  }
  PlanList(SpecKind::kProvider, now.providers(), wanted.providers(), prune,
           changes, deletions);
  PlanList(SpecKind::kUser, now.users(), wanted.users(), prune, changes,
           deletions);
  if (now.policy() != wanted.policy() && !wanted.policy().empty()) {
    changes.push_back({SpecVerb::kChange, SpecKind::kPolicy, -1, -1, "policy",
                       absl::StrCat(now.policy().size(), " -> ",
                                    wanted.policy().size(), " bytes")});
  }
  PlanList(SpecKind::kRelay, now.relays(), wanted.relays(), prune, changes,
           deletions);
  PlanList(SpecKind::kNode, now.nodes(), wanted.nodes(), prune, changes,
           deletions);
  PlanList(SpecKind::kWebhook, now.webhooks(), wanted.webhooks(), prune,
           changes, deletions);
  // What others hang on goes last: nodes before their users.
  changes.insert(changes.end(), deletions.rbegin(), deletions.rend());
  return changes;
}

}  // namespace warren::control
