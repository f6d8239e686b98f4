#include "io/tls_certificate.h"

#include <arpa/inet.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/curve25519.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "io/private_file.h"

namespace warren::io::internal {
namespace {

constexpr size_t kMaxPemFile = 256 * 1024;
constexpr long kDay = 24 * 60 * 60;

absl::Status Internal(absl::string_view what) {
  return absl::InternalError(absl::StrCat("TLS: cannot ", what, ": ",  //
                                          TakeSslError()));
}

bssl::UniquePtr<BIO> Reader(const std::string& text) {
  return bssl::UniquePtr<BIO>(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

absl::StatusOr<std::string> ReadPem(const std::string& path) {
  WARREN_ASSIGN_OR_RETURN(auto text, ReadSmallFile(path, kMaxPemFile));
  if (!text) {
    return absl::FailedPreconditionError(
        absl::StrCat("there is no file ", path));
  }
  return *std::move(text);
}

absl::StatusOr<Identity> LoadPem(const std::string& certificate_file,
                                 const std::string& key_file) {
  WARREN_ASSIGN_OR_RETURN(const std::string chain_text,
                          ReadPem(certificate_file));
  WARREN_ASSIGN_OR_RETURN(const std::string key_text, ReadPem(key_file));
  Identity identity;
  const auto chain = Reader(chain_text);
  while (X509* one =
             PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr)) {
    identity.chain.emplace_back(one);
  }
  if (identity.chain.empty()) {
    TakeSslError();
    return absl::FailedPreconditionError(
        absl::StrCat(certificate_file, " holds no PEM certificate"));
  }
  const auto key = Reader(key_text);
  // An empty pass phrase, so that an encrypted key is refused, not asked for.
  identity.key.reset(PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr,
                                             const_cast<char*>("")));
  if (!identity.key) {
    TakeSslError();
    return absl::FailedPreconditionError(
        absl::StrCat(key_file, " holds no unencrypted PEM private key"));
  }
  if (X509_check_private_key(identity.chain[0].get(), identity.key.get()) !=
      1) {
    TakeSslError();
    return absl::FailedPreconditionError(absl::StrCat(
        "the key in ", key_file, " does not belong to the certificate in ",
        certificate_file));
  }
  ERR_clear_error();
  return identity;
}

bool AddExtension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  bssl::UniquePtr<X509_EXTENSION> extension(
      X509V3_EXT_nconf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

struct SelfSigned {
  std::string common_name;
  uint64_t serial;
  long valid_before;             // seconds ago
  long valid_after;              // seconds from now
  std::string alternative_name;  // "DNS:..." or "IP:...", or none
  const EVP_MD* digest;          // nullptr for Ed25519
};

bssl::UniquePtr<X509> Sign(const SelfSigned& want, EVP_PKEY* key) {
  bssl::UniquePtr<X509> x(X509_new());
  X509_NAME* name = X509_get_subject_name(x.get());
  const auto* text = reinterpret_cast<const uint8_t*>(want.common_name.data());
  const bool made =
      X509_set_version(x.get(), 2) == 1 &&  // v3
      ASN1_INTEGER_set_uint64(X509_get_serialNumber(x.get()), want.serial) ==
          1 &&
      X509_gmtime_adj(X509_getm_notBefore(x.get()), -want.valid_before) &&
      X509_gmtime_adj(X509_getm_notAfter(x.get()), want.valid_after) &&
      X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING, text,
                                 static_cast<int>(want.common_name.size()), -1,
                                 0) == 1 &&
      X509_set_issuer_name(x.get(), name) == 1 &&
      X509_set_pubkey(x.get(), key) == 1 &&
      AddExtension(x.get(), NID_basic_constraints, "critical,CA:FALSE") &&
      (want.alternative_name.empty() ||
       AddExtension(x.get(), NID_subject_alt_name, want.alternative_name)) &&
      X509_sign(x.get(), key, want.digest) > 0;
  return made ? std::move(x) : nullptr;
}

bssl::UniquePtr<EVP_PKEY> NewP256() {
  bssl::UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  if (!ec || !key || EC_KEY_generate_key(ec.get()) != 1 ||
      EVP_PKEY_set1_EC_KEY(key.get(), ec.get()) != 1) {
    return nullptr;
  }
  return key;
}

std::string Contents(BIO* bio) {
  const uint8_t* data = nullptr;
  size_t size = 0;
  BIO_mem_contents(bio, &data, &size);
  return std::string(reinterpret_cast<const char*>(data), size);
}

// Both files, for `name`. The key comes first: a crash between them leaves a
// key alone, which the next start refuses by name.
absl::Status MakeSelfSigned(const std::string& name,
                            const std::string& certificate_file,
                            const std::string& key_file) {
  if (name.empty() || name.size() > 64 ||
      name.find_first_of(",\n\r") != std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat(
        "TLS: a certificate cannot be made for the name \"", name, "\""));
  }
  const auto key = NewP256();
  uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<uint8_t*>(&serial), sizeof(serial));
  const auto certificate =
      key ? Sign({.common_name = name,
                  .serial = serial >> 1,
                  .valid_before = kDay,
                  .valid_after = 3650 * kDay,
                  .alternative_name =
                      absl::StrCat(IsIpLiteral(name) ? "IP:" : "DNS:", name),
                  .digest = EVP_sha256()},
                 key.get())
          : nullptr;
  const bssl::UniquePtr<BIO> key_pem(BIO_new(BIO_s_mem()));
  const bssl::UniquePtr<BIO> certificate_pem(BIO_new(BIO_s_mem()));
  if (!certificate ||
      PEM_write_bio_PKCS8PrivateKey(key_pem.get(), key.get(), nullptr, nullptr,
                                    0, nullptr, nullptr) != 1 ||
      PEM_write_bio_X509(certificate_pem.get(), certificate.get()) != 1) {
    return Internal("make a self-signed certificate");
  }
  WARREN_RETURN_IF_ERROR(CreatePrivateFile(key_file, Contents(key_pem.get())));
  return CreatePrivateFile(certificate_file, Contents(certificate_pem.get()));
}

