// Runs NIST's and the Ed25519 authors' vectors of signatures, which Debian
// ships in python3-cryptography-vectors. An installed file that yields no
// vector fails; without the package the tests are skipped, aloud.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/hex.h"
#include "core/crypto/signature.h"
#include "gtest/gtest.h"

namespace warren::crypto {
namespace {

using Kind = SignatureAlgorithm;
using Buffer = std::vector<uint8_t>;
using Fields = std::map<std::string, std::string>;

constexpr char kFolder[] =
    "/usr/lib/python3/dist-packages/cryptography_vectors/asymmetric/";

class DebianSignatures : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kFolder)) {
      GTEST_SKIP() << kFolder << " is not installed";
    }
  }

  static std::vector<std::string> Lines(const std::string& file) {
    std::ifstream stream(std::string(kFolder) + file);
    const std::string text(std::istreambuf_iterator<char>(stream), {});
    EXPECT_FALSE(text.empty()) << file;
    return absl::StrSplit(text, '\n');
  }

  // One `Fields` for each "Result" in NIST's file, with all that was said
  // before it; "[" holds the section.
  static std::vector<Fields> Records(const std::string& file) {
    std::vector<Fields> records;
    Fields now;
    for (absl::string_view line : Lines(file)) {
      line = absl::StripAsciiWhitespace(line);
      if (absl::StartsWith(line, "[")) now["["] = std::string(line);
      const std::pair<std::string, std::string> parts =
          absl::StrSplit(line, absl::MaxSplits(" = ", 1));
      if (!parts.second.empty()) now[parts.first] = parts.second;
      if (parts.first == "Result") records.push_back(now);
    }
    return records;
  }
};

// Without leading zeros, then with as many as make `size` bytes.
Buffer Number(const std::string& hex, size_t size = 0) {
  const std::string even = absl::StrCat(hex.size() % 2 == 1 ? "0" : "", hex);
  Buffer bytes = ParseHex(even).value();
  while (bytes.size() > size && bytes[0] == 0) bytes.erase(bytes.begin());
  while (bytes.size() < size) bytes.insert(bytes.begin(), 0);
  return bytes;
}

Buffer Joined(Buffer a, const Buffer& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST_F(DebianSignatures, Ecdsa) {
  int good = 0, bad = 0;
  for (Fields& f : Records("ECDSA/FIPS_186-3/SigVer.rsp")) {
    const bool p256 = f["["] == "[P-256,SHA-256]";
    if (!p256 && f["["] != "[P-384,SHA-384]") continue;
    const size_t size = p256 ? 32 : 48;
    const auto key =
        VerifyKey::Ec(p256 ? Curve::kP256 : Curve::kP384, Number(f["Qx"], size),
                      Number(f["Qy"], size));
    const bool valid =
        key.ok() &&
        key->Verify(p256 ? Kind::kEs256 : Kind::kEs384, *ParseHex(f["Msg"]),
                    Joined(Number(f["R"], size), Number(f["S"], size)));
    EXPECT_EQ(valid, absl::StartsWith(f["Result"], "P")) << f["Msg"];
    ++(valid ? good : bad);
  }
  EXPECT_GT(good, 5);
  EXPECT_GT(bad, 15);
}

TEST_F(DebianSignatures, RsaPkcs1) {
  int good = 0, bad = 0;
  for (Fields& f : Records("RSA/FIPS_186-2/SigVer15_186-3.rsp")) {
    const std::map<std::string, Kind> kinds = {{"SHA256", Kind::kRs256},
                                               {"SHA384", Kind::kRs384},
                                               {"SHA512", Kind::kRs512}};
    const auto kind = kinds.find(f["SHAAlg"]);
    if (kind == kinds.end()) continue;
    const auto key = VerifyKey::Rsa(Number(f["n"]), Number(f["e"]));
    const bool small = f["["] == "[mod = 1024]" || f["["] == "[mod = 1536]";
    EXPECT_TRUE(!small || !key.ok()) << f["["];
    if (small || !key.ok()) continue;  // also e of more than 32 bits
    const bool valid =
        key->Verify(kind->second, *ParseHex(f["Msg"]), *ParseHex(f["S"]));
    EXPECT_EQ(valid, absl::StartsWith(f["Result"], "P")) << f["Msg"];
    ++(valid ? good : bad);
  }
  EXPECT_GT(good, 5);
  EXPECT_GT(bad, 15);
}

// secret and public, public, message, signature and message: a line.
TEST_F(DebianSignatures, Ed25519) {
  int count = 0;
  for (const std::string& line : Lines("Ed25519/sign.input")) {
    const std::vector<std::string> parts = absl::StrSplit(line, ':');
    if (parts.size() < 4) continue;
    const auto key = VerifyKey::Ed25519(*ParseHex(parts[1]));
    ASSERT_TRUE(key.ok());
    const Buffer message = *ParseHex(parts[2]);
    Buffer signature = *ParseHex(parts[3].substr(0, 128));
    EXPECT_TRUE(key->Verify(Kind::kEdDsa, message, signature));
    signature[static_cast<size_t>(count) % signature.size()] ^= 1;
    EXPECT_FALSE(key->Verify(Kind::kEdDsa, message, signature));
    ++count;
  }
  EXPECT_EQ(count, 1024);
}

}  // namespace
}  // namespace warren::crypto
