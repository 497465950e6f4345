#include "service/trail/export.h"

#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <fstream>
#include <sstream>

#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/hex.h"
#include "service/base/log.h"

namespace kiyome::trail {
namespace {

constexpr std::size_t kPage = 1000;
constexpr std::size_t kLineMax = 4u << 20;          // octets of a line that is read
constexpr std::size_t kCheckpointsMax = 1'000'000;  // of one export: 19 years, one each ten minutes

// A detail as we write it is one JSON object in one line; what is not goes as a text, so that nobody's octets
// break a line.
bool is_plain_object(std::string_view text) {
  if (!text.starts_with('{') || !text.ends_with('}')) return false;
  for (const char c : text)
    if (static_cast<unsigned char>(c) < ' ') return false;
  return true;
}

// ---- reading ----

struct Scanner {
  std::string_view rest;
  bool good = true;

  void literal(std::string_view text) {
    good = good && rest.starts_with(text);
    if (good) rest.remove_prefix(text.size());
  }
  template <class T>
  T number() {
    T out{};
    const auto [end, trouble] = std::from_chars(rest.data(), rest.data() + rest.size(), out);
    good = good && trouble == std::errc();
    if (good) rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    return out;
  }
  std::string string();
  unsigned unit();
};

unsigned Scanner::unit() {
  unsigned out = 0;
  if (rest.size() < 4 || std::from_chars(rest.data(), rest.data() + 4, out, 16).ptr != rest.data() + 4) {
    good = false;
    return 0;
  }
  rest.remove_prefix(4);
  return out;
}

void append_utf8(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 63));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 63));
    out += static_cast<char>(0x80 | (code & 63));
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 63));
    out += static_cast<char>(0x80 | (code >> 6 & 63));
    out += static_cast<char>(0x80 | (code & 63));
  }
}

std::string Scanner::string() {
  std::string out;
  literal("\"");
  while (good && !rest.empty() && rest.front() != '"') {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c != '\\') {
      out += c;
      continue;
    }
    if (rest.empty()) break;
    const char escaped = rest.front();
    rest.remove_prefix(1);
    constexpr std::string_view kShort = "\"\\/bfnrt", kMeant = "\"\\/\b\f\n\r\t";
    if (const std::size_t place = kShort.find(escaped); place != std::string_view::npos) {
      out += kMeant[place];
      continue;
    }
    good = good && escaped == 'u';
    unsigned code = unit();
    if (code >= 0xD800 && code < 0xDC00) {
      literal("\\u");
      code = 0x10000 + ((code - 0xD800) << 10) + (unit() - 0xDC00);
    }
    append_utf8(out, code);
  }
  literal("\"");
  return out;
}

Poco::JSON::Object::Ptr object_of(const std::string& line) {
  try {
    return Poco::JSON::Parser().parse(line).extract<Poco::JSON::Object::Ptr>();
  } catch (const Poco::Exception&) {
    return {};
  }
}

std::string text_of(const Poco::JSON::Object::Ptr& object) {
  std::ostringstream out;
  object->stringify(out);
  return out.str();
}

// One trail's lines within a stream.
class Reading {
 public:
  explicit Reading(std::span<const audit::Checkpoint> elsewhere) : elsewhere_(elsewhere) {}
  void take(const std::string& line, std::vector<Examined>& out);
  void finish(std::vector<Examined>& out, bool ended);

 private:
  void begin(const Poco::JSON::Object::Ptr& line);
  void entry(const std::string& line);
  void end(const Poco::JSON::Object::Ptr& line, std::vector<Examined>& out);
  audit::Examination& examination();

  std::span<const audit::Checkpoint> elsewhere_;
  std::optional<audit::Frame> frame_;
  std::vector<audit::Checkpoint> own_;
  std::optional<audit::Examination> examination_;
  bool sound_ = true;
};

audit::Examination& Reading::examination() {
  if (!examination_) examination_.emplace(*frame_, own_, elsewhere_);
  return *examination_;
}

