#include "service/cleaner/decide/sealed_original.h"

#include <sodium.h>
#include <sys/mman.h>

#include <algorithm>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/base/config_values.h"
#include "service/base/digest.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/cleaner/decide/sealed_zip.h"
#include "service/compose/compose.h"
#include "service/compose/letter.h"
#include "service/compose/notice.h"
#include "service/compose/utf8.h"
#include "service/compose/words.h"
#include "service/document/scan.h"
#include "service/http/json_body.h"
#include "service/http/json_text.h"
#include "service/policy/policy.h"
#include "service/store/locks.h"

namespace kiyome::cleaner {
namespace {

constexpr std::int64_t kPasswordMs = 24 * 3'600'000;

// A memfd's octets. They are hostile, and nothing here reads them but to seal them.
class Mapped {
 public:
  Mapped(int file, std::size_t size) : size_(size) {
    if (size == 0) return;
    data_ = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (data_ == MAP_FAILED) throw_errno("map an original");
  }
  ~Mapped() {
    if (size_ > 0) ::munmap(data_, size_);
  }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;
  std::string_view octets() const { return {static_cast<const char*>(data_), size_}; }

 private:
  void* data_ = nullptr;
  std::size_t size_;
};

std::string pair_of(std::int64_t proposal) { return "proposal " + std::to_string(proposal); }

// The sender's name of the file, or the mail's subject, made harmless.
std::string entry_name(const store::Original& original, const store::ItemRow& item) {
  std::vector<clean::Finding> changes;
  if (!original.envelope.drop) return compose::clean_file_name(item.subject, "eml", changes);
  const std::string& name = original.envelope.drop->file_name;
  const std::size_t dot = name.rfind('.');
  const std::string extension = dot == std::string::npos ? std::string() : name.substr(dot + 1);
  const bool plain = !extension.empty() && extension.size() <= 10 &&
                     std::all_of(extension.begin(), extension.end(), compose::is_letter_or_digit);
  return compose::clean_file_name(name, plain ? extension : "bin", changes);
}

[[noreturn]] void refuse(int status, const char* code, const char* title,
                         std::vector<std::string> fields = {}) {
  throw http::Problem{status, code, title, std::move(fields), {}};
}

std::string letter_with(const std::string& zip, const std::string& name, const store::ItemRow& item,
                        const store::Proposal& proposal, const std::string& to, const Config& config) {
  const std::string zip_name = "original-" + item.id.text() + ".zip";
  compose::Values values(config);
  values.own("item", item.id.text()).text("name", name).own("bytes", compose::size_text(item.bytes));
  values.own("sha256", item.sha256_hex).text("by", proposal.proposed_by).text("agreed", proposal.decided_by);
  values.own("zip", zip_name).own("contact", compose::contact_sentence(config.notice));
  const compose::Worded words = compose::worded("sealed-original", values, config);
  const compose::Letter letter{new_item_id(), to, words.subject, words.text, unix_ms_now()};
  return compose::sealed_mail(letter, zip_name, zip, config);
}

audit::Entry entry_of(const char* event, const store::Proposal& proposal, const std::string& detail) {
  return {0,         0,
          event,     proposal.item,
          "cleaner", "{\"proposal\":" + std::to_string(proposal.number) + "," + detail + "}"};
}

}  // namespace

// On the closed side only somebody to whom it was sent can have it.
bool SealedOriginals::is_recipient(const ItemId& item, const std::string& address) {
  for (const store::RecipientRow& row : items_.recipients(item))
    if (store::address_key(row.address) == store::address_key(address)) return true;
  return false;
}

std::string order_json(const OriginalOrder& order) {
  http::JsonText out;
  out.begin_object().member("to", order.to).member("zone", order.zone).end_object();
  return out.take();
}

OriginalOrder order_of(const std::string& what) {
  http::JsonDocument document{std::string_view(what)};
  OriginalOrder out;
  out.to = document.object().text("to", limits::kAccountText);
  out.zone = document.object().text("zone", 10);
  document.done();
  return out;
}

void SealedOriginals::check(const ItemId& item, const OriginalOrder& order) {
  const auto config = config_.get();
  const std::vector<std::string>& allowed = config->console.originals_to;
  const bool plain =
      config_values::address_trouble(order.to).empty() && order.to.size() <= limits::kAccountText;
  const bool reachable = order.zone == "closed"
                             ? is_recipient(item, order.to)
                             : std::any_of(allowed.begin(), allowed.end(), [&](const std::string& glob) {
                                 return policy::glob_match(glob, order.to);
                               });
  if (!plain || !reachable)
    refuse(
        422, "invalid",
        "原本を送れる宛先ではありません（console.originals_to、閉域側は受信者のみ） / Originals may not be "
        "sent to this address",
        {"to"});
  if (config->scan.clamd.empty())
    refuse(409, "no-scan",
           "マルウェア検査（scan.clamd）がないため解放できません / Without a malware scanner no original "
           "leaves");
  const std::optional<store::ItemRow> row = items_.find(item);
  if (!row) refuse(404, "not-found", "");
  if (!row->original_kept)
    refuse(409, "not-kept", "原本の保管期間は過ぎています / The original is not kept any more");
  if (row->bytes > limits::kSealedOriginal)
    refuse(413, "too-large", "封緘して送るには大きすぎます / Too large to be sent sealed");
}

store::Proposals::Outcome SealedOriginals::release(const store::Proposal& proposal) {
  store::Proposals::Outcome out;
  const auto config = config_.get();
  const ItemId id = proposal.item.value_or(ItemId{});
  const OriginalOrder order = order_of(proposal.what);
  check(id, order);
  const std::optional<store::ItemRow> item = items_.find(id);
  if (!item) refuse(404, "not-found", "");
  Result<store::Original> original = originals_.read(item->where);
  if (!original || original->size > limits::kSealedOriginal) {
    out.text = "damaged";
    return out;
  }
  const document::ScanResult scan =
      document::scan(config->scan.clamd, original->content.get(), original->size);
  const bool found = scan.verdict == document::ScanVerdict::found;
  const bool nothing = scan.verdict == document::ScanVerdict::nothing_found;
  out.entries.push_back(entry_of("original-scanned", proposal,
                                 std::string("\"result\":\"") +
                                     (nothing ? "nothing"
                                      : found ? "found"
                                              : "failed") +
                                     "\",\"name\":" + log::json_string(scan.name)));
  if (!nothing) {
    out.text = found ? "malware " + scan.name : "scan-failed";
    return out;
  }
  const std::string name = entry_name(*original, *item);
  std::string password = new_seal_password();
  const std::string zip =
      sealed_zip(name, Mapped(original->content.get(), original->size).octets(), password);
  if (order.zone == "closed") {
    out.crossing.emplace();
    out.crossing->id = new_item_id();
    out.crossing->item = id;
    out.crossing->recipient = order.to;
    out.crossing->name = name;
    out.crossing->sha256 = sha256(zip);
    out.crossing->content = zip;
  } else {
    out.letters.push_back({order.to, letter_with(zip, name, *item, proposal, order.to, *config)});
  }
  out.entries.push_back(entry_of("original-sent", proposal,
                                 "\"to\":" + log::json_string(order.to) + ",\"zone\":\"" + order.zone +
                                     "\",\"sha256\":\"" + item->sha256_hex +
                                     "\",\"bytes\":" + std::to_string(original->size)));
  out.password = seal_.seal(pair_of(proposal.number), {password});
  out.password_until_ms = unix_ms_now() + kPasswordMs;
  sodium_memzero(password.data(), password.size());
  out.done = true;
  out.text = "sent";
  return out;
}

std::string SealedOriginals::password(std::int64_t proposal, const std::string& sealed) const {
  const std::vector<std::string> words = seal_.open(pair_of(proposal), sealed);
  return words.empty() ? std::string() : words.front();
}

}  // namespace kiyome::cleaner
