#include <string>

#include "core/policy/policy_text.h"
#include "gtest/gtest.h"

namespace warren::policy {
namespace {

TEST(FormatTest, IndentsAndKeepsCommentsAndBlankLines) {
  EXPECT_EQ(Format("// head\r\n\r\n{ // root\r\n"
                   "  \"groups\" : { \"group:a\" :[\"x@y\",\"z@y\"], },\n\n\n\n"
                   "  // about acls\n"
                   "    \"acls\": [\n"
                   "{\"action\":\"accept\"  , \"src\":[\"*\"]} // all\n"
                   "  , /* two */ {\n\"x\" /*n*/: 1}\n"
                   "  // the end\n"
                   "]\n}\n// tail"),
            "// head\n\n{ // root\n"
            "\t\"groups\": {\"group:a\": [\"x@y\", \"z@y\"]},\n\n"
            "\t// about acls\n"
            "\t\"acls\": [\n"
            "\t\t{\"action\": \"accept\", \"src\": [\"*\"]}, // all\n"
            "\t\t/* two */\n"
            "\t\t{\n"
            "\t\t\t/*n*/\n"
            "\t\t\t\"x\": 1,\n"
            "\t\t},\n"
            "\t\t// the end\n"
            "\t],\n"
            "}\n"
            "// tail\n");
}

TEST(FormatTest, BreaksLongLines) {
  const std::string name(70, 'a');
  EXPECT_EQ(
      Format("{\"a\":[\"" + name + "\",\"" + name + "\"]}"),
      "{\n\t\"a\": [\n\t\t\"" + name + "\",\n\t\t\"" + name + "\",\n\t],\n}\n");
}

TEST(FormatTest, DoesNotChangeItsOwnResult) {
  for (const char* text :
       {"{}", "[]", "[ ]", "{\n}", "[1,2]", "[1, // a\n2]", "[ // a\n]",
        "[\n/* a\nb */ 1]", "[1 /* a */, 2 /* b */]", "// a\n1", "1 // a",
        "[1\n,\n\n// x\n\n2]", "\xEF\xBB\xBF[1]", "[[[\n]]]"}) {
    const std::string once = Format(text);
    EXPECT_EQ(Format(once), once) << text;
  }
}

TEST(FormatTest, LeavesWhatIsNotHujson) {
  EXPECT_EQ(Format("{ \"a\" 1}"), "{ \"a\" 1}");
  EXPECT_EQ(Format(""), "");
}

}  // namespace
}  // namespace warren::policy
