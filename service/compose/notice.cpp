// The notice. Part names, types and sizes are claims of a sanitizer: hostile text.
#include "service/compose/notice.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "service/compose/characters.h"
#include "service/compose/header.h"
#include "service/compose/lines.h"
#include "service/compose/references.h"
#include "service/compose/type_names.h"
#include "service/compose/utf8.h"
#include "service/compose/words.h"

namespace kiyome::compose {
namespace {

using clean::Finding;

constexpr std::size_t kNameShown = 255;  // octets of a file name that the notice shows
constexpr std::size_t kHashDigits = 12;

// Told wherever there is a notice, and reason enough to write one.
bool is_loud(Finding finding) {
  switch (finding) {
    case Finding::kDuplicateHeader:
    case Finding::kBrokenStructure:
    case Finding::kMalformedEncoding:
    case Finding::kUndecodableText:
    case Finding::kHiddenText:
    case Finding::kScriptRemoved:
    case Finding::kFormRemoved:
    case Finding::kLinkTextDiffers:
    case Finding::kUuencodedAttachment:
    case Finding::kTnef:
    case Finding::kSigned:
    case Finding::kPrivateUseCharacter:
    case Finding::kBodyCut:
    case Finding::kBrokenScheme:
    case Finding::kEscapedLine:
      return true;
    default:
      return false;
  }
}

// Said by lines of their own, told with the part they are about, or nothing a reader can use.
bool is_silent(Finding finding) {
  if (clean::info(finding).effect != clean::Effect::note) return true;
  switch (finding) {
    case Finding::kAmbiguousStructure:
    case Finding::kReplyToDiffers:
    case Finding::kDeceptiveName:
    case Finding::kOwnDomainOutside:
    case Finding::kDroppedDecoration:
    case Finding::kUnseenAlternative:
    case Finding::kNameChanged:
    case Finding::kTypeMismatch:
    case Finding::kInvalidHeader:
      return true;
    default:
      return false;
  }
}

std::string hash_text(const std::array<std::uint8_t, 32>& sha256) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < kHashDigits / 2; ++i) {
    out += kHex[sha256[i] >> 4];
    out += kHex[sha256[i] & 15];
  }
  return out;
}

struct Counts {
  std::size_t attachments = 0, images = 0;
  bool any() const { return attachments + images > 0; }
  void add(const clean::Part& part) { ++(part.role == clean::Role::inline_image ? images : attachments); }
  std::string text() const {
    std::string out;
    if (attachments > 0) out += joined({"添付 ", std::to_string(attachments), " 件"});
    if (attachments > 0 && images > 0) out += "と";
    if (images > 0) out += joined({"画像 ", std::to_string(images), " 件"});
    return out;
  }
};

enum class Done { stripped, held, text, converted, opened };

Done done_with(const PartOutcome& outcome) {
  if (outcome.action == Action::strip) return Done::stripped;
  if (outcome.action == Action::hold) return Done::held;
  if (outcome.text != nullptr) return Done::text;
  if (outcome.files == nullptr) return Done::held;
  if (outcome.files->empty()) return Done::opened;
  const bool only_text = std::all_of(outcome.files->begin(), outcome.files->end(),
                                     [](const CleanFile& file) { return file.type == "text/plain"; });
  return only_text ? Done::text : Done::converted;
}

std::string lead_about_parts(const std::vector<PartOutcome>& outcomes) {
  Counts stripped, held, texts, pages;
  for (const PartOutcome& outcome : outcomes) {
    switch (done_with(outcome)) {
      case Done::stripped:
        stripped.add(*outcome.part);
        break;
      case Done::held:
        held.add(*outcome.part);
        break;
      case Done::text:
        texts.add(*outcome.part);
        break;
      case Done::converted:
        pages.add(*outcome.part);
        break;
      case Done::opened:  // its entries are counted
        break;
    }
  }
  std::string out;
  const auto say = [&](const Counts& counts, std::string_view what) {
    if (!counts.any()) return;
    if (!out.empty()) out += "、";
    out.append(counts.text()).append(what);
  };
  say(stripped, "を除去");
  say(held, "を保留");
  say(texts, "をテキストに変換");
  say(pages, "を画像化した文書に変換");
  return out.empty() ? "添付を展開しました" : out + "しました";
}

std::string lead_line(const NoticeInput& input, const std::vector<Finding>& loud) {
  if (input.outcomes->empty() && loud.empty()) return {};
  std::string what;
  if (!input.outcomes->empty())
    what = lead_about_parts(*input.outcomes);
  else
    what = loud.size() == 1 ? std::string(clean::info(loud.front()).japanese)
                            : "本文の一部を除去または変更しました";
  return std::string(kLeadMark).append(" ").append(what).append("（詳細は末尾）\n");
}

