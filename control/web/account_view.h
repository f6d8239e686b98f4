#ifndef WARREN_CONTROL_WEB_ACCOUNT_VIEW_H_
#define WARREN_CONTROL_WEB_ACCOUNT_VIEW_H_

#include <string>
#include <vector>

#include "control/coordinator/tailnet_state.h"
#include "control/identity/totp.h"
#include "control/web/html.h"
#include "control/web/visit.h"

// The account page, without the doing. Internal to control/web.
namespace warren::control {

// What there is to show of a user, as values.
struct AccountView {
  UserRecord user;
  std::optional<LocalAccountRecord> account;
  std::vector<IdentityRecord> identities;
  std::vector<PasskeyRecord> passkeys;
  std::vector<SessionRecord> sessions;  // newest first
  struct Device {
    std::string name;
    std::string address;
    std::string os;
    bool online = false;
    bool waits = false;  // for approval
  };
  std::vector<Device> devices;  // by name; the first kMaxDevices
  size_t num_devices = 0;
};
inline constexpr size_t kMaxDevicesShown = 100;

AccountView DescribeAccount(const TailnetState& tailnet, UserId user);

std::vector<Html> AccountContent(const Visit& visit, const AccountView& view);
std::vector<Html> TotpOfferContent(const Visit& visit,
                                   const std::string& secret,
                                   const std::string& token,
                                   const std::string& problem);
std::vector<Html> RecoveryCodesContent(const std::vector<std::string>& codes);

// A QR code (ISO/IEC 18004) as a picture; empty when `text` is too long.
Html QrPicture(const std::string& text, const char* label);

}  // namespace warren::control

#endif  // WARREN_CONTROL_WEB_ACCOUNT_VIEW_H_
