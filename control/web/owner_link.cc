#include "control/web/owner_link.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "control/coordinator/user_commands.h"
#include "core/base/status_macros.h"
#include "io/private_file.h"

namespace warren::control {
namespace {

// The link, or "" when there is an owner or more than one tailnet.
absl::StatusOr<std::string> NewLink(Directory& directory, int64_t now_ms) {
  if (directory.tailnets().size() != 1) return "";
  TailnetState& tailnet = directory.tailnets().begin()->second;
  const Order order{"server", now_ms, "start", {}, /*is_operator=*/true};
  const auto made = CreateOwnerLink(directory, order, tailnet);
  if (absl::IsFailedPrecondition(made.status())) return "";  // has an owner
  WARREN_RETURN_IF_ERROR(made.status());
  if (!made->url.empty()) return made->url;
  return absl::StrCat(kInvitationPath, made->secret);
}

}  // namespace

std::string OwnerLinkFile(const std::string& folder) {
  return absl::StrCat(folder, "/owner-link");
}

absl::Status OfferOwnership(Coordinator& coordinator,
                            const std::string& folder) {
  WARREN_ASSIGN_OR_RETURN(
      const std::string link,
      coordinator.Call<std::string>([](Directory& directory, int64_t now_ms) {
        return NewLink(directory, now_ms);
      }));
  const std::string file = OwnerLinkFile(folder);
  unlink(file.c_str());
  if (link.empty()) return absl::OkStatus();
  return io::CreatePrivateFile(file, absl::StrCat(link, "\n"));
}

}  // namespace warren::control
