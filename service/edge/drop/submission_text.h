// Submissions as openapi.yaml has them: schemas Submission, SubmittedFile, Finding.
#pragma once

#include <string>
#include <string_view>

#include "service/edge/drop/drop_store.h"
#include "service/http/http.h"

namespace kiyome::edge::drop {

std::string submission_json(const Submission& submission);
std::string submissions_json(const std::vector<Submission>& submissions);

// A strong entity tag of this text (RFC 9110 section 8.8.3), and whether If-None-Match names it.
std::string entity_tag(std::string_view text);
bool names_tag(std::string_view if_none_match, std::string_view tag);

}  // namespace kiyome::edge::drop
