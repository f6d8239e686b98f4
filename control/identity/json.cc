#include "control/identity/json.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace warren::control {
namespace {

// Whether brackets outside of strings are nested deeper than kMaxJsonDepth.
// Before parsing, so that no depth costs anything.
bool IsTooDeep(absl::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') in_string = !in_string;
    if (in_string) {
      if (c == '\\') ++i;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxJsonDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

// Watches the parser for a name twice in one object.
class Names {
 public:
  void See(Json::parse_event_t event, const Json& value) {
    if (event == Json::parse_event_t::object_start) {
      open_.emplace_back();
    } else if (event == Json::parse_event_t::object_end) {
      open_.pop_back();
    } else if (event == Json::parse_event_t::key) {
      twice |= !open_.back().insert(value.get<std::string>()).second;
    }
  }

  bool twice = false;

 private:
  std::vector<std::set<std::string>> open_;  // of the objects around
};

absl::StatusOr<Json> Parse(absl::string_view what, absl::string_view text,
                           bool object) {
  const auto bad = [&](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat(what, ": ", why));
  };
  if (IsTooDeep(text)) return bad("it is nested too deeply");
  Names names;
  Json value = Json::parse(
      text.begin(), text.end(),
      [&](int, Json::parse_event_t event, Json& part) {
        names.See(event, part);
        return true;
      },
      /*allow_exceptions=*/false);
  if (value.is_discarded()) return bad("it is not JSON");
  if (names.twice) return bad("it has a name twice");
  if (object && !value.is_object()) return bad("it is not a JSON object");
  if (!object && !value.is_array()) return bad("it is not a JSON list");
  return value;
}

}  // namespace

absl::StatusOr<Json> ParseJsonObject(absl::string_view what,
                                     absl::string_view text) {
  return Parse(what, text, true);
}

absl::StatusOr<Json> ParseJsonArray(absl::string_view what,
                                    absl::string_view text) {
  return Parse(what, text, false);
}

std::optional<std::string> StringAt(const Json& object,
                                    absl::string_view name) {
  const auto found = object.find(std::string(name));
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::string Printable(absl::string_view text, size_t max) {
  std::string out(text.substr(0, max));
  std::replace_if(
      out.begin(), out.end(),
      [](char c) { return !absl::ascii_isprint(static_cast<uint8_t>(c)); },
      '?');
  if (text.size() > max) out += "...";
  return out;
}

}  // namespace warren::control
