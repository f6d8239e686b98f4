#ifndef WARREN_CONTROL_STORE_STORE_TEST_RECORDS_H_
#define WARREN_CONTROL_STORE_STORE_TEST_RECORDS_H_

#include <string>

#include "control/store/store.h"
#include "core/base/check.h"

// Test only: rows with every field set.
namespace warren::control {

template <class Key>
Key TestKey(uint8_t fill) {
  std::array<uint8_t, 32> bytes;
  bytes.fill(fill);
  return Key::FromBytes(bytes);
}

inline AuditRecord SomeAudit() {
  return {TailnetId(11), 5, "uid 0", "test", "target", "before", "after"};
}

inline TailnetRecord SomeTailnet() {
  return {TailnetId(11),
          "calm-otter",
          1000,
          77,
          {true, true, true, false, true, 1, 2, 3}};
}

inline UserRecord SomeUser() {
  return {UserId(21),           TailnetId(11),       "alice", "Alice", 2000,
          policy::Role::kAdmin, UserStatus::kActive, 2001};
}

inline AuthKeyRecord SomeAuthKey() {
  AuthKeyRecord key;
  key.id = AuthKeyId(31);
  key.tailnet = TailnetId(11);
  key.user = UserId(21);
  key.prefix = "abcdefghjk";
  key.hash.fill(9);
  key.grant = {false, true, {"tag:a", "tag:b"}, true, 5};
  key.description = "for the lab";
  key.created_ms = 3000;
  return key;
}

inline NodeRecord SomeNode() {
  NodeRecord node;
  node.id = NodeId(41);
  node.tailnet = TailnetId(11);
  node.owner = UserId(21);
  node.keys = {TestKey<crypto::MachineKey>(1), TestKey<crypto::NodeKey>(2),
               TestKey<crypto::DiscoKey>(3)};
  node.naming = {"laptop", "laptop", true};
  node.ipv4 = *net::IpAddress::Parse("100.64.0.1");
  node.ipv6 = *net::IpAddress::Parse("fd7a:115c:a1e0::1");
  node.grant = {false, true, {"tag:a"}};
  node.auth_key = AuthKeyId(31);
  node.times = {4000, 5000, 6000};
  node.host = {"Laptop", "linux", "12", "0.1.0"};
  node.reach = {{*net::Endpoint::Parse("192.0.2.1:41641"),
                 *net::Endpoint::Parse("[2001:db8::1]:41641")},
                RelayId(900)};
  node.standing.approved_ms = 7000;
  node.standing.sign_in = {"alice", 7001, "192.0.2.7"};
  node.standing.routes = {
      {*net::IpPrefix::Parse("10.0.0.0/8")},
      {*net::IpPrefix::Parse("::/0"), *net::IpPrefix::Parse("0.0.0.0/0")},
      7002};
  node.standing.attributes = {{"custom:tier", "gold, or %"}, {"custom:x", ""}};
  return node;
}

// Different from SomeNode() in all that is unique.
inline NodeRecord NumberedNode(int n) {
  NodeRecord node = SomeNode();
  node.id = NodeId(1000 + n);
  node.keys.machine = TestKey<crypto::MachineKey>(static_cast<uint8_t>(n + 9));
  node.keys.node = TestKey<crypto::NodeKey>(static_cast<uint8_t>(n + 9));
  node.naming.name = "node" + std::to_string(n);
  node.ipv4 = net::IpAddress::V4(0x64400100u + static_cast<uint32_t>(n));
  node.ipv6 = *net::IpAddress::Parse("fd7a:115c:a1e0::1:" + std::to_string(n));
  return node;
}
inline NodeRecord OtherNode() { return NumberedNode(0); }

inline RelayRecord SomeRelay() {
  RelayRecord relay{TailnetId(11),
                    {RelayId(900), "fra", "Frankfurt", false, {}}};
  relay.region.nodes.resize(1);
  relay.region.nodes[0].name = "900a";
  relay.region.nodes[0].hostname = "relay.example";
  return relay;
}

// Five audited changes.
inline void FillStore(Store& store) {
  WARREN_CHECK(store.PutTailnet(SomeTailnet(), SomeAudit()).ok());
  WARREN_CHECK(store.PutUser(SomeUser(), SomeAudit()).ok());
  WARREN_CHECK(store.CreateAuthKey(SomeAuthKey(), SomeAudit()).ok());
  WARREN_CHECK(store.RegisterNode(SomeNode(), 1, SomeAudit()).ok());
  WARREN_CHECK(store.PutRelay(SomeRelay(), SomeAudit()).ok());
}

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_STORE_TEST_RECORDS_H_
