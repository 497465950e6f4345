// See scanner.h. One pass: memchr() finds each '-', a line that begins "--" is held against every open
// boundary, innermost first. The stack of open containers is explicit; a container stays on it behind its
// closing line, so that whatever follows there is seen too, and leaves it when a boundary of an outer one
// appears.
#include "sanitizers/mail/scanner.h"

#include <cstring>
#include <unordered_set>

#include "proto/base/limits.h"
#include "sanitizers/mail/entity.h"
#include "sanitizers/mail/octets.h"

namespace kiyome::sanitizer::mail {
namespace {

using clean::Finding;

constexpr std::size_t kBoundaryWindow =
    limits::kMailBoundary + 1024;              // a longer line is only held against prefixes
constexpr std::size_t kGuessedBoundary = 200;  // longest boundary taken from a line
constexpr std::size_t kLongBoundary = 8;       // from here on a boundary followed by anything is still one
constexpr std::size_t kMidLineBoundaries = 2;

struct Open {
  std::int32_t node = kNone;
  std::size_t boundaries = 0;  // of all active boundaries, how many belong to the frames up to here
  bool splits = false;         // it may have children behind boundary lines
  bool started = false;        // a boundary line of it was seen
  bool in_part = false;        // between an opening line and the next
};

struct Delimiter {
  bool found = false;
  std::size_t frame = 0;  // of the stack
  std::size_t begin = 0, next = 0;
  bool close = false, exact = true;
  explicit operator bool() const { return found; }
};

class Scanner {
 public:
  Scanner(Tree& tree, std::uint32_t buffer) : tree_(tree), buffer_(buffer), octets_(tree.buffer(buffer)) {}

  std::optional<Finding> run(std::int32_t parent, Start start, std::size_t begin) {
    base_ = parent;
    if (start == Start::parts)
      open_guessed(begin);
    else if (!enter(parent, begin, "text/plain", start == Start::message))
      return limit_;
    while (const Delimiter hit = next_delimiter()) {
      close_above(hit.frame, content_end(hit.begin));
      if (!at_delimiter(hit)) return limit_;
    }
    close_above(0, octets_.size());
    if (!stack_.empty()) finish(stack_.front(), octets_.size());
    return limit_;
  }

 private:
  // A container without a header of its own, whose boundaries are taken from its lines.
  void open_guessed(std::size_t begin) {
    Node node;
    node.buffer = buffer_;
    node.derived = true;
    node.begin = node.body = begin;
    node.end = node.preamble_end = octets_.size();
    node.media_type = "multipart/mixed";
    note(node.findings, Finding::kBrokenStructure);
    push(tree_.add(base_, std::move(node)), true);
    position_ = begin;
  }

  void push(std::int32_t index, bool splits) {
    Open open;
    open.node = index;
    open.splits = splits;
    for (const std::string& boundary : tree_.at(index).boundaries) active_.push_back(boundary);
    open.boundaries = active_.size();
    stack_.push_back(open);
  }

  // Reads the entity that begins at `begin` and, while it is a message in a message, the ones within it.
  bool enter(std::int32_t parent, std::size_t begin, std::string_view default_type, bool message) {
    for (;;) {
      const std::uint32_t depth = parent == kNone ? 0 : tree_.at(parent).depth + 1;
      if (depth > limits::kMailDepth) return give_up(Finding::kLimitDepth);
      if (tree_.nodes().size() >= limits::kMailParts) return give_up(Finding::kLimitParts);
      Node node;
      node.buffer = buffer_;
      node.begin = begin;
      node.message = message;
      node.derived = parent == base_ && parent != kNone;
      node.fields =
          read_fields(octets_, begin, message, [this](std::size_t p) { return match_line(p).found; });
      if (node.fields.too_large) return give_up(Finding::kLimitHeader);
      node.body = node.preamble_end = node.fields.body;
      node.end = octets_.size();
      if (!settle_entity(node, default_type, octets_)) return give_up(Finding::kLimitHeader);
      const bool splits = node.is_multipart() || !node.boundaries.empty();
      const bool nested = is_nested_message(node, octets_);
      node.container = nested;
      if (nested) node.boundaries.clear();
      position_ = node.body;
      parent = tree_.add(parent, std::move(node));
      push(parent, splits && !nested);
      if (!nested) return true;
      begin = position_;
      default_type = "text/plain";
      message = true;
    }
  }

  bool give_up(Finding finding) {
    limit_ = finding;
    return false;
  }

