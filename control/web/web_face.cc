#include "control/web/web_face.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

absl::Status CheckPublicUrl(absl::string_view url) {
  if (url.empty()) return absl::OkStatus();
  absl::string_view rest = url;
  if ((absl::ConsumePrefix(&rest, "https://") ||
       absl::ConsumePrefix(&rest, "http://")) &&
      !rest.empty() && rest.find_first_of("/?#@ ") == absl::string_view::npos) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--public-url ", url,
                   ": write it as https://control.example, without a path"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<WebFace>> WebFace::Start(
    WebFaceOptions options, Coordinator& coordinator,
    const crypto::MachinePrivateKey& server_key, Rng& rng) {
  WARREN_RETURN_IF_ERROR(CheckPublicUrl(options.public_url));
  std::unique_ptr<WebFace> face(new WebFace(server_key));
  SignInOptions sign_in;
  sign_in.public_url = options.public_url;
  sign_in.time.now = options.now;
  sign_in.time.wall = [ms = options.unix_now_ms] {
    return absl::FromUnixMillis(ms());
  };
  sign_in.caller = [&cancel = face->cancel_](const ProviderConfig& provider) {
    return MakeProviderCaller(provider, cancel);
  };
  face->sign_in_ = std::make_unique<SignIn>(std::move(sign_in), rng);
  face->site_ = std::make_unique<Site>(
      SiteParts{coordinator, *face->sign_in_, face->seal_key_, rng},
      SiteOptions{options.public_url, options.unix_now_ms});
  io::HttpServerOptions server;
  server.routes = std::move(options.routes);
  server.routes.Add("/healthz", [](const io::WebRequest&) {
    return io::WebReply{.content_type = "text/plain", .body = "ok\n"};
  });
  face->site_->AddRoutes(server.routes);
  server.tls = options.tls;
  server.trusted_proxies = std::move(options.trusted_proxies);
  server.http2 = std::move(options.http2);
  WARREN_ASSIGN_OR_RETURN(face->server_,
                          io::HttpServer::Start(std::move(server)));
  return face;
}

WebFace::~WebFace() {
  cancel_.Now();
  server_.reset();
}

}  // namespace warren::control
