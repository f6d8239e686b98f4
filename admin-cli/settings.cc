#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "admin-cli/message_json.h"
#include "admin-cli/nouns.h"
#include "core/base/status_macros.h"

namespace warren::admin {
namespace {

// "NAME=VALUE" of the command line; VALUE is on, off, or a span of time.
absl::Status Apply(const std::string& word, v1::SetSettingsRequest& request) {
  const size_t equals = word.find('=');
  std::string name = word.substr(0, equals);
  for (char& c : name) c = c == '-' ? '_' : c;
  const std::string value =
      equals == std::string::npos ? "" : word.substr(equals + 1);
  v1::TailnetSettings& settings = *request.mutable_settings();
  const auto& reflection = *settings.GetReflection();
  const auto& type = *settings.GetDescriptor();
  const auto* field = type.FindFieldByName(name);
  if (field != nullptr && field->cpp_type() == field->CPPTYPE_BOOL) {
    if (value != "on" && value != "off") {
      return cli::UsageError(absl::StrCat(name, " is on or off"));
    }
    reflection.SetBool(&settings, field, value == "on");
    request.add_fields(name);
    return absl::OkStatus();
  }
  field = type.FindFieldByName(name + "_ms");
  if (field == nullptr) {
    return cli::UsageError(absl::StrCat("there is no setting ", name,
                                        "; `warren-admin settings show` "
                                        "lists them"));
  }
  int64_t ms = 0;
  if (value != "default") {
    const auto span = cli::ParseSpan(value);
    if (!span.ok()) return cli::UsageError(span.status().message());
    ms = absl::ToInt64Milliseconds(*span);
  }
  reflection.SetInt64(&settings, field, ms);
  request.add_fields(field->name());
  return absl::OkStatus();
}

std::string SpanText(int64_t ms) {
  constexpr int64_t kDayMs = 86'400'000;
  if (ms == 0) return "default";
  return ms % kDayMs == 0 ? absl::StrCat(ms / kDayMs, "d")
                          : absl::FormatDuration(absl::Milliseconds(ms));
}

void Print(Session& session, const v1::TailnetSettings& settings) {
  const auto on = [](bool value) { return value ? "on" : "off"; };
  cli::Card card;
  card.Add("approve-devices", on(settings.approve_devices()));
  card.Add("approve-users", on(settings.approve_users()));
  card.Add("invited-only", on(settings.invited_only()));
  card.Add("local-accounts", on(settings.local_accounts()));
  card.Add("require-second-factor", on(settings.require_second_factor()));
  card.Add("key-lifetime", SpanText(settings.key_lifetime_ms()));
  card.Add("ephemeral-timeout", SpanText(settings.ephemeral_timeout_ms()));
  card.Add("session-lifetime", SpanText(settings.session_lifetime_ms()));
  session.Print(ToJson(settings), card.ToString());
}

absl::Status Show(Session& session) {
  v1::GetSettingsRequest request;
  request.set_tailnet(session.tailnet);
  WARREN_ASSIGN_OR_RETURN(const v1::TailnetSettings settings,
                          session.Call(&Session::Stub::GetSettings, request));
  Print(session, settings);
  return absl::OkStatus();
}

absl::Status Set(Session& session, const std::string& word) {
  v1::SetSettingsRequest request;
  request.set_tailnet(session.tailnet);
  WARREN_RETURN_IF_ERROR(Apply(word, request));
  WARREN_ASSIGN_OR_RETURN(const v1::TailnetSettings settings,
                          session.Call(&Session::Stub::SetSettings, request));
  Print(session, settings);
  return absl::OkStatus();
}

}  // namespace

void AddSettings(cli::Command root, Session& session) {
  const auto word = std::make_shared<std::string>();
  cli::Command noun = root.Add("settings", "Switches of a tailnet");
  noun.Add("show", "All of them").Does([&session] { return Show(session); });
  cli::Command set = noun.Add("set", "Change one");
  set.Argument("NAME=VALUE",
               "Such as approve-devices=on, key-lifetime=90d or "
               "key-lifetime=default",
               word.get());
  set.Does([&session, word] { return Set(session, *word); });
}

}  // namespace warren::admin