std::string what_was_done(const PartOutcome& outcome, std::string_view output_name) {
  const auto with_name = [&](std::string_view what) {
    return std::string(what).append("（").append(output_name).append("）");
  };
  switch (done_with(outcome)) {
    case Done::stripped:
      return "除去しました";
    case Done::text:
      return with_name("テキストに変換しました");
    case Done::converted:
      return with_name("画像化した文書に変換しました");
    case Done::opened:
      return "展開しました";
    case Done::held:
      break;
  }
  return "保留しました";
}

void add_part(std::size_t ordinal, const PartOutcome& outcome, std::string_view output_name,
              std::vector<Finding>& findings, Values& values) {
  const clean::Part& part = *outcome.part;
  const std::string name = display_text(part.name, kNameShown, {.break_links = false, .findings = &findings});
  Values& row = values.row("parts");
  row.own("number", std::to_string(ordinal))
      .own("entry", outcome.entry ? "1" : "")
      .own("name", name.empty() ? "（名前なし）" : name)
      .own("type", type_text(part.detected_type.empty() ? part.declared_type : part.detected_type))
      .own("size", size_text(part.size))
      .own("done", what_was_done(outcome, output_name))
      .own("reasons", reasons_text(outcome.reasons));
  if (part.sha256 != decltype(part.sha256){})  // of what is locked nobody knows the octets
    row.own("sha256", hash_text(part.sha256));
}

std::string block(const NoticeInput& input, const std::vector<Finding>& told, const Config& config,
                  std::vector<Finding>& findings) {
  Values values(config);
  values.own("item", input.item)
      .own("notes", reasons_text(told))
      .own("contact", contact_sentence(config.notice))
      .own("link", input.link);
  for (std::size_t i = 0; i < input.outcomes->size(); ++i)
    add_part(i + 1, (*input.outcomes)[i], input.output_names[i], findings, values);
  std::string out = "\n";
  out.append(kNoticeHead).append("――――――――――――――――――――\n");
  out.append(worded("mail-notice", values, config).text);
  return out.append(kNoticeFoot).append("\n");
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
  const std::string digits = std::to_string(bytes);
  std::string exact;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) exact += ',';
    exact += digits[i];
  }
  exact += " バイト";
  if (bytes < 1024) return exact;
  double scaled = static_cast<double>(bytes) / 1024;
  const char* unit = "KB";
  for (const char* larger : {"MB", "GB"}) {
    if (scaled < 1024) break;
    scaled /= 1024;
    unit = larger;
  }
  std::array<char, 64> out{};
  std::snprintf(out.data(), out.size(), "%.1f %s", scaled, unit);
  return joined({out.data(), " (", exact, ")"});
}

std::string type_text(std::string_view media_type) {
  const bool valid = !media_type.empty() && std::all_of(media_type.begin(), media_type.end(), [](char c) {
    return is_letter_or_digit(c) || c == '/' || c == '.' || c == '+' || c == '-' || c == '_';
  });
  if (!valid) return "不明";
  const std::string_view name = type_name(media_type);
  return name.empty() ? std::string(media_type) : joined({name, " (", media_type, ")"});
}

std::string reasons_text(const std::vector<Finding>& reasons) {
  std::string out;
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    if (std::find(reasons.begin(), reasons.begin() + static_cast<std::ptrdiff_t>(i), reasons[i]) !=
        reasons.begin() + static_cast<std::ptrdiff_t>(i))
      continue;
    if (!out.empty()) out += "、";
    out.append(clean::info(reasons[i]).japanese);
  }
  return out;
}

std::string contact_sentence(const NoticeConfig& config) {
  std::vector<Finding> ignored;
  const std::string contact = clean_line(cut_at_character(config.contact, kNameShown), ignored);
  // Both rules over the whole sentence: a mark may compose, a host may begin, where the contact meets our
  // words.
  std::string sentence =
      clean_line(joined({"必要な場合は、受信アイテム番号を添えて",
                         contact.empty() ? "メールシステムの担当者" : contact, "へお問い合わせください。"}),
                 ignored);
  break_references(sentence, false);
  return sentence;
}

Notice write_notice(const NoticeInput& input, const Config& config, std::vector<Finding>& findings) {
  std::vector<Finding> loud, told;
  for (const Finding finding : input.notes) {
    if (is_loud(finding)) add_finding(loud, finding);
    if (!is_silent(finding)) add_finding(told, finding);
  }
  Notice notice;
  notice.lead = lead_line(input, loud);
  if (!notice.lead.empty()) notice.block = block(input, told, config, findings);
  return notice;
}

}  // namespace kiyome::compose
