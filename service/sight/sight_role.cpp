#include "service/sight/sight_role.h"

#include <algorithm>
#include <sstream>

#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/base/tls_context.h"
#include "service/http/json_text.h"
#include "service/http/server.h"
#include "service/sight/families.h"
#include "service/sight/process.h"

namespace kiyome::sight {
namespace {

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> out;
  for (std::string word; in >> word;) out.push_back(word);
  return out;
}

// What this role says: of itself, and of the others what they cannot.
Told own_sheet(const Seen& seen, const std::string& certificate) {
  Sheet sheet;
  show_process(sheet);
  sheet.counters("kiyome_http_answers_total", "Answers of the pages and their interface", "status",
                 kAnswerClasses, meters::http.answers);
  if (!certificate.empty()) show_certificate(sheet, "tls", certificate_end_ms(certificate));
  Told out;
  if (Result<Told> told = read_exposition(sheet.text(), kSightName)) out = std::move(*told);
  Family& up = out.families[std::string(kUp)];
  up = {"1: the role answers", "gauge", {}};
  Family& times = out.families[std::string(kAnswerTime)];
  times = {"Time that the role's answer took", "gauge", {}};
  for (const RoleSeen& each : seen) {
    const std::string label = "{role=\"" + each.role + "\"} ";
    up.samples.push_back(std::string(kUp) + label + (each.up ? "1" : "0"));
    if (each.up) times.samples.push_back(std::string(kAnswerTime) + label + std::to_string(each.seconds));
  }
  return out;
}

http::Response metrics(Asking& asking, Guarded<std::string>& certificate) {
  const auto seen = asking.ask();
  std::vector<Told> all{own_sheet(*seen, certificate.with([](const std::string& now) { return now; }))};
  for (const RoleSeen& each : *seen) all.push_back(each.told);
  http::Response out;
  out.headers.emplace_back("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  out.headers.emplace_back("Cache-Control", "no-store");
  out.content = join(all);
  return out;
}

// {"status":"ok","roles":[{"role":"edge","up":true,"ready":true,"missing":[]}]}; 503 unless all are well.
http::Response health(const Seen& seen, bool ready, const std::string& only) {
  bool well = true, known = only.empty();
  http::JsonText roles;
  roles.begin_array();
  for (const RoleSeen& each : seen) {
    if (!only.empty() && each.role != only) continue;
    known = true;
    well = well && (ready ? each.ready() : each.up);
    roles.begin_object().member("role", each.role).member("up", each.up).member("ready", each.ready());
    roles.key("missing").begin_array();
    for (const auto& [condition, good] : each.told.conditions)
      if (!good) roles.value(condition);
    roles.end_array().end_object();
  }
  roles.end_array();
  if (!known) throw http::Problem{404, "not-found", {}};
  http::Response out = http::Response::json(
      std::string("{\"status\":\"") + (well ? "ok" : "unwell") + "\",\"roles\":" + roles.take() + "}",
      well ? 200 : 503);
  out.headers.emplace_back("Cache-Control", "no-store");
  return out;
}

}  // namespace

http::Router sight_router(Asking& asking, Guarded<std::string>& certificate) {
  http::Router out;
  out.on("GET", "/metrics", [&](http::Request&) { return metrics(asking, certificate); });
  for (const bool ready : {false, true}) {
    const std::string path = ready ? "/health/ready" : "/health/live";
    out.on("GET", path, [&asking, ready](http::Request&) { return health(*asking.ask(), ready, ""); });
    out.on("GET", path + "/{role}", [&asking, ready](http::Request& request) {
      return health(*asking.ask(), ready, request.captured.at("role"));
    });
  }
  return out;
}

int run_sight(RoleContext& context) {
  try {
    Asking asking(".", words_of(context.take_text("roles")));
    Guarded<std::string> certificate(context.take_text("tls_certificate"));
    http::ServerOptions options;
    options.connections_max = options.connections_per_address_max = limits::kSightConnections;
    const http::Server server(context.take("metrics"), std::move(options), sight_router(asking, certificate));
    context.serve([&](const Config&) -> std::string {
      certificate.with([&](std::string& now) { now = context.take_text("tls_certificate"); });
      return {};
    });
    return 0;
  } catch (const std::exception& trouble) {
    log::error("sight_failed", {{"reason", std::string_view(trouble.what())}});
    return 1;
  }
}

}  // namespace kiyome::sight