  // The end of a part's content: before the line end that belongs to the boundary line behind it.
  std::size_t content_end(std::size_t delimiter) const {
    std::size_t p = delimiter;
    if (p > 0 && octets_[p - 1] == '\n') --p;
    if (p > 0 && octets_[p - 1] == '\r') --p;
    return p;
  }

  // Result: where it ends; never before its header does.
  std::size_t finish(const Open& open, std::size_t end) {
    Node& node = tree_.at(open.node);
    node.end = end < node.body ? node.body : end;
    if (!open.started) node.preamble_end = node.end;
    if (node.is_multipart() && open.in_part) note(node.findings, Finding::kBrokenStructure);  // never closed
    return node.end;
  }

  void close_above(std::size_t frame, std::size_t end) {
    while (stack_.size() > frame + 1) {
      const Open open = stack_.back();
      end = finish(open, end);
      stack_.pop_back();
      const std::size_t below = stack_.back().boundaries;
      for (std::size_t i = below; i < active_.size(); ++i)  // bounded by kMailParts, each with a few
        retired_.insert(active_[i]);
      active_.resize(below);
    }
  }

  bool at_delimiter(const Delimiter& hit) {
    Open& open = stack_[hit.frame];
    Node& node = tree_.at(open.node);
    if (!open.started)
      node.preamble_end = content_end(hit.begin) < node.body ? node.body : content_end(hit.begin);
    if (!node.is_multipart()) {  // it had a boundary but another type
      node.media_type = "multipart/mixed";
      note(node.findings, Finding::kAmbiguousStructure);
    }
    if (!hit.exact) note(node.findings, Finding::kBrokenStructure);
    if (!open.in_part && open.started)
      note(node.findings, Finding::kBrokenStructure);  // goes on behind its end
    open.started = true;
    node.container = true;
    position_ = hit.next;
    if (hit.close) {
      open.in_part = false;
      node.epilogue = hit.next;
      return true;
    }
    open.in_part = true;
    node.epilogue = 0;
    if (match_line(position_).found || position_ >= octets_.size())
      return true;  // a repeated boundary line, or the last
    const std::string_view inner = node.is("multipart/digest") ? "message/rfc822" : "text/plain";
    return enter(open.node, position_, inner, false);
  }

  // Looks at every '-' from position_ on.
  Delimiter next_delimiter() {
    std::size_t p = position_;
    const std::size_t n = octets_.size();
    while (p < n) {
      const void* found = std::memchr(octets_.data() + p, '-', n - p);
      if (found == nullptr) break;
      p = static_cast<std::size_t>(static_cast<const char*>(found) - octets_.data());
      std::size_t run = p + 1;
      while (run < n && octets_[run] == '-') ++run;
      if (run - p >= 2 && !stack_.empty()) {
        const bool line_start = p == 0 || is_line_end(octets_[p - 1]);
        Delimiter hit = line_start ? match_line(p) : match_mid_line(p, run);
        if (hit.found) return hit;
        if (line_start) hit = guess(p);
        if (hit.found) return hit;
      }
      p = run;
    }
    return {};
  }

  // The line at p ("--…") against every open boundary: an exact one wins, then the longest with something
  // behind it.
  Delimiter match_line(std::size_t p) {
    Delimiter best;
    if (p + 2 > octets_.size() || octets_[p] != '-' || octets_[p + 1] != '-' || active_.empty()) return best;
    const Line line = line_at(octets_, p, kBoundaryWindow);
    std::string_view text = octets_.substr(p + 2, line.end - p - 2);
    while (!text.empty() && (is_wsp(text.back()) || text.back() == '\0')) text.remove_suffix(1);
    std::size_t longest = 0;
    for (std::size_t i = active_.size(); i-- > 0;) {
      const std::string& boundary = active_[i];
      if (text.size() < boundary.size() || std::memcmp(text.data(), boundary.data(), boundary.size()) != 0)
        continue;
      const std::string_view tail = text.substr(boundary.size());
      const bool exact = tail.empty() || tail == "--";
      if (best.found && (best.exact && !exact)) continue;
      if (best.found && best.exact == exact && boundary.size() <= longest) continue;
      if (!exact && !junk_allowed(boundary, tail, line.next)) continue;
      best.found = true;
      best.exact = exact;
      best.frame = frame_of(i);
      best.begin = p;
      best.next = line.whole ? line.next : line.end;
      best.close = tail.substr(0, 2) == "--";
      longest = boundary.size();
    }
    if (!best.found && !retired_.empty()) return match_retired(p, text, line);
    return best;
  }

