#include "admin-cli/examples.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace warren::admin {
namespace {

// `arguments` is what follows the command.
struct Example {
  const char* command;
  const char* arguments;
};

constexpr Example kPeople[] = {
    {"tailnet", "list"},
    {"tailnet list", ""},
    {"tailnet show", "home"},
    {"tailnet create", "home"},
    {"tailnet create", "             # two pleasant words"},
    {"tailnet rename", "--roll       # names to choose from"},
    {"tailnet rename", "home"},
    {"tailnet delete", "home --force"},
    {"user", "list"},
    {"user list", ""},
    {"user show", "alice"},
    {"user create", "alice --display-name \"Alice A.\""},
    {"user rename", "alice alice@example.com"},
    {"user role", "alice network-admin"},
    {"user approve", "alice"},
    {"user suspend", "alice"},
    {"user restore", "alice"},
    {"user reset", "alice      # a link that sets a new password"},
    {"user delete", "alice --force"},
    {"invite", "create --role member"},
    {"invite list", ""},
    {"invite create", "--role member --email alice@example.com --expires 2d"},
    {"invite delete", "5849563713086809"},
    {"provider", "list"},
    {"provider list", ""},
    {"provider put",
     "work --issuer https://id.example.com --client-id warren --secret "
     "file:secret.txt --domain example.com"},
    {"provider put", "github --kind github --client-id ID --secret -"},
    {"provider delete", "work"},
    {"session", "list"},
    {"session list", ""},
    {"session revoke", "5849563713086809"},
    {"session revoke", "all --user alice"},
    {"settings", "show"},
    {"settings show", ""},
    {"settings set", "approve-devices=on"},
    {"settings set", "key-lifetime=90d"},
};

constexpr Example kDevices[] = {
    {"node", "list"},
    {"node list", ""},
    {"node list", "--user alice --json"},
    {"node show", "laptop"},
    {"node rename", "laptop alices-laptop"},
    {"node expire", "laptop           # it has to sign in again, now"},
    {"node set-expiry", "laptop --in 30d"},
    {"node set-expiry", "laptop --never"},
    {"node approve", "laptop"},
    {"node tag", "web --tag tag:server"},
    {"node routes", "router --route 192.0.2.0/24"},
    {"node address", "laptop 100.64.0.7"},
    {"node owner", "laptop bob"},
    {"node attribute", "laptop tier=gold"},
    {"node delete", "laptop"},
    {"share", "create printer"},
    {"share list", ""},
    {"share create", "printer --email friend@example.org"},
    {"share accept", "https://control.example/invite/... --user alice"},
    {"share delete", "5849563713086809"},
    {"key", "create --user alice"},
    {"key list", ""},
    {"key show", "bwt668p21w"},
    {"key create", "--user alice"},
    {"key create", "--reusable --ephemeral --tag tag:ci --expires 1d"},
    {"key expire", "bwt668p21w"},
    {"key delete", "bwt668p21w"},
    {"relay", "list"},
    {"relay list", ""},
    {"relay show", "fra"},
    {"relay create", "--code fra --hostname relay.example.com"},
    {"relay add-server", "fra --hostname relay2.example.com"},
    {"relay remove-server", "fra 1b"},
    {"relay delete", "fra"},
};

constexpr Example kPolicy[] = {
    {"policy", "can laptop web:443"},
    {"policy get", "> policy.hujson"},
    {"policy set", "policy.hujson --note \"web for everybody\""},
    {"policy history", ""},
    {"policy rollback", "3"},
    {"policy fmt", "policy.hujson"},
    {"policy check", "policy.hujson"},
    {"policy test", ""},
    {"policy can", "laptop web:443/tcp"},
    {"policy can", "alice tag:server:22 --file policy.hujson"},
    {"policy who", "web:22"},
    {"policy diff", "policy.hujson   # which flows would open and close"},
    {"policy compile", "case.json    # offline"},
    {"export", "> home.yaml"},
    {"plan", "home.yaml"},
    {"apply", "home.yaml"},
    {"apply", "home.yaml --prune --yes"},
};

constexpr Example kServer[] = {
    {"api-key", "create --user alice --scope devices:read"},
    {"api-key list", ""},
    {"api-key create", "--user alice --scope devices:read --expires 90d"},
    {"api-key delete", "b4wrx7xxar"},
    {"oauth-client", "create --user alice --scope auth_keys:write"},
    {"oauth-client list", ""},
    {"oauth-client create",
     "--user alice --scope auth_keys:write --tag tag:ci"},
    {"oauth-client delete", "b7waj79vjx"},
    {"audit", "list"},
    {"audit list", "--since 2d --action node."},
    {"audit list", "--actor \"uid 0\" --limit 20 --json"},
    {"webhook", "set chat --url https://hooks.example.com/T1"},
    {"webhook list", ""},
    {"webhook set",
     "chat --url https://hooks.example.com/T1 --event node. --event policy."},
    {"webhook set", "chat --disable"},
    {"webhook delete", "chat"},
    {"webhook test", "chat"},
    {"server", "show"},
    {"server show", ""},
    {"server backup", "/var/backups/control.db"},
    {"server owner-link", ""},
    {"server doctor", "--state-dir /var/lib/warren-control"},
    {"server restore", "--from /var/backups/control.db"},
    {"server upgrade", "--check"},
    {"whoami", ""},
    {"whoami", "--server https://control.example --api-key env:KEY"},
    {"completion", "bash > /etc/bash_completion.d/warren-admin"},
};

}  // namespace

void AddExamples(cli::Program& program) {
  const auto add = [&program](const auto& examples) {
    for (const Example& example : examples) {
      program.AddExample(example.command,
                         absl::StrCat("warren-admin ", example.command,
                                      example.arguments[0] == '\0' ? "" : " ",
                                      example.arguments));
    }
  };
  add(kPeople);
  add(kDevices);
  add(kPolicy);
  add(kServer);
}

}  // namespace warren::admin
