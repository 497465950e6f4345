// Header fields of a clean mail (GRAMMAR.md section 4.1), written in ASCII from decoded, hostile values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/clean/types.h"

namespace kiyome::compose {

// What writing a field needs to know and to tell.
struct HeaderContext {
  bool break_links = false;
  std::vector<clean::Finding>* findings = nullptr;
};

// A clean line that bears no reference and does not imitate us; cut visibly (…) over `octets_max`.
std::string display_text(std::string_view utf8, std::size_t octets_max, const HeaderContext& context);

// Each gives a field's value, folded for a field whose name and colon take `column` columns, or "" when
// nothing valid can be written.
std::string subject_value(std::string_view mark, std::string_view subject, const HeaderContext& context);
std::string list_id_value(std::string_view list_id, const HeaderContext& context);
std::string auto_submitted_value(std::string_view value);
std::string precedence_value(std::string_view value);
std::string message_ids_value(const std::vector<std::string>& ids);

// mailboxes: From, Sender. with_groups: To, Cc, Reply-To.
enum class ListKind : std::uint8_t { mailboxes, with_groups };
std::string address_list_value(const std::vector<clean::Address>& list, ListKind kind, std::size_t column,
                               const HeaderContext& context);

// The address in ASCII as it may stand in a header (A-labels, quoted local part), or "".
std::string ascii_address(std::string_view utf8);

// "<left@right>" that may be written as it is.
bool is_message_id(std::string_view text);

// "Sat, 21 Nov 2026 12:34:56 +0900"; empty outside the years 1900 to 9999.
std::string date_text(std::int64_t unix_seconds, int zone_minutes);

// 1–255 of A-Za-z0-9.-_:[] or "unknown".
std::string host_text(std::string_view text);

// Whether a clean display text is written as a quoted-string rather than as encoded-words.
bool is_quotable(std::string_view clean);

// Puts tokens on folded lines of at most 76 columns, as far as a token alone is not longer.
class FoldedLine {
 public:
  explicit FoldedLine(std::size_t column) : column_(column) {}
  void token(std::string_view text);           // after a space or a fold, but at the very begin
  void glued(std::string_view text);           // right after what stands there
  void display(std::string_view clean);        // a clean display text as a quoted-string or encoded-words
  void comma_before_next() { comma_ = true; }  // dropped when nothing follows
  std::size_t size() const { return out_.size(); }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
  std::size_t column_;
  bool fresh_ = true;
  bool comma_ = false;

  void begin_token(std::size_t width);
};

inline constexpr std::string_view kUnknownAddress = "unknown@invalid";

}  // namespace kiyome::compose