void Reading::begin(const Poco::JSON::Object::Ptr& line) {
  const auto begin = line->getObject("begin");
  audit::Frame frame;
  const auto trail = audit::trail_of(line->optValue<std::string>("trail", ""));
  audit::PublicKey key{};
  if (!begin || !trail || !unhex(begin->optValue<std::string>("head", ""), frame.base.head) ||
      !unhex(line->optValue<std::string>("key", ""), key))
    throw PermanentFailure("this is no export of an audit trail");
  frame.trail = *trail;
  frame.base.sequence = begin->optValue<std::uint64_t>("sequence", 0);
  frame.key = key;
  frame.part = frame.base.sequence > 0;
  frame_ = frame;
  own_.clear();
  examination_.reset();
  sound_ = true;
}

void Reading::entry(const std::string& line) {
  if (!sound_) return;
  std::optional<audit::Linked> linked = entry_of_line(line);
  if (linked && linked->entry.sequence == 0) linked.reset();
  if (!linked) {
    linked.emplace();
    linked->sound = false;
  }
  sound_ = examination().take(*linked);
}

void Reading::end(const Poco::JSON::Object::Ptr& line, std::vector<Examined>& out) {
  const auto end = line->getObject("end");
  frame_->last = end->optValue<std::uint64_t>("sequence", 0);
  examination().expect(frame_->last);
  finish(out, true);
}

void Reading::finish(std::vector<Examined>& out, bool ended) {
  if (!frame_) return;
  Examined done{frame_->trail, frame_->base.sequence + 1, examination().finish()};
  if (!ended && !done.finding.fault)
    done.finding.fault = audit::Fault{done.first + done.finding.entries, "the export ends before its end"};
  out.push_back(std::move(done));
  frame_.reset();
}

void Reading::take(const std::string& line, std::vector<Examined>& out) {
  if (frame_ && line.find("\",\"sequence\":") < 20) return entry(line);
  const Poco::JSON::Object::Ptr object = object_of(line);
  if (object && object->has("begin")) {
    finish(out, false);
    return begin(object);
  }
  if (!frame_) throw PermanentFailure("this is no export of an audit trail");
  if (object && object->has("checkpoint") && object->getObject("checkpoint")) {
    const auto one = audit::checkpoint_of_json(text_of(object->getObject("checkpoint")));
    if (one && !examination_ && own_.size() < kCheckpointsMax) own_.push_back(*one);
    return;
  }
  if (object && object->has("end") && object->getObject("end")) return end(object, out);
  entry(line);  // no line of ours: the entry that should stand here is bad
}

}  // namespace

std::string entry_line(const audit::Linked& linked, audit::Trail trail) {
  const audit::Entry& entry = linked.entry;
  const bool plain = is_plain_object(entry.detail);
  return fmt::format(
      R"({{"trail":"{}","sequence":{},"unix_ms":{},"at":"{}","event":{},"item":"{}","actor":{},"hash":"{}","{}":{}}})",
      audit::name_of(trail), entry.sequence, entry.unix_ms, iso_time(entry.unix_ms),
      log::json_string(entry.event), entry.item ? entry.item->text() : "", log::json_string(entry.actor),
      hex(linked.hash), plain ? "detail" : "detail_text",
      plain ? entry.detail : log::json_string(entry.detail));
}

std::optional<audit::Linked> entry_of_line(std::string_view line) {
  audit::Linked out;
  Scanner in{line};
  in.literal("{\"trail\":");
  const auto trail = audit::trail_of(in.string());
  in.literal(",\"sequence\":");
  out.entry.sequence = in.number<std::uint64_t>();
  in.literal(",\"unix_ms\":");
  out.entry.unix_ms = in.number<std::int64_t>();
  in.literal(",\"at\":");
  in.string();
  in.literal(",\"event\":");
  out.entry.event = in.string();
  in.literal(",\"item\":");
  const std::string item = in.string();
  in.literal(",\"actor\":");
  out.entry.actor = in.string();
  in.literal(",\"hash\":");
  const std::string hash = in.string();
  if (in.rest.starts_with(",\"detail_text\":")) {
    in.literal(",\"detail_text\":");
    out.entry.detail = in.string();
  } else {
    in.literal(",\"detail\":");
    if (!in.good || in.rest.size() < 2) return std::nullopt;
    out.entry.detail = in.rest.substr(0, in.rest.size() - 1);
    in.rest.remove_prefix(in.rest.size() - 1);
  }
  in.literal("}");
  if (!in.good || !in.rest.empty() || !trail || !unhex(hash, out.hash)) return std::nullopt;
  if (!item.empty()) {
    const Result<ItemId> id = ItemId::parse(item);
    if (!id) return std::nullopt;
    out.entry.item = *id;
  }
  return out;
}

