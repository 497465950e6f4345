// One original through the sandboxes, for a look: as it would be flattened, without passwords.
#include <algorithm>

#include "service/cleaner/file_item.h"
#include "service/cleaner/review/look.h"
#include "service/cleaner/review/review_item.h"
#include "service/compose/characters.h"
#include "service/compose/utf8.h"
#include "service/document/mail_reading.h"
#include "service/http/json_text.h"

namespace kiyome::cleaner {
namespace {

using clean::Finding;
using http::JsonText;

constexpr std::size_t kTextShown = 200'000;           // octets of one text; nobody reads more in a window
constexpr std::uint64_t kPicturesOfItem = 64u << 20;  // octets of all its pictures

std::string shown(std::string_view text) {
  std::vector<Finding> ignored;
  return compose::clean_text(compose::cut_at_character(text, kTextShown), ignored);
}

std::string shown_line(std::string_view text) {
  std::vector<Finding> ignored;
  return compose::clean_line(text, ignored);
}

std::vector<std::string> slugs_of(const std::vector<Finding>& findings) {
  std::vector<std::string> out;
  for (const Finding finding : findings) out.emplace_back(clean::slug(finding));
  return out;
}

// "…": a sentence in Japanese and in English.
std::string failed(Finding why) {
  const clean::FindingInfo& info = clean::info(why);
  JsonText out;
  out.begin_object().member("state", "failed");
  out.member("why", std::string(info.japanese).append(" / ").append(info.english));
  return out.key("parts").begin_array().end_array().end_object().take();
}

class Rendering {
 public:
  Rendering(document::Sanitizers& sanitizers, const Config& config, LookShelf::Draft& draft,
            const std::function<void()>& between)
      : config_(config),
        cleaner_(sanitizers, config),
        budget_(config.documents),
        mail_(sanitizers.get(document::Kind::mail)),
        draft_(draft),
        between_(between) {}

  std::string of(store::Original original);

 private:
  void write_part(JsonText& out, const std::string& place, const clean::Part& part,
                  const document::Made& made);
  document::Made made_of(const clean::Part& part, const document::Content* content);
  document::PictureWish wish() const {
    const std::uint64_t left = kPicturesOfItem - std::min(kPicturesOfItem, draft_.octets());
    return {limits::kLookPages, limits::kLookSide, left};
  }

  const Config& config_;
  document::DocumentCleaner cleaner_;
  document::Budget budget_;
  workers::Pool& mail_;
  LookShelf::Draft& draft_;
  const std::function<void()>& between_;
};

// A file that only holds others has no pages of its own; theirs are told with it.
void Rendering::write_part(JsonText& out, const std::string& place, const clean::Part& part,
                           const document::Made& made) {
  for (std::size_t i = 0; i < made.pictures.pages.size(); ++i)
    draft_.picture(place, i + 1, made.pictures.pages[i]);
  out.begin_object()
      .member("place", place)
      .member("name", shown_line(part.name))
      .member("pages", made.pictures.pages.size())
      .member("cut", made.pictures.cut)
      .key("reasons");
  write_reasons(out, slugs_of(made.reasons));
  if (!made.malware.empty()) out.member("malware", shown_line(made.malware));
  const auto text = std::find_if(made.files.begin(), made.files.end(),
                                 [](const compose::CleanFile& file) { return file.type == "text/plain"; });
  if (made.pictures.pages.empty() && text != made.files.end()) out.member("text", shown(text->octets));
  out.end_object();
}

document::Made Rendering::made_of(const clean::Part& part, const document::Content* content) {
  document::Made none;
  none.reasons = part.findings;
  if (content == nullptr || content->size() != part.size || content->sha256() != part.sha256) {
    if (none.reasons.empty()) none.reasons.push_back(Finding::kConversionFailed);
    return none;
  }
  between_();
  document::Wish wanted;
  wanted.pictures = wish();
  return cleaner_.clean({content, part.name, part.detected_type, part.findings}, wanted, budget_);
}

std::string Rendering::of(store::Original original) {
  const bool drop = original.envelope.drop.has_value();
  const document::Content whole(std::move(original.content), original.size, original.sha256);
  clean::JobOptions options;
  options.contents = !drop;
  options.any_file = drop;
  if (drop) options.name = drop_name(*original.envelope.drop);
  document::MailReading reading =
      document::read_mail(mail_, whole.descriptor(), whole.size(), options, config_.cleaner);
  if (!reading.end.good()) return failed(*reading.end.failure);
  const clean::MailAnswer& answer = *reading.answer;
  JsonText out;
  out.begin_object().member("state", "ready");
  if (drop) {
    between_();
    FileRequest request;
    request.content = &whole;
    request.answer = &answer;
    request.name = options.name;
    request.pictures = true;
    CleanedFile file = clean_file(request, cleaner_, budget_);
    out.key("parts").begin_array();
    write_part(out, "0", file.part, file.made);
    return out.end_array().end_object().take();
  }
  out.member("body", shown(answer.body.text)).key("reasons");
  write_reasons(out, slugs_of(item_holds(answer)));
  out.key("parts").begin_array();
  std::size_t rendered = 0;
  for (const clean::Part& part : answer.parts) {
    if (part.role != clean::Role::attachment && part.role != clean::Role::inline_image) continue;
    if (++rendered > limits::kLookParts) break;
    const auto content = reading.contents.find(part.index);
    write_part(out, std::to_string(part.index), part,
               made_of(part, content == reading.contents.end() ? nullptr : &content->second));
    if (content != reading.contents.end()) reading.contents.erase(content);
  }
  return out.end_array().end_object().take();
}

}  // namespace

std::string render_look(store::Original original, document::Sanitizers& sanitizers, const Config& config,
                        LookShelf::Draft& draft, const std::function<void()>& between) {
  return Rendering(sanitizers, config, draft, between).of(std::move(original));
}

}  // namespace kiyome::cleaner
