// See relic.h.
#include "sanitizers/mail/assemble/relic.h"

#include "proto/base/limits.h"
#include "sanitizers/mail/octets.h"
#include "sanitizers/mail/scanner.h"

namespace kiyome::sanitizer::mail {
namespace {

constexpr std::size_t kBase64Line = 40;    // shorter lines are words
constexpr std::size_t kBase64Block = 512;  // shorter blocks hide nothing that runs

bool is_base64_line(std::string_view line) {
  for (const char c : line)
    if (!is_alnum(c) && c != '+' && c != '/' && c != '=') return false;
  return true;
}

bool is_entity_field(std::string_view octets, std::size_t begin) {
  const std::string_view head = octets.substr(begin, 32);
  return (begins_with(head, "content-type") || begins_with(head, "content-transfer-encoding") ||
          begins_with(head, "content-disposition")) &&
         starts_content_field(octets, begin);
}

}  // namespace

bool holds_file(const Node& node) {
  if (node.container || node.end <= node.body) return false;
  const bool text = node.media_type.compare(0, 5, "text/") == 0 ||
                    node.media_type.compare(0, 8, "message/") == 0 || node.is_multipart();
  const bool named =
      !parameter_octets(node.disposition, "filename").empty() || !parameter_octets(node.type, "name").empty();
  return !text || named || node.encoding == Encoding::uuencode ||
         (node.encoding == Encoding::base64 && node.end - node.body > kBase64Block);
}

std::vector<Relic> find_relics_in(std::string_view octets) {
  std::vector<Relic> out;
  std::size_t block = 0, block_end = 0;
  bool in_block = false, in_header = false;
  std::size_t previous = 0, entity = 0;  // entity: of the last one in `out`, plus 1
  const auto close_block = [&] {
    if (in_block && block_end - block >= kBase64Block) out.push_back({Relic::Kind::base64, block, block_end});
    in_block = false;
  };
  for (std::size_t p = 0; p < octets.size() && out.size() <= limits::kMailRelics;) {
    const Line line = line_at(octets, p);
    const std::string_view text = octets.substr(line.begin, line.end - line.begin);
    if (!in_header && !text.empty() && lower(text[0]) == 'c' && is_entity_field(octets, p)) {
      const bool boundary = octets.substr(previous, 2) == "--" && previous != p;
      const std::size_t begin = boundary ? previous : p;
      if (entity != 0 && out[entity - 1].kind == Relic::Kind::entity) out[entity - 1].end = begin;
      out.push_back({boundary ? Relic::Kind::entities : Relic::Kind::entity, begin, octets.size()});
      entity = out.size();
      in_header = true;
    }
    if (text.empty()) in_header = false;
    const bool base64 = text.size() >= kBase64Line && is_base64_line(text);
    if (base64 && !in_block) {
      in_block = true;
      block = line.begin;
    }
    // The last line of a block is shorter.
    const bool tail = in_block && !base64 && !text.empty() && text.size() < 80 && is_base64_line(text);
    if (base64 || tail) block_end = line.end;
    if (!base64) close_block();
    previous = line.begin;
    p = line.next > p ? line.next : p + 1;
  }
  close_block();
  return out;
}

bool scan_relic(Tree& tree, std::int32_t parent, std::string_view octets, bool several,
                std::optional<clean::Finding>& limit) {
  const Tree::Mark mark = tree.mark(parent);
  const std::optional<clean::Finding> reached =
      scan(tree, tree.view(octets), parent, several ? Start::parts : Start::part);
  bool keeps = false;
  for (std::int32_t i = mark.size; i < tree.size(); ++i) {
    tree.at(i).alone = true;
    keeps = keeps || holds_file(tree.at(i));
  }
  if (reached) limit = reached;
  if (keeps && !reached) return true;
  tree.rollback(mark);
  return false;
}

}  // namespace kiyome::sanitizer::mail
