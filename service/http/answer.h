// An answer as octets: status line, security headers, content. Trusts our handlers' statuses, but no octet of
// their header values.
#pragma once

#include <string>

#include "service/http/http.h"
#include "service/http/request_body.h"
#include "service/http/wire.h"

namespace kiyome::http {

struct AnswerForm {
  bool head_only = false;   // to HEAD
  bool keep_alive = false;  // what Connection says
  bool secure = false;      // over TLS: with HSTS
};

// The header of `response`, with its empty line. Throws std::logic_error when a handler gave a header that is
// none.
std::string answer_header(const Response& response, const AnswerForm& form);

// Writes header and content. Throws Late and Lost; Lost also when a source ended before its size.
void write_answer(Wire& wire, const std::string& header, Response& response, bool head_only, Pace pace);

}  // namespace kiyome::http