  // The frame that owns active_[i].
  std::size_t frame_of(std::size_t i) const {
    std::size_t frame = 0;
    while (stack_[frame].boundaries <= i) ++frame;
    return frame;
  }

  bool junk_allowed(std::string_view boundary, std::string_view tail, std::size_t next) const {
    if (boundary.empty()) return false;
    if (tail.substr(0, 2) == "--") return true;
    return boundary.size() >= kLongBoundary || is_space(tail[0]) || starts_content_field(octets_, next);
  }

  // A boundary of a container that was closed by an outer boundary appears again: some reader goes on with
  // it.
  Delimiter match_retired(std::size_t p, std::string_view text, const Line& line) {
    Delimiter hit;
    const bool close = text.size() > 2 && text.substr(text.size() - 2) == "--";
    if (retired_.count(std::string(text)) == 0 &&
        !(close && retired_.count(std::string(text.substr(0, text.size() - 2))) != 0))
      return hit;
    return innermost(p, line.next, close);
  }

  // A delimiter that belongs to the innermost container that splits.
  Delimiter innermost(std::size_t p, std::size_t next, bool close) const {
    Delimiter hit;
    for (std::size_t frame = stack_.size(); frame-- > 0;) {
      if (!stack_[frame].splits) continue;
      hit.found = true;
      hit.exact = false;
      hit.frame = frame;
      hit.begin = p;
      hit.next = next;
      hit.close = close;
      break;
    }
    return hit;
  }

  // "text --boundary" counts when a Content-… field follows: mimetic splits there.
  Delimiter match_mid_line(std::size_t p, std::size_t run) const {
    const std::size_t stop = active_.size() > kMidLineBoundaries ? active_.size() - kMidLineBoundaries : 0;
    for (std::size_t i = active_.size(); i-- > stop;) {
      const std::string& boundary = active_[i];
      if (boundary.empty()) continue;
      // The dashes before may be more than the two that belong to the line.
      std::size_t dashes = 0;
      while (dashes < boundary.size() && boundary[dashes] == '-') ++dashes;
      if (run - p < dashes + 2) continue;
      const std::size_t at = run - dashes;
      if (octets_.size() - at < boundary.size() || octets_.compare(at, boundary.size(), boundary) != 0)
        continue;
      const Line line = line_at(octets_, at, kBoundaryWindow);
      if (!starts_content_field(octets_, line.next)) continue;
      return innermost(at - 2, line.next, false);
    }
    return {};
  }

  // A line "--something" that nobody named, where no part's content stands: before the first boundary line or
  // behind the last one. It counts when a Content-… field follows, or when the container named no boundary at
  // all.
  Delimiter guess(std::size_t p) {
    Open& open = stack_.back();
    if (!open.splits || open.in_part) return {};
    const Line line = line_at(octets_, p, kBoundaryWindow);
    std::string_view text = octets_.substr(p + 2, line.end - p - 2);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    if (text.size() > kGuessedBoundary) return {};
    const bool named = !tree_.at(open.node).boundaries.empty();
    const bool plain = !text.empty() && text.find_first_of(" \t") == std::string_view::npos &&
                       text.find_first_not_of('-') != std::string_view::npos;
    if (!starts_content_field(octets_, line.next) && (named || !plain)) return {};
    if (!named) tree_.at(open.node).boundaries.emplace_back(text);
    active_.emplace_back(text);
    open.boundaries = active_.size();
    note(tree_.at(open.node).findings, Finding::kBrokenStructure);
    Delimiter hit;
    hit.found = true;
    hit.exact = false;
    hit.frame = stack_.size() - 1;
    hit.begin = p;
    hit.next = line.next;
    return hit;
  }

  Tree& tree_;
  std::uint32_t buffer_;
  std::string_view octets_;
  std::int32_t base_ = kNone;
  std::size_t position_ = 0;
  std::vector<Open> stack_;
  std::vector<std::string> active_;
  std::unordered_set<std::string> retired_;
  std::optional<Finding> limit_;
};

}  // namespace

std::optional<Finding> scan(Tree& tree, std::uint32_t buffer, std::int32_t parent, Start start,
                            std::size_t begin) {
  return Scanner(tree, buffer).run(parent, start, begin);
}

}  // namespace kiyome::sanitizer::mail
