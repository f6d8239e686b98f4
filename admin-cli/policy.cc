#include "admin-cli/nouns.h"

namespace warren::admin {

void AddPolicy(cli::Command root, Session&) {
  cli::Command policy = root.Add("policy", "Who may do what");
  AddPolicyCompile(policy);
}

}  // namespace warren::admin
