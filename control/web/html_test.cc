#include "control/web/html.h"

#include <gtest/gtest.h>

namespace warren::control {
namespace {

TEST(Html, TextStaysText) {
  const std::string evil = "<script>alert('1')</script>\"&`";
  EXPECT_EQ(Wrap("p", {evil}).markup(),
            "<p>&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;"
            "&#96;</p>");
  EXPECT_EQ(El("input", {{"value", "\"><b>"}, {"required", ""}}).markup(),
            "<input value=\"&quot;&gt;&lt;b&gt;\" required>");
}

TEST(Html, ElementsNest) {
  EXPECT_EQ(
      Wrap("ul", {Wrap("li", {"a ", Wrap("b", {"c"})}), Wrap("li", {"d"})})
          .markup(),
      "<ul><li>a <b>c</b></li><li>d</li></ul>");
}

TEST(Html, LinksLeadNowhereElse) {
  for (const char* bad :
       {"javascript:alert(1)", "https://evil.example/", "//evil.example/",
        "/\\evil.example", "data:text/html,x", " javascript:x", ""}) {
    EXPECT_EQ(El("a", {{"href", bad}}, {"x"}).markup(), "<a>x</a>") << bad;
  }
  EXPECT_EQ(El("a", {{"href", "/a?b=c&d"}}, {"x"}).markup(),
            "<a href=\"/a?b=c&amp;d\">x</a>");
}

}  // namespace
}  // namespace warren::control
