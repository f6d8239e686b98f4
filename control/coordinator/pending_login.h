#ifndef WARREN_CONTROL_COORDINATOR_PENDING_LOGIN_H_
#define WARREN_CONTROL_COORDINATOR_PENDING_LOGIN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "control/coordinator/order.h"
#include "control/coordinator/pending_logins.h"
#include "control/coordinator/registration.h"

// Devices that asked to join without an auth key, and the person who answers
// for them in a browser:
//
//   device               server                          browser
//     |-- Register ------->| Add(): an id                   |
//     |<- auth_url --------|                                |
//     |-- follow_url ----->| waits <= 60 s                  |
//     |                    |<- GET /login/ID, signs in -----|
//     |                    |-- DescribeLogin(): the page -->|
//     |                    |<- POST: ConfirmLogin() --------|
//     |<- node ------------| or RefuseLogin()               |
//
// An id is no secret of the device's owner: whoever has it may describe the
// device and let it in as himself. So the page must show what is described,
// ask, and protect its form; a GET never confirms.
namespace warren::control {

// What the person must see before saying yes. All texts are the device's own
// claims but `source`, `fingerprint` and the times; show them as text.
struct LoginView {
  std::string id;
  HostDetails host;
  std::string wanted_name;  // a label
  std::vector<std::string> wanted_tags;
  std::string tailnet;      // that it wants; empty: any
  std::string source;       // the address that it came from
  std::string fingerprint;  // of its machine key: "a1b2-c3d4-e5f6-0718"
  int64_t created_ms = 0;
  int64_t expires_ms = 0;
  LoginState state = LoginState::kOpen;
  std::string node;  // kConfirmed: the name it got
};

// NOT_FOUND: unknown, or over its time.
absl::StatusOr<LoginView> DescribeLogin(Directory& directory,
                                        absl::string_view id, int64_t now_ms);

// Lets the device into `tailnet` as one of the user's who orders it. Again by
// the same user: the same answer.
//   NOT_FOUND            as above
//   FAILED_PRECONDITION  it is refused, or another has answered already
//   PERMISSION_DENIED    the user is suspended or waits for approval; it does
//                        not own a tag that the device wants; the device wants
//                        another tailnet. The login stays open
//   RESOURCE_EXHAUSTED   no room in the tailnet
absl::StatusOr<Registration> ConfirmLogin(Directory& directory,
                                          const Order& order,
                                          absl::string_view id,
                                          TailnetState& tailnet);

// The device is told no. NOT_FOUND, FAILED_PRECONDITION as above.
absl::Status RefuseLogin(Directory& directory, const Order& order,
                         absl::string_view id, TailnetState& tailnet);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_PENDING_LOGIN_H_
