// Builders of mails.h.
#include "tests/unit/sanitizers_mail/mails.h"

#include "proto/clean/codec.h"
#include "sanitizers/type/digest.h"

using namespace kiyome;

namespace mails {

std::string program(std::size_t size) {
  std::string out = "MZ";
  std::uint32_t state = 12345;
  while (out.size() < size) {
    state = state * 1664525u + 1013904223u;
    out += static_cast<char>(state >> 24);
  }
  return out;
}

std::string base64(std::string_view octets, std::size_t line, std::string_view eol) {
  static const char* const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::size_t column = 0;
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    const std::size_t n = octets.size() - i < 3 ? octets.size() - i : 3;
    std::uint32_t v = 0;
    for (std::size_t k = 0; k < 3; ++k) v = v << 8 | (k < n ? static_cast<unsigned char>(octets[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) out += k <= n ? digits[v >> (18 - 6 * k) & 63] : '=';
    column += 4;
    if (column >= line) {
      out += eol;
      column = 0;
    }
  }
  if (column != 0) out += eol;
  return out;
}

std::string quoted_printable(std::string_view octets) {
  static const char* const digits = "0123456789ABCDEF";
  std::string out;
  std::size_t column = 0;
  for (const char c : octets) {
    const auto b = static_cast<unsigned char>(c);
    if (column > 70) {
      out += "=\r\n";
      column = 0;
    }
    if (b > 32 && b < 127 && b != '=') {
      out += c;
      column += 1;
    } else {
      out += '=';
      out += digits[b >> 4];
      out += digits[b & 15];
      column += 3;
    }
  }
  return out;
}

std::string uuencode(std::string_view octets, std::string_view name) {
  const auto digit = [](unsigned v) { return static_cast<char>(v == 0 ? '`' : v + 32); };
  std::string out = "begin 644 " + std::string(name) + "\r\n";
  for (std::size_t i = 0; i < octets.size(); i += 45) {
    const std::string_view line = octets.substr(i, 45);
    out += digit(static_cast<unsigned>(line.size()));
    for (std::size_t k = 0; k < line.size(); k += 3) {
      std::uint32_t v = 0;
      for (std::size_t j = 0; j < 3; ++j)
        v = v << 8 | (k + j < line.size() ? static_cast<unsigned char>(line[k + j]) : 0u);
      for (std::size_t j = 0; j < 4; ++j) out += digit(v >> (18 - 6 * j) & 63);
    }
    out += "\r\n";
  }
  return out + "`\r\nend\r\n";
}

std::string fill(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '@' && i + 2 < pattern.size() && pattern[i + 2] == '@') {
      const char which = pattern[i + 1];
      i += 2;
      if (which == 'B') out += base64(program());
      if (which == 'Q') out += quoted_printable(program());
      if (which == 'U') out += uuencode(program(), "setup.exe");
      if (which == 'R') out += program();
    } else {
      out += pattern[i];
    }
  }
  return out;
}

std::string crlf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

Said read(std::string_view mail, bool words) {
  clean::JobOptions options;
  options.part_texts = words;
  const sanitizer::mail::Reading reading = sanitizer::mail::read_mail(mail, options);
  std::string encoded;
  for (const clean::Message& message : reading.messages) clean::encode(message, encoded);
  clean::AnswerReader reader(mail.size());
  Said out;
  const Result<void> fed = reader.feed(encoded);
  if (!fed) out.wire_error = fed.error().what;
  if (fed && !reader.complete()) out.wire_error = "incomplete";
  clean::MailAnswer answer = reader.take_answer();
  out.header = std::move(answer.header);
  out.parts = std::move(answer.parts);
  out.body = std::move(answer.body);
  out.words = std::move(answer.part_texts);
  out.refused = answer.refusal.has_value();
  if (answer.refusal) out.refusal = answer.refusal->finding;
  return out;
}

bool has(const std::vector<clean::Finding>& findings, clean::Finding finding) {
  for (const clean::Finding f : findings)
    if (f == finding) return true;
  return false;
}

const clean::Part* part_of(const Said& said, std::string_view payload) {
  const auto digest = sanitizer::type::sha256(payload);
  for (const clean::Part& part : said.parts)
    if (part.sha256 == digest && part.size == payload.size()) return &part;
  return nullptr;
}

}  // namespace mails
