#include "bench/load_node.h"

#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/hex.h"
#include "io/channel_request.h"
#include "io/retry_after.h"
#include "io/rpc.h"
#include "io/tcp.h"
#include "proto/convert/netmap.h"

namespace warren::bench {
namespace {

nghttp2_nv Header(absl::string_view name, absl::string_view value) {
  const auto bytes = [](absl::string_view text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

struct LoadCallbacks {
  static int OnData(nghttp2_session*, uint8_t, int32_t stream,
                    const uint8_t* data, size_t size, void* user) {
    static_cast<LoadNode*>(user)->OnData(stream, {data, size});
    return 0;
  }
  static int OnClose(nghttp2_session*, int32_t stream, uint32_t, void* user) {
    static_cast<LoadNode*>(user)->OnStreamClosed(stream);
    return 0;
  }
  static const nghttp2_session_callbacks* All() {
    static const nghttp2_session_callbacks* const kAll = [] {
      nghttp2_session_callbacks* all = nullptr;
      WARREN_CHECK(nghttp2_session_callbacks_new(&all) == 0);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all, OnData);
      nghttp2_session_callbacks_set_on_stream_close_callback(all, OnClose);
      return all;
    }();
    return kAll;
  }
  // Gives the one request of a call, owned by the provider.
  static ssize_t Read(nghttp2_session*, int32_t, uint8_t* buffer, size_t size,
                      uint32_t* flags, nghttp2_data_source* source, void*) {
    auto* const body = static_cast<std::string*>(source->ptr);
    WARREN_CHECK(body->size() <= size);
    const size_t n = body->copy(reinterpret_cast<char*>(buffer), size);
    delete body;
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(n);
  }
};

LoadNode::Connection::~Connection() { nghttp2_session_del(session); }

LoadNode::LoadNode(LoadWorld& world, int number, std::string auth_key)
    : world_(world),
      number_(number),
      auth_key_(std::move(auth_key)),
      machine_(crypto::MachinePrivateKey::Generate(world.rng)),
      node_(crypto::NodePrivateKey::Generate(world.rng)) {}

LoadNode::~LoadNode() {
  if (connection_) world_.loop.Unwatch(connection_->socket.get());
}

void LoadNode::Start() {
  broken_ = false;
  auto socket = io::StartConnectTcp(world_.server);
  WARREN_CHECK(socket.ok());
  connection_ = std::make_unique<Connection>();
  connection_->socket = *std::move(socket);
  if (world_.tls) {
    connection_->wire =
        io::Wire(io::TlsSession::Connect(world_.tls, "127.0.0.1"));
  }
  const absl::Status watched =
      world_.loop.Watch(connection_->socket.get(), EPOLLIN | EPOLLOUT,
                        [this](uint32_t events) { OnSocket(events); });
  WARREN_CHECK(watched.ok());
}

void LoadNode::OnSocket(uint32_t events) {
  Connection& c = *connection_;
  if (!c.connected && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))) {
    if (!io::ConnectResult(c.socket, world_.server).ok()) {
      ++world_.refused;
      Fail();
      return;
    }
    c.connected = true;
    Ask();
  }
  if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) && !Receive()) broken_ = true;
  if (!broken_) Flush();
  if (broken_) Fail();
}

// Once there is TLS, if it is wanted.
void LoadNode::Ask() {
  Connection& c = *connection_;
  if (c.asked || !c.wire.ready()) return;
  c.asked = true;
  c.initiator = *noise::IkInitiator::Start(machine_, world_.server_key,
                                           io::kChannelVersion, world_.rng);
  const std::string request =
      io::ChannelRequest("127.0.0.1", c.initiator->initiation());
  WARREN_CHECK(c.wire.Write(AsBytes(request)).ok());
}

bool LoadNode::Receive() {
  std::array<uint8_t, 64 * 1024> buffer;
  const ssize_t n =
      recv(connection_->socket.get(), buffer.data(), buffer.size(), 0);
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  if (n == 0) return false;
  Connection& c = *connection_;
  std::vector<uint8_t>& bytes = world_.carried;
  bytes.clear();
  if (!c.wire.FromSocket(Bytes(buffer).first(static_cast<size_t>(n)), bytes)
           .ok()) {
    return false;
  }
  Ask();
  if (c.transport) return TakeRecords(bytes);
  c.received.insert(c.received.end(), bytes.begin(), bytes.end());
  return TakeHandshake();
}

bool LoadNode::TakeHandshake() {
  Connection& c = *connection_;
  if (!c.upgraded) {
    Bytes stream(c.received);
    const auto complete = c.head.Take(stream);
    if (!complete.ok()) return false;
    c.received = std::vector<uint8_t>(stream.begin(), stream.end());
    if (!*complete) return true;
    const auto response = c.head.Response();
    if (response->status != 101) {
      ++world_.refused;
      c.asked_to_wait = io::ParseRetryAfter(response->Header("Retry-After"));
      return false;
    }
    c.upgraded = true;
  }
  if (c.received.size() < noise::kResponseSize) return true;
  auto transport =
      c.initiator->ReadResponse(Bytes(c.received).first(noise::kResponseSize));
  if (!transport.ok()) return false;
  c.transport = *std::move(transport);
  c.initiator.reset();
  BeginHttp2();
  const std::vector<uint8_t> rest(c.received.begin() + noise::kResponseSize,
                                  c.received.end());
  c.received = std::vector<uint8_t>();
  return TakeRecords(rest);
}

