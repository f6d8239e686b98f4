#ifndef WARREN_ADMIN_CLI_NOUNS_H_
#define WARREN_ADMIN_CLI_NOUNS_H_

#include "admin-cli/session.h"
#include "io/cli/command.h"

// Each adds one noun with its verbs, in the file of its name. `session` must
// outlive the parse.
namespace warren::admin {

void AddAudit(cli::Command root, Session& session);
void AddKey(cli::Command root, Session& session);
void AddNode(cli::Command root, Session& session);
void AddPolicy(cli::Command root, Session& session);
void AddRelay(cli::Command root, Session& session);
void AddServer(cli::Command root, Session& session);
void AddTailnet(cli::Command root, Session& session);
void AddUser(cli::Command root, Session& session);

// Verbs of AddPolicy(): check, test, can, who, diff.
void AddPolicyQuestions(cli::Command policy, Session& session);
// The one that needs neither server nor session.
void AddPolicyCompile(cli::Command policy);

}  // namespace warren::admin

#endif  // WARREN_ADMIN_CLI_NOUNS_H_
