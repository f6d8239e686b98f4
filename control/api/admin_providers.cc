#include <utility>

#include "absl/strings/str_cat.h"
#include "control/api/admin_subjects.h"
#include "control/coordinator/provider_commands.h"
#include "control/identity/provider_record.h"
#include "control/identity/sign_in.h"
#include "core/base/status_macros.h"
#include "warren/v1/admin.pb.h"

// Ways to sign in.
namespace warren::control {
namespace {

absl::StatusOr<v1::Provider> ToMessage(const AdminCall& call,
                                       const ProviderRecord& record) {
  v1::Provider out;
  if (!out.ParseFromString(record.config)) {
    return absl::DataLossError(
        absl::StrCat("provider ", record.name, " cannot be read"));
  }
  out.set_id(record.id.value());
  out.set_name(record.name);
  out.set_has_secret(!record.secret.empty());
  const std::string& url = call.directory.options().public_url;
  if (!url.empty()) {
    out.set_callback_url(absl::StrCat(url, kCallbackPath, record.id.value()));
  }
  return out;
}

absl::Status ListProviders(AdminCall& call, const v1::ListRequest&,
                           v1::ListProvidersResponse& out) {
  for (const auto& [id, record] : call.tailnet().accounts.providers) {
    WARREN_ASSIGN_OR_RETURN(*out.add_providers(), ToMessage(call, record));
  }
  return absl::OkStatus();
}

// The secret in clear: the new one, or that of before.
absl::StatusOr<std::string> SecretOf(const SealKey& key,
                                     const ProviderRecord& before,
                                     const std::string& given) {
  if (!given.empty() || before.secret.empty()) return given;
  return Unseal(key, ProviderSecretPlace(before.id), before.secret);
}

absl::Status PutProvider(AdminCall& call, const v1::PutProviderRequest& request,
                         v1::Provider& out) {
  if (call.server.seal_key == nullptr) {
    return absl::FailedPreconditionError("this server keeps no secrets");
  }
  const SealKey& key = *call.server.seal_key;
  ProviderRecord record;
  const auto before = FindProvider(call.tailnet(), request.ref());
  if (before.ok()) {
    record = *before;
  } else {
    record.id = ProviderId(call.directory.NewId());
    record.created_ms = call.order.now_ms;
    record.name = request.ref();
  }
  v1::Provider wanted = request.provider();
  if (wanted.name().empty()) wanted.set_name(record.name);
  WARREN_ASSIGN_OR_RETURN(const std::string secret,
                          SecretOf(key, record, request.secret()));
  WARREN_RETURN_IF_ERROR(ProviderConfigOf(record.id, wanted, secret).status());
  record.name = wanted.name();
  // These are the server's to tell.
  wanted.clear_id();
  wanted.clear_has_secret();
  wanted.clear_callback_url();
  record.config = wanted.SerializeAsString();
  record.secret =
      Seal(key, ProviderSecretPlace(record.id), secret, call.directory.rng());
  WARREN_ASSIGN_OR_RETURN(
      const ProviderRecord stored,
      control::PutProvider(call.directory, call.order, call.tailnet(),
                           std::move(record)));
  WARREN_ASSIGN_OR_RETURN(out, ToMessage(call, stored));
  return absl::OkStatus();
}

absl::Status DeleteProvider(AdminCall& call, const v1::DeleteRequest& request,
                            v1::DeleteResponse& out) {
  WARREN_ASSIGN_OR_RETURN(const ProviderRecord record,
                          FindProvider(call.tailnet(), request.ref()));
  out.set_deleted(record.name);
  return control::DeleteProvider(call.directory, call.order, call.tailnet(),
                                 record.id);
}

}  // namespace

void AddProviderCalls(AdminCalls& calls) {
  calls.Add<v1::ListRequest, v1::ListProvidersResponse>("ListProviders",
                                                        &ListProviders);
  calls.Add<v1::PutProviderRequest, v1::Provider>("PutProvider", &PutProvider);
  calls.Add<v1::DeleteRequest, v1::DeleteResponse>("DeleteProvider",
                                                   &DeleteProvider);
}

}  // namespace warren::control