bool LoadNode::TakeRecords(Bytes records) {
  std::vector<uint8_t>& plain = world_.plain;
  plain.clear();
  if (!connection_->transport->reader.Read(records, plain).ok()) return false;
  return nghttp2_session_mem_recv(connection_->session, plain.data(),
                                  plain.size()) >= 0;
}

void LoadNode::BeginHttp2() {
  Connection& c = *connection_;
  WARREN_CHECK(
      nghttp2_session_client_new(&c.session, LoadCallbacks::All(), this) == 0);
  nghttp2_submit_settings(c.session, NGHTTP2_FLAG_NONE, nullptr, 0);
  c.token = ToHex(c.transport->channel_token.Expose());
  if (id_ != 0) {
    Watch();
    return;
  }
  v1::RegisterRequest request;
  request.set_node_key(convert::KeyToProto(node_.public_key()));
  request.set_auth_key(auth_key_);
  request.mutable_host_info()->set_hostname(absl::StrCat("load-", number_));
  request.mutable_host_info()->set_os("linux");
  Call(CallKind::kRegister, "Register", request);
}

void LoadNode::Watch() {
  v1::WatchNetmapRequest request;
  request.set_node_key(convert::KeyToProto(node_.public_key()));
  Call(CallKind::kWatch, "WatchNetmap", request);
}

void LoadNode::Report(uint16_t port) {
  v1::ReportRequest request;
  request.set_node_key(convert::KeyToProto(node_.public_key()));
  request.add_endpoints(absl::StrCat("192.0.2.1:", port));
  request.add_endpoints(absl::StrCat("[2001:db8::1]:", port));
  request.set_home_relay(1);
  Call(CallKind::kReport, "Report", request);
  Flush();
}

void LoadNode::Call(CallKind kind, const char* method,
                    const google::protobuf::MessageLite& request) {
  const std::string message = request.SerializeAsString();
  ByteWriter prefix;
  prefix.U8(0).U32(static_cast<uint32_t>(message.size()));
  auto* const body = new std::string(AsText(prefix.bytes()));
  body->append(message);
  const std::string path = absl::StrCat("/warren.v1.Coordination/", method);
  const std::array<nghttp2_nv, 7> headers = {
      Header(":method", "POST"),
      Header(":scheme", "http"),
      Header(":path", path),
      Header(":authority", "warren-control"),
      Header("te", "trailers"),
      Header("content-type", "application/grpc"),
      Header(io::kChannelTokenMetadata, connection_->token)};
  nghttp2_data_provider provider{};
  provider.source.ptr = body;
  provider.read_callback = LoadCallbacks::Read;
  const int32_t stream =
      nghttp2_submit_request(connection_->session, nullptr, headers.data(),
                             headers.size(), &provider, nullptr);
  WARREN_CHECK(stream > 0);
  connection_->answers[stream] = {kind, ""};
}

void LoadNode::OnData(int32_t stream, Bytes bytes) {
  auto& [kind, answer] = connection_->answers[stream];
  answer.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  while (true) {
    ByteReader reader(AsBytes(answer));
    const auto flags = reader.U8();
    const auto size = reader.U32();
    if (!flags || !size || reader.remaining() < *size) return;
    OnMessage(kind, absl::string_view(answer).substr(5, *size));
    answer.erase(0, 5 + *size);
    if (answer.empty()) std::string().swap(answer);
  }
}

void LoadNode::OnMessage(CallKind kind, absl::string_view message) {
  const int size = static_cast<int>(message.size());
  if (kind == CallKind::kRegister) {
    v1::RegisterResponse response;
    WARREN_CHECK(response.ParseFromArray(message.data(), size));
    id_ = response.node().id();
    world_.registered(number_);
    Watch();
  } else if (kind == CallKind::kWatch) {
    v1::NetmapUpdate& update = world_.update;
    WARREN_CHECK(update.ParseFromArray(message.data(), size));
    if (update.has_full()) {
      connection_->up = true;
      backoff_.Reset();
    }
    world_.updated(number_, update);
  }
}

void LoadNode::OnStreamClosed(int32_t stream) {
  const CallKind kind = connection_->answers[stream].first;
  connection_->answers.erase(stream);
  // Without an answer: refused.
  if (kind == CallKind::kWatch || id_ == 0) broken_ = true;
}

void LoadNode::Flush() {
  Connection& c = *connection_;
  while (c.session != nullptr) {
    const uint8_t* bytes = nullptr;
    const ssize_t n = nghttp2_session_mem_send(c.session, &bytes);
    if (n < 0) broken_ = true;
    if (n <= 0) break;
    std::vector<uint8_t>& sealed = world_.sealed;
    sealed.clear();
    const Bytes plain(bytes, static_cast<size_t>(n));
    WARREN_CHECK(c.transport->sealer.Seal(plain, sealed).ok());
    WARREN_CHECK(c.wire.Write(sealed).ok());
  }
  while (c.connected && !c.wire.ToSocket().empty()) {
    const Bytes bytes = c.wire.ToSocket();
    const ssize_t n =
        send(c.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0) {
      if (errno != EAGAIN) broken_ = true;
      break;
    }
    c.wire.Sent(static_cast<size_t>(n));
  }
  const bool writes = !c.connected || !c.wire.ToSocket().empty();
  (void)world_.loop.SetEvents(c.socket.get(),
                              writes ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void LoadNode::Fail() {
  world_.loop.Unwatch(connection_->socket.get());
  const auto asked = connection_->asked_to_wait;
  connection_.reset();
  // As client/control does.
  world_.lost(number_, asked ? backoff_.NextAfter(*asked, world_.rng)
                             : backoff_.Next(world_.rng));
}

}  // namespace warren::bench
