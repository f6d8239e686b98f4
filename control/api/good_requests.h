#ifndef WARREN_CONTROL_API_GOOD_REQUESTS_H_
#define WARREN_CONTROL_API_GOOD_REQUESTS_H_

namespace warren::control {

inline constexpr char kGoodPolicy[] =
    R"({"acls": [{"action": "accept", "src": ["*"], "dst": ["*:*"]}],)"
    R"( "tagOwners": {"tag:web": ["alice@"]}})";

// Test only: for each method the text format of a request that it takes in
// AdminWorld, where "$x" stands for a name that is known there only.
struct GoodRow {
  const char* method;
  const char* text;
};
inline constexpr GoodRow kGoodRequests[] = {
    {"GetServer", ""},
    {"WhoAmI", ""},
    {"BackupServer", "path: '$folder/copy.db'"},
    {"ListTailnets", ""},
    {"CreateTailnet", "name: 'warm-heron'"},
    {"RenameTailnet", "ref: '$tailnet' new_name: 'warm-heron'"},
    {"SuggestTailnetNames", "count: 2"},
    {"DeleteTailnet", "ref: '$tailnet' force: true"},
    {"GetSettings", "tailnet: '$tailnet'"},
    {"SetSettings",
     "tailnet: '$tailnet' settings { approve_users: true"
     " key_lifetime_ms: 86400000 ephemeral_timeout_ms: 600000"
     " session_lifetime_ms: 3600000 } fields: 'approve_users'"},
    {"ListUsers", "tailnet: '$tailnet' user: 'alice'"},
    {"GetUser", "tailnet: '$tailnet' ref: 'bob'"},
    {"CreateUser", "tailnet: '$tailnet' login: 'carol' display_name: 'Carol'"},
    {"RenameUser", "tailnet: '$tailnet' ref: 'bob' new_name: 'rob'"},
    {"SetUserRole", "tailnet: '$tailnet' ref: 'bob' role: 'admin'"},
    {"ApproveUser", "tailnet: '$tailnet' ref: 'bob'"},
    {"SuspendUser", "tailnet: '$tailnet' ref: 'bob'"},
    {"RestoreUser", "tailnet: '$tailnet' ref: 'bob'"},
    {"DeleteUser", "tailnet: '$tailnet' ref: 'bob'"},
    {"ListSessions", "tailnet: '$tailnet' user: 'alice'"},
    {"RevokeSession", "tailnet: '$tailnet' ref: '$session'"},
    {"ResetLocalAccount", "tailnet: '$tailnet' ref: 'bob'"},
    {"ListInvitations", "tailnet: '$tailnet' user: 'alice'"},
    {"CreateInvitation",
     "tailnet: '$tailnet' kind: 'user' role: 'member'"
     " email: 'c@example.com' lifetime_ms: 1000"},
    {"DeleteInvitation", "tailnet: '$tailnet' ref: '$invitation'"},
    {"ListProviders", "tailnet: '$tailnet'"},
    {"PutProvider",
     "tailnet: '$tailnet' ref: 'acme' secret: 'hush' provider {"
     " name: 'acme' kind: 'oidc' issuer: 'https://id.example.com'"
     " client_id: 'x' scopes: 'openid' allowed_domains: 'example.com'"
     " allowed_users: 'a@example.com' allowed_groups: 'staff'"
     " groups_claim: 'groups' clock_leeway_ms: 1000 }"},
    {"DeleteProvider", "tailnet: '$tailnet' ref: 'acme'"},
    {"ListNodes", "tailnet: '$tailnet' user: 'alice'"},
    {"GetNode", "tailnet: '$tailnet' ref: 'laptop'"},
    {"RenameNode", "tailnet: '$tailnet' ref: 'laptop' new_name: 'desk'"},
    {"ApproveNode", "tailnet: '$tailnet' ref: 'laptop'"},
    {"ExpireNode", "tailnet: '$tailnet' ref: 'laptop'"},
    {"SetNodeExpiry",
     "tailnet: '$tailnet' ref: 'laptop' key_expiry_ms: 1900000000000"},
    {"SetNodeTags", "tailnet: '$tailnet' ref: 'laptop' tags: 'tag:web'"},
    {"SetNodeAddress", "tailnet: '$tailnet' ref: 'laptop' ipv4: '100.64.7.7'"},
    {"SetNodeOwner", "tailnet: '$tailnet' ref: 'laptop' user: 'bob'"},
    {"SetNodeRoutes",
     "tailnet: '$tailnet' ref: 'laptop' routes: '10.1.0.0/16'"},
    {"SetNodeAttributes",
     "tailnet: '$tailnet' ref: 'laptop'"
     " attributes { key: 'custom:tier' value: 'gold' }"},
    {"DeleteNode", "tailnet: '$tailnet' ref: 'laptop'"},
    {"ListShares", "tailnet: '$tailnet'"},
    {"DeleteShare", "tailnet: '$tailnet' ref: '$share'"},
    {"AcceptShare", "tailnet: 'guests' user: 'gina' link: '$link'"},
    {"ListAuthKeys", "tailnet: '$tailnet' user: 'alice'"},
    {"CreateAuthKey",
     "tailnet: '$tailnet' user: 'alice' reusable: true tags: 'tag:web'"
     " description: 'x' lifetime_ms: 60000 max_uses: 3"},
    {"ExpireAuthKey", "tailnet: '$tailnet' ref: '$auth_key'"},
    {"DeleteAuthKey", "tailnet: '$tailnet' ref: '$auth_key'"},
    {"ListApiKeys", "tailnet: '$tailnet' user: 'alice'"},
    {"CreateApiKey",
     "tailnet: '$tailnet' kind: 'oauth-client' scopes: 'devices:read'"
     " tags: 'tag:web' description: 'x' lifetime_ms: 60000 user: 'alice'"},
    {"DeleteApiKey", "tailnet: '$tailnet' ref: '$api_key'"},
    {"ListRelays", "tailnet: '$tailnet'"},
    {"PutRelay",
     "tailnet: '$tailnet' region { id: 900 code: 'fra' name: 'Frankfurt'"
     " nodes { name: '900a' hostname: 'relay.example' ipv4: '192.0.2.1'"
     " ipv6: '2001:db8::1' derp_port: 443 stun_port: 3478"
     " cert_name: 'relay.example' } }"},
    {"DeleteRelay", "tailnet: '$tailnet' ref: 'fra'"},
    {"GetPolicy", "tailnet: '$tailnet' version: 1"},
    {"SetPolicy",
     "tailnet: '$tailnet' any_base: true note: 'why' text: '$policy'"},
    {"CheckPolicy", "tailnet: '$tailnet' text: '$policy'"},
    {"ListPolicyVersions", "tailnet: '$tailnet' limit: 3"},
    {"RollbackPolicy", "tailnet: '$tailnet' version: 1 force: true"},
    {"GetTopology", "tailnet: '$tailnet'"},
    {"GetPolicyStatus", "tailnet: '$tailnet'"},
    {"ExportTailnet", "tailnet: '$tailnet'"},
    {"PlanTailnet", "tailnet: '$tailnet' yaml: 'format: 1'"},
    {"ApplyTailnet", "tailnet: '$tailnet' yaml: 'format: 1'"},
    {"ListAudit",
     "tailnet: '$tailnet' limit: 10 actor: 'uid 0' action: 'node.'"
     " target: 'x' since_ms: 5 before_id: 99"},
    {"ListWebhooks", "tailnet: '$tailnet'"},
    {"PutWebhook",
     "tailnet: '$tailnet' ref: 'ops' webhook { name: 'ops'"
     " url: 'https://hook.example/' events: 'node.' enabled: true }"},
    {"DeleteWebhook", "tailnet: '$tailnet' ref: 'ops'"},
    {"TestWebhook", "tailnet: '$tailnet' ref: 'ops'"},
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_GOOD_REQUESTS_H_
