#include "service/edge/drop/submission_request.h"

#include <algorithm>

#include "proto/base/limits.h"
#include "proto/transfer/drop.h"
#include "service/base/digest.h"
#include "service/compose/compose.h"
#include "service/edge/drop/mailbox.h"
#include "service/http/json_body.h"

namespace kiyome::edge::drop {
namespace {

using http::JsonObject;
using http::Problem;

std::string key_of(const http::Request& request) {
  const std::string key(request.header("idempotency-key"));
  const auto fits = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  };
  if (key.size() < limits::kDropKeyMin || key.size() > limits::kDropKeyMax ||
      !std::all_of(key.begin(), key.end(), fits))
    throw Problem{400, "malformed", {}, {"Idempotency-Key"}, {}};
  return key;
}

void read_files(JsonObject& json, std::size_t files_max, SubmissionRequest& into) {
  json.objects("uploads", files_max, 1, [&](JsonObject& file) {
    const std::string text = file.ascii("id", 36, 36);
    const Result<ItemId> id = ItemId::parse(text);
    if (!id || id->text() != text) file.wrong("id");
    std::string password = file.optional_text("password", limits::kDropPassword);
    // Characters of several octets, and those that no bundle bears.
    if (password.size() > limits::kDropPassword || !transfer::is_drop_line(password)) file.wrong("password");
    into.files.push_back({id.value_or(ItemId{}), std::move(password)});
  });
  std::vector<ItemId> ids;
  for (const auto& file : into.files) ids.push_back(file.upload);
  std::sort(ids.begin(), ids.end());
  if (std::adjacent_find(ids.begin(), ids.end()) != ids.end()) json.wrong("uploads");
}

void read_recipients(JsonObject& json, const std::function<bool(const std::string&)>& knows_recipient,
                     SubmissionRequest& into) {
  const std::vector<std::string> said = json.texts("recipients", limits::kDropRecipients, 254);
  for (std::size_t i = 0; i < said.size(); ++i) {
    const std::string mailbox = mailbox_of(said[i]);
    if (mailbox.empty() || !knows_recipient(mailbox)) {
      json.wrong("recipients[" + std::to_string(i) + "]");
    } else if (std::find(into.recipients.begin(), into.recipients.end(), mailbox) == into.recipients.end()) {
      into.recipients.push_back(mailbox);
    }
  }
}

}  // namespace

SubmissionRequest read_submission(http::Request& request, const DropBoxConfig& config,
                                  const std::function<bool(const std::string&)>& knows_recipient) {
  std::string key = key_of(request);
  const std::size_t files_max = std::min<std::size_t>(config.files_max, limits::kDropFiles);
  return http::read_json(
      request,
      [&](JsonObject& json) {
        SubmissionRequest out;
        out.key = std::move(key);
        read_files(json, files_max, out);
        read_recipients(json, knows_recipient, out);
        std::vector<clean::Finding> changes;  // what a keyboard cannot type is dropped silently
        out.title = compose::clean_line(json.optional_text("title", limits::kDropTitle), changes);
        out.message = compose::clean_text(json.optional_lines("message", limits::kDropMessage), changes);
        out.importance = json.optional_text("importance", limits::kDropImportance);
        if (!out.importance.empty() && std::find(config.importances.begin(), config.importances.end(),
                                                 out.importance) == config.importances.end())
          json.wrong("importance");
        // Counted in octets from here on, and NFC takes some characters apart: 𝅘𝅥𝅮 is one of four octets, or
        // three.
        if (out.title.size() > limits::kCrossingTitle) json.wrong("title");
        if (out.message.size() > limits::kCrossingMessage) json.wrong("message");
        return out;
      },
      limits::kJsonBytes);
}

std::array<std::uint8_t, 32> SubmissionRequest::digest() const {
  std::string all;
  const auto add = [&](const std::string& text) { all += std::to_string(text.size()) + ":" + text; };
  for (const File& file : files) {
    add(file.upload.text());
    add(file.password);
  }
  all += "/";
  for (const std::string& recipient : recipients) add(recipient);
  all += "/";
  add(title);
  add(message);
  add(importance);
  return sha256(all);
}

}  // namespace kiyome::edge::drop
