#ifndef WARREN_IO_WEB_FORM_H_
#define WARREN_IO_WEB_FORM_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

// Values inside requests: queries, forms, cookies. No sockets here.
namespace warren::io {

// `text` with %XX decoded. nullopt: a malformed escape, a control character
// but tab, CR and LF (those only where `lines`), or not UTF-8.
std::optional<std::string> PercentDecode(absl::string_view text,
                                         bool lines = false);
// The reverse, for one value in a query: all but letters, digits and -._~.
std::string PercentEncode(absl::string_view text);

// The fields of a form (application/x-www-form-urlencoded) or query.
class WebForm {
 public:
  static constexpr size_t kMaxFields = 200;

  // nullopt: malformed, or too many fields.
  static std::optional<WebForm> Parse(absl::string_view text);

  // The value, or "" when there is none or several.
  const std::string& Get(absl::string_view name) const;
  bool Has(absl::string_view name) const { return values_.contains(name); }
  // Whether some field comes twice.
  bool has_repeats() const { return has_repeats_; }

 private:
  std::map<std::string, std::string, std::less<>> values_;
  bool has_repeats_ = false;
};

// The value of cookie `name` in a Cookie header; "" when there is none. When
// there are several, the first: browsers send the one of the longest path so.
absl::string_view FindCookie(absl::string_view header, absl::string_view name);

// Whether `text` is well-formed UTF-8 (RFC 3629).
bool IsUtf8(absl::string_view text);

}  // namespace warren::io

#endif  // WARREN_IO_WEB_FORM_H_
