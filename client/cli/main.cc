// warren: the command with which people drive the daemon. Wiring only.

#include "client/cli/session.h"
#include "client/cli/verbs.h"
#include "io/cli/command.h"

int main(int argc, char** argv) {
  using namespace warren;
  client::Session session;
  cli::Program program(
      "warren",
      "Joins this device to a Warren network, and shows how it fares.\n\n"
      "Exit codes: 0 done, 1 refused or failed, 2 the command line makes no "
      "sense.");
  cli::Command root = program.root();
  root.Text("--socket", "The daemon's socket", "PATH", &session.socket);
  client::AddUp(root, session);
  client::AddDown(root, session);
  client::AddStatus(root, session);
  client::AddPing(root, session);
  client::AddWhy(root, session);
  client::AddIp(root, session);
  client::AddNetcheck(root, session);
  client::AddLogout(root, session);
  client::AddDebug(root, session);
  client::AddVersion(root, session);
  return program.Run(argc, argv);
}
