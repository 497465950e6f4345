#include "service/command/store.h"

#include <fmt/format.h>

#include <cstdio>

#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/command/store_schemas.h"
#include "service/command/store_server.h"
#include "service/store/postgres_connection.h"

namespace kiyome::command {
namespace {

void tell_server(const std::string& url, const StoreServer& server) {
  std::puts(fmt::format("PostgreSQL {}  {}  利用者 / user {}  synchronous_commit {}", server.version,
                        shown_url(url), server.user, server.commit)
                .c_str());
  if (!server.waits_for_standby())
    std::puts(
        "注意: 同期の待機系がありません。主系のディスクを失うと、受け付けたメールも失われます。 / there is "
        "no "
        "synchronous "
        "standby: whoever loses the primary's disk loses accepted mail.");
  else
    std::puts(fmt::format("同期の待機系 / synchronous standbys: {}  （接続 / connected: {}）",
                          server.standby_names,
                          server.synchronous >= 0 ? server.synchronous : server.standbys)
                  .c_str());
  if (!server.encrypted && !server.local)
    std::puts(
        "注意: データベースとの通信は暗号化されていません（sslmode=verify-full） / the wire to the database "
        "is not "
        "encrypted");
}

}  // namespace

std::string moved_mark(const Config& config) { return config.data_dir + "/moved-to-postgresql"; }

int store_prepare(const Config& config, const StoreOptions& options) {
  log::start("store", "warning");
  if (!config.store.shared())
    throw ConfigError(
        "store.url: \"sqlite\" です。PostgreSQL の url を設定してください / is \"sqlite\": say which "
        "PostgreSQL");
  const std::set<StoreSide> sides = sides_here(config, options.side);
  if (!options.grant_edge.empty() && !sides.contains(StoreSide::internet))
    throw ConfigError("--grant-edge: edge はインターネット側です / the edge is of the Internet side");
  tell_server(config.store.url, look_at_server(config.store.url));
  for (const Schema& each : schemas_of(sides)) {
    const store::Place place{{}, config.store.url, each.name};
    each.make(place);
    std::puts(
        fmt::format("{:<26} 版 / version {}", each.name, store::Database(place).user_version()).c_str());
  }
  if (!sides.contains(StoreSide::internet)) return 0;
  if (options.grant_edge.empty()) {
    const std::string named =
        config.store.edge_url.empty() ? std::string("kiyome_edge") : user_of(config.store.edge_url);
    std::puts(
        fmt::format("\n-- edge 専用の利用者 {} に必要な権限（--grant-edge {} で実行） / what the edge's own "
                    "user needs",
                    named, named)
            .c_str());
    for (const std::string& each : edge_grants(named)) std::puts(each.c_str());
    return 0;
  }
  store::postgres::Connection connection({{}, config.store.url, {}});
  std::string all = "BEGIN;";
  for (const std::string& each : edge_grants(options.grant_edge)) all += each;
  connection.command((all + "COMMIT").c_str());
  std::puts(fmt::format("{} に権限を与えました。 / granted.", log::shown(options.grant_edge)).c_str());
  return 0;
}

}  // namespace kiyome::command
