// Whatever a policy says, also one that Check() refuses: compiling it, viewing
// it and running its tests ends, and does not crash.

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/strings/string_view.h"
#include "core/base/check.h"
#include "core/policy/compiled.h"
#include "core/policy/evaluate.h"
#include "core/policy/policy_text.h"
#include "core/policy/tests.h"
#include "core/policy/topology_text.h"

namespace warren::policy {
namespace {

constexpr char kTopology[] = R"({
  "users": [{"name": "alice", "email": "alice@example.com"},
            {"name": "bob", "email": "bob@example.com", "role": "admin"},
            {"name": "eve", "email": "eve@example.net", "guest": true}],
  "nodes": {
    "laptop": {"user": "alice", "ipv4": "100.64.0.1", "ipv6": "fd7a::1",
               "attributes": {"node:os": "linux"}},
    "phone": {"user": "bob", "ipv4": "100.64.0.2"},
    "guest": {"user": "eve", "ipv4": "100.64.0.3"},
    "web": {"tags": ["tag:web"], "ipv4": "100.64.0.4", "shared_to": ["eve"],
            "routable_ips": ["10.0.0.0/8", "0.0.0.0/0"],
            "approved_routes": ["10.0.0.0/8", "0.0.0.0/0"]},
    "ghost": {}
  }
})";

}  // namespace
}  // namespace warren::policy

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warren;
  using namespace warren::policy;
  static const auto* const topology = new std::shared_ptr<const Topology>(
      std::make_shared<const Topology>(ParseTopology(kTopology).value()));
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto policy = std::make_shared<const Policy>(ParsePolicy(text).policy);
  const auto compiled = Compiled::Make(policy, *topology);
  const Evaluator evaluator(*policy, **topology);
  for (const NodeId node : compiled->Nodes()) {
    const NodeView view = compiled->View(node);
    WARREN_CHECK(view.peers.size() == compiled->PeersOf(node).size());
    const net::IpAddress a = net::IpAddress::V4(0x64400001);
    (void)evaluator.Allows({a, a, 6, 22}, node);
  }
  (void)RunTests(*policy, **topology);
  return 0;
}
