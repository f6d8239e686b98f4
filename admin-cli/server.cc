#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "admin-cli/nouns.h"
#include "core/base/hex.h"
#include "core/base/status_macros.h"

namespace warren::admin {
namespace {

absl::Status Show(Session& session) {
  WARREN_ASSIGN_OR_RETURN(
      const v1::ServerInfo info,
      session.Call(&Session::Stub::GetServer, v1::GetServerRequest()));
  const std::string key =
      absl::StrCat("mkey:", ToHex(AsBytes(info.public_key())));
  cli::Json json = cli::Json::Object();
  json.Set("version", info.version())
      .Set("public_key", key)
      .Set("num_nodes", info.num_nodes())
      .Set("num_online", info.num_online());
  cli::Card card;
  card.Add("version", info.version());
  card.Add("key", key);
  card.Add("nodes",
           absl::StrCat(info.num_nodes(), ", ", info.num_online(), " online"));
  session.Print(json, card.ToString());
  return absl::OkStatus();
}

absl::Status Backup(Session& session, const std::string& path) {
  v1::BackupServerRequest request;
  request.set_path(path);
  WARREN_ASSIGN_OR_RETURN(const v1::BackupServerResponse made,
                          session.Call(&Session::Stub::BackupServer, request));
  cli::Json json = cli::Json::Object();
  json.Set("path", made.path()).Set("size_bytes", made.size_bytes());
  session.Print(json,
                absl::StrCat("made ", made.path(), ", ", made.size_bytes(),
                             " bytes; keep a copy of control.key apart"));
  return absl::OkStatus();
}

absl::Status OwnerLink(Session& session) {
  v1::CreateInvitationRequest request;
  request.set_tailnet(session.tailnet);
  request.set_kind("owner");
  WARREN_ASSIGN_OR_RETURN(
      const v1::CreateInvitationResponse made,
      session.Call(&Session::Stub::CreateInvitation, request));
  cli::Json json = cli::Json::Object();
  json.Set("url", made.url());
  session.Print(json, absl::StrCat(made.url(), "\n"));
  return absl::OkStatus();
}

// The program that works on a state folder itself: beside this one, or in
// PATH. Returns only when it cannot be run.
absl::Status BecomeControl(const Session& session,
                           std::vector<std::string> arguments) {
  if (session.json) arguments.push_back("--json");
  std::string program = "warren-control";
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto beside = self.parent_path() / program;
  if (!error && std::filesystem::exists(beside, error)) {
    program = beside.string();
  }
  arguments.insert(arguments.begin(), program);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  execvp(program.c_str(), argv.data());
  return absl::FailedPreconditionError(absl::StrCat(
      "cannot run ", program, ": ", std::strerror(errno),
      ". Run this on the server's own machine, where warren-control is"));
}

// What needs no running server. The options of warren-control's own commands.
struct Local {
  std::string folder = "/var/lib/warren-control";
  std::string from;
  bool check = false;
};

void AddLocal(cli::Command server, Session& session) {
  const auto local = std::make_shared<Local>();
  const auto folder = [&local](cli::Command command) {
    command.Text("--state-dir", "Folder of the database, on this machine",
                 "FOLDER", &local->folder);
  };
  cli::Command doctor = server.Add(
      "doctor", "What is wrong with the state folder here, and what to do");
  folder(doctor);
  doctor.Does([&session, local] {
    return BecomeControl(session, {"doctor", "--state-dir", local->folder});
  });
  cli::Command restore = server.Add(
      "restore", "Put a backup in the place of the database; stop it first");
  folder(restore);
  restore.Text("--from", "The backup", "FILE", &local->from).Required();
  restore.Does([&session, local] {
    return BecomeControl(session, {"restore", "--state-dir", local->folder,
                                   "--from", local->from});
  });
  cli::Command upgrade = server.Add(
      "upgrade", "What this version would do to the database when it starts");
  folder(upgrade);
  upgrade.Flag("--check", "Only look: the server upgrades by itself",
               &local->check);
  upgrade.Does([&session, local] {
    if (!local->check) {
      return cli::UsageError(
          "the server upgrades its database when it starts: say --check");
    }
    return BecomeControl(session,
                         {"upgrade", "--check", "--state-dir", local->folder});
  });
}

}  // namespace

void AddServer(cli::Command root, Session& session) {
  cli::Command server = root.Add("server", "The control server itself");
  cli::Command show = server.Add("show", "Its version, key and numbers");
  show.Does([&session] { return Show(session); });
  const auto path = std::make_shared<std::string>();
  cli::Command backup = server.Add(
      "backup", "Copy the database to a new file on the server, as it runs");
  backup.Argument("PATH", "The file to make, from the root", path.get());
  backup.Does([&session, path] { return Backup(session, *path); });
  cli::Command owner = server.Add(
      "owner-link", "A link for the first owner of a tailnet that has none");
  owner.Does([&session] { return OwnerLink(session); });
  AddLocal(server, session);
}

}  // namespace warren::admin
