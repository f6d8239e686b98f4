#include "control/identity/json.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace warren::control {
namespace {

// Watches the parser for what it lets pass itself.
class Strictness {
 public:
  bool operator()(int depth, Json::parse_event_t event, const Json& value) {
    switch (event) {
      case Json::parse_event_t::object_start:
        names_.emplace_back();
        break;
      case Json::parse_event_t::key:
        if (!names_.back().insert(value.get<std::string>()).second) {
          fault = "it has a name twice";
        }
        break;
      case Json::parse_event_t::object_end:
        names_.pop_back();
        break;
      default:
        break;
    }
    if (depth <= kMaxJsonDepth) return true;
    fault = "it is nested too deeply";
    return false;
  }

  std::string fault;

 private:
  std::vector<std::set<std::string>> names_;  // of the objects around
};

absl::StatusOr<Json> Parse(absl::string_view what, absl::string_view text,
                           bool object) {
  Strictness strict;
  Json value = Json::parse(
      text.begin(), text.end(),
      [&](int depth, Json::parse_event_t event, Json& part) {
        return strict(depth, event, part);
      },
      /*allow_exceptions=*/false);
  if (strict.fault.empty() && value.is_discarded()) {
    strict.fault = "it is not JSON";
  } else if (strict.fault.empty() &&
             !(object ? value.is_object() : value.is_array())) {
    strict.fault = object ? "it is not a JSON object" : "it is not a JSON list";
  }
  if (strict.fault.empty()) return value;
  return absl::InvalidArgumentError(absl::StrCat(what, ": ", strict.fault));
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
