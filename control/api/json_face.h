#ifndef WARREN_CONTROL_API_JSON_FACE_H_
#define WARREN_CONTROL_API_JSON_FACE_H_

#include <string>

#include "control/api/admin_dispatcher.h"
#include "control/api/credential.h"
#include "control/api/method_access.h"
#include "io/http_server.h"

namespace warren::control {

inline constexpr char kJsonPrefix[] = "/api/v1";
inline constexpr char kOpenApiPath[] = "/api/v1/openapi.json";

// warren.v1.Admin as JSON over HTTP, by the paths in the options of its
// methods. Fields in braces come from the path ("-" for the tailnet means the
// only one, or the key's own), others from the query (GET, DELETE) or from a
// JSON body (json_message.h). Errors are problems (http_problem.h).
class JsonFace {
 public:
  struct Options {
    // Of the cookie that holds a browser's session, without the "__Host-" that
    // it has over TLS; empty: no cookies.
    std::string session_cookie{};
    // "https://control.example", from where browsers may change things.
    std::string public_url{};
    // Clients are to speak TLS: a key that came without may be known to others.
    bool expects_tls = false;
  };
  // `dispatcher` must outlive it.
  JsonFace(AdminDispatcher& dispatcher, Options options)
      : dispatcher_(dispatcher), options_(std::move(options)) {}

  // For the paths below kJsonPrefix. Thread-safe; blocks until the change is
  // durable.
  io::WebReply Handle(const io::WebRequest& request) const;

 private:
  Credential CredentialOf(const io::WebRequest& request) const;
  // PERMISSION_DENIED: another site may have made the browser send this.
  absl::Status CheckOrigin(const io::WebRequest& request) const;
  absl::Status FillRequest(const io::WebRequest& request,
                           const AdminMethod& method,
                           google::protobuf::Message& message) const;

  AdminDispatcher& dispatcher_;
  const Options options_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_JSON_FACE_H_
