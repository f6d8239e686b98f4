#include "core/noise/control_handshake.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/status_macros.h"

namespace warren::noise {
namespace {

using crypto::kKeySize;
using crypto::MachineKey;
using crypto::MachinePrivateKey;

constexpr char kProtocol[] = "Noise_IK_25519_ChaChaPoly_BLAKE2s";
constexpr char kPrologue[] = "Tailscale Control Protocol v";
constexpr char kTokenLabel[] = "warren channel token";

constexpr uint8_t kInitiationType = 0x01;
constexpr uint8_t kResponseType = 0x02;
constexpr uint8_t kErrorType = 0x03;

// Where the fields of the two messages begin, bytes.
constexpr size_t kVersionSize = 2;
constexpr size_t kEphemeralAt = kVersionSize + kFrameHeaderSize;
constexpr size_t kStaticAt = kEphemeralAt + kKeySize;
constexpr size_t kStaticSize = kKeySize + kTagSize;
constexpr size_t kTagAt = kStaticAt + kStaticSize;
static_assert(kTagAt + kTagSize == kInitiationSize);
constexpr size_t kResponseTagAt = kFrameHeaderSize + kKeySize;
static_assert(kResponseTagAt + kTagSize == kResponseSize);

// Both ends begin so.
SymmetricState Begin(const MachineKey& server, uint16_t version) {
  SymmetricState state(kProtocol);
  state.MixHash(AsBytes(absl::StrCat(kPrologue, version)));
  state.MixHash(server.bytes());
  return state;
}

MachineKey KeyAt(Bytes message, size_t at) {
  return MachineKey::FromBytes(message.subspan(at).first<kKeySize>());
}

enum class Side { kInitiator, kResponder };

Transport Finish(const SymmetricState& state, Side side) {
  const SplitKeys keys = state.Split();
  const bool initiates = side == Side::kInitiator;
  const auto& mine = initiates ? keys.from_initiator : keys.from_responder;
  const auto& theirs = initiates ? keys.from_responder : keys.from_initiator;
  return {RecordSealer(mine.Expose()), RecordReader(theirs.Expose()),
          ChannelToken(state.Export(kTokenLabel).Expose())};
}

absl::Status LowOrder() {
  return absl::UnauthenticatedError(
      "control handshake: the peer sent a key of low order");
}

// What an error frame says, safe to print in one line.
std::string Printable(Bytes text) {
  constexpr size_t kMaxShown = 200;
  std::string out(AsText(text.first(std::min(text.size(), kMaxShown))));
  for (char& c : out) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) c = '?';
  }
  return out;
}

absl::Status CheckInitiation(Bytes message) {
  if (message.size() != kInitiationSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("control handshake: initiation of ", message.size(),
                     " bytes, wanted ", kInitiationSize));
  }
  const uint8_t* header = message.data() + kVersionSize;
  if (header[0] != kInitiationType) {
    return absl::InvalidArgumentError(
        absl::StrCat("control handshake: frame of type ", header[0],
                     ", wanted an initiation (", kInitiationType, ")"));
  }
  const size_t size = LoadBe16(header + 1);
  if (size != kInitiationSize - kEphemeralAt) {
    return absl::InvalidArgumentError(
        absl::StrCat("control handshake: initiation says ", size,
                     " bytes, wanted ", kInitiationSize - kEphemeralAt));
  }
  return absl::OkStatus();
}

absl::Status CheckResponse(Bytes frame) {
  if (frame.size() < kFrameHeaderSize ||
      frame.size() != kFrameHeaderSize + LoadBe16(frame.data() + 1)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "control handshake: ", frame.size(), " bytes are not one frame"));
  }
  if (frame[0] == kErrorType) {
    return absl::UnavailableError(
        absl::StrCat("control handshake: refused by the server: ",
                     Printable(frame.subspan(kFrameHeaderSize))));
  }
  if (frame[0] != kResponseType || frame.size() != kResponseSize) {
    return absl::InvalidArgumentError(absl::StrCat(
        "control handshake: frame of type ", frame[0], " and ", frame.size(),
        " bytes, wanted a response (", kResponseType, ") of ", kResponseSize));
  }
  return absl::OkStatus();
}

}  // namespace

IkInitiator::IkInitiator(MachinePrivateKey machine, MachinePrivateKey ephemeral,
                         SymmetricState state)
    : machine_(std::move(machine)),
      ephemeral_(std::move(ephemeral)),
      state_(std::move(state)) {}

