#include "core/policy/posture.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::policy {
namespace {

struct Row {
  const char* name;
  const char* assertion;
  bool holds;
};

// Of a device with these attributes.
TEST(Posture, HoldsForWhatADeviceIs) {
  const std::map<std::string, std::string> device = {
      {"node:os", "linux"},      {"node:tsVersion", "1.60.1-t3a"},
      {"node:osVersion", "6.1"}, {"custom:tier", "gold"},
      {"custom:score", "7.25"},  {"node:tsStateEncrypted", "true"}};
  const std::vector<Row> rows = {
      {"Equal", "node:os == 'linux'", true},
      {"EqualOther", "node:os == 'macos'", false},
      {"CaseCounts", "node:os == 'Linux'", false},
      {"NotEqual", "node:os != 'macos'", true},
      {"DoubleQuotes", "custom:tier == \"gold\"", true},
      {"BareWord", "node:tsStateEncrypted == true", true},
      {"In", "custom:tier IN ['silver', 'gold']", true},
      {"InLowerCase", "custom:tier in ['silver']", false},
      {"NotIn", "custom:tier NOT IN ['silver', 'bronze']", true},
      {"InNothing", "custom:tier IN []", false},
      {"IsSet", "custom:tier IS SET", true},
      {"NotSet", "custom:tier NOT SET", false},
      {"NotSetOfUnset", "custom:none NOT SET", true},
      {"VersionAtLeast", "node:tsVersion >= '1.60'", true},
      {"VersionIsNoDecimal", "node:tsVersion > '1.9'", true},
      {"VersionBelow", "node:tsVersion < 1.60.2", true},
      {"ShorterVersionIsEqual", "node:osVersion == '6.1.0'", true},
      {"LongerVersionIsNot", "node:osVersion == '6.10'", false},
      {"NumberIsDecimal", "custom:score > 7.3", false},
      {"NumberEqual", "custom:score == 7.250", true},
      // What is not set fails all comparisons, also negative ones.
      {"UnsetEqual", "custom:none == 'x'", false},
      {"UnsetNotEqual", "custom:none != 'x'", false},
      {"UnsetNotIn", "custom:none NOT IN ['x']", false},
      {"UnsetLess", "custom:none < 5", false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const auto assertion = ParseAssertion(row.assertion);
    ASSERT_TRUE(assertion.ok()) << assertion.status();
    EXPECT_EQ(Holds(*assertion, device), row.holds);
  }
}

TEST(Posture, SaysWhatIsMissing) {
  const std::vector<std::pair<const char*, const char*>> rows = {
      {"", "an attribute"},
      {"os == 'linux'", "an attribute"},
      {"node:os", "after the attribute"},
      {"node:os = 'linux'", "after the attribute"},
      {"node:os ==", "a value"},
      {"node:os == 'linux", "a value"},
      {"node:os IN 'linux'", "a list"},
      {"node:os IN ['a' 'b']", "a list"},
      {"node:os IN ['a',", "a list"},
      {"node:os INSIDE ['a']", "after the attribute"},
      {"node:os IS SET now", "nothing after"},
      {"node:os == 'a' 'b'", "nothing after"},
  };
  for (const auto& [text, expected] : rows) {
    SCOPED_TRACE(text);
    const auto assertion = ParseAssertion(text);
    ASSERT_FALSE(assertion.ok());
    EXPECT_THAT(std::string(assertion.status().message()),
                ::testing::HasSubstr(expected));
  }
}

}  // namespace
}  // namespace warren::policy
