#include "control/api/admin_surface.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "control/api/admin_subjects.h"
#include "control/coordinator/session_commands.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

void ShutDown(grpc::Server& server) {
  // Time for the last answers; a client that does not hang up gets no more.
  server.Shutdown(std::chrono::system_clock::now() +
                  std::chrono::milliseconds(500));
}

constexpr char kSessionCookie[] = "warren-session";

// Who has signed in with a browser. One who waits for approval gets nothing.
absl::StatusOr<Caller> CallerOfSession(Directory& directory,
                                       const Credential& credential,
                                       int64_t now_ms) {
  WARREN_ASSIGN_OR_RETURN(const LiveSession session,
                          FindSession(directory, credential.text, now_ms));
  if (session.user.status != UserStatus::kActive) {
    return absl::UnauthenticatedError("an administrator must let you in first");
  }
  const auto& accounts = session.tailnet->accounts.local_accounts;
  const auto account = accounts.find(session.user.id);
  if (NeedsSecondFactor(
          session.tailnet->record.settings, session.record,
          account == accounts.end() ? nullptr : &account->second)) {
    return absl::UnauthenticatedError(
        "this tailnet asks for a second factor: set one up on your account's "
        "page, and sign in with it");
  }
  Caller caller;
  caller.actor = session.user.login;
  caller.source = credential.source;
  caller.tailnet = session.tailnet->record.id;
  caller.user = session.user.id;
  caller.role = session.user.role;
  caller.session = session.record.id;
  return caller;
}

}  // namespace

AdminSurface::AdminSurface(Coordinator& coordinator,
                           AdminSurfaceOptions options)
    : coordinator_(coordinator),
      options_(std::move(options)),
      calls_(options_.facts),
      doorkeeper_(&CallerOfSession) {
  AddAllCalls(calls_);
}

absl::StatusOr<std::unique_ptr<AdminSurface>> AdminSurface::Start(
    Coordinator& coordinator, AdminSurfaceOptions options) {
  std::unique_ptr<AdminSurface> surface(
      new AdminSurface(coordinator, std::move(options)));
  AdminSurface& s = *surface;
  s.dispatcher_ =
      std::make_unique<AdminDispatcher>(coordinator, s.calls_, s.doorkeeper_);
  s.local_face_ = std::make_unique<GrpcFace>(
      *s.dispatcher_,
      [&s](const auto& context) { return s.OperatorOf(context); });
  s.remote_face_ = std::make_unique<GrpcFace>(
      *s.dispatcher_,
      [&s](const auto& context) { return s.RemoteOf(context); });
  JsonFace::Options json;
  json.session_cookie = kSessionCookie;
  json.public_url = s.options_.public_url;
  json.expects_tls = s.options_.expects_tls;
  s.json_face_ = std::make_unique<JsonFace>(*s.dispatcher_, std::move(json));
  s.oauth_token_ = std::make_unique<OauthToken>(
      coordinator, OauthToken::Options{s.options_.expects_tls});
  s.local_server_ = GrpcFace::MakeServer(*s.local_face_);
  s.remote_server_ = GrpcFace::MakeServer(*s.remote_face_);
  WARREN_ASSIGN_OR_RETURN(s.h2_, io::H2Frontend::Start(*s.remote_server_));
  return surface;
}

AdminSurface::~AdminSurface() { Stop(); }

void AdminSurface::Stop() {
  if (h2_ == nullptr) return;
  h2_.reset();
  ShutDown(*remote_server_);
  ShutDown(*local_server_);
}

Credential AdminSurface::OperatorOf(
    const grpc::ServerContextBase& context) const {
  // Only root and our own user are let in by the Unix front end.
  const auto peer = peers_.Caller(context);
  if (!peer) return {};
  return {Credential::Kind::kOperator, absl::StrCat("uid ", peer->uid),
          "socket"};
}

Credential AdminSurface::RemoteOf(
    const grpc::GenericCallbackServerContext& context) const {
  Credential credential = BearerOf(context);
  const auto remote = h2_->RemoteOf(context);
  credential.source = remote ? remote->ToString() : "unknown";
  return credential;
}

void AdminSurface::AddRoutes(io::WebRoutes& routes) {
  routes.Add(kJsonPrefix, [this](const io::WebRequest& request) {
    return json_face_->Handle(request);
  });
  routes.Add(kTokenPath, [this](const io::WebRequest& request) {
    return oauth_token_->Handle(request);
  });
}

void AdminSurface::TakeHttp2(io::Handover connection) {
  h2_->Take(std::move(connection));
}

}  // namespace warren::control
