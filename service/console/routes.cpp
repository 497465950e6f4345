#include "service/console/routes.h"

#include "proto/base/limits.h"
#include "service/http/json_body.h"
#include "service/review/operations.h"

namespace kiyome::console {
namespace {

using http::Problem;
using http::Request;
using http::Response;

// What is no JSON is shown to nobody but a picture's or a reader's own window: it runs nothing, asks nobody.
constexpr const char* kContentPolicy = "default-src 'none'; sandbox; frame-ancestors 'self'";

unsigned roles_of(const auth::Account& account) {
  return (account.has(auth::Role::reviewer) ? review::kReviewer : 0U) |
         (account.has(auth::Role::auditor) ? review::kAuditor : 0U) |
         (account.has(auth::Role::administrator) ? review::kAdministrator : 0U);
}

http::Handler for_roles(portal::Portal& portal, unsigned roles, const portal::SignedInHandler& handler) {
  return portal.signed_in({}, [roles, handler](Request& request, const auth::Session& session) {
    if ((roles_of(session.account) & roles) == 0) throw Problem{403, "forbidden", {}, {}, {}};
    return handler(request, session);
  });
}

// The cleaner reads it as JSON and nothing else; what says that it is something else is refused here. Nothing
// at all is fine for what wants nothing.
std::string body_of(Request& request) {
  const bool typed = !request.header("content-type").empty();
  if (typed && !http::is_json_type(request.header("content-type")))
    throw Problem{415, "media-type", {}, {}, {}};
  std::string body = request.body == nullptr ? std::string() : request.body->all(limits::kReviewCall);
  if (!body.empty() && !typed) throw Problem{415, "media-type", {}, {}, {}};
  return body;
}

review::Call call_of(const review::Operation& operation, Request& request, const auth::Session& session) {
  review::Call out;
  out.operation = operation.id;
  const auth::Account& account = session.account;
  out.actor = {account.login,     account.name,           account.mail,        account.tenant,
               roles_of(account), request.client_address, session.csrf.empty()};
  out.path = request.captured;
  out.query = request.query;
  if (request.method != "GET" && request.method != "HEAD") out.body = body_of(request);
  return out;
}

// The cleaner's own names, of which nothing but these characters is needed.
std::string attachment(const std::string& name) {
  std::string plain;
  for (const char c : name)
    plain +=
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-'
            ? c
            : '_';
  return "attachment; filename=\"" + plain + "\"";
}

Response response_of(review::Reply reply) {
  Response out;
  out.status = reply.status;
  out.content = std::move(reply.content);
  if (!reply.type.empty()) out.headers.emplace_back("Content-Type", reply.type);
  if (!reply.file_name.empty()) out.headers.emplace_back("Content-Disposition", attachment(reply.file_name));
  if (!reply.type.empty() && reply.type != "application/json")
    out.headers.emplace_back("Content-Security-Policy", kContentPolicy);
  return out;
}

}  // namespace

void add_operations(http::Router& router, portal::Portal& portal, Ask ask) {
  for (const review::Operation& operation : review::kOperations) {
    const bool reads = std::string_view(operation.method) == "GET";
    router.on(operation.method, std::string("/api/v1") + operation.path,
              for_roles(portal, operation.roles,
                        [&operation, reads, ask](Request& request, const auth::Session& session) {
                          return response_of(ask(call_of(operation, request, session), reads));
                        }));
  }
}

}  // namespace kiyome::console
