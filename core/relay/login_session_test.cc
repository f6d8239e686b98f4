#include "core/relay/login_session.h"

#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/derp/login.h"
#include "core/relay/relay_world.h"
#include "gtest/gtest.h"

namespace warren::relay {
namespace {

TEST(LoginSession, ProvesTheKeyAndLeavesWhatFollows) {
  SeededRng rng(1);
  const auto server = NodePrivateKey::Generate(rng);
  const auto client = NodePrivateKey::Generate(rng);
  auto bytes = *derp::BuildClientInfo(client, server.public_key(), {}, rng);
  const auto note = derp::BuildNotePreferred(true);
  bytes.insert(bytes.end(), note.begin(), note.end());
  LoginSession session(At(0));
  EXPECT_EQ(session.Deadline(), At(10));
  Bytes head = Bytes(bytes).first(50);
  ASSERT_TRUE(session.Next(head, server).ok());
  Bytes rest = Bytes(bytes).subspan(50);
  const auto login = session.Next(rest, server);
  ASSERT_TRUE(login.ok() && *login) << login.status();
  EXPECT_EQ((*login)->client, client.public_key());
  EXPECT_EQ(rest.size(), note.size());
}

TEST(LoginSession, RefusesAnotherFirstFrame) {
  SeededRng rng(1);
  const auto server = NodePrivateKey::Generate(rng);
  const auto bytes = derp::BuildNotePreferred(true);
  Bytes stream = bytes;
  EXPECT_FALSE(LoginSession(At(0)).Next(stream, server).ok());
}

}  // namespace
}  // namespace warren::relay
