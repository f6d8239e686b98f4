#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "io/cli/command.h"
#include "io/cli/completion.h"
#include "io/cli/human.h"
#include "io/cli/json.h"
#include "io/cli/table.h"

namespace warren::cli {
namespace {

struct Moment {
  const char* name;
  absl::Duration ahead;
  const char* want;
};

class HumanTimeTest : public ::testing::TestWithParam<Moment> {};

TEST_P(HumanTimeTest, SaysItInOneUnit) {
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  EXPECT_EQ(HumanTime(now + GetParam().ahead, now), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    , HumanTimeTest,
    ::testing::ValuesIn(std::vector<Moment>{
        {"Now", absl::ZeroDuration(), "now"},
        {"AMomentAgo", -absl::Seconds(1), "now"},
        {"SecondsAgo", -absl::Seconds(40), "40 s ago"},
        {"MoreThanAMinute", -absl::Seconds(89), "89 s ago"},
        {"MinutesAgo", -absl::Seconds(125), "2 min ago"},
        {"HoursAhead", absl::Minutes(119), "in 2 hours"},
        {"DaysAhead", absl::Hours(71), "in 3 days"},
        {"NinetyDays", absl::Hours(24 * 90), "in 90 days"},
        {"YearsAhead", absl::Hours(24 * 365 * 2), "in 2 years"},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST(HumanBytes, KeepsTwoDigits) {
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(999), "999 B");
  EXPECT_EQ(HumanBytes(1234), "1.2 kB");
  EXPECT_EQ(HumanBytes(45'600'000), "46 MB");
  EXPECT_EQ(HumanBytes(999'999), "1.0 MB");
  EXPECT_EQ(HumanBytes(UINT64_MAX), "18 EB");
}

TEST(HumanRtt, KeepsTwoDigits) {
  EXPECT_EQ(HumanRtt(0.00312), "3.1 ms");
  EXPECT_EQ(HumanRtt(0.0123), "12 ms");
  EXPECT_EQ(HumanRtt(1.25), "1.2 s");
  EXPECT_EQ(HumanRtt(0), "");
}

TEST(ParseSpan, ReadsWhatPeopleWrite) {
  EXPECT_EQ(*ParseSpan("45s"), absl::Seconds(45));
  EXPECT_EQ(*ParseSpan("1h30m"), absl::Minutes(90));
  EXPECT_EQ(*ParseSpan("30d"), absl::Hours(720));
  EXPECT_EQ(*ParseSpan("2w"), absl::Hours(336));
  for (const char* bad :
       {"", "5", "h", "1x", "0s", "-1h", "1h 2m", "99999999999d"}) {
    EXPECT_FALSE(ParseSpan(bad).ok()) << bad;
  }
}

TEST(Table, AlignsAndDisarms) {
  Table table({"NAME", "OS"});
  table.Add({"bob", "linux"});
  table.Add({"z\xc3\xbcrich", ""});
  table.Add({"evil\x1b[2J\n", "x"});
  EXPECT_EQ(table.ToString(),
            "NAME       OS\n"
            "bob        linux\n"
            "z\xc3\xbcrich\n"
            "evil?[2J   x\n");
}

TEST(Json, KeepsTheOrder) {
  Json json = Json::Object();
  json.Set("z", "last\n").Set("a", uint64_t{1}).SetTime("t", 0);
  json.Set("list", Json::Strings({"x"}));
  EXPECT_EQ(json.ToString(),
            "{\n  \"z\": \"last\\n\",\n  \"a\": 1,\n  \"t\": null,\n"
            "  \"list\": [\n    \"x\"\n  ]\n}\n");
}

// A tool that notes what it was asked to do.
struct Tool {
  Tool() : program("tool", "For tests") {
    Command root = program.root();
    root.Flag("--json", "JSON", &json);
    Command node = root.Add("node", "Nodes");
    Command rename = node.Add("rename", "Rename one");
    rename.Argument("NODE", "which", &ref).Argument("NAME", "new", &name);
    rename.Text("--note", "why", "TEXT", &note);
    rename.Does([this] {
      if (name == "bad") return absl::NotFoundError("no such node");
      if (name == "odd") return UsageError("odd");
      ++done;
      return absl::OkStatus();
    });
  }
  int Run(std::vector<const char*> argv) {
    argv.insert(argv.begin(), "tool");
    return program.Run(static_cast<int>(argv.size()), argv.data());
  }
  Program program;
  bool json = false;
  std::string ref, name, note;
  int done = 0;
};

TEST(Program, TakesOptionsAnywhereAndTheLastOfTwo) {
  Tool tool;
  EXPECT_EQ(tool.Run({"node", "rename", "--note", "a", "bob", "rob", "--note",
                      "b", "--json"}),
            kExitOk);
  EXPECT_EQ(tool.ref, "bob");
  EXPECT_EQ(tool.name, "rob");
  EXPECT_EQ(tool.note, "b");
  EXPECT_TRUE(tool.json);
  EXPECT_EQ(tool.done, 1);
}

TEST(Program, TellsRefusedFromMisused) {
  EXPECT_EQ(Tool().Run({"node", "rename", "x", "bad"}), kExitFailed);
  EXPECT_EQ(Tool().Run({"node", "rename", "x", "odd"}), kExitUsage);
  EXPECT_EQ(Tool().Run({"node", "rename", "x"}), kExitUsage);
  EXPECT_EQ(Tool().Run({"node", "rename", "x", "y", "z"}), kExitUsage);
  EXPECT_EQ(Tool().Run({"node"}), kExitUsage);
  EXPECT_EQ(Tool().Run({"--unknown"}), kExitUsage);
  EXPECT_EQ(Tool().Run({"node", "rename", "--help"}), kExitOk);
}

Words SomeWords() {
  return {{{"node",
            {{{"list", {{}, {"--user"}, ""}}, {"show", {{}, {}, "node"}}},
             {},
             ""}}},
          {"--json"},
          ""};
}

TEST(Complete, OffersCommandsOptionsAndThings) {
  EXPECT_EQ(Complete(SomeWords(), {}).words,
            (std::vector<std::string>{"node", "--json"}));
  EXPECT_EQ(Complete(SomeWords(), {"--json", "node"}).words,
            (std::vector<std::string>{"list", "show", "--json"}));
  EXPECT_EQ(Complete(SomeWords(), {"node", "list"}).words,
            (std::vector<std::string>{"--json", "--user"}));
  EXPECT_EQ(Complete(SomeWords(), {"node", "show"}).argument, "node");
  EXPECT_EQ(Complete(SomeWords(), {"node", "show", "x"}).argument, "");
}

TEST(Complete, OffersNoWordThatAShellWouldRun) {
  for (const char* word : {"", "$(reboot)", "a b", "`x`", "a;b", "a\nb", "*"}) {
    EXPECT_FALSE(IsPlainWord(word)) << word;
  }
  EXPECT_TRUE(IsPlainWord("alice@example.com"));
}

TEST(Complete, HasAScriptForEachShell) {
  for (const std::string& script :
       {BashCompletion("warren-admin"), ZshCompletion("warren-admin"),
        FishCompletion("warren-admin")}) {
    EXPECT_NE(script.find("warren-admin __complete"), std::string::npos)
        << script;
  }
}

}  // namespace
}  // namespace warren::cli
