// The second half of the work: from the scanned tree to what is said about the mail. Three passes over the
// nodes, none of them recursive: expand (decode each leaf once, open wrappings, add what was hidden), show
// (bottom-up: the text of each node), tell (top-down: roles, numbers, messages). Hostile input throughout.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proto/clean/job.h"
#include "proto/clean/types.h"
#include "sanitizers/mail/assemble/relic.h"
#include "sanitizers/mail/containers.h"
#include "sanitizers/mail/tree.h"
#include "sanitizers/text/text.h"
#include "sanitizers/type/type.h"

namespace kiyome::sanitizer::mail {

// A stretch of a text leaf that is not shown as it stands.
struct Cut {
  std::size_t begin = 0, end = 0;
  std::string shown;  // UTF-8 that stands in its place
  std::string raw;    // or octets in the leaf's charset (the text within a PGP signature)
};

// What is kept of a leaf that may be shown: its decoded octets and what is cut out of them.
struct LeafText {
  std::string owned;
  std::string_view octets;
  std::vector<Cut> cuts;
};

std::vector<const Cut*> cuts_in_order(const LeafText& text);
// The octets without what is cut out of them; in HTML a mark stands in its place.
std::string without_cuts(const LeafText& text, bool html);

// What a node gives to the body text.
struct Shown {
  enum class Kind : std::uint8_t { nothing, plain, html, calendar, other } kind = Kind::nothing;
  std::string text;
  std::vector<clean::Finding> findings;
  std::string charset;               // declared by the first text below, the guess for raw headers
  std::vector<std::int32_t> images;  // image nodes a HTML text refers to
  bool undecodable = false;          // its characters could not all be read
  bool method = false;               // a calendar that asks for something (METHOD)
  bool aside = false;                // an inline image's mark: it needs no line between it and a text
  std::size_t wrapped = 0;  // octets at the front of `text` that are a TNEF's, perhaps said beside it
};

bool is_text_name(std::string_view name);
bool is_report_type(const Node& node);
bool is_special_html(const Node& node);

struct ImageSize {
  std::uint32_t width = 0, height = 0;
};

class Assembly {
 public:
  Assembly(Tree& tree, const clean::JobOptions& options) : tree_(tree), options_(options) {}

  // Result: a limit that was reached (the item is refused), or empty.
  std::optional<clean::Finding> expand();
  void show();
  // The whole answer up to End.
  std::vector<clean::Message> tell();

 private:
  // expand.cpp
  void expand_node(std::int32_t index);
  void expand_container(std::int32_t index);
  void expand_encoded_container(std::int32_t index);
  void measure_container(Node& node, std::string_view octets);
  void expand_gap(std::int32_t index, std::size_t begin, std::size_t end);
  bool scan_below(std::int32_t parent, std::uint32_t buffer, bool message);
  std::int32_t add_file(std::int32_t parent, std::uint32_t buffer, std::string name, std::string declared);
  bool keep(std::string octets, std::uint32_t& buffer);
  void stop(clean::Finding finding) {
    if (!limit_) limit_ = finding;
  }
  // leaf.cpp
  void expand_leaf(std::int32_t index);
  std::string_view decode_leaf(Node& node, std::string& scratch);
  void name_leaf(Node& node);
  bool decode_with_tail(Node& node, std::string_view raw, std::string& scratch);
  void measure(Node& node, std::string_view octets);
  type::Detected detect_type(Node& node, std::string_view octets);
  void expand_attachment(std::int32_t index, std::string_view octets);
  void say_words(std::int32_t index, std::string_view octets);
  void open_disguised(std::int32_t index, std::string_view octets);
  bool shown_as_text(const Node& node) const;
  bool has_unnamed_twin(const Node& node) const;
  // wrapping.cpp
  bool open_tnef(std::int32_t index, std::string_view octets);
  bool open_cms(std::int32_t index, std::string_view octets);
  void open_signed(std::int32_t index, CmsContent& cms);
  void find_wrapped(std::int32_t index, std::string_view octets, LeafText* text);
  void find_pgp(std::int32_t index, LeafText& text);
  std::string opened_cleartext(std::int32_t index, std::string cleartext);
  void find_relics(std::int32_t index, std::string_view octets, LeafText* text);
  void cut_files(std::int32_t first, std::size_t begin, LeafText& text);
  void list_relic(std::int32_t index, const Relic& relic, std::string_view hidden, LeafText* text);
  void find_calendar_files(std::int32_t index, std::string_view octets);
  // text_leaf.cpp
  void show_leaf(std::int32_t index);
  void show_plain(std::int32_t index, const LeafText& text);
  void show_html(std::int32_t index, const LeafText& text);
  void show_calendar(std::int32_t index, const LeafText& text);
  void show_fields(std::int32_t index, const LeafText& text);
  std::string replace_image_marks(std::int32_t index, const text::Html& html);
  std::string replace_cid_marks(std::int32_t index, std::string text);
  // container.cpp
  void show_container(std::int32_t index);
  void show_mixed(std::int32_t index);
  Shown shown_preamble(std::int32_t index, bool wordless);
  void show_alternative(std::int32_t index);
  void show_message(std::int32_t index);
  void show_wrapped(std::int32_t index);
  void drop_said_twice(std::int32_t index);
  void mark_unseen(std::int32_t index);
  void append_unmarked_images(const Shown& unseen, Shown& out);
  // image.cpp
  void index_content_ids();
  std::int32_t find_content(std::string_view cid) const;
  bool is_decoration(std::int32_t index, std::string_view alt, bool spacer) const;
  std::string image_mark(std::int32_t index, std::string_view alt) const;
  // tell.cpp
  void settle_roles();
  void settle_role(std::int32_t index);
  void settle_signature(Node& node, std::string_view octets);
  void say_octets(std::int32_t index, std::uint32_t number, std::vector<clean::Message>& out);
  clean::BodyText body_text();
  std::vector<std::int32_t> in_order() const;

  Shown& shown(std::int32_t index) { return shown_[static_cast<std::size_t>(index)]; }

  Tree& tree_;
  const clean::JobOptions& options_;
  std::optional<clean::Finding> limit_;
  std::unordered_map<std::int32_t, LeafText> texts_;
  std::unordered_map<std::int32_t, ImageSize> image_sizes_;
  std::unordered_map<std::int32_t, std::string> words_;           // PartText by node
  std::unordered_map<std::int32_t, std::string> wrapped_bodies_;  // the body text within a TNEF, by node
  std::map<std::string, std::int32_t, std::less<>> content_;      // Content-ID and Content-Location → node
  std::vector<Shown> shown_;
  std::vector<bool> unseen_;  // by node: another form of the content was chosen
  std::vector<bool> marked_;  // image nodes whose place is marked, or is known
  std::vector<bool> decoration_;
  std::string scratch_;            // of the leaf in hand: its pages are used again for the next
  std::size_t words_bytes_ = 0;    // of all words_
  std::size_t content_bytes_ = 0;  // of all octets said
  bool unnamed_text_ = false;      // the mail has a text that no file name marks as an attachment
};

}  // namespace kiyome::sanitizer::mail