absl::StatusOr<Identity> LoadOrMakeSelfSigned(const TlsServerOptions& options) {
  const std::string base = absl::StrCat(options.self_signed_folder,  //
                                        "/self-signed");
  const std::string certificate_file = base + ".crt";
  const std::string key_file = base + ".key";
  WARREN_ASSIGN_OR_RETURN(const auto certificate,
                          ReadSmallFile(certificate_file, kMaxPemFile));
  WARREN_ASSIGN_OR_RETURN(const auto key, ReadSmallFile(key_file, kMaxPemFile));
  if (!certificate && !key) {
    WARREN_RETURN_IF_ERROR(
        MakeSelfSigned(options.self_signed_name, certificate_file, key_file));
  } else if (!certificate || !key) {
    return absl::FailedPreconditionError(
        absl::StrCat("there is ", key ? key_file : certificate_file, " but no ",
                     key ? certificate_file : key_file,
                     ": restore it, or move the other away to get a new pair"));
  }
  return LoadPem(certificate_file, key_file);
}

// Tells clients the relay's key in the handshake (specs/dataplane.md §2.5).
// Its own key is thrown away: nobody checks the signature.
bssl::UniquePtr<X509> MetaCertificate(const std::string& name) {
  uint8_t public_key[ED25519_PUBLIC_KEY_LEN];
  uint8_t private_key[ED25519_PRIVATE_KEY_LEN];
  ED25519_keypair(public_key, private_key);
  bssl::UniquePtr<EVP_PKEY> key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, private_key, 32));
  if (!key) return nullptr;
  return Sign({.common_name = name,
               .serial = 2,
               .valid_before = 30 * kDay,
               .valid_after = 30 * kDay,
               .alternative_name = "",
               .digest = nullptr},
              key.get());
}

}  // namespace

std::string TakeSslError() {
  const uint32_t error = ERR_get_error();
  ERR_clear_error();
  const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  return reason == nullptr ? "unknown error" : reason;
}

absl::StatusOr<Identity> LoadIdentity(const TlsServerOptions& options) {
  auto identity = options.certificate_file.empty()
                      ? LoadOrMakeSelfSigned(options)
                      : LoadPem(options.certificate_file, options.key_file);
  if (!identity.ok() || options.meta_name.empty()) return identity;
  auto meta = MetaCertificate(options.meta_name);
  if (!meta) return Internal("make the meta-certificate");
  identity->chain.push_back(std::move(meta));
  return identity;
}

std::string PinOf(const X509* certificate) {
  uint8_t* der = nullptr;
  const int size = i2d_X509(const_cast<X509*>(certificate), &der);
  if (size < 0) return "";
  const bssl::UniquePtr<uint8_t> owned(der);
  uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256(der, static_cast<size_t>(size), digest);
  return absl::StrCat(
      kPinPrefix, absl::BytesToHexString(absl::string_view(
                      reinterpret_cast<const char*>(digest), sizeof(digest))));
}

TlsCertificateName NameOf(const X509* certificate) {
  TlsCertificateName out;
  auto* x = const_cast<X509*>(certificate);
  X509_NAME* subject = X509_get_subject_name(x);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at >= 0) {
    const ASN1_STRING* text =
        X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    out.common_name.assign(
        reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
        static_cast<size_t>(ASN1_STRING_length(text)));
  }
  const bssl::UniquePtr<BIGNUM> serial(
      ASN1_INTEGER_to_BN(X509_get_serialNumber(x), nullptr));
  out.serial = 256;
  if (serial && !BN_is_negative(serial.get()) &&
      BN_num_bits(serial.get()) <= 8) {
    out.serial = static_cast<uint32_t>(BN_get_word(serial.get()));
  }
  return out;
}

bool MatchesName(X509* certificate, absl::string_view name) {
  if (IsIpLiteral(name)) {
    return X509_check_ip_asc(certificate, std::string(name).c_str(), 0) == 1;
  }
  return X509_check_host(certificate, name.data(), name.size(), 0, nullptr) ==
         1;
}

bool IsIpLiteral(absl::string_view name) {
  uint8_t address[16];
  const std::string text(name);
  return inet_pton(AF_INET, text.c_str(), address) == 1 ||
         inet_pton(AF_INET6, text.c_str(), address) == 1;
}

}  // namespace warren::io::internal
