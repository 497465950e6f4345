// One whole answer with every field in use, shared by the tests of this room; FORMAT.md tells its octets.
#pragma once

#include <string>
#include <vector>

#include "proto/clean/codec.h"
#include "proto/clean/types.h"

namespace kiyome::clean::sample {

inline constexpr std::uint64_t kOriginalSize = 200;

inline MailHeader header() {
  MailHeader h;
  h.from = {{"山田", "yamada@example.jp"}};
  h.sender = {{"", "list@example.jp"}};
  h.reply_to = {{"窓口", "desk@example.jp"}};
  h.to = {{"", "a@example.jp"}, {"undisclosed-recipients", ""}};
  h.cc = {{"C", "c@example.jp"}};
  h.subject = "件名";
  h.date = Date{1800000000, 540};
  h.message_id = "<1@example.jp>";
  h.in_reply_to = {"<0@example.jp>"};
  h.references = {"<0@example.jp>", "<00@example.jp>"};
  h.auto_submitted = "auto-generated";
  h.list_id = "<list.example.jp>";
  h.precedence = "bulk";
  h.received_count = 3;
  h.kiyome_ids = {"01890000-0000-7000-8000-000000000000"};
  h.authentication = {{"mx.example.jp", AuthMethod::spf, AuthResult::pass, "example.jp"},
                      {"mx.example.jp", AuthMethod::dmarc, AuthResult::permerror, ""}};
  h.findings = {Finding::kDuplicateHeader};
  return h;
}

inline Part part(std::uint32_t index, std::int32_t parent, std::uint64_t begin, std::uint64_t end) {
  Part p;
  p.index = index;
  p.parent = parent;
  p.span = {begin, end};
  return p;
}

inline std::vector<Message> answer() {
  Part whole = part(0, -1, 0, kOriginalSize);
  whole.role = Role::container;
  whole.declared_type = "multipart/mixed";
  whole.size = 150;
  Part text = part(1, 0, 50, 100);
  text.role = Role::body;
  text.declared_type = text.detected_type = "text/plain";
  text.size = 40;
  Part file = part(2, 0, 110, 190);
  file.declared_type = "application/ms-tnef";
  file.name = "winmail.dat";
  file.size = 60;
  file.sha256.fill(0xab);
  file.findings = {Finding::kTnef, Finding::kEncrypted};
  Part inner = part(3, 2, 110, 190);
  inner.name = "見積.xlsx";
  return {header(),
          whole,
          text,
          file,
          inner,
          BodyText{"こんにちは\n", {Finding::kHiddenText}},
          PartText{3, "表"},
          End{},
          Afterword{Finding::kAmbiguousStructure}};
}

inline std::string octets(const std::vector<Message>& messages) {
  std::string out;
  for (const Message& message : messages) encode(message, out);
  return out;
}

// The payload (kind and fields) of one message, as decode() takes it.
inline std::string payload(const Message& message) {
  std::string out;
  encode(message, out);
  return out.substr(4);
}

}  // namespace kiyome::clean::sample
