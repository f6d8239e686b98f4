// Opens disco datagrams and seals what was in them for the way back: a line of
// hex in, a line of hex out. disco_echo OUR-PRIVATE-KEY THEIR-PUBLIC-KEY, both
// as 64 hex digits.

#include <cstdio>
#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/hex.h"
#include "core/crypto/box.h"
#include "core/crypto/keys.h"
#include "core/crypto/system_rng.h"
#include "core/disco/disco.h"

namespace warren {
namespace {

absl::StatusOr<std::string> Echo(absl::string_view line,
                                 const crypto::DiscoKey& ours,
                                 const crypto::BoxSharedKey& shared) {
  static crypto::SystemRng rng;
  const auto datagram = ParseHex(line);
  if (!datagram.ok()) return datagram.status();
  const auto message = disco::Open(*datagram, shared);
  if (!message.ok()) return message.status();
  return ToHex(disco::Seal(*message, ours, shared, rng));
}

int Main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto ours =
      crypto::DiscoPrivateKey::Parse(absl::StrCat("privkey:", argv[1]));
  const auto theirs = crypto::DiscoKey::ParseHex(argv[2]);
  if (!ours.ok() || !theirs.ok()) return 2;
  const auto shared = crypto::BoxSharedKey::Create(*ours, *theirs);
  if (!shared) return 2;
  for (std::string line; std::getline(std::cin, line);) {
    const auto echo = Echo(line, ours->public_key(), *shared);
    if (!echo.ok()) {
      std::cerr << echo.status() << "\n";
      return 1;
    }
    std::cout << *echo << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace warren

int main(int argc, char** argv) { return warren::Main(argc, argv); }
