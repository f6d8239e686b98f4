#include "relay/key_file.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/crypto/secret.h"
#include "io/private_file.h"
#include "nlohmann/json.hpp"

namespace warren::relay {
namespace {

constexpr size_t kMaxFileSize = 4096;
constexpr char kField[] = "PrivateKey";

void WipeText(std::string& text) {
  crypto::Wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()});
}

std::optional<crypto::NodePrivateKey> ParseFile(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains(kField)) return std::nullopt;
  const auto& field = json[kField];
  if (!field.is_string()) return std::nullopt;
  auto key = crypto::NodePrivateKey::Parse(field.get_ref<const std::string&>());
  if (!key.ok()) return std::nullopt;
  return *std::move(key);
}

}  // namespace

absl::StatusOr<crypto::NodePrivateKey> LoadOrMakeKey(const std::string& path,
                                                     Rng& rng) {
  WARREN_ASSIGN_OR_RETURN(auto text, io::ReadSmallFile(path, kMaxFileSize));
  if (!text) {
    auto key = crypto::NodePrivateKey::Generate(rng);
    std::string secret = key.ExposeText();
    std::string contents = absl::StrCat("{\"", kField, "\":\"", secret,  //
                                        "\"}\n");
    const absl::Status made = io::CreatePrivateFile(path, contents);
    WipeText(secret);
    WipeText(contents);
    if (!made.ok()) return made;
    return key;
  }
  auto key = ParseFile(*text);
  WipeText(*text);
  if (!key) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the key file ", path,
        " is damaged: restore it from a backup, or move it away to start "
        "with a new key"));
  }
  return *std::move(key);
}

}  // namespace warren::relay
