#include "control/document/plan.h"

#include <gtest/gtest.h>

namespace warren::control {
namespace {

v1::TailnetSpec Some() {
  v1::TailnetSpec spec;
  spec.set_format(1);
  spec.set_name("calm-otter");
  for (const char* login : {"bob", "alice"}) {
    auto& user = *spec.add_users();
    user.set_login(login);
    user.set_role("member");
  }
  auto& node = *spec.add_nodes();
  node.set_name("laptop");
  node.set_owner("alice");
  node.set_machine_key("mkey:1");
  node.set_ipv4("100.64.1.1");
  Normalise(spec);
  return spec;
}

std::vector<std::string> Lines(const std::vector<SpecChange>& changes) {
  std::vector<std::string> out;
  for (const SpecChange& change : changes) {
    out.push_back(std::string(ToString(change.verb)) + " " +
                  std::string(ToString(change.kind)) + " " + change.name +
                  (change.detail.empty() ? "" : ": " + change.detail));
  }
  return out;
}

using Strings = std::vector<std::string>;

TEST(PlanSpec, TheSameNeedsNothing) {
  EXPECT_EQ(Lines(PlanSpec(Some(), Some(), true)), Strings{});
}

TEST(PlanSpec, OrderOfListsMeansNothing) {
  v1::TailnetSpec other = Some();
  other.mutable_users()->SwapElements(0, 1);
  Normalise(other);
  EXPECT_EQ(Lines(PlanSpec(Some(), other, true)), Strings{});
}

TEST(PlanSpec, SaysWhatChangesInAPersonsWords) {
  v1::TailnetSpec wanted = Some();
  wanted.set_name("bold-heron");
  wanted.mutable_settings()->set_approve_devices(true);
  wanted.mutable_users(0)->set_role("admin");
  wanted.mutable_nodes(0)->add_tags("tag:web");
  wanted.mutable_nodes(0)->set_name("server");
  EXPECT_EQ(Lines(PlanSpec(Some(), wanted, false)),
            (Strings{"change name calm-otter: calm-otter -> bold-heron",
                     "change settings settings: approve_devices: false -> true",
                     "change user alice: role: member -> admin",
                     "change node laptop: name: laptop -> server; "
                     "tags: +tag:web"}));
}

TEST(PlanSpec, KeepsWhatIsNotNamedUnlessPruned) {
  v1::TailnetSpec wanted = Some();
  wanted.clear_nodes();
  wanted.mutable_users()->DeleteSubrange(0, 1);
  EXPECT_EQ(Lines(PlanSpec(Some(), wanted, false)), Strings{});
  EXPECT_EQ(Lines(PlanSpec(Some(), wanted, true)),
            (Strings{"delete node laptop", "delete user alice"}));
}

TEST(PlanSpec, FromNothingEverythingIsMade) {
  v1::TailnetSpec empty;
  empty.set_name("calm-otter");
  EXPECT_EQ(
      Lines(PlanSpec(empty, Some(), true)),
      (Strings{"create user alice", "create user bob", "create node laptop"}));
}

TEST(CheckSpec, RefusesWhatDoesNotFitTogether) {
  EXPECT_TRUE(CheckSpec(Some()).ok());
  v1::TailnetSpec spec = Some();
  spec.set_format(2);
  EXPECT_FALSE(CheckSpec(spec).ok());
  spec = Some();
  *spec.add_users() = spec.users(0);
  EXPECT_EQ(CheckSpec(spec).message(), "user \"alice\" stands there twice");
  spec = Some();
  spec.mutable_nodes(0)->set_owner("carol");
  EXPECT_FALSE(CheckSpec(spec).ok());
  spec = Some();
  auto& twin = *spec.add_nodes() = spec.nodes(0);
  twin.set_machine_key("mkey:2");
  twin.set_name("other");
  EXPECT_EQ(CheckSpec(spec).message(),
            "address \"100.64.1.1\" stands there twice");
}

}  // namespace
}  // namespace warren::control
