#ifndef WARREN_CONTROL_WEB_PAGE_H_
#define WARREN_CONTROL_WEB_PAGE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "control/web/html.h"
#include "io/http_server.h"

// The look of all pages: plain HTML with one style sheet, readable without
// scripts, styles or a mouse.
namespace warren::control {

// What stands around a page's content.
struct PageFrame {
  std::string title;
  std::string person{};  // who is signed in; "" nobody
  std::string csrf{};    // of the sign-out form
};
io::WebReply Page(int status, const PageFrame& frame,
                  const std::vector<Html>& content);

io::WebReply RedirectTo(const std::string& own_path);

// A form that POSTs to `action`, with its token.
Html PostForm(const std::string& action, const std::string& csrf,
              const std::vector<Html>& content);
// A labelled input. `attributes`: beside name, id and, unless set, type=text.
Html Field(const char* label, const char* name, Attributes attributes);
Html Hidden(const char* name, const std::string& value);
// `value` is sent as "action".
Html Button(const char* label, const char* value = "",
            const char* style = "main");
Html LinkButton(const std::string& label, const std::string& href);
Html Problem(absl::string_view text);
Html Good(absl::string_view text);
// A table of names and values.
struct Fact {
  const char* name;
  Html value;
};
Html Facts(const std::vector<Fact>& facts);

// "2026-11-22 03:04 UTC"; "never" for 0.
std::string TimeText(int64_t unix_ms);

}  // namespace warren::control

#endif  // WARREN_CONTROL_WEB_PAGE_H_
