#include "client/cli/way.h"

#include "absl/strings/str_cat.h"

namespace warren::client {
namespace {

// The relay's code, or its id when it has none.
std::string RelayOf(const v1::Path& path) {
  return path.relay_code().empty() ? absl::StrCat(path.relay_id())
                                   : path.relay_code();
}

}  // namespace

std::string WayOf(const v1::Path& path) {
  switch (path.kind()) {
    case v1::Path::DIRECT:
      return absl::StrCat("direct ", path.endpoint());
    case v1::Path::RELAYED:
      return absl::StrCat("relay ", RelayOf(path));
    default:
      return "";
  }
}

cli::Json WayToJson(const v1::Path& path) {
  cli::Json json = cli::Json::Object();
  switch (path.kind()) {
    case v1::Path::DIRECT:
      json.Set("kind", "direct").Set("via", path.endpoint());
      break;
    case v1::Path::RELAYED:
      json.Set("kind", "relayed").Set("via", RelayOf(path));
      break;
    default:
      json.Set("kind", "none").Set("via", "");
  }
  if (path.rtt_seconds() > 0) {
    json.Set("rtt_ms", path.rtt_seconds() * 1000);
  } else {
    json.SetNull("rtt_ms");
  }
  return json;
}

}  // namespace warren::client
