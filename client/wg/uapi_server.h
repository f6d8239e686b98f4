#ifndef WARREN_CLIENT_WG_UAPI_SERVER_H_
#define WARREN_CLIENT_WG_UAPI_SERVER_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "io/event_loop.h"
#include "io/fd.h"

namespace warren::client {

// The configuration socket: accepts connections and answers requests, each
// ended by an empty line. Only root (or who started us) can reach it; a client
// that sends nonsense, or nothing, or does not read, harms only itself.
//
// Owned by the loop's thread.
class UapiServer {
 public:
  // Bytes of one request, and of the answers a client has not read. Enough for
  // all peers a device takes; more closes the connection.
  static constexpr size_t kMaxRequest = size_t{32} << 20;
  // A client more than these is closed at once.
  static constexpr size_t kMaxClients = 16;

  // Answers one request, without its empty line; the answer has its own.
  using Handler = std::function<std::string(absl::string_view request)>;

  // Listens at `directory`/`name`.sock; makes the directory (mode 0700) and the
  // socket (0600). A socket that nobody listens on is replaced.
  //
  // ALREADY_EXISTS      a process answers on that socket.
  // FAILED_PRECONDITION the directory or socket cannot be made.
  static absl::StatusOr<std::unique_ptr<UapiServer>> Listen(
      io::EventLoop& loop, const std::string& directory,
      const std::string& name, Handler handler);
  // Removes the socket.
  ~UapiServer();

  // Whether somebody removed or replaced the socket: how wg-quick(8) of other
  // systems asks a daemon to end.
  bool WasRemoved() const;
  // Readable when the directory changed; then ask WasRemoved().
  int watch_fd() const { return watch_.get(); }
  void DrainWatch();

 private:
  struct Client {
    io::Fd fd;
    std::string in;      // not answered yet; wiped, as it holds keys
    std::string out;     // not sent yet; wiped
    size_t scanned = 0;  // of in: no request ends before
    size_t sent = 0;     // of out
    bool ended = false;  // the client will send no more
    ~Client();
  };

  UapiServer(io::EventLoop& loop, std::string path, Handler handler)
      : loop_(loop), path_(std::move(path)), handler_(std::move(handler)) {}
  absl::Status Start(const std::string& directory);
  absl::Status Bind();
  void Accept();
  void OnClient(int fd, uint32_t events);
  // False: the client is gone or misbehaves.
  bool Read(Client& client);
  // Answers the next whole request, if there is one.
  bool AnswerOne(Client& client);
  bool Write(Client& client);
  void Close(int fd);

  io::EventLoop& loop_;
  const std::string path_;
  const Handler handler_;
  io::Fd listener_, watch_;
  uint64_t inode_ = 0;  // of our socket
  std::map<int, std::unique_ptr<Client>> clients_;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_WG_UAPI_SERVER_H_
