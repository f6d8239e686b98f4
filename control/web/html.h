#ifndef WARREN_CONTROL_WEB_HTML_H_
#define WARREN_CONTROL_WEB_HTML_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace warren::control {

// A piece of a page. Whatever is made into one is text and stays text: there
// is no way to put in markup but El(), so no name, address or message can be
// more than it looks.
class Html {
 public:
  Html() = default;
  // Text, escaped. Implicit, so that texts stand among elements.
  Html(absl::string_view text);   // NOLINT
  Html(const char* text);         // NOLINT
  Html(const std::string& text);  // NOLINT

  Html& Add(const Html& next);
  bool empty() const { return markup_.empty(); }
  const std::string& markup() const { return markup_; }

 private:
  friend Html El(const char* name,
                 const std::vector<std::pair<const char*, std::string>>&,
                 const std::vector<Html>&);
  std::string markup_;
};

// Values are escaped. "href", "src" and "action" may only lead to ourselves or,
// with "#", inside the page; others are left out. An attribute without a value:
// "".
using Attributes = std::vector<std::pair<const char*, std::string>>;

// `name` is a literal of ours. Elements that hold nothing, such as "input",
// have no end tag.
Html El(const char* name, const Attributes& attributes,
        const std::vector<Html>& children = {});
// The same without attributes.
inline Html Wrap(const char* name, const std::vector<Html>& children) {
  return El(name, {}, children);
}

// For texts and values.
std::string EscapeHtml(absl::string_view text);

}  // namespace warren::control

#endif  // WARREN_CONTROL_WEB_HTML_H_
