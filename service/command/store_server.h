// What a PostgreSQL server says of itself: of one connection, or of each host that a url names. The server is
// trusted as the store is; that it answers is not.
#pragma once

#include <string>
#include <vector>

namespace kiyome::command {

// The server that takes writes, as the roles reach it.
struct StoreServer {
  std::string user, database, version;    // "15.14"
  std::string commit;                     // synchronous_commit
  std::string standby_names;              // synchronous_standby_names
  int standbys = 0, synchronous = -1;     // that stream now; -1: this user may not know
  bool encrypted = false, local = false;  // by TLS; by a Unix socket or loopback
  std::string started;                    // with `database`: which one it is
  bool waits_for_standby() const;         // a commit that was answered is on two disks
};
// Throws TemporaryFailure when none takes writes, or it is too old, or does not keep what it commits.
StoreServer look_at_server(const std::string& url);

// Each host of the url by itself.
struct StoreHost {
  std::string name;  // "db1:5432"
  bool answers = false, primary = false;
  std::string said;  // version, or why it does not answer
};
std::vector<StoreHost> look_at_hosts(const std::string& url);

// The url's user, or "". Throws ConfigError when it is no url of libpq's.
std::string user_of(const std::string& url);
// "host1:5432,host2:5432/name": without user and password.
std::string shown_url(const std::string& url);

}  // namespace kiyome::command
