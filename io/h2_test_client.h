#ifndef WARREN_IO_H2_TEST_CLIENT_H_
#define WARREN_IO_H2_TEST_CLIENT_H_

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/bytes.h"
#include "core/base/check.h"

// Test only: a client of gRPC over HTTP/2 in memory, by another's library.
namespace warren::io {

class H2TestClient {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;
  struct Answer {
    std::map<std::string, std::string> headers;  // trailers, too
    std::string data;                            // gRPC's frames of messages
    bool closed = false;
    uint32_t error = 0;  // of its end
  };

  // `window`: bytes of each stream that the server may send ahead.
  explicit H2TestClient(uint32_t window = 65535) {
    nghttp2_session_callbacks* calls = nullptr;
    WARREN_CHECK(nghttp2_session_callbacks_new(&calls) == 0);
    nghttp2_session_callbacks_set_on_header_callback(calls, OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, OnData);
    nghttp2_session_callbacks_set_on_stream_close_callback(calls, OnClose);
    nghttp2_session_callbacks_set_on_frame_recv_callback(calls, OnFrame);
    nghttp2_option* options = nullptr;
    WARREN_CHECK(nghttp2_option_new(&options) == 0);
    // Windows open only when a test says so.
    nghttp2_option_set_no_auto_window_update(options, 1);
    WARREN_CHECK(nghttp2_session_client_new2(&session_, calls, this, options) ==
                 0);
    nghttp2_option_del(options);
    nghttp2_session_callbacks_del(calls);
    const nghttp2_settings_entry entry = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE,
                                          window};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &entry, 1);
  }
  ~H2TestClient() { nghttp2_session_del(session_); }
  H2TestClient(const H2TestClient&) = delete;
  H2TestClient& operator=(const H2TestClient&) = delete;

  // One message as gRPC frames it.
  static std::string Framed(const std::string& message) {
    std::string out(1, '\0');
    for (const int shift : {24, 16, 8, 0}) {
      out.push_back(static_cast<char>(message.size() >> shift & 0xff));
    }
    return out + message;
  }
  static Headers Usual(const std::string& path) {
    return {{":method", "POST"},
            {":scheme", "http"},
            {":path", path},
            {":authority", "control"},
            {"te", "trailers"},
            {"content-type", "application/grpc"},
            {"warren-channel-token", "00"}};
  }

  // A call whose body is `body`, as it is; its stream. `ends`: else the body
  // goes on, which it never does.
  int32_t Ask(const Headers& headers, std::string body, bool ends = true) {
    std::vector<nghttp2_nv> list;
    for (const auto& [name, value] : headers) {
      list.push_back({AsWritable(name), AsWritable(value), name.size(),
                      value.size(), NGHTTP2_NV_FLAG_NONE});
    }
    bodies_.push_back({std::move(body), 0, ends});
    nghttp2_data_provider provider{};
    provider.source.fd = static_cast<int>(bodies_.size() - 1);
    provider.read_callback = ReadBody;
    return nghttp2_submit_request(session_, nullptr, list.data(), list.size(),
                                  &provider, nullptr);
  }
  int32_t Call(const std::string& path, const std::string& message) {
    return Ask(Usual(path), Framed(message));
  }
  void Reset(int32_t stream) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream,
                              NGHTTP2_CANCEL);
  }
  void GoAway() {
    nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR,
                          nullptr, 0);
  }
  void Ping() { nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr); }
  // The server may send so much more; stream 0: on all together.
  void OpenWindow(int32_t stream, int32_t bytes) {
    nghttp2_submit_window_update(session_, NGHTTP2_FLAG_NONE, stream, bytes);
  }

  // All that it has to say now.
  std::string Take() {
    std::string out;
    const uint8_t* bytes = nullptr;
    ssize_t n = 0;
    while ((n = nghttp2_session_mem_send(session_, &bytes)) > 0) {
      out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(n));
    }
    return out;
  }
  // Whether they are what a server may say.
  bool Receive(Bytes bytes) {
    return nghttp2_session_mem_recv(session_, bytes.data(), bytes.size()) ==
           static_cast<ssize_t>(bytes.size());
  }

  const Answer& answer(int32_t stream) { return answers_[stream]; }
  bool was_told_to_go() const { return told_to_go_; }

 private:
  struct Body {
    std::string text;
    size_t taken;
    bool ends;
  };
  static uint8_t* AsWritable(const std::string& text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  }
  static H2TestClient& Of(void* user) {
    return *static_cast<H2TestClient*>(user);
  }
  static ssize_t ReadBody(nghttp2_session*, int32_t, uint8_t* buffer,
                          size_t size, uint32_t* flags,
                          nghttp2_data_source* source, void* user) {
    Body& body = Of(user).bodies_[static_cast<size_t>(source->fd)];
    const size_t n = std::min(size, body.text.size() - body.taken);
    std::memcpy(buffer, body.text.data() + body.taken, n);
    body.taken += n;
    const bool all = body.taken == body.text.size();
    if (all && body.ends) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return n == 0 && !body.ends ? static_cast<ssize_t>(NGHTTP2_ERR_DEFERRED)
                                : static_cast<ssize_t>(n);
  }
  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame,
                      const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t,
                      void* user) {
    Of(user).answers_[frame->hd.stream_id].headers[std::string(
        name, name + name_size)] = std::string(value, value + value_size);
    return 0;
  }
  static int OnData(nghttp2_session*, uint8_t, int32_t stream,
                    const uint8_t* data, size_t size, void* user) {
    Of(user).answers_[stream].data.append(data, data + size);
    return 0;
  }
  static int OnClose(nghttp2_session*, int32_t stream, uint32_t error,
                     void* user) {
    Answer& answer = Of(user).answers_[stream];
    answer.closed = true;
    answer.error = error;
    return 0;
  }
  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_GOAWAY) Of(user).told_to_go_ = true;
    return 0;
  }

  nghttp2_session* session_ = nullptr;
  std::vector<Body> bodies_;
  std::map<int32_t, Answer> answers_;
  bool told_to_go_ = false;
};

}  // namespace warren::io

#endif  // WARREN_IO_H2_TEST_CLIENT_H_
