#include "io/http_inbox.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace warren::io {
namespace {

constexpr char kHeadEnd[] = "\r\n\r\n";
// RFC 9113 §3.4, up to where it cannot be HTTP/1.1 any more.
constexpr absl::string_view kHttp2Start = "PRI * HTTP/2.0\r\n";

}  // namespace

HttpInbox::Phase HttpInbox::phase() const {
  if (head_) return Phase::kBody;
  return buffer_.empty() ? Phase::kIdle : Phase::kHead;
}

HttpInbox::Step HttpInbox::Next() {
  if (!head_) {
    Step step = ReadHead();
    if (!head_) return step;
    if (head_->expects_continue && buffer_.size() < head_->body_size) {
      return Continue{};  // Once: with the head in hand it is not asked again.
    }
  }
  if (buffer_.size() < head_->body_size) return NeedMore{};
  Whole whole;
  whole.keep_alive = head_->keep_alive;
  whole.request = std::move(head_->request);
  whole.request.body = buffer_.substr(0, head_->body_size);
  buffer_.erase(0, head_->body_size);
  head_.reset();
  return whole;
}

HttpInbox::Step HttpInbox::ReadHead() {
  if (first_ && absl::StartsWith(buffer_, kHttp2Start)) return Http2{};
  const size_t end = buffer_.find(kHeadEnd, searched_);
  if (std::min(end, buffer_.size()) > kMaxHead) {
    return WebRefusal{431, "the headers are over 32 KiB"};
  }
  if (end == std::string::npos) {
    searched_ = buffer_.size() < 3 ? 0 : buffer_.size() - 3;
    return NeedMore{};
  }
  const size_t size = end + sizeof(kHeadEnd) - 1;
  ParsedHead parsed = ParseWebHead(absl::string_view(buffer_).substr(0, size));
  if (parsed.refusal) return *std::move(parsed.refusal);
  head_ = std::move(parsed.head);
  buffer_.erase(0, size);
  searched_ = 0;
  first_ = false;
  return NeedMore{};
}

}  // namespace warren::io
