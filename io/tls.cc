#include "io/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pool.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/status_macros.h"
#include "io/tls_certificate.h"

namespace warren::io {
namespace {

using internal::kPinPrefix;
using internal::TakeSslError;

constexpr char kMetaPrefix[] = "derpkey";
// A buffer larger than this is given back once it is empty.
constexpr size_t kMaxIdleBuffer = 4096;

// In the form of RFC 7301 §3.1: each name after its length.
std::string AlpnWire(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    out.push_back(static_cast<char>(name.size()));
    out += name;
  }
  return out;
}

}  // namespace

struct TlsContext::State {
  bssl::UniquePtr<SSL_CTX> ssl;
  TlsVerify verify = TlsVerify::kOff;
  std::string pin;
  std::string alpn;  // wire form
  bssl::UniquePtr<X509_STORE> roots;
};

struct TlsSession::State {
  // "" or why the server's chain is not to be trusted.
  std::string Check(const std::vector<bssl::UniquePtr<X509>>& chain) const;

  std::shared_ptr<const TlsContext> context;
  bssl::UniquePtr<SSL> ssl;
  std::string server_name;
  std::vector<uint8_t> in;  // ciphertext not yet consumed, from in_at
  size_t in_at = 0;
  std::vector<uint8_t> out;  // ciphertext not yet sent, from out_at
  size_t out_at = 0;
  std::vector<TlsCertificateName> peer_chain;
  std::string refusal;  // why verification failed
  bool established = false;
  bool closed = false;
};

