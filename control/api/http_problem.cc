#include "control/api/http_problem.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "control/api/rate_limits.h"
#include "nlohmann/json.hpp"

namespace warren::control {
namespace {

const char* TitleOf(int http_status) {
  switch (http_status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 415:
      return "Unsupported Media Type";
    case 429:
      return "Too Many Requests";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Internal Server Error";
  }
}

}  // namespace

int HttpStatusOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kFailedPrecondition:
      return 409;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kUnimplemented:
      return 501;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kCancelled:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

io::WebReply ProblemReply(int http_status, absl::StatusCode code,
                          absl::string_view detail) {
  nlohmann::ordered_json problem;
  problem["type"] = "about:blank";
  problem["title"] = TitleOf(http_status);
  problem["status"] = http_status;
  problem["code"] = absl::StatusCodeToString(code);
  problem["detail"] = std::string(detail);
  io::WebReply reply;
  reply.status = http_status;
  reply.content_type = "application/problem+json";
  // Bytes that are not UTF-8 may have come in and be repeated.
  reply.body =
      problem.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
      "\n";
  return reply;
}

io::WebReply ProblemReply(const absl::Status& status) {
  io::WebReply reply = ProblemReply(HttpStatusOf(status.code()), status.code(),
                                    status.message());
  if (reply.status == 401) {
    reply.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"warren\"");
  }
  const auto retry_after = RetryAfterSeconds(status);
  if (retry_after) {
    reply.headers.emplace_back("Retry-After", absl::StrCat(*retry_after));
  }
  return reply;
}

}  // namespace warren::control
