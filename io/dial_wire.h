#ifndef WARREN_IO_DIAL_WIRE_H_
#define WARREN_IO_DIAL_WIRE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/bytes.h"
#include "core/base/instant.h"
#include "core/net/ip.h"
#include "io/cancel.h"
#include "io/control_url.h"
#include "io/fd.h"
#include "io/http_upgrade.h"
#include "io/tls.h"
#include "io/wire.h"

namespace warren::io {

// Whom to connect to, and what to call it in messages.
struct DialTarget {
  ControlUrl url{};
  std::string who = "control server";
  // For https.
  std::shared_ptr<const TlsContext> tls{};
};

// A connection to a control server, or another server of the web, while it is
// being made: every call blocks, until `deadline` or `cancel` at the latest.
// Errors: UNAVAILABLE names the server; CANCELLED.
class DialWire {
 public:
  // Resolves, connects to the first address that answers, and sets TLS up for
  // https. INVALID_ARGUMENT: https without `tls`.
  static absl::StatusOr<DialWire> Connect(const ControlUrl& url,
                                          std::shared_ptr<const TlsContext> tls,
                                          Instant deadline,
                                          const Cancel& cancel);
  // The same with the name's addresses, at least one, known already.
  static absl::StatusOr<DialWire> Connect(
      const DialTarget& target, const std::vector<net::IpAddress>& addresses,
      Instant deadline, const Cancel& cancel);

  // For what follows.
  void set_deadline(Instant deadline) { deadline_ = deadline; }

  absl::Status Send(absl::string_view text);
  // Waits for more bytes and puts them behind received(). False: the server
  // has closed.
  absl::StatusOr<bool> Receive();
  // Bytes received and not yet taken.
  std::vector<uint8_t>& received() { return received_; }
  // The next response head; what follows stays in received().
  absl::StatusOr<HttpResponse> ReadHead();
  // `size` bytes, at most kMaxBody, or all up to the end when the server
  // closes.
  static constexpr size_t kMaxBody = 64 * 1024;
  absl::StatusOr<std::string> ReadBody(size_t size);

  // Gives the connection away.
  Fd TakeSocket() { return std::move(socket_); }
  Wire TakeWire() { return std::move(wire_); }

 private:
  DialWire(const DialTarget& target, Instant deadline, const Cancel& cancel)
      : url_(target.url),
        who_(target.who),
        deadline_(deadline),
        cancel_(&cancel) {}
  absl::Status StartTls(std::shared_ptr<const TlsContext> tls);
  absl::Status ConnectTo(const net::IpAddress& address, Instant until);
  absl::Status WaitFor(uint32_t events, Instant until);
  absl::Status Flush();
  absl::Status Unavailable(absl::string_view what) const;

  ControlUrl url_;
  std::string who_;
  Instant deadline_;
  const Cancel* cancel_;
  Fd socket_;
  Wire wire_;
  std::vector<uint8_t> received_;
};

}  // namespace warren::io

#endif  // WARREN_IO_DIAL_WIRE_H_
