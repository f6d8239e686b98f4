#ifndef WARREN_IO_TLS_H_
#define WARREN_IO_TLS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/bytes.h"

// TLS 1.2 and 1.3 (BoringSSL) over buffers instead of sockets: the owner of
// the connection moves the bytes, so one implementation serves epoll loops,
// Asio and the tests. Names of OpenSSL's stay inside tls.cc.
namespace warren::io {

// How a client decides whether to trust the server.
enum class TlsVerify : uint8_t {
  kSystemRoots,  // chain to a root in `roots_file`, and the name matches
  kPin,          // SHA-256 of the only non-meta certificate equals `pin`
  kOff,          // tests and labs
};

struct TlsClientOptions {
  TlsVerify verify = TlsVerify::kSystemRoots;
  std::string roots_file = "/etc/ssl/certs/ca-certificates.crt";
  std::string extra_roots{};  // trusted, too: PEM; "" is none
  // kPin: "sha256-raw:" and 64 lower-case hex digits (specs/dataplane.md
  // §2.6, rule 5). Certificates named derpkey... are skipped.
  std::string pin{};
  // Offered in this order; empty sends no ALPN extension. Relays: empty.
  std::vector<std::string> alpn{};
};

struct TlsServerOptions {
  // PEM files. Empty: `self_signed_folder` is used instead.
  std::string certificate_file{};
  std::string key_file{};
  // Holds self-signed.crt and self-signed.key (0600, P-256), made for
  // `self_signed_name` (a DNS name or an IP address) when both are absent.
  std::string self_signed_folder{};
  std::string self_signed_name = "localhost";
  // Appended to the chain as a self-signed certificate with this common name
  // and serial 2: the relay's "derpkey" + 64 hex of its public key (§2.5).
  // Empty: none. NotBefore and NotAfter are 30 days around the system clock.
  std::string meta_name{};
  // Accepted, best first; empty ignores the client's list.
  std::vector<std::string> alpn{};
};

// One certificate of the chain the peer sent: enough to find a relay's
// meta-certificate. `serial` is 256 when it does not fit in 8 bits.
struct TlsCertificateName {
  std::string common_name{};
  uint32_t serial = 0;
};

// Whether `pem` may be `extra_roots`. INVALID_ARGUMENT: no certificate in it.
absl::Status CheckExtraRoots(const std::string& pem);

// Settings, keys and roots that many sessions share. Immutable, so it may be
// used from any thread. Keep it alive for as long as its sessions.
class TlsContext {
 public:
  // INVALID_ARGUMENT: a bad pin, or extra roots that are none.
  // FAILED_PRECONDITION: no roots in the file.
  static absl::StatusOr<std::shared_ptr<const TlsContext>> Client(
      const TlsClientOptions& options);
  // FAILED_PRECONDITION names the file that is missing, unreadable, or does
  // not hold what it should; nothing that exists is overwritten.
  static absl::StatusOr<std::shared_ptr<const TlsContext>> Server(
      const TlsServerOptions& options);
  ~TlsContext();

  // Server: the "sha256-raw:..." by which clients can pin the leaf.
  const std::string& pin() const;

 private:
  friend class TlsSession;
  struct State;
  explicit TlsContext(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// One connection. Not thread-safe, but may move between threads.
//
// Feed what the socket gave to FromWire(), drain ReadPlain() until it returns
// 0, and send ToWire(). Any error is final: send what ToWire() still holds (an
// alert) and close.
class TlsSession {
 public:
  // Starts a client session; the ClientHello is in ToWire() at once.
  // `server_name` is verified, and sent as SNI unless it is an IP literal.
  static TlsSession Connect(std::shared_ptr<const TlsContext> context,
                            absl::string_view server_name);
  static TlsSession Accept(std::shared_ptr<const TlsContext> context);
  TlsSession(TlsSession&&) noexcept;
  TlsSession& operator=(TlsSession&&) noexcept;
  ~TlsSession();

  // Takes all of `ciphertext` and drives the handshake. INVALID_ARGUMENT: the
  // peer broke the protocol, refused us, or failed verification (says why).
  absl::Status FromWire(Bytes ciphertext);

  // Decrypts into `out`: how many bytes it wrote, 0 when it needs more from
  // the wire or when closed(). Errors as FromWire().
  absl::StatusOr<size_t> ReadPlain(MutableBytes out);

  // Encrypts all of `plaintext` into ToWire(), in records of up to 16 KiB:
  // give it many frames at once. FAILED_PRECONDITION before established().
  absl::Status WritePlain(Bytes plaintext);

  // Bytes to send, valid until the next call; then say how many were sent.
  Bytes ToWire() const;
  void Sent(size_t n);

  // Queues close_notify. Nothing can be written afterwards.
  void Close();

  bool established() const;
  bool closed() const;  // The peer sent close_notify.
  bool is_tls13() const;
  std::string alpn() const;  // "" when none was chosen
  // Client, once established: the chain as the server sent it, leaf first.
  std::vector<TlsCertificateName> PeerChain() const;

  struct State;  // of tls.cc alone

 private:
  explicit TlsSession(std::unique_ptr<State> state);
  static std::unique_ptr<State> NewState(
      std::shared_ptr<const TlsContext> context);
  absl::Status Failure(int result);
  std::unique_ptr<State> state_;
};

}  // namespace warren::io

#endif  // WARREN_IO_TLS_H_
