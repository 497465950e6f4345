// What was seen and done, as JSON: the record of an item in the store and a line of `kiyome sanitize
// --report`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/clean/types.h"
#include "service/cleaner/clean_item.h"

namespace kiyome::cleaner {

std::string_view name_of(Verdict verdict);  // "clean", "held", "rejected"
std::string_view name_of(Action action);    // "strip", "text", "flatten", "image", "hold", "view"

// ["slug","slug"]
std::string reasons_json(const std::vector<clean::Finding>& reasons);
// [{"place","name","type","type_name","bytes","sha256","action","reasons"}] of a group's parts, as
// INTERFACE.md tells for
// --report. `place` is the part's number and, behind slashes, those of entries: "3/0".
std::string parts_json(const clean::MailAnswer& answer, const Group& group);
// The same of a file that is no mail, and what lies within it. Without the brackets: ",{…},{…}" continues a
// list.
std::string file_json(const clean::Part& part, const document::Made& made);
// The record of a whole item: {"from","groups":[{"verdict","recipients":[…],"reasons","parts"}],"ms":{…}}.
// `answer`: null when nobody could read it.
std::string item_json(const clean::MailAnswer* answer, const std::vector<Group>& groups,
                      const store::Envelope& envelope, double parse_ms, double compose_ms);

}  // namespace kiyome::cleaner