namespace {

// The BIO that joins an SSL to the buffers of its session.
int ReadIn(BIO* bio, char* to, int size) {
  auto* s = static_cast<TlsSession::State*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const size_t n = std::min(static_cast<size_t>(size), s->in.size() - s->in_at);
  if (n == 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  std::copy_n(s->in.begin() + static_cast<ptrdiff_t>(s->in_at), n, to);
  s->in_at += n;
  return static_cast<int>(n);
}

int WriteOut(BIO* bio, const char* from, int size) {
  auto* s = static_cast<TlsSession::State*>(BIO_get_data(bio));
  if (s->out_at > kMaxIdleBuffer) {
    s->out.erase(s->out.begin(),
                 s->out.begin() + static_cast<ptrdiff_t>(s->out_at));
    s->out_at = 0;
  }
  s->out.insert(s->out.end(), from, from + size);
  return size;
}

long Control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* Method() {
  static BIO_METHOD* const kMethod = [] {
    BIO_METHOD* method = BIO_meth_new(BIO_TYPE_NULL, "session");
    BIO_meth_set_read(method, ReadIn);
    BIO_meth_set_write(method, WriteOut);
    BIO_meth_set_ctrl(method, Control);
    return method;
  }();
  return kMethod;
}

int SelectAlpn(SSL*, const uint8_t** out, uint8_t* out_size, const uint8_t* in,
               unsigned in_size, void* arg) {
  const auto* ours = static_cast<const std::string*>(arg);
  uint8_t* chosen = nullptr;
  const int result = SSL_select_next_proto(
      &chosen, out_size, reinterpret_cast<const uint8_t*>(ours->data()),
      static_cast<unsigned>(ours->size()), in, in_size);
  if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// The chain as sent, leaf first. Empty when a certificate does not parse.
std::vector<bssl::UniquePtr<X509>> ChainOf(const SSL* ssl) {
  std::vector<bssl::UniquePtr<X509>> chain;
  const STACK_OF(CRYPTO_BUFFER)* raw = SSL_get0_peer_certificates(ssl);
  for (size_t i = 0; i < sk_CRYPTO_BUFFER_num(raw); ++i) {
    chain.emplace_back(X509_parse_from_buffer(sk_CRYPTO_BUFFER_value(raw, i)));
    if (!chain.back()) return {};
  }
  return chain;
}

// "" or why the chain is not to be trusted.
std::string CheckRoots(const std::vector<bssl::UniquePtr<X509>>& chain,
                       X509_STORE* roots, const std::string& name) {
  bssl::UniquePtr<STACK_OF(X509)> rest(sk_X509_new_null());
  for (size_t i = 1; i < chain.size(); ++i) {
    X509_up_ref(chain[i].get());
    sk_X509_push(rest.get(), chain[i].get());
  }
  bssl::UniquePtr<X509_STORE_CTX> context(X509_STORE_CTX_new());
  if (X509_STORE_CTX_init(context.get(), roots, chain[0].get(), rest.get()) !=
          1 ||
      X509_STORE_CTX_set_default(context.get(), "ssl_server") != 1) {
    return TakeSslError();
  }
  if (X509_verify_cert(context.get()) != 1) {
    return X509_verify_cert_error_string(
        X509_STORE_CTX_get_error(context.get()));
  }
  if (!internal::MatchesName(chain[0].get(), name)) {
    return absl::StrCat("it is not for the name ", name);
  }
  return "";
}

// specs/dataplane.md §2.6 rule 5.
std::string CheckPin(const std::vector<bssl::UniquePtr<X509>>& chain,
                     const std::string& pin, const std::string& name) {
  X509* only = nullptr;
  for (const auto& certificate : chain) {
    if (absl::StartsWith(internal::NameOf(certificate.get()).common_name,
                         kMetaPrefix)) {
      continue;
    }
    if (only != nullptr) return "a pinned certificate must come alone";
    only = certificate.get();
  }
  if (only == nullptr || internal::PinOf(only) != pin) {
    return "it is not the pinned one";
  }
  if (!internal::IsIpLiteral(name) && !internal::MatchesName(only, name)) {
    return absl::StrCat("it is not for the name ", name);
  }
  if (X509_cmp_current_time(X509_get0_notBefore(only)) > 0 ||
      X509_cmp_current_time(X509_get0_notAfter(only)) < 0) {
    return "the current time is outside its validity";
  }
  return "";
}

}  // namespace

std::string TlsSession::State::Check(
    const std::vector<bssl::UniquePtr<X509>>& chain) const {
  const TlsContext::State& c = *context->state_;
  switch (c.verify) {
    case TlsVerify::kSystemRoots:
      return CheckRoots(chain, c.roots.get(), server_name);
    case TlsVerify::kPin:
      return CheckPin(chain, c.pin, server_name);
    case TlsVerify::kOff:
      return "";
  }
  return "?";
}

namespace {

ssl_verify_result_t Verify(SSL* ssl, uint8_t* alert) {
  auto* s = static_cast<TlsSession::State*>(SSL_get_app_data(ssl));
  const auto chain = ChainOf(ssl);
  if (chain.empty()) {
    s->refusal = "it cannot be parsed";
    *alert = SSL_AD_BAD_CERTIFICATE;
    return ssl_verify_invalid;
  }
  for (const auto& certificate : chain) {
    s->peer_chain.push_back(internal::NameOf(certificate.get()));
  }
  s->refusal = s->Check(chain);
  ERR_clear_error();
  if (s->refusal.empty()) return ssl_verify_ok;
  *alert = SSL_AD_CERTIFICATE_UNKNOWN;
  return ssl_verify_invalid;
}

absl::Status LoadRoots(const std::string& file, X509_STORE* roots) {
  const int loaded = X509_STORE_load_locations(roots, file.c_str(), nullptr);
  const std::string error = TakeSslError();
  if (loaded == 1) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("TLS: cannot load roots from ", file, ": ", error));
}

// "" has none.
absl::Status AddRoots(const std::string& pem, X509_STORE* roots) {
  bssl::UniquePtr<BIO> reader(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  int added = 0;
  while (true) {
    bssl::UniquePtr<X509> root(
        PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr));
    if (root == nullptr) break;
    added += X509_STORE_add_cert(roots, root.get());
  }
  ERR_clear_error();
  if (added > 0 || pem.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "TLS: the extra roots are not certificates in PEM (-----BEGIN "
      "CERTIFICATE-----)");
}

bssl::UniquePtr<SSL_CTX> NewContext() {
  bssl::UniquePtr<SSL_CTX> ssl(SSL_CTX_new(TLS_method()));
  WARREN_CHECK(ssl != nullptr);
  SSL_CTX_set_min_proto_version(ssl.get(), TLS1_2_VERSION);
  // Connections live long: resumption would cost memory and save nothing.
  SSL_CTX_set_session_cache_mode(ssl.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(ssl.get(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  return ssl;
}

}  // namespace

absl::Status CheckExtraRoots(const std::string& pem) {
  const bssl::UniquePtr<X509_STORE> store(X509_STORE_new());
  return AddRoots(pem, store.get());
}

TlsContext::TlsContext(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
TlsContext::~TlsContext() = default;
const std::string& TlsContext::pin() const { return state_->pin; }

absl::StatusOr<std::shared_ptr<const TlsContext>> TlsContext::Client(
    const TlsClientOptions& options) {
  auto state = std::make_unique<State>();
  state->ssl = NewContext();
  state->verify = options.verify;
  state->pin = options.pin;
  if (options.verify == TlsVerify::kPin &&
      (!absl::StartsWith(options.pin, kPinPrefix) ||
       options.pin.size() != sizeof(kPinPrefix) - 1 + 64)) {
    return absl::InvalidArgumentError(
        "TLS: a pin is sha256-raw: and 64 lower-case hex digits");
  }
  if (options.verify == TlsVerify::kSystemRoots) {
    state->roots.reset(X509_STORE_new());
    WARREN_RETURN_IF_ERROR(LoadRoots(options.roots_file, state->roots.get()));
    WARREN_RETURN_IF_ERROR(AddRoots(options.extra_roots, state->roots.get()));
  }
  const std::string alpn = AlpnWire(options.alpn);
  if (!alpn.empty()) {
    SSL_CTX_set_alpn_protos(state->ssl.get(),
                            reinterpret_cast<const uint8_t*>(alpn.data()),
                            static_cast<unsigned>(alpn.size()));
  }
  SSL_CTX_set_custom_verify(state->ssl.get(), SSL_VERIFY_PEER, Verify);
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(state)));
}

absl::StatusOr<std::shared_ptr<const TlsContext>> TlsContext::Server(
    const TlsServerOptions& options) {
  WARREN_ASSIGN_OR_RETURN(auto identity, internal::LoadIdentity(options));
  auto state = std::make_unique<State>();
  state->ssl = NewContext();
  SSL_CTX* ssl = state->ssl.get();
  state->pin = internal::PinOf(identity.chain[0].get());
  if (SSL_CTX_use_certificate(ssl, identity.chain[0].get()) != 1 ||
      SSL_CTX_use_PrivateKey(ssl, identity.key.get()) != 1) {
    return absl::FailedPreconditionError(absl::StrCat(
        "TLS: the certificate or key cannot be used: ", TakeSslError()));
  }
  for (size_t i = 1; i < identity.chain.size(); ++i) {
    SSL_CTX_add1_chain_cert(ssl, identity.chain[i].get());
  }
  state->alpn = AlpnWire(options.alpn);
  if (!state->alpn.empty()) {
    SSL_CTX_set_alpn_select_cb(ssl, SelectAlpn, &state->alpn);
  }
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(state)));
}

TlsSession::TlsSession(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
TlsSession::TlsSession(TlsSession&&) noexcept = default;
TlsSession& TlsSession::operator=(TlsSession&&) noexcept = default;
TlsSession::~TlsSession() = default;

std::unique_ptr<TlsSession::State> TlsSession::NewState(
    std::shared_ptr<const TlsContext> context) {
  auto state = std::make_unique<State>();
  state->ssl.reset(SSL_new(context->state_->ssl.get()));
  WARREN_CHECK(state->ssl != nullptr);
  state->context = std::move(context);
  BIO* bio = BIO_new(Method());
  BIO_set_data(bio, state.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(state->ssl.get(), bio, bio);
  SSL_set_app_data(state->ssl.get(), state.get());
  SSL_set_shed_handshake_config(state->ssl.get(), 1);
  return state;
}

TlsSession TlsSession::Connect(std::shared_ptr<const TlsContext> context,
                               absl::string_view server_name) {
  auto state = NewState(std::move(context));
  state->server_name = std::string(server_name);
  SSL* ssl = state->ssl.get();
  SSL_set_connect_state(ssl);
  if (!server_name.empty() && !internal::IsIpLiteral(server_name)) {
    SSL_set_tlsext_host_name(ssl, state->server_name.c_str());
  }
  SSL_do_handshake(ssl);
  ERR_clear_error();
  return TlsSession(std::move(state));
}

TlsSession TlsSession::Accept(std::shared_ptr<const TlsContext> context) {
  auto state = NewState(std::move(context));
  SSL_set_accept_state(state->ssl.get());
  return TlsSession(std::move(state));
}

absl::Status TlsSession::Failure(int result) {
  State& s = *state_;
  const int error = SSL_get_error(s.ssl.get(), result);
  if (error == SSL_ERROR_WANT_READ) return absl::OkStatus();
  if (error == SSL_ERROR_ZERO_RETURN) {
    s.closed = true;
    return absl::OkStatus();
  }
  const std::string reason = TakeSslError();
  if (!s.refusal.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "TLS: the certificate of ", s.server_name, " is refused: ",  //
        s.refusal));
  }
  return absl::InvalidArgumentError(absl::StrCat("TLS: ", reason));
}

absl::Status TlsSession::FromWire(Bytes ciphertext) {
  State& s = *state_;
  if (s.in_at == s.in.size()) {
    s.in.clear();
    s.in_at = 0;
  }
  s.in.insert(s.in.end(), ciphertext.begin(), ciphertext.end());
  if (s.established) return absl::OkStatus();
  ERR_clear_error();
  const int result = SSL_do_handshake(s.ssl.get());
  if (result != 1) return Failure(result);
  s.established = true;
  return absl::OkStatus();
}

absl::StatusOr<size_t> TlsSession::ReadPlain(MutableBytes out) {
  State& s = *state_;
  if (!s.established || s.closed || out.empty()) return 0;
  size_t total = 0;
  ERR_clear_error();
  while (total < out.size()) {
    const int n = SSL_read(s.ssl.get(), out.data() + total,
                           static_cast<int>(out.size() - total));
    if (n <= 0) {
      const absl::Status failure = Failure(n);
      if (!failure.ok() && total == 0) return failure;
      break;
    }
    total += static_cast<size_t>(n);
  }
  if (s.in_at == s.in.size() && s.in.capacity() > kMaxIdleBuffer) {
    std::vector<uint8_t>().swap(s.in);  // "= {}" would keep the memory.
    s.in_at = 0;
  }
  return total;
}

absl::Status TlsSession::WritePlain(Bytes plaintext) {
  State& s = *state_;
  if (!s.established) {
    return absl::FailedPreconditionError("TLS: the handshake is not complete");
  }
  ERR_clear_error();
  while (!plaintext.empty()) {
    const int n = SSL_write(s.ssl.get(), plaintext.data(),
                            static_cast<int>(plaintext.size()));
    if (n <= 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("TLS: cannot write: ", TakeSslError()));
    }
    plaintext = plaintext.subspan(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

Bytes TlsSession::ToWire() const {
  return Bytes(state_->out).subspan(state_->out_at);
}

void TlsSession::Sent(size_t n) {
  State& s = *state_;
  WARREN_CHECK(n <= s.out.size() - s.out_at);
  s.out_at += n;
  if (s.out_at < s.out.size()) return;
  s.out_at = 0;
  s.out.clear();
  if (s.out.capacity() > kMaxIdleBuffer) std::vector<uint8_t>().swap(s.out);
}

void TlsSession::Close() {
  SSL_shutdown(state_->ssl.get());
  ERR_clear_error();
}

bool TlsSession::established() const { return state_->established; }
bool TlsSession::closed() const { return state_->closed; }
bool TlsSession::is_tls13() const {
  return SSL_version(state_->ssl.get()) == TLS1_3_VERSION;
}

std::string TlsSession::alpn() const {
  const uint8_t* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(state_->ssl.get(), &name, &size);
  return std::string(reinterpret_cast<const char*>(name), size);
}

std::vector<TlsCertificateName> TlsSession::PeerChain() const {
  return state_->peer_chain;
}

}  // namespace warren::io