void export_trail(store::Database& database, audit::Trail trail, const audit::PublicKey& key,
                  const ExportRange& range, const std::function<bool(std::string_view line)>& line) {
  audit::Base begin = store::audit_base(database);
  std::uint64_t from = range.after + 1;
  if (range.since_ms > 0) from = std::max(from, store::audit_sequence_at(database, range.since_ms));
  if (from > begin.sequence + 1) {
    const auto before = store::audit_page(database, from - 2, 1);
    if (!before.empty() && before.front().entry.sequence == from - 1) begin = {from - 1, before.front().hash};
  }
  const std::uint64_t until =
      range.until_ms > 0 ? store::audit_sequence_at(database, range.until_ms) : UINT64_MAX;
  const std::uint64_t last = std::min(store::audit_last(database), until - 1);
  const std::string head = fmt::format(R"({{"trail":"{}",)", audit::name_of(trail));
  bool more = line(head + fmt::format(R"("begin":{{"sequence":{},"head":"{}"}},"key":"{}"}})", begin.sequence,
                                      hex(begin.head), hex(key)));
  for (const store::KeptCheckpoint& each : store::checkpoints_of(database, trail))
    if (more && each.checkpoint.sequence >= begin.sequence && each.checkpoint.sequence <= last)
      more = line(head + "\"checkpoint\":" + audit::checkpoint_json(each.checkpoint) + "}");
  audit::Base end = begin;
  while (more && end.sequence < last) {
    const std::vector<audit::Linked> page = store::audit_page(database, end.sequence, kPage);
    if (page.empty()) break;
    for (const audit::Linked& each : page) {
      if (!more || each.entry.sequence > last) break;
      more = line(entry_line(each, trail));
      end = {each.entry.sequence, each.hash};
    }
    if (page.back().entry.sequence > last) break;
  }
  if (more)
    line(head + fmt::format(R"("end":{{"sequence":{},"head":"{}"}}}})", std::max(last, end.sequence),
                            hex(end.head)));
}

std::vector<Examined> examine_export(std::istream& in, std::span<const audit::Checkpoint> elsewhere) {
  std::vector<Examined> out;
  Reading reading(elsewhere);
  std::string line;
  while (std::getline(in, line)) {
    if (line.size() > kLineMax) throw PermanentFailure("a line is too long for an export of ours");
    if (!line.empty()) reading.take(line, out);
  }
  reading.finish(out, false);
  if (out.empty()) throw PermanentFailure("this is no export of an audit trail");
  return out;
}

bool is_database(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::array<char, 16> head{};
  in.read(head.data(), head.size());
  return in && std::string_view(head.data(), 15) == "SQLite format 3";
}

// Whose trail it is is told by its checkpoints, of which the owner's are the only ones with another trail's
// number as sequence; the file's name says it else.
std::vector<Examined> examine_database(const std::string& path,
                                       std::span<const audit::Checkpoint> elsewhere) {
  store::Database database(path);
  const std::string name = path.substr(path.rfind('/') + 1);
  const audit::Trail trail = name == "gate.sqlite"                         ? audit::Trail::gate
                             : name == "items.db"                          ? audit::Trail::cleaner
                             : path.find("/console/") != std::string::npos ? audit::Trail::console
                                                                           : audit::Trail::edge;
  Examined out{trail, store::audit_base(database).sequence + 1, {}};
  out.finding = store::examine_trail(database, trail, std::nullopt, elsewhere);
  return {out};
}

std::string finding_json(const Examined& examined) {
  const audit::Finding& finding = examined.finding;
  std::string out = fmt::format(
      R"({{"trail":"{}","first":{},"entries":{},"intact":{},"fault":{},"checkpoints":{},"witnessed":{})",
      audit::name_of(examined.trail), examined.first, finding.entries, !finding.fault,
      log::json_string(finding.fault ? finding.fault->what : ""), finding.checkpoints, finding.witnessed);
  if (finding.fault) out += fmt::format(R"(,"first_bad":{})", finding.fault->sequence);
  if (finding.last_checkpoint_ms > 0)
    out += fmt::format(R"(,"last_checkpoint_at":"{}")", iso_time(finding.last_checkpoint_ms));
  return out + "}";
}

}  // namespace kiyome::trail
