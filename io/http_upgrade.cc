#include "io/http_upgrade.h"

#include <algorithm>
#include <limits>

// With the address sanitizer GCC 12 warns about boost::optional in here.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace warren::io {
namespace {

namespace http = boost::beast::http;

constexpr char kHeadEnd[] = "\r\n\r\n";

absl::string_view ToAbsl(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

template <class Fields>
HttpHeaders CopyHeaders(const Fields& fields) {
  HttpHeaders headers;
  for (const auto& field : fields) {
    headers.emplace_back(std::string(ToAbsl(field.name_string())),
                         std::string(ToAbsl(field.value())));
  }
  return headers;
}

// Runs Beast's parser over a complete head.
template <class Parser>
absl::Status Parse(Parser& parser, const std::string& head) {
  parser.header_limit(static_cast<uint32_t>(kMaxHttpHeadSize));
  parser.body_limit(std::numeric_limits<uint64_t>::max());  // Not ours.
  boost::beast::error_code error;
  parser.put(boost::asio::buffer(head), error);
  if (!error || error == http::error::need_more) {
    if (parser.is_header_done()) return absl::OkStatus();
    return absl::InvalidArgumentError("HTTP: the head is not complete");
  }
  return absl::InvalidArgumentError(
      absl::StrCat("HTTP: malformed head: ", error.message()));
}

std::optional<size_t> BodySize(const HttpHeaders& headers) {
  if (!FindHeader(headers, "Transfer-Encoding").empty()) return std::nullopt;
  const absl::string_view text = FindHeader(headers, "Content-Length");
  if (text.empty()) return 0;
  uint64_t size = 0;
  if (!absl::SimpleAtoi(text, &size)) return std::nullopt;
  return size;
}

void AppendHeaders(const HttpHeaders& headers, std::string& out) {
  for (const auto& [name, value] : headers) {
    absl::StrAppend(&out, name, ": ", value, "\r\n");
  }
}

}  // namespace

absl::string_view FindHeader(const HttpHeaders& headers,
                             absl::string_view name) {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return "";
}

absl::string_view HttpRequest::path() const {
  const absl::string_view whole = target;
  return whole.substr(0, whole.find('?'));
}

std::optional<size_t> HttpRequest::ContentLength() const {
  return BodySize(headers);
}

std::optional<size_t> HttpResponse::ContentLength() const {
  return BodySize(headers);
}

absl::StatusOr<bool> HttpHeadReader::Take(Bytes& stream) {
  // The blank line may have begun in what is held already.
  const size_t before = head_.size();
  const size_t from = before < 3 ? 0 : before - 3;
  const size_t room = kMaxHttpHeadSize - before;
  const size_t taken = std::min(room, stream.size());
  head_.append(reinterpret_cast<const char*>(stream.data()), taken);
  const size_t end = head_.find(kHeadEnd, from);
  if (end == std::string::npos) {
    stream = stream.subspan(taken);
    if (head_.size() < kMaxHttpHeadSize) return false;
    return absl::ResourceExhaustedError(absl::StrCat(
        "HTTP: no end of the head within ", kMaxHttpHeadSize, " bytes"));
  }
  head_.resize(end + sizeof(kHeadEnd) - 1);
  stream = stream.subspan(head_.size() - before);
  return true;
}

absl::StatusOr<HttpRequest> HttpHeadReader::Request() const {
  http::request_parser<http::empty_body> parser;
  const absl::Status parsed = Parse(parser, head_);
  if (!parsed.ok()) return parsed;
  HttpRequest request;
  request.method = std::string(ToAbsl(parser.get().method_string()));
  request.target = std::string(ToAbsl(parser.get().target()));
  request.headers = CopyHeaders(parser.get());
  request.keep_alive = parser.get().keep_alive();
  return request;
}

absl::StatusOr<HttpResponse> HttpHeadReader::Response() const {
  http::response_parser<http::empty_body> parser;
  const absl::Status parsed = Parse(parser, head_);
  if (!parsed.ok()) return parsed;
  HttpResponse response;
  response.status = static_cast<int>(parser.get().result_int());
  response.headers = CopyHeaders(parser.get());
  return response;
}

std::string BuildHttpRequest(const HttpRequest& request,
                             absl::string_view body) {
  std::string out =
      absl::StrCat(request.method, " ", request.target, " HTTP/1.1\r\n");
  AppendHeaders(request.headers, out);
  if (!body.empty()) {
    absl::StrAppend(&out, "Content-Length: ", body.size(), "\r\n");
  }
  absl::StrAppend(&out, "\r\n", body);
  return out;
}

std::string BuildHttpResponse(const HttpResponse& response,
                              absl::string_view body) {
  const auto status = http::int_to_status(static_cast<unsigned>(  //
      response.status));
  std::string out = absl::StrCat("HTTP/1.1 ", response.status, " ",
                                 ToAbsl(http::obsolete_reason(status)), "\r\n");
  AppendHeaders(response.headers, out);
  const bool bodiless = response.status / 100 == 1 || response.status == 204 ||
                        response.status == 304;
  if (!bodiless) {
    absl::StrAppend(&out, "Content-Length: ", body.size(), "\r\n");
  }
  absl::StrAppend(&out, "\r\n", bodiless ? "" : body);
  return out;
}

}  // namespace warren::io
