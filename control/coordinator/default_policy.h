#ifndef WARREN_CONTROL_COORDINATOR_DEFAULT_POLICY_H_
#define WARREN_CONTROL_COORDINATOR_DEFAULT_POLICY_H_

namespace warren::control {

// In force in a tailnet until somebody sets another (version 0): people reach
// their own devices, guests what is shared with them, and nothing else is
// reached.
inline constexpr char kDefaultPolicy[] =
    R"hujson(// The policy of a new tailnet.
{
  // People reach their own devices, on every port; nothing else is reached.
  "grants": [
    {"src": ["autogroup:member"], "dst": ["autogroup:self"], "ip": ["*"]},
    // Guests reach the devices that were shared with them.
    {"src": ["autogroup:shared"], "dst": ["*"], "ip": ["*"]},
  ],
}
)hujson";

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_DEFAULT_POLICY_H_
