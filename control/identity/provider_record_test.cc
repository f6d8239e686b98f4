#include "control/identity/provider_record.h"

#include <string>

#include "absl/strings/match.h"
#include "core/base/rng.h"
#include "gtest/gtest.h"

namespace warren::control {
namespace {

v1::Provider Example() {
  v1::Provider provider;
  provider.set_name("Example");
  provider.set_kind("oidc");
  provider.set_issuer("https://id.example");
  provider.set_client_id("warren");
  provider.add_scopes("openid");
  provider.add_allowed_domains("example.com");
  provider.add_allowed_users("alice@example.com");
  provider.add_allowed_groups("staff");
  provider.set_groups_claim("roles");
  provider.set_allow_private_addresses(true);
  provider.set_clock_leeway_ms(5000);
  return provider;
}

TEST(ProviderRecordTest, IsConfiguredAsStored) {
  SeededRng rng(1);
  const SealKey key = DeriveSealKey(crypto::MachinePrivateKey::Generate(rng));
  ProviderRecord record;
  record.id = ProviderId(-42);
  record.name = "Example";
  record.config = Example().SerializeAsString();
  record.secret = Seal(key, ProviderSecretPlace(record.id), "secret", rng);
  const auto config = ProviderConfigOf(record, key);
  ASSERT_TRUE(config.ok()) << config.status();
  ProviderConfig expected;
  expected.id = "-42";
  expected.name = "Example";
  expected.issuer = "https://id.example";
  expected.client_id = "warren";
  expected.client_secret = "secret";
  expected.scopes = {"openid"};
  expected.admission = {{"example.com"}, {"alice@example.com"}, {"staff"}};
  expected.groups_claim = "roles";
  expected.network = {"", true};
  expected.leeway = absl::Seconds(5);
  EXPECT_TRUE(*config == expected);

  record.id = ProviderId(43);
  EXPECT_EQ(ProviderConfigOf(record, key).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(ProviderRecordTest, WhatIsNotSaidIsAsUsual) {
  v1::Provider provider = Example();
  provider.clear_groups_claim();
  provider.clear_clock_leeway_ms();
  const auto config = ProviderConfigOf(ProviderId(1), provider, "");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->groups_claim, "groups");
  EXPECT_EQ(config->leeway, absl::Seconds(60));
}

TEST(ProviderRecordTest, NamesWhatCannotBe) {
  const auto refused = [](void (*change)(v1::Provider&), const char* word) {
    v1::Provider provider = Example();
    change(provider);
    const auto config = ProviderConfigOf(ProviderId(1), provider, "secret");
    EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_TRUE(absl::StrContains(config.status().message(), word))
        << config.status();
  };
  using P = v1::Provider;
  refused([](P& p) { p.set_kind("saml"); }, "kind");
  refused([](P& p) { p.set_name(""); }, "name");
  refused([](P& p) { p.set_name("a\nb"); }, "name");
  refused([](P& p) { p.clear_issuer(); }, "issuer");
  refused([](P& p) { p.set_issuer("id.example"); }, "issuer");
  refused([](P& p) { p.set_issuer("https://id.example/?a"); }, "issuer");
  refused(
      [](P& p) {
        p.set_issuer("http://id.example");
        p.set_allow_private_addresses(false);
      },
      "https");
  refused([](P& p) { p.clear_client_id(); }, "client id");
  refused([](P& p) { p.set_scopes(0, "profile"); }, "openid");
  refused([](P& p) { p.set_scopes(0, "openid email"); }, "spaces");
  refused([](P& p) { p.add_allowed_domains(""); }, "allowed domains");
  refused([](P& p) { p.set_ca_certificates("/etc/ca.pem"); }, "CA cert");
  refused([](P& p) { p.set_clock_leeway_ms(-1); }, "leeway");
  refused([](P& p) { p.set_clock_leeway_ms(3'600'000); }, "leeway");
  refused([](P& p) { p.set_kind("apple"); }, "Apple team id");
}

}  // namespace
}  // namespace warren::control
