#include "control/web/html.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "control/identity/sign_in.h"

namespace warren::control {
namespace {

constexpr absl::string_view kVoid[] = {"br",    "hr",   "img",
                                       "input", "link", "meta"};
constexpr absl::string_view kLinks[] = {"href", "src", "action"};

template <class List>
bool IsIn(const List& list, absl::string_view name) {
  return std::ranges::find(list, name) != std::end(list);
}

bool MayStand(absl::string_view name, absl::string_view value) {
  return !IsIn(kLinks, name) || IsOwnPath(value) ||
         absl::StartsWith(value, "#");
}

}  // namespace

std::string EscapeHtml(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"},
                                    {"<", "&lt;"},
                                    {">", "&gt;"},
                                    {"\"", "&quot;"},
                                    {"'", "&#39;"},
                                    {"`", "&#96;"}});
}

Html::Html(absl::string_view text) : markup_(EscapeHtml(text)) {}
Html::Html(const char* text) : Html(absl::string_view(text)) {}
Html::Html(const std::string& text) : Html(absl::string_view(text)) {}

Html& Html::Add(const Html& next) {
  markup_ += next.markup_;
  return *this;
}

Html El(const char* name, const Attributes& attributes,
        const std::vector<Html>& children) {
  Html element;
  absl::StrAppend(&element.markup_, "<", name);
  for (const auto& [key, value] : attributes) {
    if (!MayStand(key, value)) continue;
    absl::StrAppend(&element.markup_, " ", key);
    if (!value.empty()) {
      absl::StrAppend(&element.markup_, "=\"", EscapeHtml(value), "\"");
    }
  }
  absl::StrAppend(&element.markup_, ">");
  if (IsIn(kVoid, name)) return element;
  for (const Html& child : children) element.Add(child);
  absl::StrAppend(&element.markup_, "</", name, ">");
  return element;
}

}  // namespace warren::control
