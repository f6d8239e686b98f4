#include "core/portmap/xml.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace warren::portmap {
namespace {

TEST(Xml, IsATreeOfNamesAndTexts) {
  const auto root = ParseXml(
      "<?xml version=\"1.0\"?>\n<!-- c --><a xmlns:x=\"urn:y\" z=\"1\">"
      "<x:b> one &amp; <!-- c -->two<c/> </x:b><b>second</b></a>");
  ASSERT_TRUE(root.ok()) << root.status();
  EXPECT_EQ(root->name, "a");
  ASSERT_EQ(root->children.size(), 2u);
  ASSERT_NE(root->Child("b"), nullptr);
  EXPECT_EQ(root->TextOf("b"), "one & two");
  EXPECT_EQ(root->Child("b")->children.size(), 1u);
  EXPECT_EQ(root->Child("d"), nullptr);
  EXPECT_EQ(root->TextOf("d"), "");
}

TEST(Xml, MayEndInZeros) {
  EXPECT_TRUE(ParseXml(absl::string_view("<a/>\0\0", 6)).ok());
}

std::string Nested(size_t depth) {
  std::string text;
  for (size_t i = 0; i < depth; ++i) absl::StrAppend(&text, "<a>");
  for (size_t i = 0; i < depth; ++i) absl::StrAppend(&text, "</a>");
  return text;
}

std::string Wide(size_t elements) {
  std::string text = "<a>";
  for (size_t i = 1; i < elements; ++i) absl::StrAppend(&text, "<b/>");
  return text + "</a>";
}

TEST(Xml, HasLimits) {
  EXPECT_TRUE(ParseXml(Nested(kMaxXmlDepth)).ok());
  EXPECT_FALSE(ParseXml(Nested(kMaxXmlDepth + 1)).ok());
  EXPECT_TRUE(ParseXml(Wide(kMaxXmlElements)).ok());
  EXPECT_FALSE(ParseXml(Wide(kMaxXmlElements + 1)).ok());
  const std::string text =
      absl::StrCat("<a>", std::string(kMaxXmlSize - 7, ' '), "</a>");
  EXPECT_TRUE(ParseXml(text).ok());
  EXPECT_FALSE(ParseXml(text + " ").ok());
}

TEST(Xml, RefusesDocumentTypesSoThatNothingExpands) {
  const auto bomb = ParseXml(
      "<!DOCTYPE a [<!ENTITY b \"bbbbbbbb\"><!ENTITY c \"&b;&b;&b;&b;\">]>"
      "<a>&c;</a>");
  EXPECT_EQ(bomb.status().message(), "XML with a document type");
  EXPECT_FALSE(ParseXml("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>").ok());
  EXPECT_FALSE(ParseXml("<a>&b;</a>").ok());
}

TEST(Xml, RefusesWhatIsNotWellFormed) {
  for (const char* text :
       {"", " ", "<a>", "<a></b>", "<a/><b/>", "a", "<a", "<a b></a>",
        "{\"a\": 1}", "\xff\xfe", "<a>\x01</a>", "<a>\xff</a>"}) {
    EXPECT_FALSE(ParseXml(text).ok()) << text;
  }
}

}  // namespace
}  // namespace warren::portmap
