#ifndef WARREN_CONTROL_WEB_RAW_BROWSER_H_
#define WARREN_CONTROL_WEB_RAW_BROWSER_H_

#include <map>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "io/http_client.h"
#include "io/http_test_client.h"
#include "io/web_form.h"
#include "nlohmann/json.hpp"

// Test only: a browser that speaks raw HTTP, and a GitHub.
namespace warren::control {

using Form = std::map<std::string, std::string>;

inline std::string Encode(const Form& form) {
  std::string out;
  for (const auto& [name, value] : form) {
    absl::StrAppend(&out, out.empty() ? "" : "&", io::PercentEncode(name), "=",
                    io::PercentEncode(value));
  }
  return out;
}

// A GitHub whose account "7" is called as a test says.
class FakeGithub final : public io::HttpCaller {
 public:
  explicit FakeGithub(const std::string& name) : name_(name) {}
  absl::StatusOr<io::HttpAnswer> Call(const io::HttpCall& call) override {
    using Json = nlohmann::json;
    Json json = Json::array();
    if (absl::StrContains(call.url, "/access_token")) {
      json = {{"access_token", "access"}};
    } else if (absl::EndsWith(call.url, "/user")) {
      json = {{"id", 7}, {"login", "octo"}, {"name", name_}};
    }
    io::HttpAnswer answer;
    answer.status = 200;
    answer.headers = {{"Content-Type", "application/json"}};
    answer.body = json.dump();
    return answer;
  }

 private:
  const std::string& name_;
};

// One browser: keeps cookies, and the last page.
class RawBrowser {
 public:
  explicit RawBrowser(io::HttpServer& server,
                      std::string address = "203.0.113.7:4000")
      : server_(server), address_(std::move(address)) {}

  // The status. `headers`: whole lines.
  int Ask(absl::string_view method, absl::string_view target,
          absl::string_view headers = "", absl::string_view body = "") {
    io::HttpTestClient client(server_, address_);
    if (method == "HEAD") client.ExpectNoBodies();
    std::string cookie;
    for (const auto& [name, value] : cookies) {
      absl::StrAppend(&cookie, cookie.empty() ? "Cookie: " : "; ", name, "=",
                      value);
    }
    if (!cookie.empty()) cookie += "\r\n";
    answer = client.Ask(absl::StrCat(
        method, " ", target, " HTTP/1.1\r\nHost: control.example\r\n", cookie,
        headers, "Content-Length: ", body.size(), "\r\n\r\n", body));
    TakeCookies();
    int status = 0;
    (void)absl::SimpleAtoi(answer.substr(9, 3), &status);
    return status;
  }
  int Get(absl::string_view target) { return Ask("GET", target); }
  // With the token of the last page that had one, unless the form has one.
  int Post(absl::string_view target, Form form,
           absl::string_view headers = "Sec-Fetch-Site: same-origin\r\n") {
    const std::string token = TokenOnPage();
    if (!token.empty()) token_ = token;
    form.emplace("csrf", token_);
    return Ask("POST", target,
               absl::StrCat("Content-Type: application/x-www-form-urlencoded"
                            "\r\n",
                            headers),
               Encode(form));
  }
  // The value of a header of the last answer.
  std::string Header(absl::string_view name) const {
    const size_t at = answer.find(absl::StrCat("\r\n", name, ": "));
    if (at == std::string::npos) return "";
    const size_t from = at + name.size() + 4;
    return answer.substr(from, answer.find('\r', from) - from);
  }
  // What the hidden input `name` holds on the last page.
  std::string Hidden(absl::string_view name) const {
    const std::string start = absl::StrCat("name=\"", name, "\" value=\"");
    const size_t at = answer.find(start);
    if (at == std::string::npos) return "";
    const size_t from = at + start.size();
    return answer.substr(from, answer.find('"', from) - from);
  }
  bool Sees(absl::string_view text) const {
    return absl::StrContains(answer, text);
  }

  std::map<std::string, std::string> cookies;
  std::string answer;

 private:
  std::string TokenOnPage() const { return Hidden("csrf"); }
  void TakeCookies() {
    size_t at = 0;
    while ((at = answer.find("Set-Cookie: ", at)) != std::string::npos) {
      at += 12;
      const std::string cookie = answer.substr(at, answer.find(';', at) - at);
      const size_t equal = cookie.find('=');
      cookies[cookie.substr(0, equal)] = cookie.substr(equal + 1);
    }
  }

  io::HttpServer& server_;
  const std::string address_;
  std::string token_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_WEB_RAW_BROWSER_H_
