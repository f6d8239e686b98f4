#ifndef WARREN_IO_TLS_CERTIFICATE_H_
#define WARREN_IO_TLS_CERTIFICATE_H_

#include <openssl/base.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "io/tls.h"

// Certificates as tls.cc needs them. Not for others: it shows BoringSSL.
namespace warren::io::internal {

inline constexpr char kPinPrefix[] = "sha256-raw:";

// The oldest error in BoringSSL's queue as text, and clears the queue.
std::string TakeSslError();

// A server's chain, leaf first, and its key.
struct Identity {
  std::vector<bssl::UniquePtr<X509>> chain;
  bssl::UniquePtr<EVP_PKEY> key;
};

// From the files, or the self-signed one, made if absent; then the
// meta-certificate. Errors as TlsContext::Server().
absl::StatusOr<Identity> LoadIdentity(const TlsServerOptions& options);

// "sha256-raw:" + hex of the certificate's DER.
std::string PinOf(const X509* certificate);

TlsCertificateName NameOf(const X509* certificate);

// Whether `certificate` is valid for `name`: a DNS name or an IP literal.
bool MatchesName(X509* certificate, absl::string_view name);

bool IsIpLiteral(absl::string_view name);

}  // namespace warren::io::internal

#endif  // WARREN_IO_TLS_CERTIFICATE_H_
