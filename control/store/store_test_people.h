#ifndef WARREN_CONTROL_STORE_STORE_TEST_PEOPLE_H_
#define WARREN_CONTROL_STORE_STORE_TEST_PEOPLE_H_

#include <string>

#include "control/store/store_test_records.h"

// Test only: one of everything beside store_test_records.h, after FillStore().
// `optional`: with what may be absent.
namespace warren::control {

inline SecretHash TestHash(uint8_t fill) {
  SecretHash hash;
  hash.fill(fill);
  return hash;
}

inline AccountContents SomeAccounts(bool optional) {
  const TailnetId tailnet(11);
  const UserId user(21);
  AccountContents all;
  all.identities.push_back({IdentityId(51),
                            tailnet,
                            user,
                            ProviderId(61),
                            "https://id.example/",
                            "a|b,c%",
                            "a@example.com",
                            true,
                            {},
                            1,
                            2});
  if (optional) all.identities[0].groups = {"CN=x,OU=y", "", "50%"};
  all.local_accounts.push_back(
      {user, tailnet, "$argon2id$", std::string("\0\1sealed", 8), 3, {}, 4, 5});
  if (optional)
    all.local_accounts[0].recovery_codes = {TestHash(3), TestHash(1)};
  all.passkeys.push_back({std::string("\0cred", 5), user, tailnet, "phone",
                          std::string("\0cose", 5), 6, 7, 8});
  all.providers.push_back({ProviderId(61), tailnet, "google",
                           std::string("\0config", 7), "sealed", 9});
  all.sessions.push_back({SessionId(71), tailnet, user, "local", TestHash(4),
                          10, 11, 12, "192.0.2.1", "browser"});
  all.invitations.push_back({InvitationId(81),
                             tailnet,
                             InvitationKind::kShare,
                             TestHash(5),
                             policy::Role::kAdmin,
                             "b@example.com",
                             {},
                             {},
                             "alice",
                             13,
                             14,
                             0,
                             ""});
  if (optional) {
    all.invitations[0].node = NodeId(41);
    all.invitations[0].user = user;
  }
  return all;
}

inline AccessContents SomeAccess(bool optional) {
  const TailnetId tailnet(11);
  const UserId user(21);
  AccessContents all;
  all.policies.push_back({tailnet, 1, "{}", "alice", 1, "note", 0});
  all.api_keys.push_back({ApiKeyId(91),
                          tailnet,
                          {},
                          ApiKeyKind::kOauthClient,
                          {},
                          "abc",
                          TestHash(6),
                          {"nodes:read", "all"},
                          {"tag:a"},
                          "ci",
                          2,
                          3,
                          0,
                          4});
  if (optional) {
    all.api_keys[0].user = user;
    all.api_keys.push_back({ApiKeyId(92),
                            tailnet,
                            user,
                            ApiKeyKind::kAccessToken,
                            ApiKeyId(91),
                            "def",
                            TestHash(7),
                            {},
                            {},
                            "",
                            5,
                            6,
                            0,
                            7});
  }
  all.shares.push_back(
      {ShareId(95), tailnet, NodeId(41), tailnet, user, 8, "alice"});
  all.webhooks.push_back({WebhookId(97),
                          tailnet,
                          "ops",
                          "https://h.example/",
                          "sealed",
                          {"node.", "policy.set"},
                          true,
                          9});
  return all;
}

inline void FillAccounts(Store& store, const AccountContents& all) {
  AccountStore& accounts = store.accounts();
  const AuditRecord audit = SomeAudit();
  for (const auto& provider : all.providers) {
    WARREN_CHECK(accounts.PutProvider(provider, audit).ok());
  }
  for (const auto& identity : all.identities) {
    WARREN_CHECK(accounts.PutIdentity(identity, audit).ok());
  }
  for (const auto& account : all.local_accounts) {
    WARREN_CHECK(accounts.PutLocalAccount(account, audit).ok());
  }
  for (const auto& passkey : all.passkeys) {
    WARREN_CHECK(accounts.PutPasskey(passkey, audit).ok());
  }
  for (const auto& session : all.sessions) {
    WARREN_CHECK(accounts.PutSession(session, audit).ok());
  }
  for (const auto& invitation : all.invitations) {
    WARREN_CHECK(accounts.PutInvitation(invitation, audit).ok());
  }
}

inline void FillAccess(Store& store, const AccessContents& all) {
  AccessStore& access = store.access();
  const AuditRecord audit = SomeAudit();
  for (const auto& policy : all.policies) {
    WARREN_CHECK(access.InsertPolicy(policy, audit).ok());
  }
  for (const auto& key : all.api_keys) {
    WARREN_CHECK(access.PutApiKey(key, audit).ok());
  }
  for (const auto& share : all.shares) {
    WARREN_CHECK(access.PutShare(share, audit).ok());
  }
  for (const auto& webhook : all.webhooks) {
    WARREN_CHECK(access.PutWebhook(webhook, audit).ok());
  }
}

// Whether both hold the same rows.
inline bool SameAccounts(const AccountContents& a, const AccountContents& b) {
  return a.identities == b.identities && a.local_accounts == b.local_accounts &&
         a.passkeys == b.passkeys && a.providers == b.providers &&
         a.sessions == b.sessions && a.invitations == b.invitations;
}
inline bool SameAccess(const AccessContents& a, const AccessContents& b) {
  return a.policies == b.policies && a.api_keys == b.api_keys &&
         a.shares == b.shares && a.webhooks == b.webhooks;
}
inline bool SameContents(const StoreContents& a, const StoreContents& b) {
  return a.tailnets == b.tailnets && a.users == b.users &&
         a.auth_keys == b.auth_keys && a.nodes == b.nodes &&
         a.relays == b.relays && SameAccounts(a.accounts, b.accounts) &&
         SameAccess(a.access, b.access);
}

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_STORE_TEST_PEOPLE_H_
