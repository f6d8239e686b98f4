#ifndef WARREN_ADMIN_CLI_NOUNS_H_
#define WARREN_ADMIN_CLI_NOUNS_H_

#include <string>
#include <vector>

#include "admin-cli/session.h"
#include "io/cli/command.h"

// Each adds one noun with its verbs, in the file of its name. `session` must
// outlive the parse.
namespace warren::admin {

void AddApiKey(cli::Command root, Session& session);  // and oauth-client
void AddInvite(cli::Command root, Session& session);
void AddProvider(cli::Command root, Session& session);
void AddSession(cli::Command root, Session& session);
void AddSettings(cli::Command root, Session& session);
void AddShare(cli::Command root, Session& session);
void AddWhoAmI(cli::Command root, Session& session);
void AddAudit(cli::Command root, Session& session);
void AddDocument(cli::Command root, Session& session);
void AddKey(cli::Command root, Session& session);
void AddNode(cli::Command root, Session& session);
void AddPolicy(cli::Command root, Session& session);
void AddRelay(cli::Command root, Session& session);
void AddServer(cli::Command root, Session& session);
void AddTailnet(cli::Command root, Session& session);
void AddUser(cli::Command root, Session& session);
void AddWebhook(cli::Command root, Session& session);

// Verbs of AddNode() that decide about a node.
void AddNodeChanges(cli::Command node, Session& session);
// Verbs of AddPolicy(): check, test, can, who, diff.
void AddPolicyQuestions(cli::Command policy, Session& session);
// The one that needs neither server nor session.
void AddPolicyCompile(cli::Command policy);

// What things of `kind` ("node", "user", ...) are called, for the completion of
// shells; none when the server does not say.
std::vector<std::string> NamesOf(Session& session, const std::string& kind);

}  // namespace warren::admin

#endif  // WARREN_ADMIN_CLI_NOUNS_H_
