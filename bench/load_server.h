#ifndef WARREN_BENCH_LOAD_SERVER_H_
#define WARREN_BENCH_LOAD_SERVER_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "core/crypto/keys.h"
#include "core/net/ip.h"
#include "io/tls.h"
#include "warren/v1/admin.grpc.pb.h"

namespace warren::bench {

// A warren-control process on loopback, with its state in a folder of its own
// that outlives a restart.
class LoadServer {
 public:
  // `tls`: with TLS around the Noise channel, as on the open Internet.
  LoadServer(std::string program, bool tls);
  // Ends the process and removes the folder.
  ~LoadServer();

  // Returns when it answers. Ends this program when it does not in 20 s.
  void Start();
  // As an operator would: SIGTERM, and waits. How it ended.
  int Stop();

  const net::Endpoint& address() const { return address_; }
  const crypto::MachineKey& key() const { return key_; }
  v1::Admin::Stub& admin() { return *admin_; }
  // For those who connect; null: no TLS.
  std::shared_ptr<const io::TlsContext> tls() const { return tls_; }

  int64_t ResidentBytes() const;
  int64_t PeakResidentBytes() const;
  double CpuSeconds() const;
  int OpenFiles() const;

 private:
  int64_t StatusLine(const char* name) const;

  const std::string program_;
  std::string folder_;
  net::Endpoint address_;
  crypto::MachineKey key_;
  std::unique_ptr<v1::Admin::Stub> admin_;
  std::shared_ptr<const io::TlsContext> tls_;
  pid_t pid_ = -1;
};

}  // namespace warren::bench

#endif  // WARREN_BENCH_LOAD_SERVER_H_
