#include "control/web/provider_table.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "control/identity/provider_record.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

using Records = std::map<ProviderId, ProviderRecord>;

}  // namespace

absl::StatusOr<std::vector<ProviderTable::Entry>> ProviderTable::Refresh() {
  WARREN_ASSIGN_OR_RETURN(
      Records records,
      coordinator_.Call<Records>([](Directory& directory, int64_t) {
        Records all;
        for (const auto& [tailnet_id, tailnet] : directory.tailnets()) {
          const auto& providers = tailnet.accounts.providers;
          all.insert(providers.begin(), providers.end());
        }
        return absl::StatusOr<Records>(std::move(all));
      }));
  absl::MutexLock lock(&mutex_);
  if (records == known_) return entries_;
  std::vector<ProviderConfig> configs;
  std::vector<Entry> entries;
  for (const auto& [id, record] : records) {
    auto config = ProviderConfigOf(record, seal_key_);
    if (!config.ok()) continue;
    configs.push_back(*std::move(config));
    entries.push_back({record.tailnet, id, record.name});
  }
  WARREN_RETURN_IF_ERROR(sign_in_.SetProviders(configs));
  known_ = std::move(records);
  entries_ = std::move(entries);
  return entries_;
}

absl::StatusOr<std::optional<ProviderTable::Entry>> ProviderTable::Find(
    absl::string_view id) {
  WARREN_ASSIGN_OR_RETURN(const std::vector<Entry> entries, Refresh());
  for (const Entry& entry : entries) {
    if (absl::StrCat(entry.id.value()) == id) return entry;
  }
  return std::nullopt;
}

}  // namespace warren::control
