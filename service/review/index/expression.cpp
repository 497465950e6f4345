#include "service/review/index/expression.h"

#include <algorithm>

#include "service/review/index/facts.h"
#include "service/review/index/words.h"

namespace kiyome::review {
namespace {

// Beginnings up to kWordBeginnings characters stand in the index as words; longer ones are looked through.
std::string phrase(const std::string& words) {
  const std::size_t last = words.rfind(' ') + 1;  // npos + 1 is 0
  const auto characters =
      std::count_if(words.begin() + static_cast<std::ptrdiff_t>(last), words.end(),
                    [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  return "\"" + words + (characters > static_cast<std::ptrdiff_t>(kWordBeginnings) ? "\" *" : "\"");
}

std::string fact(const std::string& word) { return "\"" + word + "\""; }

std::string hash(const std::string& hex) {
  return fact(hash_fact(hex)) + (hex.size() < kHashDigits ? " *" : "");
}

class Expression {
 public:
  explicit Expression(const Known& known) : known_(known) {}

  void add(const std::string& condition) {
    if (!out_.empty()) out_ += " AND ";
    out_ += condition;
  }
  // Words that have to stand in this column, or in any. A text without any word finds nothing.
  void add_text(const std::string& text, const char* column) {
    if (text.empty()) return;
    const std::vector<SearchPiece> pieces = search_pieces(text);
    impossible_ = impossible_ || pieces.empty();
    for (const SearchPiece& piece : pieces) {
      if (!piece.address.empty() && add_address(piece.address, column)) continue;
      if (column[0] == '\0' && !piece.hex.empty())
        add("(" + phrase(piece.words) + " OR " + hash(piece.hex) + ")");
      else
        add((column[0] == '\0' ? "" : column + std::string(" : ")) + phrase(piece.words));
    }
  }
  // An address that some item has is that address alone: its words stand in too many others.
  bool add_address(const std::string& address, std::string_view column) {
    std::string match;
    if (column.empty() || column == "sender") match = fact(sender_fact(address));
    if (column.empty() || column == "recipients")
      match += (match.empty() ? "" : " OR ") + fact(recipient_fact(address));
    if (match.empty() || !known_.is_found(match)) return false;
    add("(" + match + ")");
    return true;
  }
  void add_name(std::int64_t number) {
    impossible_ = impossible_ || number == 0;
    add(fact(named_fact(number)));
  }
  std::optional<std::string> take() {
    if (impossible_) return std::nullopt;
    return std::move(out_);
  }

 private:
  const Known& known_;
  std::string out_;
  bool impossible_ = false;
};

}  // namespace

std::optional<std::string> expression_of(const Query& query, const Known& known) {
  Expression out(known);
  out.add_text(query.text, "");
  out.add_text(query.subject, "subject");
  out.add_text(query.file, "files");
  out.add_text(query.sender, "sender");
  out.add_text(query.recipient, "recipients");
  if (!query.sha256.empty()) out.add(hash(query.sha256));
  if (query.reason) out.add(fact(reason_fact(*query.reason)));
  if (query.verdict) out.add(fact(verdict_fact(*query.verdict)));
  if (query.state) out.add(fact(state_fact(*query.state)));
  if (query.drop) out.add(fact(direction_fact(*query.drop)));
  if (query.asked) out.add(fact(asked_fact()));
  if (query.kept) out.add(fact(kept_fact()));
  for (const std::string& tenant : query.tenants) out.add_name(known.number_of("t" + tenant));
  if (!query.department.empty()) out.add_name(known.number_of("d" + query.department));
  return out.take();
}

}  // namespace kiyome::review
