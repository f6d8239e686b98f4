#include "io/h2_session.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "core/base/check.h"
#include "io/rpc.h"

namespace warren::io {
namespace {

// Of a message: whether it is compressed, and its size, big-endian.
constexpr size_t kPrefixSize = 5;
constexpr size_t kFrameHeaderSize = 9;  // RFC 9113 §4.1
constexpr size_t kMaxPath = 200;
constexpr size_t kMaxToken = 64;

nghttp2_nv Header(absl::string_view name, absl::string_view value) {
  // nghttp2 does not change what it copies.
  const auto bytes = [](absl::string_view text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

// gRPC over HTTP/2, "Responses": Percent-Encoded of Status-Message.
std::string PercentEncoded(absl::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '%') {
      out.push_back(c);
    } else {
      absl::StrAppendFormat(&out, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return out;
}

absl::Status ErrorOf(int64_t code) {
  return absl::UnavailableError(
      absl::StrCat("HTTP/2: ", nghttp2_strerror(static_cast<int>(code))));
}

}  // namespace

// What nghttp2 calls.
struct H2Callbacks {
  static H2Session& Of(void* user) { return *static_cast<H2Session*>(user); }

  static int OnBeginHeaders(nghttp2_session*, const nghttp2_frame* frame,
                            void* user) {
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      Of(user).calls_[frame->hd.stream_id];
    }
    return 0;
  }
  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame,
                      const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t,
                      void* user) {
    Of(user).OnHeader(frame->hd.stream_id, {name, name_size},
                      {value, value_size});
    return 0;
  }
  static int OnData(nghttp2_session*, uint8_t, int32_t stream,
                    const uint8_t* data, size_t size, void* user) {
    Of(user).OnData(stream, {data, size});
    return 0;
  }
  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    const bool may_end =
        frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (may_end && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) {
      Of(user).OnComplete(frame->hd.stream_id);
    }
    return 0;
  }
  static int OnClose(nghttp2_session*, int32_t stream, uint32_t, void* user) {
    Of(user).OnClose(stream);
    return 0;
  }
  // What the next frame of an answer carries; Write() takes it.
  static ssize_t Read(nghttp2_session* session, int32_t stream, uint8_t*,
                      size_t size, uint32_t* flags, nghttp2_data_source*,
                      void* user);
  // Straight to where Take() wants it: a copy in the session would be 16 kB
  // that it keeps.
  static int Write(nghttp2_session*, nghttp2_frame* frame,
                   const uint8_t* header, size_t size, nghttp2_data_source*,
                   void* user);
  static const nghttp2_session_callbacks* All();
  static const nghttp2_option* Options();
};

ssize_t H2Callbacks::Read(nghttp2_session* session, int32_t stream, uint8_t*,
                          size_t size, uint32_t* flags, nghttp2_data_source*,
                          void* user) {
  H2Session& self = Of(user);
  const auto found = self.calls_.find(stream);
  if (found == self.calls_.end()) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  const H2Session::Call& call = found->second;
  const size_t left = call.out.size() - call.taken;
  if (left == 0 && !call.finish) return NGHTTP2_ERR_DEFERRED;
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (call.finish && left <= size) {
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    const std::string code =
        absl::StrCat(static_cast<int>(call.finish->code()));
    const std::string message = PercentEncoded(call.finish->message());
    const std::array<nghttp2_nv, 2> trailers = {
        Header("grpc-status", code), Header("grpc-message", message)};
    nghttp2_submit_trailer(session, stream, trailers.data(), trailers.size());
  }
  return static_cast<ssize_t>(std::min(size, left));
}

int H2Callbacks::Write(nghttp2_session*, nghttp2_frame* frame,
                       const uint8_t* header, size_t size, nghttp2_data_source*,
                       void* user) {
  H2Session& self = Of(user);
  if (self.taking_->size() >= self.limit_) return NGHTTP2_ERR_WOULDBLOCK;
  const int32_t stream = frame->hd.stream_id;
  const auto found = self.calls_.find(stream);
  if (found == self.calls_.end()) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  H2Session::Call& call = found->second;
  const auto payload = AsBytes(call.out).subspan(call.taken, size);
  self.taking_->insert(self.taking_->end(), header, header + kFrameHeaderSize);
  self.taking_->insert(self.taking_->end(), payload.begin(), payload.end());
  call.taken += size;
  if (call.taken < call.out.size() || size == 0) return 0;
  std::string().swap(call.out);  // An assignment would keep the memory.
  call.taken = 0;
  if (!call.finish) self.handler_.OnSent(stream);
  return 0;
}

const nghttp2_session_callbacks* H2Callbacks::All() {
  static const nghttp2_session_callbacks* const kAll = [] {
    nghttp2_session_callbacks* all = nullptr;
    WARREN_CHECK(nghttp2_session_callbacks_new(&all) == 0);
    nghttp2_session_callbacks_set_on_begin_headers_callback(all,
                                                            OnBeginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(all, OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all, OnData);
    nghttp2_session_callbacks_set_on_frame_recv_callback(all, OnFrame);
    nghttp2_session_callbacks_set_on_stream_close_callback(all, OnClose);
    nghttp2_session_callbacks_set_send_data_callback(all, Write);
    return all;
  }();
  return kAll;
}

const nghttp2_option* H2Callbacks::Options() {
  static const nghttp2_option* const kOptions = [] {
    nghttp2_option* options = nullptr;
    WARREN_CHECK(nghttp2_option_new(&options) == 0);
    nghttp2_option_set_no_closed_streams(options, 1);
    nghttp2_option_set_max_deflate_dynamic_table_size(options, 0);
    return options;
  }();
  return kOptions;
}

H2Session::H2Session(Handler& handler) : handler_(handler) {
  WARREN_CHECK(nghttp2_session_server_new2(&session_, H2Callbacks::All(), this,
                                           H2Callbacks::Options()) == 0);
  // Headers hardly repeat on a connection that lives for one stream.
  const std::array<nghttp2_settings_entry, 2> settings = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kMaxCalls},
      {NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, 0},
  }};
  WARREN_CHECK(nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE,
                                       settings.data(), settings.size()) == 0);
}

