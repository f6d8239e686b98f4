// Runs the vectors that Debian ships with other people's cryptography, where
// they are installed: python3-cryptography-vectors (`name = value` lines) and
// golang-golang-x-crypto-dev (literals in Go sources). An installed file that
// yields no vector fails; an absent one is skipped, aloud. The HKDF vectors of
// the former are of SHA-256, which our KDF is not made of.

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/hex.h"
#include "core/crypto/aead.h"
#include "core/crypto/blake2s.h"
#include "core/crypto/x25519.h"
#include "gtest/gtest.h"

namespace warren::crypto {
namespace {

constexpr char kPython[] =
    "/usr/lib/python3/dist-packages/cryptography_vectors/";
constexpr char kGo[] = "/usr/share/gocode/src/golang.org/x/crypto/";

using Buffer = std::vector<uint8_t>;
using Fields = std::map<std::string, std::string>;

std::optional<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// Records of `name = value` lines, separated by blank lines. Names are made
// lower case.
std::vector<Fields> ParseRecords(const std::string& text) {
  std::vector<Fields> records(1);
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    const size_t equals = line.find('=');
    if (line.empty()) {
      records.emplace_back();
    } else if (line[0] != '#' && equals != absl::string_view::npos) {
      const std::string name = absl::AsciiStrToLower(
          absl::StripAsciiWhitespace(line.substr(0, equals)));
      records.back()[name] =
          std::string(absl::StripAsciiWhitespace(line.substr(equals + 1)));
    }
  }
  std::erase_if(records, [](const Fields& f) { return f.empty(); });
  return records;
}

// The texts between quotes in `source` from `start` to `end`.
std::vector<std::string> Quoted(const std::string& source,
                                const std::string& start,
                                const std::string& end) {
  const size_t from = source.find(start);
  if (from == std::string::npos) return {};
  const std::string part = source.substr(from, source.find(end, from) - from);
  const std::vector<std::string> pieces = absl::StrSplit(part, '"');
  std::vector<std::string> quoted;
  for (size_t i = 1; i < pieces.size(); i += 2) quoted.push_back(pieces[i]);
  return quoted;
}

// Hex, or text in quotes.
Buffer Value(const std::string& text) {
  if (!text.empty() && text[0] == '"') {
    return Buffer(text.begin() + 1, text.end() - 1);
  }
  auto bytes = ParseHex(text);
  EXPECT_TRUE(bytes.ok()) << text;
  return bytes.ok() ? *bytes : Buffer();
}

struct AeadVector {
  Buffer key, nonce, ad, plain, sealed;
  bool valid = true;
};

void CheckAead(const AeadVector& v) {
  const KeyBytes key = Bytes(v.key).first<32>();
  Buffer data = v.plain;
  data.resize(data.size() + kAeadTagSize);
  Buffer opened = v.sealed;
  bool ok = false;
  if (v.nonce.size() == kXAeadNonceSize) {
    const XNonce nonce = Bytes(v.nonce).first<kXAeadNonceSize>();
    XSeal(key, nonce, v.ad, data.data(), v.plain.size());
    ok = XOpen(key, nonce, v.ad, opened.data(), opened.size());
  } else {
    ASSERT_EQ(v.nonce.size(), kAeadNonceSize);
    const auto nonce = Bytes(v.nonce).first<kAeadNonceSize>();
    const AeadKey cipher(key);
    cipher.Seal(nonce, v.ad, data.data(), v.plain.size());
    ok = cipher.Open(nonce, v.ad, opened.data(), opened.size());
  }
  EXPECT_EQ(ok, v.valid);
  if (!v.valid) return;
  EXPECT_EQ(ToHex(data), ToHex(v.sealed));
  opened.resize(v.plain.size());
  EXPECT_EQ(opened, v.plain);
}

Buffer Joined(Buffer a, const Buffer& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

class DebianVectors : public ::testing::Test {
 protected:
  // The text of `file` in `package`, or "" after skipping the test because
  // the package is not installed. A file missing from it is a failure.
  std::string Read(const std::string& package, const std::string& file) {
    path_ = package + file;
    const auto text = ReadFile(path_);
    if (text) return *text;
    if (std::filesystem::exists(package)) {
      ADD_FAILURE() << path_ << " is missing";
    } else {
      Skip(package);
    }
    return "";
  }
  void Report(size_t num_run) {
    std::cout << path_ << ": " << num_run << " vectors\n";
    EXPECT_GT(num_run, 0u) << path_;
  }

 private:
  void Skip(const std::string& package) {
    GTEST_SKIP() << package << " is not installed";
  }
  std::string path_;
};

TEST_F(DebianVectors, PythonChaCha20Poly1305FromBoringSsl) {
  const std::string text =
      Read(kPython, "ciphers/ChaCha20Poly1305/boringssl.txt");
  if (IsSkipped()) return;
  size_t num_run = 0;
  for (Fields f : ParseRecords(text)) {
    if (!f.contains("key")) continue;
    SCOPED_TRACE("COUNT " + f["count"]);
    CheckAead({Value(f["key"]), Value(f["nonce"]), Value(f["ad"]),
               Value(f["in"]), Joined(Value(f["ct"]), Value(f["tag"]))});
    ++num_run;
  }
  Report(num_run);
}

TEST_F(DebianVectors, PythonChaCha20Poly1305FromOpenSsl) {
  const std::string text =
      Read(kPython, "ciphers/ChaCha20Poly1305/openssl.txt");
  if (IsSkipped()) return;
  size_t num_run = 0;
  for (Fields f : ParseRecords(text)) {
    if (!f.contains("key")) continue;
    SCOPED_TRACE("COUNT " + f["count"]);
    CheckAead({Value(f["key"]), Value(f["iv"]), Value(f["aad"]),
               Value(f["plaintext"]),
               Joined(Value(f["ciphertext"]), Value(f["tag"])),
               !f.contains("result")});
    ++num_run;
  }
  Report(num_run);
}

TEST_F(DebianVectors, PythonX25519) {
  const std::string text = Read(kPython, "asymmetric/X25519/rfc7748.txt");
  if (IsSkipped()) return;
  size_t num_run = 0;
  for (Fields f : ParseRecords(text)) {
    if (!f.contains("input_u")) continue;
    const Buffer scalar = Value(f["input_scalar"]), u = Value(f["input_u"]);
    const auto got = X25519(Bytes(scalar).first<32>(), Bytes(u).first<32>());
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(ToHex(got->Expose()), f["output_u"]) << f["count"];
    ++num_run;
  }
  Report(num_run);
}

TEST_F(DebianVectors, PythonBlake2s) {
  const std::string text = Read(kPython, "hashes/blake2/blake2s.txt");
  if (IsSkipped()) return;
  size_t num_run = 0;
  for (Fields f : ParseRecords(text)) {
    if (!f.contains("md")) continue;
    const Buffer message = f["len"] == "0" ? Buffer() : Value(f["msg"]);
    EXPECT_EQ(ToHex(Blake2s256(message)), f["md"]) << f["len"];
    ++num_run;
  }
  Report(num_run);
}

TEST_F(DebianVectors, GoChaCha20AndXChaCha20Poly1305) {
  const std::string source =
      Read(kGo, "chacha20poly1305/chacha20poly1305_vectors_test.go");
  if (IsSkipped()) return;
  const auto all = Quoted(source, "chacha20Poly1305Tests", "\n}\n");
  ASSERT_EQ(all.size() % 5, 0u);
  for (size_t i = 0; i < all.size(); i += 5) {
    SCOPED_TRACE(absl::StrCat("vector ", i / 5));
    CheckAead({Value(all[i + 2]), Value(all[i + 3]), Value(all[i + 1]),
               Value(all[i]), Value(all[i + 4])});
  }
  Report(all.size() / 5);
}

// Key 00 01 .. 1f; the nth input is 00 01 .. n-1.
TEST_F(DebianVectors, GoKeyedBlake2sOfBothSizes) {
  const std::string source = Read(kGo, "blake2s/blake2s_test.go");
  if (IsSkipped()) return;
  Buffer key(32), input(255);
  std::iota(key.begin(), key.end(), uint8_t{0});
  std::iota(input.begin(), input.end(), uint8_t{0});
  const auto of_32 = Quoted(source, "var hashes = ", "\n}\n");
  const auto of_16 = Quoted(source, "var hashes128 = ", "\n}\n");
  for (size_t i = 0; i < of_32.size(); ++i) {
    Digest digest;
    Blake2s(key, 32).Update(Bytes(input).first(i)).Finish(digest);
    EXPECT_EQ(ToHex(digest), of_32[i]) << i;
  }
  for (size_t i = 0; i < of_16.size(); ++i) {
    EXPECT_EQ(ToHex(Blake2sMac128(key, Bytes(input).first(i))), of_16[i]) << i;
  }
  Report(of_32.size());
  Report(of_16.size());
}

TEST_F(DebianVectors, GoX25519) {
  const std::string source = Read(kGo, "curve25519/vectors_test.go");
  if (IsSkipped()) return;
  Buffer bytes;
  const size_t from = source.find("var testVectors");
  ASSERT_NE(from, std::string::npos);
  for (size_t at = source.find("0x", from); at != std::string::npos;
       at = source.find("0x", at + 1)) {
    bytes.push_back(static_cast<uint8_t>(std::stoul(source.substr(at), 0, 16)));
  }
  ASSERT_EQ(bytes.size() % 96, 0u);
  for (Bytes rest = bytes; !rest.empty(); rest = rest.subspan(96)) {
    const auto got = X25519(rest.first<32>(), rest.subspan<32, 32>());
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(ToHex(got->Expose()), ToHex(rest.subspan(64, 32)));
  }
  Report(bytes.size() / 96);
}

}  // namespace
}  // namespace warren::crypto
