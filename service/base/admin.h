// The admin socket of a role: JSON lines over a Unix socket. One request object a connection; the reply is
// any number of lines, ended by {"end":true} or {"error":"…"}. Only root and the role's own user may connect
// (SO_PEERCRED).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "service/base/descriptor.h"

namespace kiyome {

// What a handler says line by line. false when the asker is gone.
using AdminReply = std::function<bool(std::string_view line)>;

// Thread-safe to construct and destroy; handlers run on the server's own threads, one a connection, at most 8
// at once.
class AdminServer {
 public:
  // A handler may throw: the text of the exception becomes {"error":…}.
  using Handler = std::function<void(const std::string& request, const AdminReply& reply)>;
  AdminServer(Descriptor listening, Handler handler);
  ~AdminServer();  // waits for handlers in hand

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The command line's side: sends one request and calls `line` for each reply line but the last. Gives an
// empty text when all went well, else the error. Throws TemporaryFailure when nobody listens at `path`.
std::string ask_admin(const std::string& path, const std::string& request,
                      const std::function<void(const std::string&)>& line);

}  // namespace kiyome