H2Session::~H2Session() { nghttp2_session_del(session_); }

absl::Status H2Session::Receive(Bytes bytes) {
  const ssize_t n =
      nghttp2_session_mem_recv(session_, bytes.data(), bytes.size());
  return n < 0 ? ErrorOf(n) : absl::OkStatus();
}

absl::Status H2Session::Take(size_t limit, std::vector<uint8_t>& out) {
  taking_ = &out;
  limit_ = limit;
  while (out.size() < limit) {
    const uint8_t* bytes = nullptr;
    const ssize_t n = nghttp2_session_mem_send(session_, &bytes);
    if (n < 0) return ErrorOf(n);
    if (n == 0) break;
    out.insert(out.end(), bytes, bytes + n);
  }
  return absl::OkStatus();
}

bool H2Session::done() const {
  return !nghttp2_session_want_read(session_) &&
         !nghttp2_session_want_write(session_);
}

void H2Session::OnHeader(int32_t stream, Bytes name, Bytes value) {
  const auto found = calls_.find(stream);
  if (found == calls_.end()) return;
  const absl::string_view text = AsText(value);
  if (AsText(name) == ":path" && text.size() <= kMaxPath) {
    found->second.request.path = std::string(text);
  } else if (AsText(name) == "content-type") {
    found->second.grpc = absl::StartsWith(text, "application/grpc");
  } else if (AsText(name) == kChannelTokenMetadata &&
             text.size() <= kMaxToken) {
    found->second.request.token = std::string(text);
  }
}

void H2Session::OnData(int32_t stream, Bytes bytes) {
  const auto found = calls_.find(stream);
  if (found == calls_.end() || found->second.finish) return;
  std::string& message = found->second.request.message;
  if (message.size() + bytes.size() > kMaxRequest + kPrefixSize ||
      buffered_ + bytes.size() > kMaxBuffered) {
    Refuse(stream, absl::ResourceExhaustedError(absl::StrCat(
                       "a request of more than ", kMaxRequest, " bytes")));
    return;
  }
  buffered_ += bytes.size();
  message.append(bytes.begin(), bytes.end());
}

void H2Session::OnComplete(int32_t stream) {
  const auto found = calls_.find(stream);
  if (found == calls_.end() || found->second.finish || found->second.told) {
    return;
  }
  Call& call = found->second;
  H2Request request = std::exchange(call.request, H2Request());
  buffered_ -= request.message.size();
  if (!call.grpc) {
    Refuse(stream, absl::UnimplementedError("only gRPC is spoken here"));
    return;
  }
  ByteReader reader(AsBytes(request.message));
  const auto compressed = reader.U8();
  const auto size = reader.U32();
  if (!size || *compressed != 0 || *size != reader.remaining()) {
    Refuse(stream,
           absl::UnimplementedError("not one uncompressed message of gRPC"));
    return;
  }
  request.message.erase(0, kPrefixSize);
  call.told = true;
  handler_.OnRequest(stream, std::move(request));
}

void H2Session::OnClose(int32_t stream) {
  const auto found = calls_.find(stream);
  if (found == calls_.end()) return;
  buffered_ -= found->second.request.message.size();
  const bool told = found->second.told;
  calls_.erase(found);
  if (told) handler_.OnEnded(stream);
}

void H2Session::Refuse(int32_t stream, const absl::Status& status) {
  buffered_ -= calls_.at(stream).request.message.size();
  calls_.at(stream).request = H2Request();
  Finish(stream, status);
}

void H2Session::Send(int32_t stream, const std::string& message) {
  const auto found = calls_.find(stream);
  if (found == calls_.end() || found->second.finish) return;
  Call& call = found->second;
  const auto size = static_cast<uint32_t>(message.size());
  call.out.reserve(call.out.size() + kPrefixSize + message.size());
  call.out.push_back(0);
  for (const int shift : {24, 16, 8, 0}) {
    call.out.push_back(static_cast<char>(size >> shift & 0xff));
  }
  call.out.append(message);
  if (std::exchange(call.begun, true)) {
    // Fails when there is something under way: that goes on by itself.
    (void)nghttp2_session_resume_data(session_, stream);
    return;
  }
  const std::array<nghttp2_nv, 2> headers = {
      Header(":status", "200"), Header("content-type", "application/grpc")};
  nghttp2_data_provider provider{};
  provider.read_callback = H2Callbacks::Read;
  nghttp2_submit_response(session_, stream, headers.data(), headers.size(),
                          &provider);
}

void H2Session::Finish(int32_t stream, const absl::Status& status) {
  const auto found = calls_.find(stream);
  if (found == calls_.end() || found->second.finish) return;
  Call& call = found->second;
  call.finish = status;
  if (call.begun) {
    (void)nghttp2_session_resume_data(session_, stream);
    return;
  }
  call.begun = true;
  const std::string code = absl::StrCat(static_cast<int>(status.code()));
  const std::string message = PercentEncoded(status.message());
  const std::array<nghttp2_nv, 4> headers = {
      Header(":status", "200"), Header("content-type", "application/grpc"),
      Header("grpc-status", code), Header("grpc-message", message)};
  nghttp2_submit_response(session_, stream, headers.data(), headers.size(),
                          nullptr);
}

void H2Session::GoAway() {
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_),
                        NGHTTP2_NO_ERROR, nullptr, 0);
}

}  // namespace warren::io
