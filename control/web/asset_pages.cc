#include "control/web/site_assets.h"
#include "control/web/site_state.h"

// The few files that pages refer to.
namespace warren::control {
namespace {

SitePage Asset(const char* path, const char* type, absl::string_view body) {
  io::WebReply reply;
  reply.content_type = type;
  reply.body = std::string(body);
  reply.headers = {{"Cache-Control", "public, max-age=3600"}};
  return {
      "GET", path,
      [reply](Site::State&, const Visit&, const std::string&) { return reply; },
      /*own_page=*/false};
}

}  // namespace

std::vector<SitePage> AssetPages() {
  return {
      Asset("/assets/style.css", "text/css; charset=utf-8", kStyleCss),
      Asset("/assets/passkey.js", "text/javascript; charset=utf-8", kPasskeyJs),
      Asset("/assets/icon.svg", "image/svg+xml", kIconSvg),
      Asset("/robots.txt", "text/plain", "User-agent: *\nDisallow: /\n")};
}

}  // namespace warren::control
