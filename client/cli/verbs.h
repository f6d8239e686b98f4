#ifndef WARREN_CLIENT_CLI_VERBS_H_
#define WARREN_CLIENT_CLI_VERBS_H_

#include "client/cli/session.h"
#include "io/cli/command.h"

// Each adds one verb, in the file of its name (`debug` in that of `why`).
// `session` must outlive the parse.
namespace warren::client {

void AddDebug(cli::Command root, Session& session);
void AddDown(cli::Command root, Session& session);
void AddIp(cli::Command root, Session& session);
void AddLogout(cli::Command root, Session& session);
void AddNetcheck(cli::Command root, Session& session);
void AddPing(cli::Command root, Session& session);
void AddStatus(cli::Command root, Session& session);
void AddUp(cli::Command root, Session& session);
void AddVersion(cli::Command root, Session& session);
void AddWhy(cli::Command root, Session& session);

}  // namespace warren::client

#endif  // WARREN_CLIENT_CLI_VERBS_H_
