// warren-admin: administers a control server. Wiring only.

#include "admin-cli/nouns.h"
#include "admin-cli/session.h"
#include "io/cli/command.h"

int main(int argc, char** argv) {
  using namespace warren;
  admin::Session session;
  cli::Program program(
      "warren-admin",
      "Administers a Warren control server on this machine.\n\n"
      "Things are named by name or id. Exit codes: 0 done, 1 refused or "
      "failed,\n2 the command line makes no sense.");
  cli::Command root = program.root();
  root.Text("--socket", "The server's admin socket", "PATH", &session.socket);
  root.Text("--tailnet", "Which tailnet, when there are several", "TAILNET",
            &session.tailnet);
  root.Flag("--json", "Print JSON, for scripts", &session.json);
  admin::AddTailnet(root, session);
  admin::AddUser(root, session);
  admin::AddNode(root, session);
  admin::AddKey(root, session);
  admin::AddPolicy(root, session);
  admin::AddRelay(root, session);
  admin::AddAudit(root, session);
  admin::AddServer(root, session);
  return program.Run(argc, argv);
}
