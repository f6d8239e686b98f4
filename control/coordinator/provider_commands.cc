#include "control/coordinator/provider_commands.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "control/coordinator/names.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

constexpr size_t kMaxName = 64;

}  // namespace

absl::StatusOr<ProviderRecord> FindProvider(const TailnetState& tailnet,
                                            absl::string_view ref) {
  int64_t number = 0;
  const bool is_number = absl::SimpleAtoi(ref, &number);
  const ProviderRecord* by_id = nullptr;
  for (const auto& [id, provider] : tailnet.accounts.providers) {
    if (provider.name == ref) return provider;
    if (is_number && id.value() == number) by_id = &provider;
  }
  if (by_id != nullptr) return *by_id;
  return absl::NotFoundError(
      absl::StrCat("there is no provider \"", Printable(ref), "\""));
}

absl::StatusOr<ProviderRecord> PutProvider(Directory& directory,
                                           const Order& order,
                                           TailnetState& tailnet,
                                           ProviderRecord provider) {
  WARREN_RETURN_IF_ERROR(
      RequireRole(tailnet, order, MinRole::kAdmin, "change providers"));
  if (provider.name.empty() || provider.name.size() > kMaxName ||
      Printable(provider.name) != provider.name) {
    return absl::InvalidArgumentError(absl::StrCat(
        "name: 1 to ", kMaxName, " bytes without control characters"));
  }
  auto& providers = tailnet.accounts.providers;
  const bool is_new = !providers.contains(provider.id);
  if (is_new) {
    if (providers.size() >= kMaxProviders) {
      return absl::ResourceExhaustedError(
          absl::StrCat("there are ", kMaxProviders, " providers already"));
    }
    if (provider.id == ProviderId()) {
      provider.id = ProviderId(directory.NewId());
    }
    provider.created_ms = order.now_ms;
  }
  provider.tailnet = tailnet.record.id;
  const std::string before = is_new ? "" : providers[provider.id].name;
  WARREN_RETURN_IF_ERROR(directory.store().accounts().PutProvider(
      provider,
      AuditOf(order, tailnet, is_new ? "provider.create" : "provider.change",
              absl::StrCat("provider ", provider.name), before,
              provider.name)));
  providers[provider.id] = provider;
  return provider;
}

absl::Status DeleteProvider(Directory& directory, const Order& order,
                            TailnetState& tailnet, ProviderId id) {
  WARREN_RETURN_IF_ERROR(
      RequireRole(tailnet, order, MinRole::kAdmin, "delete providers"));
  const auto found = tailnet.accounts.providers.find(id);
  if (found == tailnet.accounts.providers.end()) {
    return absl::NotFoundError("there is no such provider");
  }
  WARREN_RETURN_IF_ERROR(directory.store().accounts().DeleteProvider(
      id, AuditOf(order, tailnet, "provider.delete",
                  absl::StrCat("provider ", found->second.name),
                  found->second.name, "")));
  tailnet.accounts.providers.erase(found);
  return absl::OkStatus();
}

}  // namespace warren::control
