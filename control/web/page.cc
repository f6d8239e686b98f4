#include "control/web/page.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace warren::control {

io::WebReply Page(int status, const PageFrame& frame,
                  const std::vector<Html>& content) {
  std::vector<Html> top = {
      El("a", {{"href", "/"}, {"class", "name"}}, {"Warren"})};
  if (!frame.person.empty()) {
    top.push_back(El(
        "span", {{"class", "person"}},
        {frame.person,
         PostForm("/signout", frame.csrf, {Button("Sign out", "", "plain")})}));
  }
  std::vector<Html> main = {Wrap("h1", {frame.title})};
  main.insert(main.end(), content.begin(), content.end());
  const Html head = Wrap(
      "head",
      {El("meta", {{"charset", "utf-8"}}),
       El("meta", {{"name", "viewport"}, {"content", "width=device-width"}}),
       Wrap("title", {frame.title, " - Warren"}),
       El("link", {{"rel", "stylesheet"}, {"href", "/assets/style.css"}}),
       El("link", {{"rel", "icon"}, {"href", "/assets/icon.svg"}})});
  const Html body = Wrap("body", {Wrap("header", top), Wrap("main", main)});
  io::WebReply reply;
  reply.status = status;
  reply.body =
      absl::StrCat("<!DOCTYPE html>\n",
                   El("html", {{"lang", "en"}}, {head, body}).markup(), "\n");
  return reply;
}

io::WebReply RedirectTo(const std::string& own_path) {
  io::WebReply reply;
  reply.status = 303;
  reply.content_type = "text/plain; charset=utf-8";
  reply.headers.emplace_back("Location", own_path);
  return reply;
}

Html PostForm(const std::string& action, const std::string& csrf,
              const std::vector<Html>& content) {
  std::vector<Html> all = {Hidden("csrf", csrf)};
  all.insert(all.end(), content.begin(), content.end());
  return El("form", {{"method", "post"}, {"action", action}}, all);
}

Html Field(const char* label, const char* name, Attributes attributes) {
  const bool typed = std::ranges::any_of(attributes, [](const auto& attribute) {
    return absl::string_view(attribute.first) == "type";
  });
  attributes.emplace_back("id", name);
  attributes.emplace_back("name", name);
  if (!typed) attributes.emplace_back("type", "text");
  return El("p", {{"class", "field"}},
            {El("label", {{"for", name}}, {label}), El("input", attributes)});
}

Html Hidden(const char* name, const std::string& value) {
  return El("input", {{"type", "hidden"}, {"name", name}, {"value", value}});
}

Html Button(const char* label, const char* value, const char* style) {
  Attributes attributes = {{"type", "submit"}, {"class", style}};
  if (*value != '\0') {
    attributes.emplace_back("name", "action");
    attributes.emplace_back("value", value);
  }
  return El("button", attributes, {label});
}

Html LinkButton(const std::string& label, const std::string& href) {
  return Wrap("p", {El("a", {{"class", "button"}, {"href", href}}, {label})});
}

Html Problem(absl::string_view text) {
  return El("p", {{"class", "problem"}, {"role", "alert"}}, {text});
}

Html Good(absl::string_view text) {
  return El("p", {{"class", "good"}, {"role", "status"}}, {text});
}

Html Facts(const std::vector<Fact>& facts) {
  std::vector<Html> rows;
  for (const Fact& fact : facts) {
    rows.push_back(Wrap("dt", {fact.name}));
    rows.push_back(Wrap("dd", {fact.value}));
  }
  return Wrap("dl", rows);
}

std::string TimeText(int64_t unix_ms) {
  if (unix_ms == 0) return "never";
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", absl::FromUnixMillis(unix_ms),
                          absl::UTCTimeZone());
}

}  // namespace warren::control
