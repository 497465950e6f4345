// Clean language values → frames. Runs inside sanitizers; what it writes is decoded as hostile input on the
// other side.
#include <type_traits>

#include "proto/base/bytes.h"
#include "proto/clean/codec.h"
#include "proto/clean/kinds.h"

namespace kiyome::clean {
namespace {

void put(ByteWriter& w, const std::vector<Finding>& findings) {
  w.u8(static_cast<std::uint8_t>(findings.size()));
  for (const Finding finding : findings) w.u16(static_cast<std::uint16_t>(finding));
}

void put(ByteWriter& w, const std::vector<Address>& addresses) {
  w.u32(static_cast<std::uint32_t>(addresses.size()));
  for (const Address& address : addresses) {
    w.counted(address.display);
    w.counted(address.address);
  }
}

void put(ByteWriter& w, const std::vector<std::string>& texts) {
  w.u32(static_cast<std::uint32_t>(texts.size()));
  for (const std::string& text : texts) w.counted(text);
}

void payload(ByteWriter& w, const MailHeader& header) {
  for (const auto* list : {&header.from, &header.sender, &header.reply_to, &header.to, &header.cc})
    put(w, *list);
  w.u8(header.subject ? 1 : 0);
  if (header.subject) w.counted(*header.subject);
  w.u8(header.date ? 1 : 0);
  if (header.date) {
    w.i64(header.date->unix_seconds);
    w.u16(static_cast<std::uint16_t>(header.date->zone_minutes));
  }
  w.counted(header.message_id);
  put(w, header.in_reply_to);
  put(w, header.references);
  w.counted(header.auto_submitted);
  w.counted(header.list_id);
  w.counted(header.precedence);
  w.u32(header.received_count);
  put(w, header.kiyome_ids);
  w.u32(static_cast<std::uint32_t>(header.authentication.size()));
  for (const Authentication& one : header.authentication) {
    w.counted(one.server);
    w.u8(static_cast<std::uint8_t>(one.method));
    w.u8(static_cast<std::uint8_t>(one.result));
    w.counted(one.domain);
  }
  put(w, header.findings);
}

void payload(ByteWriter& w, const PartContent& content) {
  w.u32(content.part);
  w.raw(std::string_view(content.octets));
}

void payload(ByteWriter& w, const Document& document) {
  w.u32(document.pages);
  w.counted(document.title);
  put(w, document.findings);
}

void payload(ByteWriter& w, const Page& page) {
  w.u32(page.width_millipoints);
  w.u32(page.height_millipoints);
  w.u32(page.pixel_width);
  w.u32(page.pixel_height);
  w.u8(static_cast<std::uint8_t>(page.format));
  put(w, page.findings);
  w.u32(page.spread_width_millipoints);
  w.u32(page.spread_height_millipoints);
}

void payload(ByteWriter& w, const Rows& rows) { w.raw(std::string_view(rows.octets)); }
void payload(ByteWriter& w, const Converted& converted) { w.raw(std::string_view(converted.octets)); }

void payload(ByteWriter& w, const Words& words) {
  w.u32(static_cast<std::uint32_t>(words.words.size()));
  for (const Word& word : words.words) {
    w.u32(word.x);
    w.u32(word.y);
    w.u32(word.width);
    w.u32(word.height);
    w.u8(word.vertical ? 1 : 0);
    w.u8(static_cast<std::uint8_t>(word.after));
    w.counted(word.text);
  }
}

void payload(ByteWriter& w, const Part& part) {
  w.u32(part.index);
  w.u32(static_cast<std::uint32_t>(part.parent));
  w.u8(static_cast<std::uint8_t>(part.role));
  w.u64(part.span.begin);
  w.u64(part.span.end);
  w.counted(part.declared_type);
  w.counted(part.detected_type);
  w.counted(part.name);
  w.u64(part.size);
  w.raw(part.sha256);
  put(w, part.findings);
}

void payload(ByteWriter& w, const BodyText& body) {
  w.counted(body.text);
  put(w, body.findings);
}

void payload(ByteWriter& w, const PartText& text) {
  w.u32(text.part);
  w.counted(text.text);
}

void payload(ByteWriter& w, const Refusal& refusal) { w.u16(static_cast<std::uint16_t>(refusal.finding)); }
void payload(ByteWriter&, const End&) {}
void payload(ByteWriter& w, const Afterword& word) { w.u16(static_cast<std::uint16_t>(word.finding)); }

}  // namespace

void encode(const Message& message, std::string& out) {
  ByteWriter w(std::move(out));
  const std::size_t length = w.u32_later();
  const std::size_t begin = w.bytes().size();
  w.u8(static_cast<std::uint8_t>(message.index() + 1));
  std::visit([&w](const auto& value) { payload(w, value); }, message);
  w.set_u32(length, static_cast<std::uint32_t>(w.bytes().size() - begin));
  out = w.take();
}

}  // namespace kiyome::clean
