// PGP blocks in text: ASCII armour (RFC 9580 section 6) and the cleartext signature framework (section 7).
// Nothing is verified or opened. A block without its end reaches as far as its lines look like armour, so
// that it cannot swallow what a person wrote.
#include "proto/base/limits.h"
#include "sanitizers/mail/containers.h"
#include "sanitizers/mail/octets.h"

namespace kiyome::sanitizer::mail {
namespace {

constexpr std::string_view kBegin = "-----BEGIN PGP ", kEnd = "-----END PGP ", kDashes = "-----";

std::string_view right_trimmed(std::string_view line) {
  while (!line.empty() && is_wsp(line.back())) line.remove_suffix(1);
  return line;
}

// "MESSAGE" of "-----BEGIN PGP MESSAGE-----"; empty when it is no such line.
std::string_view title(std::string_view line, std::string_view start) {
  line = right_trimmed(line);
  if (line.substr(0, start.size()) != start || line.size() <= start.size() + kDashes.size()) return {};
  if (line.substr(line.size() - kDashes.size()) != kDashes) return {};
  return line.substr(start.size(), line.size() - start.size() - kDashes.size());
}

bool is_armour(std::string_view line) {
  for (const char c : right_trimmed(line))
    if (!is_alnum(c) && c != '+' && c != '/' && c != '=') return false;
  return true;
}

bool is_armour_header(std::string_view line) {  // "Version: …", "Hash: …"
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  for (const char c : line.substr(0, colon))
    if (!is_alnum(c) && c != '-') return false;
  return true;
}

class Finder {
 public:
  explicit Finder(std::string_view text) : text_(text) {}

  std::vector<PgpBlock> run() {
    while (at_ < text_.size() && found_.size() < limits::kMailPgpBlocks) {
      const std::size_t begin = at_;
      const std::string_view name = title(next(), kBegin);
      if (name.empty()) continue;
      const std::size_t behind = at_;
      PgpBlock block;
      block.begin = begin;
      bool good = true;
      if (name == "SIGNED MESSAGE") {
        block.kind = PgpBlock::Kind::cleartext_signed;
        good = cleartext(block);
      } else {
        block.kind = kind_of(name);
        armour();
      }
      block.end = at_;
      if (good)
        found_.push_back(std::move(block));
      else
        at_ = behind;
    }
    return std::move(found_);
  }

 private:
  std::string_view next() {
    const Line line = line_at(text_, at_);
    at_ = line.next;
    return text_.substr(line.begin, line.end - line.begin);
  }

  static PgpBlock::Kind kind_of(std::string_view name) {
    if (name == "SIGNATURE") return PgpBlock::Kind::signature;
    if (name.find("KEY") != std::string_view::npos) return PgpBlock::Kind::key;
    return PgpBlock::Kind::message;  // MESSAGE; MESSAGE, PART X/Y
  }

  // Reads to behind the END line, or to the first line that is no armour.
  void armour() {
    bool in_headers = true;
    while (at_ < text_.size()) {
      const std::size_t line_begin = at_;
      const std::string_view line = next();
      if (!title(line, kEnd).empty()) return;
      if (right_trimmed(line).empty()) {
        in_headers = false;
      } else if (!(in_headers && is_armour_header(line)) && !is_armour(line)) {
        at_ = line_begin;
        return;
      }
    }
  }

  // Headers, an empty line, the text, a signature. Without a signature it is only text.
  bool cleartext(PgpBlock& block) {
    if (no_more_signatures_) return false;
    while (at_ < text_.size()) {
      const std::string_view line = next();
      if (right_trimmed(line).empty()) break;
      if (!is_armour_header(line)) return false;
    }
    while (at_ < text_.size()) {
      const std::size_t line_begin = at_;
      const std::string_view line = next();
      if (title(line, kBegin) == "SIGNATURE") {
        armour();
        return true;
      }
      const bool escaped = line.substr(0, 2) == "- ";
      block.cleartext += text_.substr(line_begin + (escaped ? 2 : 0), at_ - line_begin - (escaped ? 2 : 0));
    }
    no_more_signatures_ = true;  // no later block finds one either
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool no_more_signatures_ = false;
  std::vector<PgpBlock> found_;
};

}  // namespace

std::vector<PgpBlock> find_pgp_blocks(std::string_view text) { return Finder(text).run(); }

}  // namespace kiyome::sanitizer::mail
