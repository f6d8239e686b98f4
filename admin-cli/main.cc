// warren-admin: administers a control server. Wiring only.

#include "admin-cli/examples.h"
#include "admin-cli/nouns.h"
#include "admin-cli/session.h"
#include "io/cli/command.h"

int main(int argc, char** argv) {
  using namespace warren;
  admin::Session session;
  cli::Program program(
      "warren-admin",
      "Administers a Warren control server: on this machine, or with --server\n"
      "and an API key anywhere.\n\n"
      "Things are named by name or id. Exit codes: 0 done, 1 refused or "
      "failed,\n2 the command line makes no sense.");
  cli::Command root = program.root();
  root.Text("--socket", "The server's admin socket", "PATH", &session.socket);
  root.Text("--server", "Another server, in place of the socket",
            "https://HOST", &session.remote.server);
  root.Text("--api-key",
            "Its key: file:PATH, env:NAME or -; else "
            "$WARREN_API_KEY",
            "SOURCE", &session.remote.api_key);
  root.Text("--pin", "Trust this certificate alone", "sha256-raw:HEX",
            &session.remote.pin);
  root.Text("--ca", "Trust these roots in place of the system's", "FILE",
            &session.remote.ca_file);
  root.Text("--tailnet", "Which tailnet, when there are several", "TAILNET",
            &session.tailnet);
  root.Flag("--json", "Print JSON, for scripts", &session.json);
  admin::AddTailnet(root, session);
  admin::AddUser(root, session);
  admin::AddNode(root, session);
  admin::AddKey(root, session);
  admin::AddApiKey(root, session);
  admin::AddInvite(root, session);
  admin::AddShare(root, session);
  admin::AddProvider(root, session);
  admin::AddSession(root, session);
  admin::AddSettings(root, session);
  admin::AddPolicy(root, session);
  admin::AddRelay(root, session);
  admin::AddAudit(root, session);
  admin::AddWebhook(root, session);
  admin::AddDocument(root, session);
  admin::AddServer(root, session);
  admin::AddWhoAmI(root, session);
  admin::AddExamples(program);
  program.set_json_errors(&session.json);
  program.set_names([&session](const std::string& kind) {
    return admin::NamesOf(session, kind);
  });
  return program.Run(argc, argv);
}