absl::StatusOr<IkInitiator> IkInitiator::Start(const MachinePrivateKey& machine,
                                               const MachineKey& server,
                                               uint16_t version, Rng& rng) {
  IkInitiator out(machine.Clone(), MachinePrivateKey::Generate(rng),
                  Begin(server, version));
  uint8_t* message = out.initiation_.data();
  StoreBe16(message, version);
  message[kVersionSize] = kInitiationType;
  StoreBe16(message + kVersionSize + 1, kInitiationSize - kEphemeralAt);
  const auto& ephemeral = out.ephemeral_.public_key().bytes();
  std::copy(ephemeral.begin(), ephemeral.end(), message + kEphemeralAt);

  SymmetricState& state = out.state_;
  state.MixHash(ephemeral);
  if (!state.MixDh(out.ephemeral_, server)) {
    return absl::InvalidArgumentError(
        "control handshake: the server key is of low order; fetch it again");
  }
  state.EncryptAndHash(machine.public_key().bytes(),
                       {message + kStaticAt, kStaticSize});
  // Not of low order: the previous one was not.
  WARREN_CHECK(state.MixDh(machine, server));
  state.EncryptAndHash({}, {message + kTagAt, kTagSize});
  return out;
}

absl::StatusOr<Transport> IkInitiator::ReadResponse(Bytes frame) const {
  WARREN_RETURN_IF_ERROR(CheckResponse(frame));
  const auto theirs = KeyAt(frame, kFrameHeaderSize);
  SymmetricState state = state_.Clone();
  state.MixHash(theirs.bytes());
  if (!state.MixDh(ephemeral_, theirs) || !state.MixDh(machine_, theirs)) {
    return LowOrder();
  }
  if (!state.DecryptAndHash(frame.subspan(kResponseTagAt), {})) {
    return absl::UnauthenticatedError(
        "control handshake: the response is not from the owner of the server "
        "key; has the server changed its key?");
  }
  return Finish(state, Side::kInitiator);
}

absl::StatusOr<AcceptedInitiation> ReadInitiation(
    const MachinePrivateKey& server, Bytes initiation, Rng& rng) {
  WARREN_RETURN_IF_ERROR(CheckInitiation(initiation));
  const uint16_t version = LoadBe16(initiation.data());
  const auto client_ephemeral = KeyAt(initiation, kEphemeralAt);

  SymmetricState state = Begin(server.public_key(), version);
  state.MixHash(client_ephemeral.bytes());
  if (!state.MixDh(server, client_ephemeral)) return LowOrder();
  std::array<uint8_t, kKeySize> machine_bytes;
  if (!state.DecryptAndHash(initiation.subspan(kStaticAt, kStaticSize),
                            machine_bytes)) {
    return absl::UnauthenticatedError(
        "control handshake: the initiation is not for this server's key");
  }
  const auto machine = MachineKey::FromBytes(machine_bytes);
  if (!state.MixDh(server, machine)) return LowOrder();
  if (!state.DecryptAndHash(initiation.subspan(kTagAt), {})) {
    return absl::UnauthenticatedError(
        "control handshake: the initiation is not from the machine it names");
  }

  const auto ephemeral = MachinePrivateKey::Generate(rng);
  const auto& ephemeral_bytes = ephemeral.public_key().bytes();
  std::array<uint8_t, kResponseSize> response;
  response[0] = kResponseType;
  StoreBe16(response.data() + 1, kResponseSize - kFrameHeaderSize);
  std::copy(ephemeral_bytes.begin(), ephemeral_bytes.end(),
            response.begin() + kFrameHeaderSize);
  state.MixHash(ephemeral_bytes);
  if (!state.MixDh(ephemeral, client_ephemeral) ||
      !state.MixDh(ephemeral, machine)) {
    return LowOrder();
  }
  state.EncryptAndHash({}, {response.data() + kResponseTagAt, kTagSize});
  return AcceptedInitiation{machine, version, response,
                            Finish(state, Side::kResponder)};
}

absl::StatusOr<std::optional<size_t>> HandshakeFrameSize(Bytes stream) {
  if (stream.size() < kFrameHeaderSize) return std::nullopt;
  const size_t size = kFrameHeaderSize + LoadBe16(stream.data() + 1);
  if (size > kMaxFrameSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("control handshake: answer of ", size, " bytes, at most ",
                     kMaxFrameSize));
  }
  return std::optional<size_t>(size);
}

std::vector<uint8_t> ErrorFrame(absl::string_view text) {
  text = text.substr(0, kMaxFrameSize - kFrameHeaderSize);
  ByteWriter frame;
  frame.U8(kErrorType)
      .U16(static_cast<uint16_t>(text.size()))
      .Append(AsBytes(text));
  return std::move(frame).Take();
}

}  // namespace warren::noise
