#include "client/cli/advice.h"

#include "absl/strings/str_cat.h"
#include "io/cli/command.h"

namespace warren::client {
namespace {

const char* AdviceIn(v1::State state) {
  switch (state) {
    case v1::NEEDS_LOGIN:
      return "logged out; `warren up --login-server URL` joins a network\n";
    case v1::CONNECTING:
      return "connecting to control\n";
    case v1::STOPPED:
      return "down; `warren up` connects\n";
    case v1::EXPIRED:
      return "this device's key has expired; `warren up` signs in again\n";
    default:
      return "";
  }
}

}  // namespace

std::string AdviceFor(const v1::Status& status) {
  const std::string text =
      status.auth_url().empty()
          ? AdviceIn(status.state())
          : absl::StrCat("waiting for you to sign in: open ",
                         cli::Printable(status.auth_url()), "\n");
  return text + ApprovalAdvice(status);
}

std::string ApprovalAdvice(const v1::Status& status) {
  if (!status.waits_for_approval()) return "";
  return absl::StrCat(
      "waiting for an administrator's approval: until then this device has "
      "no peers\nask one to run `warren-admin node approve ",
      cli::Printable(status.self().node().name()), "`\n");
}

}  // namespace warren::client
