#include "core/policy/tag_owners.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace warren::policy {
namespace {

Definition Define(const char* name,
                  std::initializer_list<const char*> members) {
  Definition definition{{name, {}}, {}};
  for (const char* member : members) definition.members.push_back({member, {}});
  return definition;
}

Policy SomePolicy() {
  Policy policy;
  policy.groups = {
      Define("group:ops", {"carol@example.com", "group:night"}),
      Define("group:night", {"dan@example.com", "group:ops"}),
  };
  policy.tag_owners = {
      Define("tag:web", {"alice@example.com", "group:ops"}),
      Define("tag:ci", {"group:from-idp", "autogroup:admin"}),
      Define("tag:home", {"bob@", "user:*@corp.example"}),
      Define("tag:all", {"autogroup:member", "tag:web"}),
      Define("tag:none", {}),
  };
  return policy;
}

User Named(const char* login) {
  User user;
  user.id = UserId(1);
  user.login = login;
  return user;
}

TEST(TagOwnersTest, UsersGroupsRolesAndDomainsOwn) {
  User admin = Named("root");
  admin.role = Role::kAdmin;
  User grouped = Named("gina@else.example");
  grouped.groups = {"from-idp"};
  User renamed = Named("alice.new@example.com");
  renamed.emails = {"Alice@Example.com"};
  const struct {
    const char* what;
    User user;
    const char* tag;
    bool owns;
  } kCases[] = {
      {"by login", Named("alice@example.com"), "tag:web", true},
      {"by another verified address", renamed, "tag:web", true},
      {"in a group", Named("carol@example.com"), "tag:web", true},
      {"in a nested group, though it is a cycle", Named("dan@example.com"),
       "tag:web", true},
      {"not listed", Named("eve@example.com"), "tag:web", false},
      {"the same name elsewhere", Named("alice@evil.example"), "tag:web",
       false},
      {"in a provider's group", grouped, "tag:ci", true},
      {"by role", admin, "tag:ci", true},
      {"a lower role", Named("root"), "tag:ci", false},
      {"a local account", Named("bob"), "tag:home", true},
      {"a domain", Named("x@corp.example"), "tag:home", true},
      {"a longer domain", Named("x@acorp.example"), "tag:home", false},
      {"any member", Named("eve@example.com"), "tag:all", true},
      {"a tag without owners", admin, "tag:none", false},
      {"an unknown tag", admin, "tag:unknown", false},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(UserOwnsTag(SomePolicy(), c.user, c.tag), c.owns) << c.what;
  }
}

TEST(TagOwnersTest, GuestsOwnNothing) {
  User guest = Named("alice@example.com");
  guest.guest = true;
  EXPECT_FALSE(UserOwnsTag(SomePolicy(), guest, "tag:web"));
}

TEST(TagOwnersTest, TagsOwnTags) {
  EXPECT_TRUE(TagOwnsTag(SomePolicy(), "tag:web", "tag:all"));
  EXPECT_FALSE(TagOwnsTag(SomePolicy(), "tag:all", "tag:web"));
  EXPECT_TRUE(TagOwnsTag(SomePolicy(), "tag:none", "tag:none"));
}

}  // namespace
}  // namespace warren::policy
