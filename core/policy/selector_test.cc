#include "core/policy/selector.h"

#include <string>

#include "gtest/gtest.h"

namespace warren::policy {
namespace {

struct Row {
  const char* text;
  SelectorKind kind;
  const char* name;
};

const Row kRows[] = {
    {"*", SelectorKind::kWildcard, "*"},
    {"alice@example.com", SelectorKind::kUser, "alice@example.com"},
    {"alice@", SelectorKind::kUser, "alice"},
    {"user:*@example.com", SelectorKind::kUserDomain, "example.com"},
    {"group:ops", SelectorKind::kGroup, "group:ops"},
    {"group:ops@example.com", SelectorKind::kGroup, "group:ops@example.com"},
    {"tag:web", SelectorKind::kTag, "tag:web"},
    {"ipset:prod", SelectorKind::kIpset, "ipset:prod"},
    {"svc:db", SelectorKind::kService, "svc:db"},
    {"printer", SelectorKind::kHost, "printer"},
    {"host:printer", SelectorKind::kHost, "printer"},
    {"my-host", SelectorKind::kHost, "my-host"},
    {"100.64.0.1", SelectorKind::kAddress, "100.64.0.1"},
    {"fd7a:115c:a1e0::1", SelectorKind::kAddress, "fd7a:115c:a1e0::1"},
    {"10.0.0.0/8", SelectorKind::kPrefix, "10.0.0.0/8"},
    {"::/0", SelectorKind::kPrefix, "::/0"},
    {"10.0.0.1-10.0.0.9", SelectorKind::kRange, "10.0.0.1-10.0.0.9"},
    {"autogroup:members", SelectorKind::kMember, "autogroup:member"},
    {"autogroup:tagged", SelectorKind::kTagged, "autogroup:tagged"},
    {"autogroup:self", SelectorKind::kSelf, "autogroup:self"},
    {"autogroup:internet", SelectorKind::kInternet, "autogroup:internet"},
    {"autogroup:shared", SelectorKind::kShared, "autogroup:shared"},
    {"autogroup:danger-all", SelectorKind::kDangerAll, "autogroup:danger-all"},
    {"autogroup:nonroot", SelectorKind::kNonroot, "autogroup:nonroot"},
    {"autogroup:it-admin", SelectorKind::kRole, "autogroup:it-admin"},
};

TEST(ParseSelectorTest, TellsEveryKind) {
  for (const Row& row : kRows) {
    const auto selector = ParseSelector(row.text);
    ASSERT_TRUE(selector.ok()) << row.text << ": " << selector.status();
    EXPECT_EQ(selector->kind, row.kind) << row.text;
    EXPECT_EQ(selector->name, row.name) << row.text;
  }
}

TEST(ParseSelectorTest, KeepsAddressesAndRoles) {
  EXPECT_EQ(ParseSelector("10.1.0.0/16")->prefix.ToString(), "10.1.0.0/16");
  EXPECT_EQ(ParseSelector("100.64.0.1")->prefix.bits(), 32);
  EXPECT_EQ(ParseSelector("fd7a::1")->prefix.bits(), 128);
  EXPECT_EQ(ParseSelector("10.0.0.1-10.0.0.9")->last.ToString(), "10.0.0.9");
  EXPECT_EQ(ParseSelector("autogroup:auditor")->role, Role::kAuditor);
}

TEST(ParseSelectorTest, RefusesWhatNamesNobody) {
  for (const char* text :
       {"", "group:", "tag:", "ipset:", "svc:", "user:*@", "@",
        "host:", "autogroup:bogus", "foo:bar", "10.0.0.0/33",
        "10.0.0.9-10.0.0.1", "10.0.0.1-fd7a::1", "10.0.0.1/8"}) {
    EXPECT_FALSE(ParseSelector(text).ok()) << text;
  }
}

}  // namespace
}  // namespace warren::policy
