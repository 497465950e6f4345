#include "service/review/index/entry_rows.h"

#include <algorithm>

#include "service/store/row_values.h"

namespace kiyome::review {
namespace {

std::vector<ListedRecipient> recipients_of(std::string_view text) {
  std::vector<ListedRecipient> out;
  for (const std::string& line : parted(text, '\n'))
    if (line.size() >= 2)
      out.push_back(
          {line.substr(2), static_cast<store::State>(line[0] - '0'), static_cast<Verdict>(line[1] - '0')});
  return out;
}

std::string in_one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

ListedItem listed_item(const store::Row& row) {
  ListedItem out;
  out.id = store::item_id(row.blob(1));
  out.received_ms = row.integer(2);
  out.drop = row.integer(3) != 0;
  out.sender = row.text(4);
  out.subject = row.text(5);
  out.files = parted(row.text(6), '\n');
  out.file_count = static_cast<std::uint32_t>(row.integer(7));
  out.bytes = static_cast<std::uint64_t>(row.integer(8));
  out.recipients = recipients_of(row.text(9));
  out.recipient_count = static_cast<std::uint32_t>(row.integer(10));
  out.verdict = static_cast<Verdict>(row.integer(11));
  out.state = static_cast<store::State>(row.integer(12));
  out.reasons = parted(row.text(13), ' ');
  out.tenants = parted(row.text(14), '\n');
  out.departments = parted(row.text(15), '\n');
  out.requests = static_cast<std::uint32_t>(row.integer(16));
  out.proposals = static_cast<std::uint32_t>(row.integer(17));
  out.kept = row.integer(18) != 0;
  return out;
}

std::string recipients_text(const std::vector<ListedRecipient>& recipients) {
  std::string out;
  for (const ListedRecipient& each : recipients) {
    out += static_cast<char>('0' + static_cast<int>(each.state));
    out += static_cast<char>('0' + static_cast<int>(each.verdict));
    out.append(in_one_line(each.address)).append("\n");
  }
  return out;
}

std::string joined(const std::vector<std::string>& words, char between) {
  std::string out;
  for (const std::string& each : words) {
    if (!out.empty()) out += between;
    out += between == '\n' ? in_one_line(each) : each;
  }
  return out;
}

std::vector<std::string> parted(std::string_view text, char between) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(between), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace kiyome::review
